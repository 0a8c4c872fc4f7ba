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
  /** Changes the function in place; some passes return true when there is something for others to do again. */
  readonly run: (fn: IrFunction) => unknown;
}

const controlFlow: Pass = { name: "simplify-control-flow", run: simplifyControlFlow };
const copies: Pass = { name: "copy-propagation", run: propagateCopies };
const constants: Pass = { name: "constant-propagation", run: propagateConstants };
const arithmetic: Pass = { name: "simplify-arithmetic", run: simplifyArithmetic };
const subexpressions: Pass = { name: "common-subexpressions", run: eliminateCommonSubexpressions };
const memory: Pass = { name: "forward-memory", run: forwardMemory };
const deadCode: Pass = { name: "dead-code", run: eliminateDeadCode };

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
  /** Gives the functions for which a pass returned true. */
  const run = (pass: Pass, functions: readonly IrFunction[]): readonly IrFunction[] => {
    if (skipped.has(pass.name) || functions.length === 0) return [];
    const changed = functions.filter((fn) => pass.run(fn) === true);
    after?.(pass.name, module);
    return changed;
  };
  const { functions } = module;
  // The first one brings the blocks into the order that all others need.
  run(controlFlow, functions);
  const withoutParameters = run(copies, functions);
  const decided = run(constants, functions);
  run(controlFlow, functions.filter((fn) => withoutParameters.includes(fn) || decided.includes(fn)));
  run(arithmetic, functions);
  run(subexpressions, functions);
  // Where values have taken the place of loads, there is more to compute.
  const forwarded = run(memory, functions);
  run(controlFlow, run(constants, forwarded));
  run(arithmetic, forwarded);
  run(subexpressions, forwarded);
  run(deadCode, functions);
  run(controlFlow, functions);
  run(copies, functions);
  return module;
}
