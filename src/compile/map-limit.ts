// The kernel lets one program use 64 maps (MAX_USED_MAPS in include/linux/bpf_verifier.h): one more is the script's error, at its line.

import type { BytecodeProgram } from "../backend/bytecode.ts";
import type { Diagnostics } from "../source/diagnostic.ts";
import type { Span } from "../source/source.ts";

const mostMaps = 64;

/** Reports a program that uses too many maps. */
export function checkMapCount(program: BytecodeProgram, probe: Span | undefined, diagnostics: Diagnostics): void {
  const names = new Set<string>();
  let beyond: number | undefined;
  for (const { at, kind, name } of program.relocations) {
    if (kind !== "map" && kind !== "map-value") continue;
    names.add(name);
    if (names.size > mostMaps) beyond ??= at;
  }
  if (beyond === undefined) return;
  const message = `The probe uses ${names.size} maps, those for events and the like included; the kernel allows ${mostMaps} in one program`;
  diagnostics.error("too-many-maps", placeOf(program, beyond) ?? probe, message, {
    hint: "keep the values in one map with keys, or split the work over several probes",
  });
}

/** The place in the script of an instruction word. */
function placeOf(program: BytecodeProgram, word: number): Span | undefined {
  let place: Span | undefined;
  for (const { at, span } of program.lines) if (at <= word) place = span;
  return place;
}
