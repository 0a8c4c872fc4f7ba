// --probe-filter: which probes of a compiled program are loaded.

import type { CompiledProbe, CompiledProgram } from "../compile/compiled-program.ts";
import type { RunMoment } from "../define/attach-spec.ts";

/** The expression of the option; a text says what is wrong with it. */
export function readProbeFilter(text: string | undefined): RegExp | undefined | string {
  if (text === undefined) return undefined;
  try {
    return new RegExp(text, "u");
  } catch (problem) {
    return `--probe-filter: ${problem instanceof Error ? problem.message : String(problem)}`;
  }
}

/** Moments of a run that the filter leaves alone. */
const always: readonly RunMoment[] = ["begin", "end", "on-signal"];

/** Leaves out what does not match; begin, end and self probes stay. */
export function filterProbes(program: CompiledProgram, filter: RegExp | undefined): CompiledProgram {
  if (filter === undefined) return program;
  const stays = ({ attach }: CompiledProbe) => attach.mechanism === "test-run" && always.includes(attach.moment);
  return { ...program, probes: program.probes.filter((probe) => stays(probe) || filter.test(probe.name)) };
}
