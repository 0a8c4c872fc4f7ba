// Replacing values throughout a function: what most passes end with.

import type { Block, BlockTarget, Instruction, IrFunction, Terminator, Value } from "./model.ts";

type Mapping = (value: Value) => Value;

/** The instruction with other operands; the same object when none changes. */
export function mapOperands(i: Instruction, map: Mapping): Instruction {
  switch (i.op) {
    case "binary":
    case "compare": {
      const left = map(i.left);
      const right = map(i.right);
      return left === i.left && right === i.right ? i : { ...i, left, right };
    }
    case "extend":
    case "byte-swap":
    case "clamp": {
      const operand = map(i.operand);
      return operand === i.operand ? i : { ...i, operand };
    }
    case "load":
    case "read": {
      const address = map(i.address);
      return address === i.address ? i : { ...i, address };
    }
    case "store":
    case "atomic-add": {
      const address = map(i.address);
      const value = map(i.value);
      return address === i.address && value === i.value ? i : { ...i, address, value };
    }
    case "call":
    case "call-function":
    case "call-kfunc": {
      if (i.arguments.every((value) => map(value) === value)) return i;
      return { ...i, arguments: i.arguments.map(map) };
    }
    case "const":
    case "link-constant":
    case "slot-address":
    case "map":
    case "map-value":
    case "function":
      return i;
  }
}

function mapTarget(target: BlockTarget, map: Mapping): void {
  const args = target.arguments;
  for (let index = 0; index < args.length; index += 1) {
    const value = args[index];
    if (value !== undefined) args[index] = map(value);
  }
}

/** The terminator with other operands; block arguments are changed in place. */
export function mapTerminator(t: Terminator, map: Mapping): Terminator {
  switch (t.op) {
    case "jump":
      mapTarget(t.target, map);
      return t;
    case "branch": {
      mapTarget(t.then, map);
      mapTarget(t.else, map);
      const left = map(t.left);
      const right = map(t.right);
      return left === t.left && right === t.right ? t : { ...t, left, right };
    }
    case "return": {
      const value = map(t.value);
      return value === t.value ? t : { ...t, value };
    }
  }
}

/** Values that stand for others, by the id of what they replace; chains are followed. */
export class Replacements {
  private readonly by: (Value | undefined)[];
  private count = 0;

  constructor(fn: IrFunction) {
    this.by = new Array<Value | undefined>(fn.nextValue).fill(undefined);
  }

  get isEmpty(): boolean {
    return this.count === 0;
  }

  set(old: Value, replacement: Value): void {
    this.by[old.id] = replacement;
    this.count += 1;
  }

  /** What to use instead of a value: itself when nothing replaces it. */
  readonly find = (value: Value): Value => {
    let at = this.by[value.id];
    if (at === undefined) return value;
    for (let next = this.by[at.id]; next !== undefined; next = this.by[next.id]) at = next;
    this.by[value.id] = at;
    return at;
  };

  /** Puts the replacements into all operands. */
  apply(blocks: readonly Block[]): void {
    if (this.isEmpty) return;
    for (const block of blocks) {
      for (let index = 0; index < block.instructions.length; index += 1) {
        const instruction = block.instructions[index];
        if (instruction === undefined) continue;
        const mapped = mapOperands(instruction, this.find);
        if (mapped !== instruction) block.instructions[index] = mapped;
      }
      if (block.terminator !== undefined) block.terminator = mapTerminator(block.terminator, this.find);
    }
  }
}

/** The instruction that defines each value, by id. */
export function definitionsOf(fn: IrFunction): (Instruction | undefined)[] {
  // Filled first: a sparse array would be slow.
  const definitions = new Array<Instruction | undefined>(fn.nextValue).fill(undefined);
  for (const { instructions } of fn.blocks) {
    for (let index = 0; index < instructions.length; index += 1) {
      const i = instructions[index];
      if (i !== undefined && i.op !== "store" && i.op !== "atomic-add") definitions[i.result.id] = i;
    }
  }
  return definitions;
}

/** A new value of the function. */
export function newValue(fn: IrFunction, type: Value["type"] = "int"): Value {
  const id = fn.nextValue;
  fn.nextValue += 1;
  return { id, type };
}
