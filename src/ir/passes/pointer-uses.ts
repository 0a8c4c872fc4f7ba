// How values are used that the verifier may know as kernel pointers: with those no arithmetic is allowed beyond adding a constant.

import { present } from "../../base/invariant.ts";
import { operandsOf, targetsOf, terminatorOperands } from "../graph.ts";
import type { Block, Instruction, Value } from "../model.ts";

/** Ids of values. */
export interface Uses {
  readonly all: ReadonlySet<number>;
  /** Something is computed from the value. */
  readonly asNumber: ReadonlySet<number>;
  /** The value is one of several that a block parameter may be: the verifier would see a pointer on one path and a number on another. */
  readonly merged: ReadonlySet<number>;
}

/** `order`: blocks before those that they dominate. */
export function findUses(order: readonly Block[]): Uses {
  const all = new Set<number>();
  const asNumber = new Set<number>();
  const merged = new Set<number>();
  const constants = new Set<number>();
  /** Sums of a value and a constant: the sum is used as the value then is. */
  const sums: { readonly sum: Value; readonly of: Value }[] = [];
  for (const { instructions, terminator } of order) {
    for (const i of instructions) {
      for (const value of operandsOf(i)) all.add(value.id);
      if (i.op === "const") constants.add(i.result.id);
      const sum = sumOf(i, constants);
      if (sum !== undefined) sums.push(sum);
      else for (const value of numbersIn(i)) asNumber.add(value.id);
    }
    const t = present(terminator, "terminator");
    for (const value of terminatorOperands(t)) all.add(value.id);
    if (t.op === "return") asNumber.add(t.value.id);
    for (const target of targetsOf(t)) for (const value of target.arguments) merged.add(value.id);
  }
  for (const { sum, of } of sums.toReversed()) {
    if (asNumber.has(sum.id)) asNumber.add(of.id);
    if (merged.has(sum.id)) merged.add(of.id);
  }
  return { all, asNumber, merged };
}

function sumOf(i: Instruction, constants: ReadonlySet<number>): { sum: Value; of: Value } | undefined {
  if (i.op !== "binary" || i.operation !== "add") return undefined;
  if (constants.has(i.right.id)) return { sum: i.result, of: i.left };
  return constants.has(i.left.id) ? { sum: i.result, of: i.right } : undefined;
}

/** Operands that must be numbers. */
function numbersIn(i: Instruction): readonly Value[] {
  switch (i.op) {
    case "binary":
      return [i.left, i.right];
    case "extend":
    case "byte-swap":
    case "clamp":
      return [i.operand];
    case "store":
      // Pointers are stored whole or not at all.
      return i.size === 8 ? [] : [i.value];
    case "atomic-add":
      return [i.value];
    case "call-function":
    case "call-kfunc":
      return i.arguments;
    default:
      return [];
  }
}
