// How types combine: the whole table of promotions, literals, merging of uses, what can be compared.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { aggregateInteger, comparable, isConditionType, isFlexibleLiteral, literalIntType, mergeTypes, promote } from "./convert.ts";
import {
  type AggregateType, bool, int16, int32, int64, int8, type IntType, none, pointerTo, sameType, stringType, type StructType, type Type,
  typeName, uint16, uint32, uint64, uint8,
} from "./type.ts";

describe("types of literals", () => {
  const rows: readonly (readonly [bigint, IntType, boolean])[] = [
    [0n, int8, true],
    [1n, int8, true],
    [127n, int8, true],
    [128n, int16, true],
    [200n, int16, true],
    [-128n, int8, false],
    [-129n, int16, false],
    [32_767n, int16, true],
    [32_768n, int32, true],
    [70_000n, int32, true],
    [-2_147_483_648n, int32, false],
    [2_147_483_648n, int64, true],
    [5_000_000_000n, int64, true],
    [-9_223_372_036_854_775_808n, int64, false],
    [9_223_372_036_854_775_807n, int64, true],
    [9_223_372_036_854_775_808n, uint64, false],
    [18_446_744_073_709_551_615n, uint64, false],
  ];
  for (const [value, type, flexible] of rows) {
    test(`${value} is ${typeName(type)}${flexible ? ", its sign adapts" : ""}`, () => {
      assert.equal(typeName(literalIntType(value)), typeName(type));
      assert.equal(isFlexibleLiteral(value), flexible);
    });
  }

  test("what is no literal does not adapt", () => {
    assert.equal(isFlexibleLiteral(undefined), false);
  });
});

const signedTypes = [int8, int16, int32, int64];
const unsignedTypes = [uint8, uint16, uint32, uint64];
const rigid = { a: false, b: false };

describe("promotion", () => {
  /** Rows: unsigned operand; columns: int8, int16, int32, int64. */
  const mixed: readonly (readonly [IntType, readonly IntType[]])[] = [
    [uint8, [int16, int16, int32, int64]],
    [uint16, [int32, int32, int32, int64]],
    [uint32, [int64, int64, int64, int64]],
    [uint64, [int64, int64, int64, int64]],
  ];
  for (const [unsigned, results] of mixed) {
    for (const [i, expected] of results.entries()) {
      const signed = signedTypes[i] ?? int8;
      test(`${typeName(unsigned)} with ${typeName(signed)} is ${typeName(expected)}`, () => {
        const lossy = unsigned.bytes === 8;
        assert.deepEqual(promote(unsigned, signed, rigid), { type: expected, lossy });
        assert.deepEqual(promote(signed, unsigned, rigid), { type: expected, lossy });
      });
    }
  }

  for (const family of [signedTypes, unsignedTypes]) {
    for (const [i, a] of family.entries()) {
      for (const [j, b] of family.entries()) {
        test(`${typeName(a)} with ${typeName(b)} is the larger one`, () => {
          assert.deepEqual(promote(a, b, rigid), { type: family[Math.max(i, j)], lossy: false });
        });
      }
    }
  }

  test("a literal whose sign adapts takes the sign of the other side", () => {
    assert.deepEqual(promote(uint8, int8, { a: false, b: true }), { type: uint8, lossy: false });
    assert.deepEqual(promote(uint64, int8, { a: false, b: true }), { type: uint64, lossy: false });
    assert.deepEqual(promote(int32, uint8, { a: true, b: false }), { type: uint32, lossy: false });
    assert.deepEqual(promote(int64, uint8, { a: true, b: false }), { type: uint64, lossy: false });
  });
});

function layout(name: string): StructType {
  return { kind: "struct", layout: { tag: "struct", name, size: 4, alignment: 4, complete: true, fields: () => [] } };
}

const structA = layout("a");
const structB = layout("b");
const tuple = (...elements: Type[]): Type => ({ kind: "tuple", elements });
const record = (...fields: (readonly [string, Type])[]): Type => ({ kind: "record", fields: fields.map(([name, type]) => ({ name, type })) });
const aggregate = (aggregation: string, signed = true, ...parameters: bigint[]): AggregateType => ({ kind: "aggregate", aggregation, signed, parameters });
const enumType: Type = { kind: "enum", name: "e", bytes: 4, signed: false, enumerators: [] };
const otherEnum: Type = { kind: "enum", name: "f", bytes: 4, signed: true, enumerators: [] };
const stack = (limit: number): Type => ({ kind: "stack", space: "kernel", walk: "kernel", mode: "bpftrace", limit });
const ksym: Type = { kind: "opaque", name: "ksym_t", size: 8, alignment: 8, parameters: [] };
const usym: Type = { kind: "opaque", name: "usym_t", size: 16, alignment: 8, parameters: [] };
const array = (element: Type, count: number): Type => ({ kind: "array", element, count });
const buffer = (capacity: number): Type => ({ kind: "buffer", capacity });
const kernelInt = pointerTo(int32, "kernel");
const kernelLong = pointerTo(int64, "kernel");

describe("merging of two uses", () => {
  const rows: readonly (readonly [string, Type, Type, Type | undefined])[] = [
    ["equal types stay", structA, structA, structA],
    ["integers are promoted", int8, uint32, int64],
    ["integers of one sign widen", int8, int32, int32],
    ["bool does not go with integers", bool, int8, undefined],
    ["nor integers with bool", int8, bool, undefined],
    ["strings take the longer size", stringType(3), stringType(7), stringType(7)],
    ["in either order", stringType(7), stringType(3), stringType(7)],
    ["buffers, too", buffer(3), buffer(8), buffer(8)],
    ["strings and integers do not go together", stringType(3), int8, undefined],
    ["the last pointer counts", kernelInt, kernelLong, kernelLong],
    ["pointers and integers do not go together", kernelInt, int64, undefined],
    ["tuples merge by element", tuple(int8, stringType(2)), tuple(int32, stringType(5)), tuple(int32, stringType(5))],
    ["tuples of different length do not", tuple(int8), tuple(int8, int8), undefined],
    ["nor those with an element that does not", tuple(int8, int8), tuple(int8, stringType(2)), undefined],
    ["nested tuples merge", tuple(tuple(int8)), tuple(tuple(int16)), tuple(tuple(int16))],
    ["records keep the first order", record(["a", int8], ["b", bool]), record(["b", bool], ["a", int16]), record(["a", int16], ["b", bool])],
    ["records need the same names", record(["a", int8]), record(["b", int8]), undefined],
    ["and the same number of them", record(["a", int8]), record(["a", int8], ["b", int8]), undefined],
    ["one aggregation goes with itself", aggregate("sum"), aggregate("sum", false), aggregate("sum")],
    ["not with another", aggregate("sum"), aggregate("count"), undefined],
    ["nor with other parameters", aggregate("lhist", true, 0n, 9n, 3n), aggregate("lhist", true, 0n, 9n, 4n), undefined],
    ["nor with an integer", aggregate("sum"), int64, undefined],
    ["structs are what they are", structA, structB, undefined],
    ["an enum with an integer is an integer", enumType, int8, int64],
    ["an integer with an enum, too", int8, otherEnum, int64],
    ["two enums are an integer", enumType, otherEnum, int64],
    ["nothing goes with nothing else", none, int8, undefined],
    ["stacks of different depth do not", stack(3), stack(4), undefined],
    ["arrays of different length do not", array(int8, 3), array(int8, 4), undefined],
    ["opaque values of different kinds do not", ksym, usym, undefined],
  ];
  for (const [name, a, b, expected] of rows) {
    test(`${name}: ${typeName(a)} and ${typeName(b)}`, () => {
      const merged = mergeTypes(a, b, false);
      if (expected === undefined) assert.equal(merged, undefined);
      else assert.ok(merged !== undefined && sameType(merged, expected), `gives ${merged === undefined ? "nothing" : typeName(merged)}`);
    });
  }

  test("a literal that adapts leaves an unsigned variable unsigned", () => {
    assert.equal(mergeTypes(uint32, int8, true), uint32);
    assert.equal(mergeTypes(uint32, int8, false), int64);
  });

  test("merging again changes nothing, so inference ends", () => {
    for (const [, a, b, expected] of rows) {
      if (expected === undefined || a.kind === "pointer") continue;
      const merged = mergeTypes(a, b, false);
      assert.ok(merged !== undefined);
      const again = mergeTypes(merged, b, false);
      assert.ok(again !== undefined && sameType(again, merged), `${typeName(a)} and ${typeName(b)}`);
    }
  });
});

describe("comparison with ==", () => {
  const rows: readonly (readonly [Type, Type, boolean])[] = [
    [int8, uint64, true],
    [bool, int8, true],
    [enumType, int8, true],
    [bool, bool, true],
    [stringType(2), stringType(9), true],
    [stringType(2), int8, false],
    [kernelInt, kernelLong, true],
    [kernelInt, int64, true],
    [uint64, kernelInt, true],
    [kernelInt, bool, false],
    [kernelInt, stringType(3), false],
    [array(int8, 2), array(int8, 2), true],
    [array(int8, 2), int8, false],
    [buffer(2), buffer(2), true],
    [tuple(int8, stringType(3)), tuple(uint64, stringType(9)), true],
    [tuple(int8), tuple(stringType(2)), false],
    [tuple(int8), tuple(int8, int8), false],
    [record(["a", int8], ["b", bool]), record(["b", bool], ["a", int64]), true],
    [record(["a", int8]), record(["b", int8]), false],
    [structA, structA, true],
    [structA, structB, false],
    [ksym, ksym, true],
    [ksym, usym, false],
    [stack(3), stack(3), true],
    [stack(3), stack(4), false],
    [none, none, false],
    [aggregate("hist"), aggregate("hist"), false],
  ];
  for (const [a, b, expected] of rows) {
    test(`${typeName(a)} with ${typeName(b)}: ${expected ? "yes" : "no"}`, () => {
      assert.equal(comparable(a, b), expected);
      assert.equal(comparable(b, a), expected);
    });
  }
});

test("integers, bool, enums and pointers are conditions", () => {
  for (const type of [int8, uint64, bool, enumType, kernelInt]) assert.equal(isConditionType(type), true, typeName(type));
  for (const type of [stringType(3), tuple(int8), structA, none, array(int8, 2), buffer(2), aggregate("hist"), stack(3), ksym]) {
    assert.equal(isConditionType(type), false, typeName(type));
  }
});

test("an aggregate stands for a 64-bit integer of its sign", () => {
  assert.equal(aggregateInteger(aggregate("sum")), int64);
  assert.equal(aggregateInteger(aggregate("sum", false)), uint64);
});
