// What a program needs of the kernel and has no substitute for: said at the place that needs it, before the kernel refuses it.

import { helperById } from "../bpf/helpers.ts";
import { type Feature, type FeatureName, featureNames, features } from "../define/features.ts";
import type { ProbePoint } from "../define/probe.ts";
import { programTypes } from "../define/attach-spec.ts";
import type { Target } from "../define/target.ts";
import type { IrModule } from "../ir/model.ts";
import type { Diagnostics } from "../source/diagnostic.ts";

/** `Linux 5.8`. */
function releaseOf(name: FeatureName): string {
  return `Linux ${features[name].since.join(".")}`;
}

/** Without a ring buffer there is no way for events to come out. */
export function checkKernel(target: Target, diagnostics: Diagnostics): void {
  if (target.has("ring_buffer")) return;
  const { major, minor } = target.release;
  diagnostics.error("kernel-too-old", undefined, `Linux ${major}.${minor} is too old: bpftrace needs ${releaseOf("ring_buffer")} or later, for the BPF ring buffer`);
}

/** Points that are run by the tracer itself. */
export function checkPoints(points: readonly ProbePoint[], target: Target, diagnostics: Diagnostics): void {
  const ownRun = points.find(({ attach, program }) => attach.mechanism === "test-run" && program.type === programTypes.rawTracepoint);
  if (ownRun === undefined || target.has("raw_tp_test_run")) return;
  diagnostics.error("feature", ownRun.span, `${ownRun.name} probes need ${releaseOf("raw_tp_test_run")}, which can run programs on demand`, {
    hint: "without such probes the script may work",
  });
}

const byHelper: ReadonlyMap<number, FeatureName> = new Map(
  featureNames.flatMap((name): [number, FeatureName][] => {
    const { helper }: Feature = features[name];
    return helper === undefined ? [] : [[helper, name]];
  }),
);

/** Helpers that a program calls although the kernel does not have them: where there was a way around, lowering has taken it. */
export function checkHelpers(module: IrModule, target: Target, diagnostics: Diagnostics): void {
  for (const fn of module.functions) {
    for (const { instructions } of fn.blocks) {
      for (const i of instructions) {
        const name = i.op === "call" ? byHelper.get(i.helper) : undefined;
        if (name === undefined || i.op !== "call" || target.has(name)) continue;
        const helper = helperById(i.helper)?.name ?? "";
        diagnostics.error("feature", i.span, `This needs the helper bpf_${helper} (${features[name].what}), which this kernel does not have`, {
          hint: `${releaseOf(name)} has it`,
        });
        return;
      }
    }
  }
}
