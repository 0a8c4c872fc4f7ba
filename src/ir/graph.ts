// The control-flow graph of a function: successors, predecessors, block order, dominators. Everything is iterative and near-linear.

import { InternalError, present } from "../base/invariant.ts";
import type { Block, BlockTarget, Instruction, IrFunction, Terminator, Value } from "./model.ts";

/** The targets of a terminator, `then` before `else`. */
export function targetsOf(terminator: Terminator): readonly BlockTarget[] {
  switch (terminator.op) {
    case "jump":
      return [terminator.target];
    case "branch":
      return [terminator.then, terminator.else];
    case "return":
      return noTargets;
  }
}

const noTargets: readonly BlockTarget[] = [];

/** The n-th place where control may go, `else` before `then`; undefined when there is none. */
function successor(block: Block, n: number): Block | undefined {
  const { terminator } = block;
  if (terminator === undefined) throw new InternalError(`block ${block.id} has no terminator`);
  switch (terminator.op) {
    case "jump":
      return n === 0 ? terminator.target.block : undefined;
    case "branch":
      return n === 0 ? terminator.else.block : n === 1 ? terminator.then.block : undefined;
    case "return":
      return undefined;
  }
}

/** Reachable blocks so that, loops aside, each comes after all its predecessors; `then` follows its branch at once. */
export function reversePostorder(fn: IrFunction): Block[] {
  const entry = present(fn.blocks[0], "entry block");
  // By block id: 0 until it is reached, then one more than the number of its successors that were looked at.
  const progress = new Uint8Array(fn.nextBlock);
  const order: Block[] = [];
  const stack: Block[] = [entry];
  progress[entry.id] = 1;
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    // `else` is taken first, so it is finished first, and `then` comes right after its branch in the result.
    const step = progress[top.id] ?? 0;
    const next = successor(top, step - 1);
    progress[top.id] = step + 1;
    if (next === undefined) {
      order.push(top);
      stack.pop();
    } else if (progress[next.id] === 0) {
      progress[next.id] = 1;
      stack.push(next);
    }
  }
  return order.reverse();
}

export interface Edge {
  readonly from: Block;
  readonly target: BlockTarget;
}

/** The edges into each of the function's blocks, by block id. */
export function predecessorsOf(fn: IrFunction): readonly (readonly Edge[])[] {
  const result: Edge[][] = [];
  for (let id = 0; id < fn.nextBlock; id += 1) result.push([]);
  for (const from of fn.blocks) {
    if (from.terminator === undefined) continue;
    for (const target of targetsOf(from.terminator)) result[target.block.id]?.push({ from, target });
  }
  return result;
}

/** How many edges lead into each of the function's blocks, by block id. */
export function countPredecessors(fn: IrFunction): Uint32Array {
  const counts = new Uint32Array(fn.nextBlock);
  for (const from of fn.blocks) {
    if (from.terminator === undefined) continue;
    for (const { block } of targetsOf(from.terminator)) counts[block.id] = (counts[block.id] ?? 0) + 1;
  }
  return counts;
}

/** The dominator tree over blocks in reverse postorder (Cooper, Harvey, Kennedy: "A Simple, Fast Dominance Algorithm"). */
export class Dominators {
  readonly order: readonly Block[];
  /** Place in `order` by block id; -1 for unreachable blocks. */
  private readonly index: Int32Array;
  /** Immediate dominator by index in `order`; the entry's is itself. */
  private readonly immediate: Int32Array;
  private readonly enter: Int32Array;
  private readonly leave: Int32Array;
  /** The tree by index: the first child of each block, and the next child of the same parent; -1 for none. */
  private readonly firstChild: Int32Array;
  private readonly nextChild: Int32Array;

  constructor(order: readonly Block[]) {
    this.order = order;
    let last = 0;
    for (const { id } of order) last = Math.max(last, id);
    this.index = new Int32Array(last + 1).fill(-1);
    for (let at = 0; at < order.length; at += 1) this.index[present(order[at], "block").id] = at;
    this.immediate = new Int32Array(order.length).fill(-1);
    this.enter = new Int32Array(order.length);
    this.leave = new Int32Array(order.length);
    this.firstChild = new Int32Array(order.length).fill(-1);
    this.nextChild = new Int32Array(order.length).fill(-1);
    this.solve();
    for (let at = order.length - 1; at > 0; at -= 1) {
      const parent = this.immediate[at] ?? 0;
      this.nextChild[at] = this.firstChild[parent] ?? -1;
      this.firstChild[parent] = at;
    }
    this.number();
  }

  /** True when every path to `inner` passes `outer`; a block dominates itself. */
  dominates(outer: Block, inner: Block): boolean {
    const a = this.index[outer.id] ?? -1;
    const b = this.index[inner.id] ?? -1;
    if (a < 0 || b < 0) return false;
    return (this.enter[a] ?? 0) <= (this.enter[b] ?? 0) && (this.leave[b] ?? 0) <= (this.leave[a] ?? 0);
  }

  /** Goes through the tree, by index in `order`: `enter` before what a block dominates, `leave` after that. */
  walk(enter: (at: number) => void, leave: (at: number) => void): void {
    const next = this.firstChild.slice();
    const path = [0];
    enter(0);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const child = next[top] ?? -1;
      if (child < 0) {
        leave(top);
        path.pop();
      } else {
        next[top] = this.nextChild[child] ?? -1;
        path.push(child);
        enter(child);
      }
    }
  }

  private solve(): void {
    const { starts, sources } = this.incoming();
    this.immediate[0] = 0;
    for (let changed = true; changed; ) {
      changed = false;
      for (let at = 1; at < this.order.length; at += 1) {
        let best = -1;
        const end = starts[at + 1] ?? 0;
        for (let edge = starts[at] ?? 0; edge < end; edge += 1) {
          const from = sources[edge] ?? 0;
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

  /** Predecessors by index: those of block `at` are `sources` from `starts[at]` to before `starts[at + 1]`. */
  private incoming(): { readonly starts: Int32Array; readonly sources: Int32Array } {
    const { order, index } = this;
    const starts = new Int32Array(order.length + 2);
    const each = (visit: (from: number, to: number) => void): void => {
      for (let from = 0; from < order.length; from += 1) {
        const block = present(order[from], "block");
        for (let n = 0, next = successor(block, n); next !== undefined; n += 1, next = successor(block, n)) {
          visit(from, index[next.id] ?? 0);
        }
      }
    };
    // Counted two places up and summed, so that filling leaves the starts behind.
    each((_, to) => {
      starts[to + 2] = (starts[to + 2] ?? 0) + 1;
    });
    for (let at = 2; at < starts.length; at += 1) starts[at] = (starts[at] ?? 0) + (starts[at - 1] ?? 0);
    const sources = new Int32Array(starts.at(-1) ?? 0);
    each((from, to) => {
      const place = starts[to + 1] ?? 0;
      sources[place] = from;
      starts[to + 1] = place + 1;
    });
    return { starts, sources };
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
    this.walk(
      (at) => {
        this.enter[at] = clock;
        clock += 1;
      },
      (at) => {
        this.leave[at] = clock;
        clock += 1;
      },
    );
  }
}

const noValues: readonly Value[] = [];

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
    case "read":
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
      return noValues;
  }
}

/** Visits the values an instruction reads, without making a list. */
export function forEachOperand(i: Instruction, visit: (value: Value) => void): void {
  switch (i.op) {
    case "binary":
    case "compare":
      visit(i.left);
      visit(i.right);
      return;
    case "extend":
    case "byte-swap":
    case "clamp":
      visit(i.operand);
      return;
    case "load":
    case "read":
      visit(i.address);
      return;
    case "store":
    case "atomic-add":
      visit(i.address);
      visit(i.value);
      return;
    case "call":
    case "call-function":
    case "call-kfunc":
      i.arguments.forEach(visit);
      return;
    default:
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
