// The passes over the IR, in the order they run.

import type { IrFunction, IrModule } from "../model.ts";
import { eliminateCommonSubexpressions } from "./common-subexpressions.ts";
import { propagateConstants } from "./constant-propagation.ts";
import { propagateCopies } from "./copy-propagation.ts";
import { eliminateDeadCode } from "./dead-code.ts";
import { forwardMemory } from "./forward-memory.ts";
import { simplifyArithmetic } from "./simplify-arithmetic.ts";
import { simplifyControlFlow } from "./simplify-control-flow.ts";

export interface Pass {
  readonly name: string;
  /** Changes the function in place. One that makes others worth repeating returns true when it changed anything. */
  readonly run: (fn: IrFunction) => unknown;
}

const controlFlow: Pass = { name: "simplify-control-flow", run: simplifyControlFlow };
const copies: Pass = { name: "copy-propagation", run: propagateCopies };
const constants: Pass = { name: "constant-propagation", run: propagateConstants };
const arithmetic: Pass = { name: "simplify-arithmetic", run: simplifyArithmetic };
const subexpressions: Pass = { name: "common-subexpressions", run: eliminateCommonSubexpressions };
const memory: Pass = { name: "forward-memory", run: forwardMemory };
const deadCode: Pass = { name: "dead-code", run: eliminateDeadCode };

/** Always; the first one brings the blocks into the order that all others need. */
const first: readonly Pass[] = [controlFlow, copies, constants, controlFlow, arithmetic, subexpressions, memory];
/** When values have taken the place of loads. */
const second: readonly Pass[] = [constants, controlFlow, arithmetic, subexpressions];
const last: readonly Pass[] = [deadCode, controlFlow, copies];

/** All passes, each once. */
export const passes: readonly Pass[] = [controlFlow, copies, constants, arithmetic, subexpressions, memory, deadCode];

/**
 * Runs the passes; changes the module in place and returns it. `after` is called when a pass has run over all functions that need it;
 * `skipped` passes do not run.
 */
export function optimise(
  module: IrModule,
  after?: (pass: string, module: IrModule) => void,
  skipped: ReadonlySet<string> = new Set(),
): IrModule {
  const changed = new Set<IrFunction>();
  const run = (list: readonly Pass[], functions: Iterable<IrFunction>): void => {
    for (const pass of list) {
      if (skipped.has(pass.name)) continue;
      for (const fn of functions) if (pass.run(fn) === true) changed.add(fn);
      after?.(pass.name, module);
    }
  };
  run(first, module.functions);
  if (changed.size > 0) run(second, changed);
  run(last, module.functions);
  return module;
}
