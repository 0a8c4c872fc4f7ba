// The order in which map entries are printed: by value where values have an order, else by key; ties by key.

import type { Value } from "./value.ts";

export interface OrderedEntry {
  readonly key: Value | undefined;
  readonly value: Value;
  /** Undefined: values of this kind have no order. */
  readonly rank: bigint | undefined;
}

/** Sorts entries for printing; `top` > 0 keeps the largest ones. */
export function arrangeEntries<T extends OrderedEntry>(entries: readonly T[], top: number): readonly T[] {
  const sorted = [...entries].sort((a, b) => {
    if (a.rank !== undefined && b.rank !== undefined && a.rank !== b.rank) return a.rank < b.rank ? -1 : 1;
    return compareValues(a.key, b.key);
  });
  return top > 0 ? sorted.slice(-top) : sorted;
}

/** Integers numerically, strings bytewise, tuples element by element. */
export function compareValues(a: Value | undefined, b: Value | undefined): number {
  if (a === undefined || b === undefined || a.kind !== b.kind) return 0;
  switch (a.kind) {
    case "int":
    case "enum":
    case "pointer":
      return b.kind === a.kind ? compare(signedWord(a.value), signedWord(b.value)) : 0;
    case "bool":
      return b.kind === "bool" ? compare(BigInt(a.value), BigInt(b.value)) : 0;
    case "string":
    case "text":
    case "stack":
      return b.kind === a.kind ? (a.bytes < b.bytes ? -1 : a.bytes > b.bytes ? 1 : 0) : 0;
    case "array":
    case "tuple":
      return b.kind === a.kind ? compareLists(a.items, b.items) : 0;
    case "record":
      return b.kind === "record" ? compareLists(a.fields.map((f) => f.value), b.fields.map((f) => f.value)) : 0;
    case "buffer":
      return b.kind === "buffer" ? Buffer.compare(a.bytes, b.bytes) : 0;
    case "none":
    case "stats":
    case "histogram":
    case "series":
      return 0;
  }
}

const mostPositive = (1n << 63n) - 1n;

/** A number as its 64 bits are read with a sign. */
function signedWord(value: bigint): bigint {
  return value > mostPositive ? BigInt.asIntN(64, value) : value;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareLists(a: readonly Value[], b: readonly Value[]): number {
  for (const [i, item] of a.entries()) {
    const order = compareValues(item, b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
