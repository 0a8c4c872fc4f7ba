// Dead code: removes operations without effect whose results nobody needs, block parameters likewise, unused pure calls, and stores to
// stack slots that are never read.
// Needs: blocks in reverse postorder. Guarantees: every remaining value is needed for an effect, a branch or the result.

import { present } from "../../base/invariant.ts";
import { helperById, readOnlyCast } from "../../bpf/helpers.ts";
import { forEachOperand, resultOf, targetsOf } from "../graph.ts";
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
    return i.op === "call-function" || (i.op === "call-kfunc" && i.name !== readOnlyCast) || (i.op === "call" && helperById(i.helper)?.pure !== true);
  };
  const live = findLive(fn, definitions, isRoot);
  for (const { instructions } of fn.blocks) {
    let kept = 0;
    for (let index = 0; index < instructions.length; index += 1) {
      const i = present(instructions[index], "instruction");
      const result = resultOf(i);
      if ((result === undefined || live[result.id] === 0) && !isRoot(i)) continue;
      instructions[kept] = i;
      kept += 1;
    }
    instructions.length = kept;
  }
  for (const block of fn.blocks) {
    for (const target of targetsOf(present(block.terminator, "terminator"))) {
      if (target.arguments.length === 0) continue;
      const args = target.arguments.filter((_, index) => live[target.block.parameters[index]?.id ?? -1] === 1);
      if (args.length < target.arguments.length) target.arguments.splice(0, target.arguments.length, ...args);
    }
  }
  for (const block of fn.blocks) {
    if (block.parameters.length > 0) block.parameters = block.parameters.filter(({ id }) => live[id] === 1);
  }
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
    const { instructions } = block;
    for (let index = 0; index < instructions.length; index += 1) {
      const instruction = present(instructions[index], "instruction");
      if (isRoot(instruction)) forEachOperand(instruction, need);
    }
    const t = present(block.terminator, "terminator");
    if (t.op === "return") need(t.value);
    else if (t.op === "branch") {
      need(t.left);
      need(t.right);
    }
  }
  for (let value = work.pop(); value !== undefined; value = work.pop()) {
    const definition = definitions[value.id];
    if (definition !== undefined) forEachOperand(definition, need);
    incoming.get(value.id)?.forEach(need);
  }
  return live;
}

/** By the id of a block parameter: all its arguments. */
function parameterArguments(blocks: readonly Block[]): ReadonlyMap<number, readonly Value[]> {
  const result = new Map<number, Value[]>();
  for (const block of blocks) {
    for (const target of targetsOf(present(block.terminator, "terminator"))) {
      const { parameters } = target.block;
      for (let index = 0; index < parameters.length; index += 1) {
        const parameter = present(parameters[index], "block parameter");
        const argument = present(target.arguments[index], "block argument");
        const list = result.get(parameter.id);
        if (list === undefined) result.set(parameter.id, [argument]);
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
  if (result.size === 0) return result;
  const read = (value: Value): void => {
    if (value.type !== "stack") return;
    const slot = slotOf(value, definitions);
    if (slot !== undefined) result.delete(slot);
    // An address of unknown origin: some address was passed through a block parameter, which `read` has seen.
  };
  for (const { instructions, terminator } of fn.blocks) {
    for (let index = 0; index < instructions.length; index += 1) {
      const i = present(instructions[index], "instruction");
      if (i.op === "store" || i.op === "atomic-add") read(i.value);
      else if (i.op !== "binary" || i.result.type !== "stack") forEachOperand(i, read);
      else if (slotOf(i.result, definitions) === undefined) forEachOperand(i, read);
    }
    const t = present(terminator, "terminator");
    if (t.op === "return") read(t.value);
    else if (t.op === "branch") {
      read(t.left);
      read(t.right);
    }
    for (const target of targetsOf(t)) target.arguments.forEach(read);
  }
  return result;
}
