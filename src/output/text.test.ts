// Every kind of value and map as text.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { renderKey, renderMapText, renderText } from "./text.ts";
import type { Histogram, MapSnapshot, Value } from "./value.ts";

const options = { truncationTrailer: ".." };
const int = (value: bigint): Value => ({ kind: "int", value });
const string = (bytes: string, truncated = false): Value => ({ kind: "string", bytes, truncated });
const tuple = (...items: Value[]): Value => ({ kind: "tuple", items });
const array = (...items: Value[]): Value => ({ kind: "array", items });
const record = (...fields: (readonly [string, Value])[]): Value => ({ kind: "record", fields: fields.map(([name, value]) => ({ name, value })) });
const buffer = (...bytes: number[]): Value => ({ kind: "buffer", bytes: Uint8Array.from(bytes) });
const yes: Value = { kind: "bool", value: true };

describe("values", () => {
  const rows: readonly (readonly [string, Value, string])[] = [
    ["nothing", { kind: "none" }, "null"],
    ["a positive integer", int(18_446_744_073_709_551_615n), "18446744073709551615"],
    ["a negative integer", int(-9_223_372_036_854_775_808n), "-9223372036854775808"],
    ["true", yes, "true"],
    ["false", { kind: "bool", value: false }, "false"],
    ["a string", string("a\tb\"\\"), "a\tb\"\\"],
    ["an empty string", string(""), ""],
    ["a string that was cut", string("/bin/t", true), "/bin/t.."],
    ["a buffer", buffer(32, 65, 126, 127, 0, 255, 10), " A~\\x7f\\x00\\xff\\x0a"],
    ["a pointer", { kind: "pointer", value: 0xff00n }, "0xff00"],
    ["a null pointer", { kind: "pointer", value: 0n }, "0x0"],
    ["an enumerator", { kind: "enum", name: "RED", value: 3n }, "RED"],
    ["a number that is no enumerator", { kind: "enum", name: undefined, value: -3n }, "-3"],
    ["an array", array(int(1n), int(2n)), "[1,2]"],
    ["an array of arrays", array(array(int(1n)), array(int(2n), int(3n))), "[[1],[2,3]]"],
    ["a tuple", tuple(int(1n), string("two"), yes), "(1, two, true)"],
    ["a tuple in a tuple", tuple(int(1n), tuple(int(2n), tuple(int(3n)))), "(1, (2, (3)))"],
    ["a record", record(["a", int(1n)], ["b", string("x")]), "{ .a = 1, .b = x }"],
    ["a record in a record", record(["a", record(["b", array(int(1n))])]), "{ .a = { .b = [1] } }"],
    ["an empty record", record(), "{}"],
    ["a text", { kind: "text", bytes: "vfs_read" }, "vfs_read"],
    ["a stack", { kind: "stack", bytes: "\n        f+1\n" }, "\n        f+1\n"],
    ["stats", { kind: "stats", count: 2n, average: 15n, total: 30n }, "{ .count = 2, .average = 15, .total = 30 }"],
    ["a string that was cut inside a tuple", tuple(string("ab", true)), "(ab..)"],
  ];
  for (const [name, value, expected] of rows) {
    test(name, () => {
      assert.equal(renderText(value, options), expected);
    });
  }

  test("the trailer of cut strings can be empty", () => {
    assert.equal(renderText(string("ab", true), { truncationTrailer: "" }), "ab");
  });
});

describe("keys", () => {
  const rows: readonly (readonly [string, Value, string])[] = [
    ["tuples lose their parentheses", tuple(int(1n), string("two")), "1, two"],
    ["inner tuples keep theirs", tuple(int(1n), tuple(int(2n), int(3n))), "1, (2, 3)"],
    ["strings that look like tuples stay", string("(x)"), "(x)"],
    ["records stay", record(["a", int(1n)]), "{ .a = 1 }"],
    ["arrays stay", array(int(192n), int(0n)), "[192,0]"],
  ];
  for (const [name, value, expected] of rows) {
    test(name, () => {
      assert.equal(renderKey(value, options), expected);
    });
  }
});

function histogram(...rows: (readonly [string, bigint])[]): Histogram {
  return { rows: rows.map(([label, count]) => ({ label, min: 0n, max: 0n, count })) };
}

describe("histograms", () => {
  const full = "@".repeat(52);
  const lines = (h: Histogram) => renderText({ kind: "histogram", histogram: h }, options);

  test("labels fill 16 columns, counts 8, bars 52", () => {
    assert.equal(lines(histogram(["[1]", 1n], ["[2, 4)", 2n])), `[1]                    1 |${"@".repeat(26).padEnd(52)}|\n[2, 4)                 2 |${full}|\n`);
  });

  test("longer labels and counts push the rest", () => {
    assert.equal(lines(histogram(["[1000000, 2000000)", 123_456_789n])), `[1000000, 2000000)123456789 |${full}|\n`);
  });

  test("bars are cut, not rounded", () => {
    const [first] = lines(histogram(["a", 1n], ["b", 3n])).split("\n");
    assert.equal(first?.match(/@/g)?.length, 17);
  });

  test("counts beyond the precision of numbers still give bars", () => {
    assert.match(lines(histogram(["a", 1n << 63n], ["b", 1n << 62n])), /\|@{52}\|\n.*\|@{26} {26}\|\n$/);
  });

  test("without counts there are empty bars", () => {
    assert.equal(lines(histogram(["a", 0n])), `a                      0 |${" ".repeat(52)}|\n`);
    assert.equal(lines(histogram()), "");
  });
});

describe("maps", () => {
  const map = (more: Partial<MapSnapshot>): MapSnapshot => ({ name: "@m", scalar: false, shape: "plain", entries: [], ...more });
  const stats: Value = { kind: "stats", count: 1n, average: 2n, total: 3n };
  const rows: readonly (readonly [string, MapSnapshot, string])[] = [
    ["a scalar map", map({ scalar: true, entries: [{ key: undefined, value: int(5n) }] }), "@m: 5\n"],
    ["a map with keys", map({ entries: [{ key: int(1n), value: int(5n) }, { key: int(2n), value: int(6n) }] }), "@m[1]: 5\n@m[2]: 6\n"],
    ["a key of several parts", map({ entries: [{ key: tuple(int(1n), string("a b")), value: yes }] }), "@m[1, a b]: true\n"],
    ["an empty map", map({}), ""],
    ["stats", map({ shape: "stats", entries: [{ key: string("k"), value: stats }] }), "@m[k]: { .count = 1, .average = 2, .total = 3 }\n"],
    ["a stack as value", map({ scalar: true, entries: [{ key: undefined, value: { kind: "stack", bytes: "\n  f\n" } }] }), "@m: \n  f\n\n"],
    ["a stack as key", map({ entries: [{ key: { kind: "stack", bytes: "\n  f\n" }, value: int(1n) }] }), "@m[\n  f\n]: 1\n"],
    [
      "a histogram without keys",
      map({ scalar: true, shape: "histogram", entries: [{ key: undefined, value: { kind: "histogram", histogram: histogram() } }] }),
      "@m:\n\n",
    ],
    [
      "a histogram with keys",
      map({ shape: "histogram", entries: [{ key: int(1n), value: { kind: "histogram", histogram: histogram(["[0]", 1n]) } }] }),
      `@m[1]:\n[0]                    1 |${"@".repeat(52)}|\n\n`,
    ],
  ];
  for (const [name, snapshot, expected] of rows) {
    test(name, () => {
      assert.equal(renderMapText(snapshot, options), expected);
    });
  }
});
