// Values as text and as JSON, and maps in both.

import assert from "node:assert/strict";
import { test } from "node:test";
import { toByteString } from "../base/byte-string.ts";
import { jsonMap, jsonString, jsonValue } from "./json.ts";
import { renderKey, renderMapText, renderText } from "./text.ts";
import type { MapSnapshot, Value } from "./value.ts";

const options = { truncationTrailer: ".." };
const int = (value: bigint | number): Value => ({ kind: "int", value: BigInt(value) });
const string = (bytes: string): Value => ({ kind: "string", bytes, truncated: false });
const tuple = (...items: Value[]): Value => ({ kind: "tuple", items });

const values: readonly (readonly [name: string, value: Value, text: string, json: string])[] = [
  ["a negative number", int(-3), "-3", "-3"],
  ["a number that a double holds", int(2n ** 53n), "9007199254740992", "9007199254740992"],
  ["a number that a double does not hold", int(2n ** 53n + 1n), "9007199254740993", '"9007199254740993"'],
  ["a truth value", { kind: "bool", value: true }, "true", "true"],
  ["nothing", { kind: "none" }, "null", "null"],
  ["a cut string", { kind: "string", bytes: "abc", truncated: true }, "abc..", '"abc.."'],
  ["a pointer", { kind: "pointer", value: 32n }, "0x20", "32"],
  ["a known enumerator", { kind: "enum", name: "ONE", value: 1n }, "ONE", "1"],
  ["an unknown enumerator", { kind: "enum", name: undefined, value: 7n }, "7", "7"],
  ["bytes", { kind: "buffer", bytes: Uint8Array.of(65, 255) }, "A\\xff", "[65,-1]"],
  ["an array", { kind: "array", items: [int(1), int(2)] }, "[1,2]", "[1,2]"],
  ["a nested tuple", tuple(int(1), tuple(string("a"), int(2))), "(1, (a, 2))", '[1,["a",2]]'],
  ["a record", { kind: "record", fields: [{ name: "x", value: int(3) }, { name: "y", value: string("q") }] }, "{ .x = 3, .y = q }", '{"x": 3, "y": "q"}'],
  ["an empty record", { kind: "record", fields: [] }, "{}", "{}"],
  ["statistics", { kind: "stats", count: 2n, average: 6n, total: 13n }, "{ .count = 2, .average = 6, .total = 13 }", '{"count": 2, "average": 6, "total": 13}'],
];

for (const [name, value, text, json] of values) {
  test(`${name} as text and JSON`, () => {
    assert.equal(renderText(value, options), text);
    assert.equal(jsonValue(value, options), json);
  });
}

test("JSON strings escape what must be, keep UTF-8 and replace what is none", () => {
  assert.equal(jsonString('a"\\\n\r\t\x01\x1f'), '"a\\"\\\\\\n\\r\\t\\u0001\\u001f"');
  assert.equal(jsonString(toByteString("中é")), '"中é"');
  assert.equal(jsonString("\xe4x"), '"\ufffdx"');
});

test("a tuple key loses its outermost parentheses, a string keeps them", () => {
  assert.equal(renderKey(tuple(int(1), tuple(int(2), int(3))), options), "1, (2, 3)");
  assert.equal(renderKey(string("(x)"), options), "(x)");
});

const rows = [
  { label: "[1]", min: 1n, max: 1n, count: 1n },
  { label: "[2, 4)", min: 2n, max: 3n, count: 2n },
];
const histogram: Value = { kind: "histogram", histogram: { rows } };
const bar = (count: string, length: number) => `${count.padStart(8)} |${"@".repeat(length).padEnd(52)}|`;

const maps: readonly (readonly [name: string, snapshot: MapSnapshot, text: string, json: string])[] = [
  ["a scalar map", { name: "@x", scalar: true, shape: "plain", entries: [{ key: undefined, value: int(5) }] }, "@x: 5\n", '{"type": "map", "data": {"@x": 5}}\n'],
  [
    "a keyed map; JSON keys have no blanks",
    { name: "@m", scalar: false, shape: "plain", entries: [{ key: tuple(string("k"), int(2)), value: int(1) }] },
    "@m[k, 2]: 1\n",
    '{"type": "map", "data": {"@m": {"k,2": 1}}}\n',
  ],
  [
    "a histogram, with an empty line after it",
    { name: "@h", scalar: true, shape: "histogram", entries: [{ key: undefined, value: histogram }] },
    `@h:\n[1]             ${bar("1", 26)}\n[2, 4)          ${bar("2", 52)}\n\n`,
    '{"type": "hist", "data": {"@h": [{"min": 1, "max": 1, "count": 1},{"min": 2, "max": 3, "count": 2}]}}\n',
  ],
  ["an average", { name: "@a", scalar: true, shape: "average", entries: [{ key: undefined, value: int(4) }] }, "@a: 4\n", '{"type": "stats", "data": {"@a": 4}}\n'],
];

for (const [name, snapshot, text, json] of maps) {
  test(`${name} as text and JSON`, () => {
    assert.equal(renderMapText(snapshot, options), text);
    assert.equal(jsonMap(snapshot, options), json);
  });
}
