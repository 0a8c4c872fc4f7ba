// -l: probes by pattern; with -v their arguments.

import { wildcardPattern } from "../define/points.ts";
import type { ProbeDef } from "../define/probe.ts";
import type { Target } from "../define/target.ts";
import { hostTarget } from "../kernel/target.ts";
import { createLanguage } from "../language/index.ts";
import { hostUserTargets } from "../symbols/user-targets.ts";
import type { CommandLine } from "./options.ts";
import { usage } from "./options.ts";

/** Lists what matches a pattern; exit status. */
export function listProbes(line: CommandLine): number {
  const [pattern = "*:*", more] = line.operands;
  if (more !== undefined) {
    process.stderr.write(usage);
    return 1;
  }
  const target = hostTarget(hostUserTargets(), new Set(line.noFeatures));
  const registry = createLanguage();
  const full = pattern.includes(":") ? pattern : `*:${pattern}`;
  const colon = full.indexOf(":");
  const provider = full.slice(0, colon);
  const rest = full.slice(colon + 1);
  const wildcard = provider.includes("*");
  const word = wildcardPattern(provider);
  const definitions = wildcard
    ? registry.definitions.probes.filter((d) => d.listedWith === "kernel" && word.test(d.names[0] ?? ""))
    : [registry.probe(provider)].filter((d) => d !== undefined);
  const lines: string[] = [];
  for (const definition of [...definitions].sort((a, b) => ((a.names[0] ?? "") < (b.names[0] ?? "") ? -1 : 1))) {
    lines.push(...listDefinition(definition, target, rest, pattern.includes(":"), line.verbose));
  }
  process.stdout.write(lines.map((text) => `${text}\n`).join(""));
  return 0;
}

function listDefinition(definition: ProbeDef, target: Target, rest: string, exact: boolean, verbose: boolean): readonly string[] {
  const parts = rest.split(":");
  // A name without its group matches in any group.
  const anyGroup = !exact || parts.length < definition.parts.max;
  const patterns = [wildcardPattern(rest), ...(anyGroup ? [wildcardPattern(`*:${rest}`)] : [])];
  const found = definition.candidates(target, parts).filter((name) => patterns.some((p) => p.test(name)));
  return found.flatMap((name) => {
    const full = `${definition.probeType}:${name}`;
    return verbose ? [full, ...argumentLines(definition, target, name)] : [full];
  });
}

function argumentLines(definition: ProbeDef, target: Target, name: string): readonly string[] {
  return definition.listing(target, name).map((text) => `    ${text}`);
}
