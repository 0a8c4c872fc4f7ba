// Dead code: removes operations without effect whose results nobody needs, block parameters likewise, unused pure calls, and stores to
// stack slots that are never read.
// Needs: blocks in reverse postorder. Guarantees: every remaining value is needed for an effect, a branch or the result.

import { present } from "../../base/invariant.ts";
import { helperById } from "../../bpf/helpers.ts";
import { operandsOf, resultOf, targetsOf } from "../graph.ts";
import type { Block, Instruction, IrFunction, StackSlot, Value } from "../model.ts";
import { definitionsOf } from "../rewrite.ts";

export function eliminateDeadCode(fn: IrFunction): void {
  const definitions = definitionsOf(fn);
  const written = writeOnlySlots(fn, definitions);
  const isRoot = (i: Instruction): boolean => {
    if (i.op === "store" || i.op === "atomic-add") {
      const slot = slotOf(i.address, definitions);
      return slot === undefined || !written.has(slot);
    }
    return i.op === "call-function" || i.op === "call-kfunc" || (i.op === "call" && helperById(i.helper)?.pure !== true);
  };
  const live = findLive(fn, definitions, isRoot);
  for (const block of fn.blocks) {
    block.instructions = block.instructions.filter((i) => {
      const result = resultOf(i);
      return isRoot(i) || (result !== undefined && live[result.id] === 1);
    });
  }
  for (const block of fn.blocks) {
    for (const target of targetsOf(present(block.terminator, "terminator"))) {
      const args = target.arguments.filter((_, index) => live[target.block.parameters[index]?.id ?? -1] === 1);
      if (args.length < target.arguments.length) target.arguments.splice(0, target.arguments.length, ...args);
    }
  }
  for (const block of fn.blocks) block.parameters = block.parameters.filter(({ id }) => live[id] === 1);
}

function findLive(
  fn: IrFunction,
  definitions: readonly (Instruction | undefined)[],
  isRoot: (i: Instruction) => boolean,
): Uint8Array {
  const live = new Uint8Array(fn.nextValue);
  const work: Value[] = [];
  const need = (value: Value): void => {
    if (live[value.id] === 1) return;
    live[value.id] = 1;
    work.push(value);
  };
  const incoming = parameterArguments(fn.blocks);
  for (const block of fn.blocks) {
    for (const instruction of block.instructions) if (isRoot(instruction)) operandsOf(instruction).forEach(need);
    const t = present(block.terminator, "terminator");
    if (t.op === "return") need(t.value);
    if (t.op === "branch") [t.left, t.right].forEach(need);
  }
  for (let value = work.pop(); value !== undefined; value = work.pop()) {
    const definition = definitions[value.id];
    if (definition !== undefined) operandsOf(definition).forEach(need);
    incoming[value.id]?.forEach(need);
  }
  return live;
}

/** By the id of a block parameter: all its arguments. */
function parameterArguments(blocks: readonly Block[]): (Value[] | undefined)[] {
  const result: (Value[] | undefined)[] = [];
  for (const block of blocks) {
    for (const target of targetsOf(present(block.terminator, "terminator"))) {
      for (const [index, parameter] of target.block.parameters.entries()) {
        const argument = present(target.arguments[index], "block argument");
        const list = result[parameter.id];
        if (list === undefined) result[parameter.id] = [argument];
        else list.push(argument);
      }
    }
  }
  return result;
}

/** The slot that an address lies in, when it is a slot's address or that plus something. */
function slotOf(address: Value, definitions: readonly (Instruction | undefined)[]): StackSlot | undefined {
  let at = address;
  for (let depth = 0; depth < 16; depth += 1) {
    const definition = definitions[at.id];
    if (definition?.op === "slot-address") return definition.slot;
    if (definition?.op !== "binary" || definition.result.type !== "stack") return undefined;
    at = definition.left.type === "stack" ? definition.left : definition.right;
  }
  return undefined;
}

/** Slots whose addresses are used for nothing but storing into them. */
function writeOnlySlots(fn: IrFunction, definitions: readonly (Instruction | undefined)[]): Set<StackSlot> {
  const result = new Set(fn.slots);
  const read = (value: Value): void => {
    if (value.type !== "stack") return;
    const slot = slotOf(value, definitions);
    if (slot !== undefined) result.delete(slot);
    // An address of unknown origin: some address was passed through a block parameter, which `read` has seen.
  };
  for (const block of fn.blocks) {
    for (const i of block.instructions) {
      if (i.op === "store" || i.op === "atomic-add") read(i.value);
      else if (i.op !== "binary" || i.result.type !== "stack") operandsOf(i).forEach(read);
      else if (slotOf(i.result, definitions) === undefined) operandsOf(i).forEach(read);
    }
    const t = present(block.terminator, "terminator");
    if (t.op === "return") read(t.value);
    if (t.op === "branch") [t.left, t.right].forEach(read);
    for (const target of targetsOf(t)) target.arguments.forEach(read);
  }
  return result;
}
