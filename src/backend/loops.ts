// Loops of laid-out machine code as stretches of blocks: from the target of a backward jump to the jump. Nested or disjoint.

import { present } from "../base/invariant.ts";
import { successorsOf } from "./liveness.ts";
import type { MachineFunction } from "./machine.ts";

export interface Loop {
  /** Indices of the first and the last block. */
  readonly first: number;
  last: number;
  readonly parent: Loop | undefined;
  /** 1 for an outermost loop. */
  readonly depth: number;
}

/** The innermost loop around each block. */
export function findLoops(fn: MachineFunction): (Loop | undefined)[] {
  const lastByFirst = new Map<number, number>();
  for (const block of fn.blocks) {
    for (const next of successorsOf(block)) {
      if (next.index > block.index) continue;
      lastByFirst.set(next.index, Math.max(block.index, lastByFirst.get(next.index) ?? 0));
    }
  }
  const loops: Loop[] = [];
  const open: Loop[] = [];
  for (const [first, last] of [...lastByFirst].sort((a, b) => a[0] - b[0])) {
    while (open.length > 0 && present(open.at(-1), "open loop").last < first) open.pop();
    // A loop that reaches beyond the one around it makes that one longer: only a stretch matters here.
    for (const outer of open) outer.last = Math.max(outer.last, last);
    const parent = open.at(-1);
    const loop = { first, last, parent, depth: (parent?.depth ?? 0) + 1 };
    loops.push(loop);
    open.push(loop);
  }
  const result: (Loop | undefined)[] = fn.blocks.map(() => undefined);
  // Inner loops come later and overwrite what the outer ones set.
  for (const loop of loops) result.fill(loop, loop.first, loop.last + 1);
  return result;
}
