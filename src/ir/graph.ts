// The control-flow graph of a function: successors, predecessors, block order, dominators. Everything is iterative and near-linear.

import { present } from "../base/invariant.ts";
import type { Block, BlockTarget, Instruction, IrFunction, Terminator, Value } from "./model.ts";

/** The targets of a terminator, `then` before `else`. */
export function targetsOf(terminator: Terminator): readonly BlockTarget[] {
  switch (terminator.op) {
    case "jump":
      return [terminator.target];
    case "branch":
      return [terminator.then, terminator.else];
    case "return":
      return [];
  }
}

/** Reachable blocks so that, loops aside, each comes after all its predecessors; `then` follows its branch at once. */
export function reversePostorder(fn: IrFunction): Block[] {
  const entry = present(fn.blocks[0], "entry block");
  const seen = new Set<Block>([entry]);
  const order: Block[] = [];
  const stack: { readonly block: Block; readonly next: BlockTarget[] }[] = [pending(entry)];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    // `else` is taken first, so it is finished first, and `then` comes right after its branch in the result.
    const target = top.next.pop();
    if (target === undefined) {
      order.push(top.block);
      stack.pop();
    } else if (!seen.has(target.block)) {
      seen.add(target.block);
      stack.push(pending(target.block));
    }
  }
  return order.reverse();
}

function pending(block: Block): { block: Block; next: BlockTarget[] } {
  return { block, next: [...targetsOf(present(block.terminator, `terminator of block ${block.id}`))] };
}

export interface Edge {
  readonly from: Block;
  readonly target: BlockTarget;
}

/** The edges into each of the blocks. */
export function predecessorsOf(blocks: readonly Block[]): Map<Block, Edge[]> {
  const result = new Map<Block, Edge[]>(blocks.map((block) => [block, []]));
  for (const from of blocks) {
    if (from.terminator === undefined) continue;
    for (const target of targetsOf(from.terminator)) result.get(target.block)?.push({ from, target });
  }
  return result;
}

/** The dominator tree over blocks in reverse postorder (Cooper, Harvey, Kennedy: "A Simple, Fast Dominance Algorithm"). */
export class Dominators {
  readonly order: readonly Block[];
  private readonly index: ReadonlyMap<Block, number>;
  /** Immediate dominator by index in `order`; the entry's is itself. */
  private readonly immediate: Int32Array;
  private readonly enter: Int32Array;
  private readonly leave: Int32Array;
  private readonly childLists: number[][];

  constructor(order: readonly Block[], predecessors: ReadonlyMap<Block, readonly Edge[]>) {
    this.order = order;
    this.index = new Map(order.map((block, at) => [block, at]));
    this.immediate = new Int32Array(order.length).fill(-1);
    this.enter = new Int32Array(order.length);
    this.leave = new Int32Array(order.length);
    this.solve(predecessors);
    this.childLists = order.map(() => []);
    for (let at = 1; at < order.length; at += 1) this.childLists[this.immediate[at] ?? 0]?.push(at);
    this.number();
  }

  /** True when every path to `inner` passes `outer`; a block dominates itself. */
  dominates(outer: Block, inner: Block): boolean {
    const a = this.index.get(outer);
    const b = this.index.get(inner);
    if (a === undefined || b === undefined) return false;
    return (this.enter[a] ?? 0) <= (this.enter[b] ?? 0) && (this.leave[b] ?? 0) <= (this.leave[a] ?? 0);
  }

  /** Blocks whose immediate dominator this is. */
  children(block: Block): Block[] {
    const at = present(this.index.get(block), "block of the dominator tree");
    return (this.childLists[at] ?? []).map((child) => present(this.order[child], "block"));
  }

  private solve(predecessors: ReadonlyMap<Block, readonly Edge[]>): void {
    const before = this.order.map((block) =>
      (predecessors.get(block) ?? []).flatMap(({ from }) => this.index.get(from) ?? []),
    );
    this.immediate[0] = 0;
    for (let changed = true; changed; ) {
      changed = false;
      for (let at = 1; at < before.length; at += 1) {
        let best = -1;
        for (const from of before[at] ?? []) {
          if (this.immediate[from] === -1) continue;
          best = best === -1 ? from : this.meet(best, from);
        }
        if (this.immediate[at] !== best) {
          this.immediate[at] = best;
          changed = true;
        }
      }
    }
  }

  private meet(first: number, second: number): number {
    let a = first;
    let b = second;
    while (a !== b) {
      while (a > b) a = this.immediate[a] ?? 0;
      while (b > a) b = this.immediate[b] ?? 0;
    }
    return a;
  }

  private number(): void {
    let clock = 0;
    const stack: { at: number; next: number }[] = [{ at: 0, next: 0 }];
    this.enter[0] = clock;
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const child = this.childLists[top.at]?.[top.next];
      top.next += 1;
      clock += 1;
      if (child === undefined) {
        this.leave[top.at] = clock;
        stack.pop();
      } else {
        this.enter[child] = clock;
        stack.push({ at: child, next: 0 });
      }
    }
  }
}

/** The values an instruction reads. */
export function operandsOf(instruction: Instruction): readonly Value[] {
  switch (instruction.op) {
    case "binary":
    case "compare":
      return [instruction.left, instruction.right];
    case "extend":
    case "byte-swap":
    case "clamp":
      return [instruction.operand];
    case "load":
      return [instruction.address];
    case "store":
    case "atomic-add":
      return [instruction.address, instruction.value];
    case "call":
    case "call-function":
    case "call-kfunc":
      return instruction.arguments;
    case "const":
    case "link-constant":
    case "slot-address":
    case "map":
    case "map-value":
    case "function":
      return [];
  }
}

/** The value an instruction defines, if any. */
export function resultOf(instruction: Instruction): Value | undefined {
  return instruction.op === "store" || instruction.op === "atomic-add" ? undefined : instruction.result;
}

/** The values a terminator reads, block arguments included. */
export function terminatorOperands(terminator: Terminator): readonly Value[] {
  switch (terminator.op) {
    case "jump":
      return terminator.target.arguments;
    case "branch":
      return [terminator.left, terminator.right, ...terminator.then.arguments, ...terminator.else.arguments];
    case "return":
      return [terminator.value];
  }
}
