// The lines of a listing for one probe type.

import type { ListRequest, ProbeDef } from "../define/probe.ts";

/** What a request finds, without duplicates, in the order of the bytes; verbose: with parameters below each. */
export function listDefinition(definition: ProbeDef, request: ListRequest, verbose: boolean): readonly string[] {
  const found = definition.list(request);
  const names = isAscending(found) ? found : [...new Set(found)].sort();
  const provider = definition.names[0] ?? "";
  const lines: string[] = [];
  for (const name of names) {
    lines.push(`${provider}:${name}`);
    if (verbose) for (const text of definition.listing(request.target, name)) lines.push(`    ${text}`);
  }
  return lines;
}

/** Each name after the one before, so that there are no duplicates either. */
function isAscending(names: readonly string[]): boolean {
  for (let i = 1; i < names.length; i++) if ((names[i - 1] ?? "") >= (names[i] ?? "")) return false;
  return true;
}
