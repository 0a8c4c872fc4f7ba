// The order of map entries: by rank, ties by key; keys by their kind.

import assert from "node:assert/strict";
import { test } from "node:test";
import { arrangeEntries, compareValues, type OrderedEntry } from "./order.ts";
import type { Value } from "./value.ts";

const int = (value: bigint): Value => ({ kind: "int", value });
const string = (bytes: string): Value => ({ kind: "string", bytes, truncated: false });
const tuple = (...items: Value[]): Value => ({ kind: "tuple", items });

function entry(key: Value, rank: bigint | undefined): OrderedEntry {
  return { key, value: int(rank ?? 0n), rank };
}

test("entries with a rank are ordered by it, ties by key", () => {
  const entries = [entry(int(3n), 5n), entry(int(2n), -7n), entry(int(1n), 5n)];
  assert.deepEqual(arrangeEntries(entries, 0).map((e) => e.key), [int(2n), int(1n), int(3n)]);
});

test("the largest entries are kept, the largest last", () => {
  const entries = [5n, 1n, 9n, 7n].map((n) => entry(int(n), n));
  assert.deepEqual(arrangeEntries(entries, 2).map((e) => e.rank), [7n, 9n]);
  assert.equal(arrangeEntries(entries, 10).length, 4);
});

test("entries without a rank are ordered by key", () => {
  const entries = ["b", "a", "\xff", ""].map((text) => entry(string(text), undefined));
  assert.deepEqual(arrangeEntries(entries, 0).map((e) => e.key), ["", "a", "b", "\xff"].map(string));
});

const pairs: readonly (readonly [string, Value, Value])[] = [
  ["signed numbers", int(-1n), int(0n)],
  ["unsigned numbers from 2^63 on, which count as negative", int(2n ** 64n - 1n), int(1n)],
  ["strings by bytes", string("B"), string("a")],
  ["tuples element by element", tuple(int(1n), string("b")), tuple(int(1n), string("c"))],
  ["shorter tuples", tuple(int(1n)), tuple(int(1n), int(0n))],
  ["false before true", { kind: "bool", value: false }, { kind: "bool", value: true }],
  ["buffers by bytes", { kind: "buffer", bytes: Uint8Array.of(1, 2) }, { kind: "buffer", bytes: Uint8Array.of(1, 3) }],
];

for (const [name, smaller, larger] of pairs) {
  test(`keys are ordered: ${name}`, () => {
    assert.ok(compareValues(smaller, larger) < 0);
    assert.ok(compareValues(larger, smaller) > 0);
    assert.equal(compareValues(smaller, smaller), 0);
  });
}
