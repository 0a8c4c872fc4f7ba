// --emit-elf: the compiled programs as an object file.

import { writeFileSync } from "node:fs";
import type { CompiledProgram } from "../compile/compiled-program.ts";
import { writeBpfObject } from "../formats/elf/bpf-object.ts";
import { reasonOf } from "../sys/system-error.ts";
import type { Terminal } from "./terminal.ts";

/** Writes the object; false when the file can't be written, which is said. */
export function emitElf(path: string, program: CompiledProgram, terminal: Terminal): boolean {
  const object = writeBpfObject({
    license: program.config.license,
    maps: program.maps,
    programs: program.probes.map(({ functionName, bytecode }) => ({
      section: `s_${functionName}`,
      name: functionName,
      code: bytecode.code,
      maps: bytecode.relocations.flatMap(({ at, kind, name }) => (kind === "map" || kind === "map-value" ? [{ at, map: name }] : [])),
    })),
  });
  try {
    writeFileSync(path, object);
    return true;
  } catch (problem) {
    terminal.error(`Failed to write '${path}': ${reasonOf(problem)}`);
    return false;
  }
}
