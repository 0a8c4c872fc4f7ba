// The order of map entries: by rank where there is one, then by key.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { arrangeEntries, compareValues, type OrderedEntry } from "./order.ts";
import type { Value } from "./value.ts";

const int = (value: bigint): Value => ({ kind: "int", value });
const string = (bytes: string): Value => ({ kind: "string", bytes, truncated: false });
const tuple = (...items: Value[]): Value => ({ kind: "tuple", items });
const bool = (value: boolean): Value => ({ kind: "bool", value });

function entry(key: Value, rank: bigint | undefined): OrderedEntry {
  return { key, value: int(rank ?? 0n), rank };
}

function keys(entries: readonly OrderedEntry[]): readonly string[] {
  return entries.map(({ key }) => (key?.kind === "int" ? String(key.value) : key?.kind === "string" ? key.bytes : "?"));
}

describe("entries", () => {
  const ranked = [entry(int(1n), 30n), entry(int(2n), -5n), entry(int(3n), 10n)];
  const rows: readonly (readonly [string, readonly OrderedEntry[], number, readonly string[]])[] = [
    ["the largest rank comes last", ranked, 0, ["2", "3", "1"]],
    ["top keeps the largest, still ascending", ranked, 2, ["3", "1"]],
    ["a top beyond the number of entries keeps all", ranked, 9, ["2", "3", "1"]],
    ["equal ranks go by key", [entry(int(3n), 1n), entry(int(1n), 1n), entry(int(2n), 1n)], 0, ["1", "2", "3"]],
    ["without ranks, integers go by key as signed numbers", [entry(int(5n), undefined), entry(int(-1n), undefined), entry(int((1n << 64n) - 2n), undefined)], 0, ["18446744073709551614", "-1", "5"]],
    ["strings go by byte", [entry(string("b"), undefined), entry(string("\xff"), undefined), entry(string("B"), undefined), entry(string("ba"), undefined)], 0, ["B", "b", "ba", "\xff"]],
    ["ranks beyond 64 bits are compared exactly", [entry(int(1n), 1n << 64n), entry(int(2n), (1n << 64n) - 1n)], 0, ["2", "1"]],
    ["no entries stay none", [], 3, []],
  ];
  for (const [name, entries, top, expected] of rows) {
    test(name, () => {
      assert.deepEqual(keys(arrangeEntries(entries, top)), expected);
    });
  }

  test("the given entries stay as they are", () => {
    const before = keys(ranked);
    arrangeEntries(ranked, 1);
    assert.deepEqual(keys(ranked), before);
  });
});

describe("values", () => {
  /** In ascending order. */
  const rows: readonly (readonly [string, readonly Value[]])[] = [
    ["integers", [int(-2n), int(-1n), int(0n), int(3n)]],
    ["bools", [bool(false), bool(true)]],
    ["strings", [string(""), string("a"), string("aa"), string("b")]],
    ["tuples by element", [tuple(int(1n), string("z")), tuple(int(2n), string("a")), tuple(int(2n), string("b"))]],
    ["nested tuples", [tuple(tuple(int(1n))), tuple(tuple(int(2n)))]],
    ["records", [{ kind: "record", fields: [{ name: "a", value: int(1n) }] }, { kind: "record", fields: [{ name: "a", value: int(2n) }] }]],
    ["buffers", [{ kind: "buffer", bytes: Uint8Array.from([1, 200]) }, { kind: "buffer", bytes: Uint8Array.from([2]) }]],
    ["enums by number", [{ kind: "enum", name: "Z", value: 1n }, { kind: "enum", name: "A", value: 2n }]],
    ["pointers", [{ kind: "pointer", value: 1n }, { kind: "pointer", value: 2n }]],
    ["texts", [{ kind: "text", bytes: "a" }, { kind: "text", bytes: "b" }]],
  ];
  for (const [name, values] of rows) {
    test(name, () => {
      for (const [i, a] of values.entries()) {
        for (const [j, b] of values.entries()) assert.equal(Math.sign(compareValues(a, b)), Math.sign(i - j));
      }
    });
  }

  test("values of different kinds and histograms have no order", () => {
    assert.equal(compareValues(int(1n), string("a")), 0);
    assert.equal(compareValues({ kind: "histogram", histogram: { rows: [] } }, { kind: "histogram", histogram: { rows: [] } }), 0);
    assert.equal(compareValues(undefined, int(1n)), 0);
  });
});
