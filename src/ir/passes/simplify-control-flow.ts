// Simplifies the control-flow graph: removes unreachable blocks, decides constant branches, fuses comparisons into branches, threads
// jumps through empty blocks, and merges a block into its only predecessor.
// Needs: nothing. Guarantees: fn.blocks are the reachable blocks in reverse postorder; no block but the entry is empty and without
// parameters, unless it loops to itself; no jump goes to a block with one predecessor.

import { present } from "../../base/invariant.ts";
import { evaluateComparison, negated } from "../evaluate.ts";
import { countPredecessors, reversePostorder, targetsOf } from "../graph.ts";
import type { Block, BlockTarget, Instruction, IrFunction, Terminator, Value } from "../model.ts";
import { definitionsOf, Replacements } from "../rewrite.ts";

export function simplifyControlFlow(fn: IrFunction): void {
  fn.blocks = reversePostorder(fn);
  const definitions = definitionsOf(fn);
  for (const block of fn.blocks) block.terminator = decide(present(block.terminator, "terminator"), definitions);
  for (const block of fn.blocks) {
    for (const target of targetsOf(present(block.terminator, "terminator"))) thread(target);
    block.terminator = joined(present(block.terminator, "terminator"));
  }
  fn.blocks = reversePostorder(fn);
  mergeBlocks(fn);
}

function constantOf(value: Value, definitions: readonly (Instruction | undefined)[]): bigint | undefined {
  const definition = definitions[value.id];
  return definition?.op === "const" ? definition.value : undefined;
}

/** Branches on the results of comparisons become branches on the comparisons; those on constants become jumps. */
function decide(terminator: Terminator, definitions: readonly (Instruction | undefined)[]): Terminator {
  let t = terminator;
  for (let depth = 0; depth < 8 && t.op === "branch"; depth += 1) {
    const definition = definitions[t.left.id];
    const isTest = (t.comparison === "ne" || t.comparison === "eq") && constantOf(t.right, definitions) === 0n;
    if (!isTest || definition?.op !== "compare") break;
    const comparison = t.comparison === "ne" ? definition.comparison : negated[definition.comparison];
    t = { ...t, comparison, left: definition.left, right: definition.right };
  }
  if (t.op !== "branch") return t;
  const left = constantOf(t.left, definitions);
  const right = constantOf(t.right, definitions);
  if (left === undefined || right === undefined) return t;
  const target = evaluateComparison(t.comparison, left, right) ? t.then : t.else;
  return { op: "jump", target, span: t.span };
}

interface MutableTarget {
  block: Block;
  arguments: Value[];
}

/** Skips blocks that do nothing but jump on. */
function thread(target: MutableTarget): void {
  for (let depth = 0; depth < 16; depth += 1) {
    const { block } = target;
    const next = block.terminator;
    if (next?.op !== "jump" || block.instructions.length > 0 || block.parameters.length > 0) return;
    if (next.target.block === block) return;
    target.block = next.target.block;
    target.arguments = [...next.target.arguments];
  }
}

/** A branch whose both ways are the same is a jump. */
function joined(t: Terminator): Terminator {
  if (t.op !== "branch" || t.then.block !== t.else.block) return t;
  const other: BlockTarget = t.else;
  if (t.then.arguments.some((value, index) => value !== other.arguments[index])) return t;
  return { op: "jump", target: t.then, span: t.span };
}

function mergeBlocks(fn: IrFunction): void {
  const predecessors = countPredecessors(fn);
  const replacements = new Replacements(fn);
  const merged = new Uint8Array(fn.nextBlock);
  for (const block of fn.blocks) {
    if (merged[block.id] === 1) continue;
    for (;;) {
      const t = block.terminator;
      if (t?.op !== "jump") break;
      const next = t.target.block;
      if (next === block || next === fn.blocks[0] || predecessors[next.id] !== 1) break;
      for (let index = 0; index < next.parameters.length; index += 1) {
        const parameter = present(next.parameters[index], "block parameter");
        replacements.set(parameter, present(t.target.arguments[index], "block argument"));
      }
      for (const instruction of next.instructions) block.instructions.push(instruction);
      block.terminator = next.terminator;
      merged[next.id] = 1;
    }
  }
  if (!merged.includes(1)) return;
  fn.blocks = fn.blocks.filter(({ id }) => merged[id] === 0);
  replacements.apply(fn.blocks);
}
