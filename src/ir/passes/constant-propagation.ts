// Conditional constant propagation (after Wegman and Zadeck, "Constant Propagation with Conditional Branches"): assumes the best and
// sweeps over the blocks that can be reached until nothing changes; without loops one sweep is enough.
// Needs: blocks in reverse postorder. Guarantees: integers that are the same constant on every path that can be taken are constants, and
// branches on them jumps; pointers are left alone. Blocks may become unreachable.

import { present } from "../../base/invariant.ts";
import { evaluateBinary, evaluateByteSwap, evaluateClamp, evaluateComparison, evaluateExtend } from "../evaluate.ts";
import { targetsOf } from "../graph.ts";
import type { Block, BlockTarget, Instruction, IrFunction, Terminator } from "../model.ts";

/** A branch or the result of a comparison. */
type Comparing = Pick<Terminator & { op: "branch" }, "comparison" | "left" | "right">;

/** undefined: nothing reached it yet; a number: always this; null: anything. */
type Fact = bigint | null | undefined;

/** Returns whether branches or parameters went away. */
export function propagateConstants(fn: IrFunction): boolean {
  const propagation = new Propagation(fn);
  propagation.solve();
  return propagation.rewrite();
}

class Propagation {
  private readonly blocks: readonly Block[];
  private readonly facts: Fact[];
  /** By block id: 1 when it can be reached. */
  private readonly reached: Uint8Array;
  /** By block: which of its parameters stay. */
  private readonly kept = new Map<Block, readonly boolean[]>();
  private again = false;
  /** By block id: the number of the last sweep that went through it. */
  private readonly visited: Uint32Array;
  private sweep = 0;

  constructor(fn: IrFunction) {
    this.blocks = fn.blocks;
    this.facts = new Array<Fact>(fn.nextValue).fill(undefined);
    for (const parameter of fn.parameters) this.facts[parameter.id] = null;
    this.reached = new Uint8Array(fn.nextBlock);
    this.visited = new Uint32Array(fn.nextBlock);
    this.reached[present(fn.blocks[0], "entry block").id] = 1;
  }

  solve(): void {
    do {
      this.again = false;
      this.sweep += 1;
      for (const block of this.blocks) {
        if (!this.isReached(block)) continue;
        this.visited[block.id] = this.sweep;
        const { instructions } = block;
        for (let index = 0; index < instructions.length; index += 1) this.visit(present(instructions[index], "instruction"));
        this.leave(present(block.terminator, "terminator"));
      }
    } while (this.again);
  }

  private isReached(block: Block): boolean {
    return this.reached[block.id] === 1;
  }

  private visit(i: Instruction): void {
    if (i.op === "store" || i.op === "atomic-add") return;
    const old = this.facts[i.result.id];
    if (old === null) return;
    const fact = i.result.type === "int" ? this.evaluate(i) : null;
    // Facts only ever go from unknown to a constant to anything.
    if (fact !== undefined) this.facts[i.result.id] = old === undefined || old === fact ? fact : null;
  }

  private evaluate(i: Instruction): Fact {
    switch (i.op) {
      case "const":
        return i.value;
      case "binary": {
        const left = this.facts[i.left.id];
        const right = this.facts[i.right.id];
        if (left === null || right === null) return null;
        return left === undefined || right === undefined ? undefined : evaluateBinary(i.operation, left, right);
      }
      case "compare":
        return this.comparison(i);
      case "extend":
      case "byte-swap":
      case "clamp": {
        const operand = this.facts[i.operand.id];
        if (operand === null || operand === undefined) return operand;
        if (i.op === "extend") return evaluateExtend(operand, i.bits, i.signed);
        return i.op === "clamp" ? evaluateClamp(operand, i.maximum) : evaluateByteSwap(operand, i.bits);
      }
      default:
        return null;
    }
  }

  /** 1 or 0 when a comparison always holds or never does. */
  private comparison({ comparison, left, right }: Comparing): Fact {
    const a = this.facts[left.id];
    const b = this.facts[right.id];
    if (a === null || b === null) return null;
    if (a === undefined || b === undefined) return undefined;
    return evaluateComparison(comparison, a, b) ? 1n : 0n;
  }

  private leave(t: Terminator): void {
    if (t.op === "jump") this.reach(t.target);
    if (t.op !== "branch") return;
    const taken = this.comparison(t);
    if (taken === null || taken === 1n) this.reach(t.then);
    if (taken === null || taken === 0n) this.reach(t.else);
  }

  private reach(target: BlockTarget): void {
    const { block } = target;
    // What changes behind us needs another sweep; what lies ahead is still to come in this one.
    const behind = this.visited[block.id] === this.sweep;
    this.reached[block.id] = 1;
    for (let index = 0; index < block.parameters.length; index += 1) {
      const parameter = present(block.parameters[index], "block parameter");
      const argument = present(target.arguments[index], "block argument");
      const old = this.facts[parameter.id];
      const fact = parameter.type === "int" ? this.facts[argument.id] : null;
      if (old === null || fact === undefined || fact === old) continue;
      this.facts[parameter.id] = old === undefined ? fact : null;
      if (behind) this.again = true;
    }
  }

  rewrite(): boolean {
    let decided = false;
    for (const block of this.blocks) {
      if (!this.isReached(block)) continue;
      this.rewriteInstructions(block);
      const t = present(block.terminator, "terminator");
      const taken = t.op === "branch" ? this.comparison(t) : undefined;
      if (t.op !== "branch" || taken === undefined || taken === null) continue;
      block.terminator = { op: "jump", target: taken === 1n ? t.then : t.else, span: t.span };
      decided = true;
    }
    // Parameters that are constants become so at the start of their blocks.
    for (const block of this.blocks) if (this.isReached(block)) this.replaceParameters(block);
    if (this.kept.size > 0) for (const block of this.blocks) this.dropArguments(block);
    return decided || this.kept.size > 0;
  }

  private rewriteInstructions(block: Block): void {
    const { instructions } = block;
    for (let index = 0; index < instructions.length; index += 1) {
      const i = instructions[index];
      if (i === undefined || i.op === "const" || i.op === "store" || i.op === "atomic-add") continue;
      const fact = this.facts[i.result.id];
      if (fact === undefined || fact === null) continue;
      instructions[index] = { op: "const", result: i.result, value: fact, span: i.span };
    }
  }

  private replaceParameters(block: Block): void {
    if (block.parameters.length === 0) return;
    const kept = block.parameters.map(({ id }) => this.facts[id] === null || this.facts[id] === undefined);
    if (kept.every((stays) => stays)) return;
    this.kept.set(block, kept);
    const constants: Instruction[] = [];
    for (const parameter of block.parameters) {
      const fact = this.facts[parameter.id];
      if (fact === undefined || fact === null) continue;
      constants.push({ op: "const", result: parameter, value: fact, span: undefined });
    }
    block.parameters = block.parameters.filter((_, index) => kept[index]);
    block.instructions = [...constants, ...block.instructions];
  }

  private dropArguments(block: Block): void {
    for (const target of targetsOf(present(block.terminator, "terminator"))) {
      const kept = this.kept.get(target.block);
      if (kept === undefined) continue;
      const args = target.arguments.filter((_, index) => kept[index]);
      target.arguments.splice(0, target.arguments.length, ...args);
    }
  }
}
