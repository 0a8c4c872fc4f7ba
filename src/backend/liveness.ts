// Live ranges of virtual registers. Positions: each block's start takes one, each instruction one; an instruction at p reads at p and
// writes at p + 1, so a result can take the register of an operand that ends there.

import { present } from "../base/invariant.ts";
import type { MachineBlock, MachineFunction, MachineInstruction } from "./machine.ts";
import { firstVirtual, isLateOperand, registersOf } from "./machine.ts";

/** Where a register is live: half-open ranges [start, end, start, end, …], ascending, with holes between them. */
export type Ranges = number[];

export interface Liveness {
  /** By block index: first position, and the position after the last. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** By block index: registers whose value is needed at the block's start (its parameters not included). */
  readonly liveIn: readonly ReadonlySet<number>[];
  /** By virtual register minus `firstVirtual`. */
  readonly ranges: readonly (Ranges | undefined)[];
  /** Positions of calls, ascending. */
  readonly calls: readonly number[];
}

/** Where control may go from a block. */
export function successorsOf(block: MachineBlock): readonly MachineBlock[] {
  const last = present(block.instructions.at(-1), "last instruction").operation;
  if (last.op === "jump") return [last.target];
  if (last.op === "branch") return [last.then, last.else];
  return [];
}

const nothing: ReadonlySet<number> = new Set();

export function computeLiveness(fn: MachineFunction): Liveness {
  const starts: number[] = [];
  const ends: number[] = [];
  const calls: number[] = [];
  let position = 0;
  for (const block of fn.blocks) {
    starts.push(position);
    position += 2;
    const { instructions } = block;
    for (let at = 0; at < instructions.length; at += 1) {
      if (instructions[at]?.operation.op === "call") calls.push(position);
      position += 2;
    }
    ends.push(position);
  }
  const liveIn = findLiveIn(fn);
  return { starts, ends, liveIn, calls, ranges: buildRanges(fn, starts, ends, liveIn) };
}

/** Walks from each use that has no definition before it in its block up to the definition: the cost is the size of the result. */
function findLiveIn(fn: MachineFunction): ReadonlySet<number>[] {
  const predecessors: MachineBlock[][] = fn.blocks.map(() => []);
  for (const block of fn.blocks) for (const next of successorsOf(block)) predecessors[next.index]?.push(block);
  const definedIn = new Int32Array(fn.nextRegister).fill(-1);
  for (const parameter of registersOf(fn.parameters)) definedIn[parameter] = 0;
  for (const block of fn.blocks) {
    for (const parameter of block.parameters) {
      if (parameter.kind === "register") definedIn[parameter.register] = block.index;
    }
    const { instructions } = block;
    for (let at = 0; at < instructions.length; at += 1) {
      const result = instructions[at]?.result;
      if (result !== undefined) definedIn[result] = block.index;
    }
  }
  // Most blocks need nothing from before them: they share an empty set.
  const liveIn = new Array<ReadonlySet<number>>(fn.blocks.length).fill(nothing);
  const owned: (Set<number> | undefined)[] = [];
  const setOf = (block: number): Set<number> => {
    const known = owned[block];
    if (known !== undefined) return known;
    const made = new Set<number>();
    owned[block] = made;
    liveIn[block] = made;
    return made;
  };
  const work: number[] = [];
  const mark = (register: number): void => {
    for (let at = work.pop(); at !== undefined; at = work.pop()) {
      if (definedIn[register] === at) continue;
      const set = setOf(at);
      if (set.has(register)) continue;
      set.add(register);
      for (const before of predecessors[at] ?? []) work.push(before.index);
    }
  };
  for (const { index, instructions } of fn.blocks) {
    for (let at = 0; at < instructions.length; at += 1) {
      const { operands } = present(instructions[at], "instruction");
      for (let place = 0; place < operands.length; place += 1) {
        const operand = operands[place];
        if (operand?.kind !== "register" || definedIn[operand.register] === index) continue;
        work.push(index);
        mark(operand.register);
      }
    }
  }
  return liveIn;
}

function buildRanges(
  fn: MachineFunction,
  starts: readonly number[],
  ends: readonly number[],
  liveIn: readonly ReadonlySet<number>[],
): (Ranges | undefined)[] {
  // Filled from the end of the code to its start, so ranges are descending pairs (end, start) at first.
  const ranges = new Array<Ranges | undefined>(fn.nextRegister - firstVirtual).fill(undefined);
  const add = (register: number, start: number, end: number): void => {
    const list = ranges[register - firstVirtual];
    if (list === undefined) ranges[register - firstVirtual] = [end, start];
    else if ((list.at(-1) ?? 0) <= end) {
      list[list.length - 1] = Math.min(start, list.at(-1) ?? start);
    } else list.push(end, start);
  };
  const define = (register: number, at: number): void => {
    const list = ranges[register - firstVirtual];
    if (list === undefined) ranges[register - firstVirtual] = [at + 1, at];
    else list[list.length - 1] = at;
  };
  for (let index = fn.blocks.length - 1; index >= 0; index -= 1) {
    const block = present(fn.blocks[index], "block");
    const start = starts[index] ?? 0;
    const end = ends[index] ?? 0;
    for (const next of successorsOf(block)) {
      for (const register of liveIn[next.index] ?? []) add(register, start, end);
    }
    let position = end;
    for (let at = block.instructions.length - 1; at >= 0; at -= 1) {
      const instruction = present(block.instructions[at], "instruction");
      position -= 2;
      if (instruction.result !== undefined) define(instruction.result, position + 1);
      addUses(instruction, position, start, add);
    }
    for (const parameter of block.parameters) if (parameter.kind === "register") define(parameter.register, start);
  }
  for (const parameter of registersOf(fn.parameters)) define(parameter, 0);
  for (const list of ranges) list?.reverse();
  return ranges;
}

function addUses(
  instruction: MachineInstruction,
  position: number,
  start: number,
  add: (register: number, start: number, end: number) => void,
): void {
  const { operands } = instruction;
  for (let index = 0; index < operands.length; index += 1) {
    const operand = operands[index];
    if (operand?.kind !== "register") continue;
    add(operand.register, start, isLateOperand(instruction.operation, index) ? position + 2 : position + 1);
  }
}

/** Whether some call happens while the value is live: before its last use and after its definition. */
export function crossesCall(ranges: Ranges, calls: readonly number[]): boolean {
  for (let at = 0; at < ranges.length; at += 2) {
    const start = ranges[at] ?? 0;
    const end = ranges[at + 1] ?? 0;
    let low = 0;
    let high = calls.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((calls[middle] ?? 0) < start) low = middle + 1;
      else high = middle;
    }
    const call = calls[low];
    if (call !== undefined && call + 1 < end) return true;
  }
  return false;
}

/** The union of two lists of ranges, or undefined when they overlap. */
export function mergedRanges(first: Ranges, second: Ranges): Ranges | undefined {
  const result: Ranges = [];
  let a = 0;
  let b = 0;
  while (a < first.length || b < second.length) {
    const fromFirst = b >= second.length || (first[a] ?? Number.POSITIVE_INFINITY) <= (second[b] ?? 0);
    const [source, at] = fromFirst ? [first, a] : [second, b];
    const start = source[at] ?? 0;
    if ((result.at(-1) ?? 0) > start) return undefined;
    result.push(start, source[at + 1] ?? 0);
    if (fromFirst) a += 2;
    else b += 2;
  }
  return result;
}
