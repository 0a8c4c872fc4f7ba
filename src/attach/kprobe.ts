// Programs at kernel functions: one perf event for each place, or one link for many functions.

import type { AttachSpec } from "../define/attach-spec.ts";
import { kernelSymbols } from "../kernel/kallsyms.ts";
import { linkKprobeMulti, type MultiProbe } from "../sys/bpf.ts";
import { Arena, closeFd } from "../sys/memory.ts";
import { SystemError } from "../sys/system-error.ts";
import { type Link, linkOf } from "./link.ts";
import { type Binding, bind, dynamicPmu, openOrThrow, plain } from "./perf-event.ts";
import { openTraceEvent } from "./tracefs-event.ts";

type KprobeSpec = AttachSpec & { readonly mechanism: "kprobe" };
type KprobeMultiSpec = AttachSpec & { readonly mechanism: "kprobe-multi" };

const errors = { noEntry: 2, noProcess: 3, exists: 17, invalid: 22, illegalSequence: 84, ambiguous: 99 } as const;

/** What errors of kprobes mean (kernel/kprobes.c, kernel/trace/trace_kprobe.c). */
const refusals: ReadonlyMap<number, string> = new Map([
  [errors.noEntry, "the kernel has no such function that can be probed"],
  [errors.noProcess, "the kernel can't trace a function of this name"],
  [errors.invalid, "the kernel does not allow a probe there"],
  [errors.illegalSequence, "the offset is in the middle of an instruction"],
  [errors.ambiguous, "the kernel has several functions of this name"],
]);

/** How many functions have a name. */
function countFunctions(name: string): number {
  return kernelSymbols().addresses(name).length;
}

/** The kernel's word on a kprobe, with what it means. Of names that it does not know, tracefs says that they are invalid. */
function explained(name: string, symbol: string | undefined, problem: unknown): unknown {
  if (!(problem instanceof SystemError) || problem.advice !== "") return problem;
  const unknown = problem.errno === errors.invalid && symbol !== undefined && countFunctions(symbol) === 0;
  return new SystemError("attach", name, problem.errno, refusals.get(unknown ? errors.noEntry : problem.errno));
}

// ---- one place -------------------------------------------------------------------------------------------

export interface KprobeMeans {
  readonly binding: Binding;
  /** Perf events of the kernel's PMU for kprobes, or events defined in tracefs. */
  readonly events: "pmu" | "tracefs";
}

export function attachKprobe(name: string, fd: number, spec: KprobeSpec, means: KprobeMeans): Link {
  const { offset } = spec;
  const size = spec.function === undefined || offset === 0n ? undefined : kernelSymbols().size(spec.function);
  if (size !== undefined && offset >= size) {
    throw new SystemError("attach", name, errors.invalid, `the offset is beyond the function, which has ${size} bytes`);
  }
  try {
    return attachPlace(name, fd, spec, means);
  } catch (problem) {
    if (spec.function !== undefined && isAmbiguous(problem, spec.function)) return attachToAll(name, fd, spec, spec.function, means);
    throw explained(name, spec.function, problem);
  }
}

/** Several functions have the name (Linux 6.6 and later; tracefs says that it is invalid). */
function isAmbiguous(problem: unknown, symbol: string): boolean {
  if (!(problem instanceof SystemError)) return false;
  return problem.errno === errors.ambiguous || (problem.errno === errors.invalid && countFunctions(symbol) > 1);
}

function attachPlace(name: string, fd: number, spec: KprobeSpec, means: KprobeMeans): Link {
  return means.events === "pmu" ? attachPmuKprobe(name, fd, spec, means) : attachTracefsKprobe(name, fd, spec, means);
}

function attachPmuKprobe(name: string, fd: number, spec: KprobeSpec, { binding }: KprobeMeans): Link {
  const { type, returnBit } = dynamicPmu("kprobe");
  const arena = new Arena();
  const target = spec.module === undefined ? spec.function : `${spec.module}:${spec.function}`;
  const config = spec.onReturn ? returnBit : 0n;
  const config1 = target === undefined ? 0n : arena.text(target);
  const event = openOrThrow(name, { ...plain, type, config, config1, config2: spec.offset }, -1, 0, arena);
  return bind(binding, name, fd, event);
}

function attachTracefsKprobe(name: string, fd: number, spec: KprobeSpec, { binding }: KprobeMeans): Link {
  const module = spec.module === undefined ? "" : `${spec.module}:`;
  const offset = `0x${spec.offset.toString(16)}`;
  const event = openTraceEvent(name, {
    kind: "kprobe",
    onReturn: spec.onReturn,
    label: spec.function ?? "address",
    // Events on return are at entry: an offset, even of zero, was refused before Linux 5.11.
    place: spec.function === undefined ? offset : `${module}${spec.function}${spec.offset === 0n ? "" : `+${offset}`}`,
    pid: -1,
  });
  try {
    return { ...bind(binding, name, fd, event.fd), afterwards: [event.remove] };
  } catch (problem) {
    event.remove();
    throw problem;
  }
}

/** Since Linux 6.6 a name alone does not do where several functions have it: all are probed that can be, by address. */
function attachToAll(name: string, fd: number, spec: KprobeSpec, symbol: string, means: KprobeMeans): Link {
  const links: Link[] = [];
  let refused: SystemError | undefined;
  for (const address of kernelSymbols().addresses(symbol)) {
    const place = { ...spec, function: undefined, module: undefined, offset: address + spec.offset };
    try {
      links.push(attachPlace(name, fd, place, means));
    } catch (problem) {
      if (!(problem instanceof SystemError)) throw problem;
      refused ??= problem;
    }
  }
  if (links.length > 0) return { fds: links.flatMap(({ fds }) => fds), afterwards: links.flatMap(({ afterwards }) => afterwards) };
  throw new SystemError("attach", name, refused?.errno ?? errors.ambiguous, refusals.get(errors.ambiguous));
}

// ---- many functions --------------------------------------------------------------------------------------

/** Bounds the search for names that the kernel refuses. */
const maxAttempts = 500;

/**
 * One link for many functions, and a second one, by address, where some have a name that others have too. A name that the
 * kernel can't trace fails its whole link: then the list is halved until those are alone that it refuses, which are left out.
 * Throws SystemError when none remains.
 */
export function attachKprobeMulti(name: string, fd: number, spec: KprobeMultiSpec): Link {
  const [only = ""] = spec.functions;
  // A link for many would take the first of several functions of one name.
  if (spec.sharedNames === undefined && countFunctions(only) > 1) {
    throw new SystemError("attach", name, errors.ambiguous, refusals.get(errors.ambiguous));
  }
  const shared = new Set(spec.sharedNames);
  const names: MultiProbe[] = spec.functions.filter((symbol) => !shared.has(symbol)).map((symbol) => ({ by: "symbol", symbol }));
  const places = [...shared].flatMap((symbol) => kernelSymbols().addresses(symbol)).map((address): MultiProbe => ({ by: "address", address }));
  const lists = [names, places].filter((list) => list.length > 0);
  const fds: number[] = [];
  const refused: string[] = [];
  let refusal: number = errors.noEntry;
  for (const list of lists) {
    const answers = linkAccepted(fd, list, spec.ends);
    for (const answer of answers) {
      if ("link" in answer) fds.push(answer.link);
      else {
        refusal = answer.errno;
        refused.push(...answer.probes.map(probeName));
      }
    }
    if (!answers.some((answer) => "errno" in answer && !isAboutPlaces(answer.errno))) continue;
    for (const link of fds.splice(0)) closeFd(link);
    break;
  }
  if (fds.length > 0) return { ...linkOf(...fds), refused };
  throw new SystemError("attach", name, refusal, refusals.get(refusal));
}

function probeName(probe: MultiProbe): string {
  return probe.by === "symbol" ? probe.symbol : `0x${probe.address.toString(16)}`;
}

type Answer = { readonly link: number } | { readonly errno: number; readonly probes: readonly MultiProbe[] };

/** Links for what the kernel accepts of a list; a refusal that is not about single functions ends the search. */
function linkAccepted(fd: number, list: readonly MultiProbe[], ends: KprobeMultiSpec["ends"]): readonly Answer[] {
  const answers: Answer[] = [];
  const queue: (readonly MultiProbe[])[] = [list];
  for (let attempts = 0; queue.length > 0; attempts++) {
    const probes = queue.pop() ?? [];
    const link = linkKprobeMulti(fd, probes, ends);
    if (link >= 0) {
      answers.push({ link });
      continue;
    }
    const errno = attempts < maxAttempts ? -link : tooMany;
    if (!isAboutPlaces(errno)) return [...answers, { errno, probes }];
    if (probes.length <= 1) {
      answers.push({ errno, probes });
      continue;
    }
    const unknown = attempts === 0 ? probes.filter((probe) => !isKnown(probe)) : [];
    if (unknown.length > 0) {
      answers.push({ errno, probes: unknown });
      queue.push(probes.filter((probe) => !unknown.includes(probe)));
    } else {
      queue.push(probes.slice(probes.length / 2), probes.slice(0, probes.length / 2));
    }
  }
  return answers;
}

function isKnown(probe: MultiProbe): boolean {
  return probe.by === "address" || kernelSymbols().address(probe.symbol) !== undefined;
}

const tooMany = 7;

function isAboutPlaces(errno: number): boolean {
  return errno === errors.noEntry || errno === errors.noProcess || errno === errors.invalid || errno === errors.exists;
}
