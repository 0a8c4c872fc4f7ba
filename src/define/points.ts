// Building concrete points: what most probe types have, to be completed by a definition.

import type { ProbePoint } from "./probe.ts";

type Optional = "capabilities" | "space" | "returns" | "count" | "filtersByPid" | "unique" | "arguments" | "context";

/** Completes a point with what most probe types are. */
export function probePoint(point: Omit<ProbePoint, Optional> & Partial<Pick<ProbePoint, Optional>>): ProbePoint {
  return {
    context: "none",
    capabilities: new Set(),
    space: "none",
    returns: 0,
    count: 1,
    filtersByPid: false,
    unique: false,
    arguments: () => `${point.provider} probes have no arguments`,
    ...point,
  };
}

/** `*` matches any run of characters; everything else stands for itself. */
export function wildcardPattern(text: string): RegExp {
  return new RegExp(`^${text.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`, "s");
}

/** Whether a text is one that a pattern means. */
function matcher(pattern: string): (text: string) => boolean {
  if (pattern === "*") return () => true;
  if (!pattern.includes("*")) return (text) => text === pattern;
  const compiled = wildcardPattern(pattern);
  return (text) => compiled.test(text);
}

/** Names `GROUP:NAME` that a pattern finds; a pattern without a group finds names of any group. */
export function matchInGroups(names: readonly string[], parts: readonly string[]): readonly string[] {
  const pattern = wildcardPattern(parts.length === 1 ? `*:${parts[0] ?? ""}` : parts.join(":"));
  return names.filter((name) => pattern.test(name));
}

interface FunctionName {
  readonly name: string;
  readonly module: string;
}

/** Functions that a pattern finds, each once, in the order of `NAME`, or of `MODULE:NAME` where the pattern has a module. */
export function matchFunctions(functions: readonly FunctionName[], module: string | undefined, name: string): readonly FunctionName[] {
  const [inModule, pattern] = [matcher(module ?? "*"), matcher(name)];
  const found = new Map<string, FunctionName>();
  for (const f of functions) {
    if (pattern(f.name) && inModule(f.module)) found.set(module === undefined ? f.name : `${f.module}:${f.name}`, f);
  }
  return [...found.keys()].sort().flatMap((key) => found.get(key) ?? []);
}

/** What is wrong when the target of a user probe means no file. */
export function missingTarget(provider: string, file: string, problem: string | undefined): string {
  const what = `${provider} target file '${file}'`;
  return problem === undefined ? `${what} does not exist or is not executable` : `${what} can't be used: ${problem}`;
}

export function hasWildcard(text: string): boolean {
  return text.includes("*") || (text.includes("[") && text.includes("]"));
}
