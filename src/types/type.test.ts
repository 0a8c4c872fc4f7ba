// Sizes, alignments, layouts of tuples, and how types are spelled.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  alignmentOf, bool, int16, int32, int64, int8, layoutTuple, none, pointerTo, sameType, sizeOf, storedSize, stringType, type Type,
  typeName, uint16, uint32, uint64, uint8,
} from "./type.ts";

const tuple = (...elements: Type[]): Type => ({ kind: "tuple", elements });
const array = (element: Type, count: number): Type => ({ kind: "array", element, count });
const enumType: Type = { kind: "enum", name: "e", bytes: 4, signed: false, enumerators: [] };
const struct = (size: number, alignment: number): Type => ({
  kind: "struct",
  layout: { tag: "struct", name: "s", size, alignment, complete: true, fields: () => [] },
});
const stack = (space: "kernel" | "user", mode: "bpftrace" | "build_id", limit: number): Type => ({ kind: "stack", space, walk: "kernel", mode, limit });
const sum: Type = { kind: "aggregate", aggregation: "sum", signed: true, parameters: [] };
const usum: Type = { kind: "aggregate", aggregation: "sum", signed: false, parameters: [] };
const count: Type = { kind: "aggregate", aggregation: "count", signed: false, parameters: [] };
const inet: Type = { kind: "opaque", name: "inet", size: 24, alignment: 4, parameters: [] };

describe("size, alignment and name", () => {
  const rows: readonly (readonly [string, Type, number, number])[] = [
    ["none", none, 0, 1],
    ["bool", bool, 1, 1],
    ["int8", int8, 1, 1],
    ["int16", int16, 2, 2],
    ["uint16", uint16, 2, 2],
    ["uint32", uint32, 4, 4],
    ["uint64", uint64, 8, 8],
    ["enum e", enumType, 8, 8],
    ["string[7]", stringType(7), 7, 1],
    ["buffer[6]", { kind: "buffer", capacity: 6 }, 10, 4],
    ["int32 *", pointerTo(int32, "kernel"), 8, 8],
    ["void *", pointerTo(none, "user"), 8, 8],
    ["uint8 * *", pointerTo(pointerTo(uint8, "none"), "none"), 8, 8],
    ["uint8[4]", array(uint8, 4), 4, 1],
    ["int8[2][3]", array(array(int8, 2), 3), 6, 1],
    ["int32[3]", array(int32, 3), 12, 4],
    ["enum e[2]", array(enumType, 2), 8, 4],
    ["struct s", struct(12, 4), 12, 4],
    ["struct s", struct(64, 64), 64, 8],
    ["(int8,string[4])", tuple(int8, stringType(4)), 5, 1],
    ["(int8,(int16,int64))", tuple(int8, tuple(int16, int64)), 24, 8],
    ["record { .a = int8, .b = string[2] }", { kind: "record", fields: [{ name: "a", type: int8 }, { name: "b", type: stringType(2) }] }, 3, 1],
    ["sum_t", sum, 8, 8],
    ["usum_t", usum, 8, 8],
    ["count_t", count, 8, 8],
    ["kstack_bpftrace_3", stack("kernel", "bpftrace", 3), 32, 8],
    ["ustack_bpftrace_3", stack("user", "bpftrace", 3), 40, 8],
    ["kstack_build_id_2", stack("kernel", "build_id", 2), 72, 8],
    ["inet", inet, 24, 4],
  ];
  for (const [name, type, size, alignment] of rows) {
    test(`${name}: ${size} bytes, at multiples of ${alignment}`, () => {
      assert.equal(typeName(type), name);
      assert.equal(sizeOf(type), size);
      assert.equal(alignmentOf(type), alignment);
    });
  }

  test("enums are smaller inside C memory than as values", () => {
    assert.equal(storedSize(enumType), 4);
    assert.equal(storedSize(int16), 2);
  });
});

describe("tuples", () => {
  const rows: readonly (readonly [readonly Type[], readonly number[], number])[] = [
    [[], [], 0],
    [[int8, int64], [0, 8], 16],
    [[int64, stringType(4), int16], [0, 8, 12], 16],
    [[int8, int8, int16, int8], [0, 1, 2, 4], 6],
    [[stringType(3), int32], [0, 4], 8],
    [[bool, array(int16, 2), bool], [0, 2, 6], 8],
    [[int8, tuple(int8, int32), int8], [0, 4, 12], 16],
    [[stringType(5), stringType(2)], [0, 5], 7],
  ];
  for (const [elements, offsets, size] of rows) {
    test(`${typeName(tuple(...elements))} is laid out at ${offsets.join(", ")}`, () => {
      const layout = layoutTuple(elements);
      assert.deepEqual(layout.offsets, offsets);
      assert.equal(layout.size, size);
    });
  }

  test("deep nesting costs one step for each level", () => {
    let type: Type = int8;
    for (let depth = 0; depth < 200; depth++) type = tuple(int8, type);
    assert.equal(sizeOf(type), 201);
    assert.equal(alignmentOf(type), 1);
  });
});

test("types are the same only when all of their parts are", () => {
  const distinct: readonly Type[] = [
    none, bool, int8, uint8, int16, enumType, stringType(3), stringType(4), { kind: "buffer", capacity: 3 }, pointerTo(int8, "kernel"),
    pointerTo(int8, "user"), pointerTo(uint8, "kernel"), array(int8, 2), array(int8, 3), array(uint8, 2), struct(4, 4), struct(4, 4),
    tuple(int8), tuple(int8, int8), tuple(uint8), { kind: "record", fields: [{ name: "a", type: int8 }] },
    { kind: "record", fields: [{ name: "b", type: int8 }] }, sum, usum, count, stack("kernel", "bpftrace", 3), stack("user", "bpftrace", 3),
    stack("kernel", "bpftrace", 4), inet, { ...inet, parameters: ["%H"] },
  ];
  for (const [i, a] of distinct.entries()) {
    for (const [j, b] of distinct.entries()) assert.equal(sameType(a, b), i === j, `${typeName(a)} and ${typeName(b)}`);
  }
  assert.ok(sameType(tuple(int8, stringType(3)), tuple(int8, stringType(3))));
  assert.ok(sameType(int64, { kind: "int", bytes: 8, signed: true }));
});
