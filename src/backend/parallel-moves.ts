// Orders moves that happen at once (arguments of calls, arguments of blocks) so that none overwrites what another still reads.

import type { Source } from "./machine.ts";
import { firstVirtual } from "./machine.ts";

/** A machine register, a spill, or one of the frame's emergency words. */
export type Place =
  | { readonly kind: "register"; readonly register: number }
  | { readonly kind: "spill"; readonly index: number }
  | { readonly kind: "emergency"; readonly word: 0 | 1 };

/** `from` names machine registers. */
export interface Move {
  readonly to: Place;
  readonly from: Source | Place;
}

/**
 * The moves one after the other. A cycle is broken by keeping one value aside in `aside`, which nothing else uses.
 * Things computed on the spot come last, when the registers they need are no longer read.
 */
export function orderMoves(moves: readonly Move[], aside: Place): Move[] {
  const output: Move[] = [];
  /** By the key of a place: how many moves read it. */
  const readers = new Map<number, number>();
  /** By the key of the place they write. */
  const pending = new Map<number, Move>();
  const computed: Move[] = [];
  for (const move of moves) {
    const from = placeKey(move.from);
    const to = placeKey(move.to);
    if (from < 0) computed.push(move);
    else if (from !== to) {
      pending.set(to, move);
      readers.set(from, (readers.get(from) ?? 0) + 1);
    }
  }
  if (pending.size === 0) return computed;
  const ready: number[] = [];
  for (const key of pending.keys()) if (!readers.has(key)) ready.push(key);
  const aliases = new Map<number, Place>();
  const finish = (key: number, move: Move): void => {
    const from = placeKey(move.from);
    output.push({ to: move.to, from: aliases.get(from) ?? move.from });
    pending.delete(key);
    const left = (readers.get(from) ?? 1) - 1;
    if (left > 0) readers.set(from, left);
    else {
      readers.delete(from);
      if (pending.has(from)) ready.push(from);
    }
  };
  while (pending.size > 0) {
    for (let key = ready.pop(); key !== undefined; key = ready.pop()) {
      const move = pending.get(key);
      if (move !== undefined) finish(key, move);
    }
    // Only cycles are left: keep what one of the places holds aside, then that place can be overwritten.
    const [first] = pending;
    if (first === undefined) break;
    const [key, move] = first;
    output.push({ to: aside, from: move.to });
    aliases.set(key, aside);
    finish(key, move);
    // Whoever reads the place reads the copy from now on; that closes this cycle before another one can need `aside`.
  }
  for (const move of computed) output.push(move);
  return output;
}

/** A number for each place; -1 for what is computed on the spot. */
function placeKey(place: Source | Place): number {
  switch (place.kind) {
    case "register":
      return place.register;
    case "emergency":
      return firstVirtual + place.word;
    case "spill":
      return firstVirtual + 2 + place.index;
    default:
      return -1;
  }
}
