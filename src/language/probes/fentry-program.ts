// Functions of loaded BPF programs as fentry and fexit find them: by name, by program id and name, by pattern.

import { programTypes } from "../../define/attach-spec.ts";
import { hasWildcard, wildcardPattern } from "../../define/points.ts";
import type { BpfFunction, BpfProgram, Parameter, Target } from "../../define/target.ts";
import type { Type } from "../../types/type.ts";

export interface FentryKind {
  readonly provider: "fentry" | "fexit";
  readonly onReturn: boolean;
}

export interface Prototype {
  readonly parameters: readonly Parameter[];
  readonly returns: Type;
}

export interface ProgramFunction {
  readonly program: BpfProgram;
  readonly fn: BpfFunction;
}

/** What stands in the place of a module. */
export const programModule = "bpf";

/** Since this release a tracing program may be on another one (check_attach_btf_id in kernel/bpf/verifier.c). */
const nestedSince = [6, 8] as const;

/** What an id and a name mean, by the text `ID:NAME`; patterns leave out programs that the kernel lets nobody trace. */
export function findPrograms(target: Target, id: string, name: string): readonly ProgramFunction[] {
  const [idPattern, namePattern] = [wildcardPattern(id), wildcardPattern(name)];
  const pattern = hasWildcard(name);
  const found = new Map<string, ProgramFunction>();
  for (const program of target.loadedPrograms()) {
    if (!idPattern.test(String(program.id)) || (pattern && !isTraceable(target, program))) continue;
    for (const fn of program.functions) if (namePattern.test(fn.name)) found.set(`${program.id}:${fn.name}`, { program, fn });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function isTraceable({ release: { major, minor } }: Target, { type }: BpfProgram): boolean {
  return type !== programTypes.tracing || major > nestedSince[0] || (major === nestedSince[0] && minor >= nestedSince[1]);
}
