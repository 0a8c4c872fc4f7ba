// Copy propagation: drops block parameters that always receive the same value.
// Needs: blocks in reverse postorder. Guarantees: no parameter of a reachable block has, itself aside, one argument of its own type for all edges.

import { predecessorsOf } from "../graph.ts";
import type { IrFunction, Value } from "../model.ts";
import { Replacements } from "../rewrite.ts";

/** Returns whether any parameter went away. */
export function propagateCopies(fn: IrFunction): boolean {
  const order = fn.blocks;
  if (order.every((block) => block.parameters.length === 0)) return false;
  let dropped = false;
  const predecessors = predecessorsOf(fn);
  const replacements = new Replacements(fn);
  for (let changed = true; changed; ) {
    changed = false;
    for (const block of order) {
      if (block.parameters.length === 0) continue;
      const edges = predecessors[block.id] ?? [];
      const kept: Value[] = [];
      const keptIndices: number[] = [];
      for (const [index, parameter] of block.parameters.entries()) {
        const only = onlyArgument(
          parameter,
          edges.map(({ target }) => target.arguments[index]),
          replacements,
        );
        if (only === undefined) {
          kept.push(parameter);
          keptIndices.push(index);
        } else replacements.set(parameter, only);
      }
      if (kept.length === block.parameters.length) continue;
      changed = true;
      dropped = true;
      block.parameters = kept;
      for (const { target } of edges) {
        const args = keptIndices.flatMap((index) => target.arguments[index] ?? []);
        target.arguments.splice(0, target.arguments.length, ...args);
      }
    }
  }
  replacements.apply(order);
  return dropped;
}

function onlyArgument(
  parameter: Value,
  args: readonly (Value | undefined)[],
  replacements: Replacements,
): Value | undefined {
  let only: Value | undefined;
  for (const argument of args) {
    if (argument === undefined) return undefined;
    const value = replacements.find(argument);
    if (value === parameter || value === only) continue;
    // A null constant is of another type than the pointer it stands for.
    if (only !== undefined || value.type !== parameter.type) return undefined;
    only = value;
  }
  return only;
}
