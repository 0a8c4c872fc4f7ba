// Every kind of value and map as JSON: what it says, its spacing, and that it is JSON.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toByteString } from "../base/byte-string.ts";
import { jsonEvent, jsonMap, jsonString, jsonValue } from "./json.ts";
import type { Histogram, MapSnapshot, Value } from "./value.ts";

const options = { truncationTrailer: ".." };
const int = (value: bigint): Value => ({ kind: "int", value });
const string = (bytes: string): Value => ({ kind: "string", bytes, truncated: false });
const tuple = (...items: Value[]): Value => ({ kind: "tuple", items });
const yes: Value = { kind: "bool", value: true };
const histogram: Histogram = {
  rows: [
    { label: "(..., 0)", min: undefined, max: -1n, count: 1n },
    { label: "[0]", min: 0n, max: 0n, count: 2n },
    { label: "[9, ...)", min: 9n, max: undefined, count: 3n },
  ],
};

describe("values", () => {
  const rows: readonly (readonly [string, Value, string])[] = [
    ["nothing", { kind: "none" }, "null"],
    ["an integer", int(-7n), "-7"],
    ["the largest exact neighbour of doubles", int(9_007_199_254_740_992n), "9007199254740992"],
    ["an integer that doubles do not have", int(9_007_199_254_740_993n), '"9007199254740993"'],
    ["a large one that they have", int(1n << 63n), "9223372036854775808"],
    ["the largest integer", int((1n << 64n) - 1n), '"18446744073709551615"'],
    ["true", yes, "true"],
    ["a string", string("a b"), '"a b"'],
    ["a string that was cut", { kind: "string", bytes: "ab", truncated: true }, '"ab.."'],
    ["a buffer as signed bytes", { kind: "buffer", bytes: Uint8Array.from([65, 255]) }, "[65,-1]"],
    ["a pointer as number", { kind: "pointer", value: 255n }, "255"],
    ["an enumerator as number", { kind: "enum", name: "RED", value: 3n }, "3"],
    ["an array", { kind: "array", items: [int(1n), int(2n)] }, "[1,2]"],
    ["a tuple", tuple(int(1n), string("a"), tuple(int(2n), yes)), '[1,"a",[2,true]]'],
    ["a record", { kind: "record", fields: [{ name: "x", value: int(1n) }, { name: "y", value: string("q") }] }, '{"x": 1, "y": "q"}'],
    ["an empty record", { kind: "record", fields: [] }, "{}"],
    ["a text", { kind: "text", bytes: "vfs_read" }, '"vfs_read"'],
    ["a stack", { kind: "stack", bytes: "\n  f\n" }, '"\\n  f\\n"'],
    ["stats", { kind: "stats", count: 2n, average: 6n, total: 13n }, '{"count": 2, "average": 6, "total": 13}'],
    ["a histogram", { kind: "histogram", histogram }, '[{"max": -1, "count": 1},{"min": 0, "max": 0, "count": 2},{"min": 9, "count": 3}]'],
    ["an empty histogram", { kind: "histogram", histogram: { rows: [] } }, "[]"],
  ];
  for (const [name, value, expected] of rows) {
    test(name, () => {
      const text = jsonValue(value, options);
      assert.equal(text, expected);
      assert.doesNotThrow(() => JSON.parse(text));
    });
  }
});

describe("strings", () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ["quotes and backslashes are escaped", '"\\', '"\\"\\\\"'],
    ["line feeds and tabs have short escapes", "\n\r\t", '"\\n\\r\\t"'],
    ["other control bytes have numbers", "\x00\x01\x1f\x7f", '"\\u0000\\u0001\\u001f\x7f"'],
    ["UTF-8 stays", toByteString("größe 😀"), '"größe 😀"'],
    ["bytes that are no UTF-8 are replaced", "a\xffb", '"a\ufffdb"'],
    ["slashes stay", "/bin", '"/bin"'],
  ];
  for (const [name, bytes, expected] of rows) {
    test(name, () => {
      assert.equal(jsonString(bytes), expected);
    });
  }
});

test("every byte makes valid JSON", () => {
  for (let byte = 0; byte < 256; byte++) assert.doesNotThrow(() => JSON.parse(jsonString(String.fromCharCode(byte))));
});

const map = (more: Partial<MapSnapshot>): MapSnapshot => ({ name: "@m", scalar: false, shape: "plain", entries: [], ...more });

describe("maps", () => {
  const stats: Value = { kind: "stats", count: 2n, average: 6n, total: 13n };
  const one: Value = { kind: "histogram", histogram: { rows: [{ label: "[0]", min: 0n, max: 0n, count: 2n }] } };
  const rows: readonly (readonly [string, MapSnapshot, string])[] = [
    ["a scalar", map({ scalar: true, entries: [{ key: undefined, value: int(5n) }] }), '{"type": "map", "data": {"@m": 5}}\n'],
    ["keys", map({ entries: [{ key: int(1n), value: int(2n) }, { key: string("b"), value: yes }] }), '{"type": "map", "data": {"@m": {"1": 2, "b": true}}}\n'],
    ["keys without their blanks", map({ entries: [{ key: tuple(string("sp ace"), tuple(int(2n), int(3n))), value: int(1n) }] }), '{"type": "map", "data": {"@m": {"space,(2,3)": 1}}}\n'],
    ["an average", map({ scalar: true, shape: "average", entries: [{ key: undefined, value: int(5n) }] }), '{"type": "stats", "data": {"@m": 5}}\n'],
    ["stats by key", map({ shape: "stats", entries: [{ key: int(1n), value: stats }] }), '{"type": "stats", "data": {"@m": {"1": {"count": 2, "average": 6, "total": 13}}}}\n'],
    ["a histogram", map({ scalar: true, shape: "histogram", entries: [{ key: undefined, value: one }] }), '{"type": "hist", "data": {"@m": [{"min": 0, "max": 0, "count": 2}]}}\n'],
    ["a histogram by key", map({ shape: "histogram", entries: [{ key: int(1n), value: one }] }), '{"type": "hist", "data": {"@m": {"1": [{"min": 0, "max": 0, "count": 2}]}}}\n'],
  ];
  for (const [name, snapshot, expected] of rows) {
    test(name, () => {
      const text = jsonMap(snapshot, options);
      assert.equal(text, expected);
      assert.doesNotThrow(() => JSON.parse(text));
    });
  }
});

test("empty maps are left out, but for those of averages and stats", () => {
  assert.equal(jsonMap(map({}), options), "");
  assert.equal(jsonMap(map({ shape: "histogram" }), options), "");
  assert.equal(jsonMap(map({ shape: "stats" }), options), '{"type": "stats", "data": {"@m": {}}}\n');
});

test("an event is one line", () => {
  assert.equal(jsonEvent("printf", jsonString("a\n")), '{"type": "printf", "data": "a\\n"}\n');
});
