// --probe-filter: which probes of a compiled program are loaded.

import type { CompiledProgram } from "../compile/compiled-program.ts";

/** The expression of the option; a text says what is wrong with it. */
export function readProbeFilter(text: string | undefined): RegExp | undefined | string {
  if (text === undefined) return undefined;
  try {
    return new RegExp(text, "u");
  } catch (problem) {
    return `--probe-filter: ${problem instanceof Error ? problem.message : String(problem)}`;
  }
}

/** Leaves out what does not match; probes that the tracer itself runs stay. */
export function filterProbes(program: CompiledProgram, filter: RegExp | undefined): CompiledProgram {
  if (filter === undefined) return program;
  return { ...program, probes: program.probes.filter(({ attach, name }) => attach.mechanism === "test-run" || filter.test(name)) };
}
