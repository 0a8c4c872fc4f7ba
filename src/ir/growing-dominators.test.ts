// The growing tree knows the same as the one that is computed afterwards.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Dominators } from "./graph.ts";
import { GrowingDominators } from "./growing-dominators.ts";
import type { Block, BlockTarget, Value } from "./model.ts";

const value: Value = { id: 0, type: "int" };

function emptyBlock(id: number): Block {
  return { id, parameters: [], instructions: [], terminator: { op: "return", value, span: undefined } };
}

function targetOf(block: Block): BlockTarget {
  return { block, arguments: [] };
}

/** Each number says from which earlier blocks the next one is reached; a block has room for two edges, and one that none reaches is left out. */
function graphOf(choices: readonly number[]): { readonly blocks: readonly Block[]; readonly predecessors: readonly (readonly number[])[] } {
  const blocks = [emptyBlock(0)];
  const predecessors: number[][] = [[]];
  for (const choice of choices) {
    const block = emptyBlock(blocks.length);
    const sources = new Set([choice % blocks.length, (choice >> 8) % blocks.length]);
    const own = [...sources].filter((id) => addEdge(blocks[id], block));
    if (own.length === 0) continue;
    blocks.push(block);
    predecessors.push(own);
  }
  return { blocks, predecessors };
}

function addEdge(from: Block | undefined, to: Block): boolean {
  if (from?.terminator?.op === "return") {
    from.terminator = { op: "jump", target: targetOf(to), span: undefined };
    return true;
  }
  if (from?.terminator?.op !== "jump") return false;
  const then = from.terminator.target;
  from.terminator = { op: "branch", comparison: "eq", left: value, right: value, then, else: targetOf(to), span: undefined };
  return true;
}

test("dominance while a graph grows is dominance in the whole of it", () => {
  const property = fc.property(fc.array(fc.nat(0xffff), { minLength: 1, maxLength: 60 }), (choices) => {
    const { blocks, predecessors } = graphOf(choices);
    const growing = new GrowingDominators();
    growing.addEntry(0);
    for (let id = 1; id < blocks.length; id += 1) growing.add(id, predecessors[id] ?? []);
    const dominators = new Dominators(blocks);
    for (const outer of blocks) {
      for (const inner of blocks) {
        const expected = dominators.dominates(outer, inner);
        assert.equal(growing.dominates(outer.id, inner.id), expected, `b${outer.id} dominates b${inner.id}`);
      }
    }
  });
  fc.assert(property, { numRuns: 500 });
});
