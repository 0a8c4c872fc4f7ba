// How one program reads kernel memory: by loads, where its kernel and its license allow them.

import type { Config } from "../define/config.ts";
import type { Target } from "../define/target.ts";
import type { IrFunction } from "../ir/model.ts";
import type { ReadPlan } from "../ir/passes/expand-reads.ts";

/** Bytes that are read at once at most: as many as a cache line. */
const longestRun = 64;

/** Without any reads nothing is asked of the machine. `roomy`: the program is short of stack, where runs would take up more of it. */
export function planReads(functions: readonly IrFunction[], target: Target, config: Config, roomy: boolean): ReadPlan {
  const run = roomy ? 8 : longestRun;
  const reads = functions.some(({ blocks }) => blocks.some(({ instructions }) => instructions.some(({ op }) => op === "read")));
  if (!reads) return { typed: false, cast: "none", run };
  const mayCast = isGplCompatible(config.license) && target.has("rdonly_cast");
  const cast = !mayCast ? "none" : target.has("rdonly_cast_bytes") ? "bytes" : "struct";
  return { typed: !mayCast && target.has("typed_pointers"), cast, run };
}

/** Probe_read only: what every kernel allows. */
export function withoutLoads(plan: ReadPlan): ReadPlan {
  return { ...plan, typed: false, cast: "none" };
}

/** As the kernel has it (include/linux/license.h); other programs may call no kernel functions. */
function isGplCompatible(license: string): boolean {
  return ["GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"].includes(license);
}
