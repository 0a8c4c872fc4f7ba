// Common subexpressions: an operation that a dominating block, or an earlier place of this one, has computed already is not repeated.
// Needs: blocks in reverse postorder. Guarantees: no two pure operations with equal operands where one dominates the other; calls of pure helpers count
// as such. Loads are the business of forward-memory.ts.

import { present } from "../../base/invariant.ts";
import { helperById } from "../../bpf/helpers.ts";
import { isCommutative } from "../evaluate.ts";
import { Dominators, predecessorsOf, resultOf } from "../graph.ts";
import type { Block, Instruction, IrFunction, Value } from "../model.ts";
import { mapOperands, mapTerminator, Replacements } from "../rewrite.ts";

export function eliminateCommonSubexpressions(fn: IrFunction): void {
  const order = fn.blocks;
  const dominators = new Dominators(order, predecessorsOf(order));
  const replacements = new Replacements(fn);
  const known = new Map<string, Value>();
  const enter = (block: Block): string[] => {
    const added: string[] = [];
    const output: Instruction[] = [];
    for (const original of block.instructions) {
      const instruction = mapOperands(original, replacements.find);
      const result = resultOf(instruction);
      const key = result === undefined ? undefined : keyOf(instruction);
      if (result === undefined || key === undefined) {
        output.push(instruction);
        continue;
      }
      const typedKey = result.type === "int" ? key : `${key} ${result.type}`;
      const same = known.get(typedKey);
      if (same !== undefined) {
        replacements.set(result, same);
        continue;
      }
      known.set(typedKey, result);
      added.push(typedKey);
      output.push(instruction);
    }
    block.instructions = output;
    return added;
  };
  walk(present(order[0], "entry block"), dominators, enter, (added) => {
    for (const key of added) known.delete(key);
  });
  // Block arguments may name values that were replaced after their block was visited.
  for (const block of order) {
    block.terminator = mapTerminator(present(block.terminator, "terminator"), replacements.find);
  }
}

/** Goes through the dominator tree, a block before those it dominates. */
function walk(
  entry: Block,
  dominators: Dominators,
  enter: (block: Block) => string[],
  leave: (added: string[]) => void,
): void {
  const stack: { readonly added: string[]; readonly children: Block[] }[] = [];
  stack.push({ added: enter(entry), children: dominators.children(entry) });
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const child = top.children.pop();
    if (child === undefined) {
      leave(top.added);
      stack.pop();
    } else stack.push({ added: enter(child), children: dominators.children(child) });
  }
}

/** What an operation computes, as text; undefined for what must not be merged. */
function keyOf(i: Instruction): string | undefined {
  switch (i.op) {
    case "const":
      return `const ${i.value}`;
    case "link-constant":
    case "function":
      return `${i.op} ${i.name}`;
    case "slot-address":
      return `slot ${i.slot.id}`;
    case "map":
      return `map ${i.map}`;
    case "map-value":
      return `map-value ${i.offset} ${i.map}`;
    case "binary": {
      const swap = isCommutative(i.operation) && i.left.id > i.right.id;
      return `${i.operation} ${swap ? i.right.id : i.left.id} ${swap ? i.left.id : i.right.id}`;
    }
    case "compare":
      return `compare ${i.comparison} ${i.left.id} ${i.right.id}`;
    case "extend":
      return `extend ${i.signed} ${i.bits} ${i.operand.id}`;
    case "byte-swap":
      return `byte-swap ${i.bits} ${i.operand.id}`;
    case "clamp":
      return `clamp ${i.maximum} ${i.operand.id}`;
    case "call":
      if (helperById(i.helper)?.pure !== true) return undefined;
      return `call ${i.helper} ${i.arguments.map(({ id }) => id).join(" ")}`;
    default:
      return undefined;
  }
}
