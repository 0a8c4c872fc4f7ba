// The lines of a listing for one probe type.

import type { ListRequest, ProbeDef } from "../define/probe.ts";

/** What a request finds, without duplicates, in the order of the bytes; verbose: with parameters below each. */
export function listDefinition(definition: ProbeDef, request: ListRequest, verbose: boolean): readonly string[] {
  return [...new Set(definition.list(request))].sort().flatMap((name) => {
    const full = `${definition.names[0] ?? ""}:${name}`;
    return verbose ? [full, ...definition.listing(request.target, name).map((text) => `    ${text}`)] : [full];
  });
}
