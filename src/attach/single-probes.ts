// What takes the place of one link for many kernel functions where the kernel refuses it: a probe for each function.

import type { CompiledProbe } from "../compile/compiled-program.ts";
import { type AttachSpec, sessionFunction } from "../define/attach-spec.ts";

/** A program that does the work at one end, and where it has to be attached. */
export interface SingleProbes {
  readonly probe: CompiledProbe;
  readonly places: readonly AttachSpec[];
}

/** The same bytecode as programs for single places: undefined for probes that are that already. */
export function singleProbes(probe: CompiledProbe): readonly SingleProbes[] | undefined {
  const { attach, program } = probe;
  if (attach.mechanism !== "kprobe-multi") return undefined;
  // Return probes are attached first: the kernel runs them in the order of attaching.
  const ends = attach.ends === "both" ? (["return", "entry"] as const) : [attach.ends];
  return ends.map((end) => {
    const onReturn = end === "return";
    const answers = { [sessionFunction]: onReturn ? 1 : 0 };
    return {
      probe: { ...probe, program: { ...program, expectedAttach: 0 }, answers },
      places: attach.functions.map((symbol) => ({ mechanism: "kprobe", function: symbol, module: undefined, offset: 0n, onReturn })),
    };
  });
}
