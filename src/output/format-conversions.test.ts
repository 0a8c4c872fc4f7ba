// The format language of printf: what is a conversion, what it accepts, widths, lengths and flags.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bool, int8, none, pointerTo, stringType, type Type, uint64 } from "../types/type.ts";
import { accepts, conversionsOf, formatValues, parseFormat } from "./format.ts";
import type { Value } from "./value.ts";

const options = { truncationTrailer: ".." };
const int = (value: bigint): Value => ({ kind: "int", value });
const string = (bytes: string): Value => ({ kind: "string", bytes, truncated: false });
const buffer = (...bytes: number[]): Value => ({ kind: "buffer", bytes: Uint8Array.from(bytes) });
const red: Value = { kind: "enum", name: "RED", value: 5n };

function format(text: string, ...values: Value[]): string {
  return formatValues(parseFormat(text), values, options);
}

describe("conversions", () => {
  const rows: readonly (readonly [string, readonly Value[], string])[] = [
    ["%d", [int(-5n)], "-5"],
    ["%i", [int(5n)], "5"],
    ["%u", [int(-1n)], "4294967295"],
    ["%x", [int(255n)], "ff"],
    ["%X", [int(255n)], "FF"],
    ["%o", [int(8n)], "10"],
    ["%c", [int(65n)], "A"],
    ["%c", [int(0x141n)], "A"],
    ["%c|", [int(0n)], "\0|"],
    ["%p", [int(255n)], "0xff"],
    ["%p", [int(0n)], "0"],
    ["%p", [{ kind: "pointer", value: 0xffff_ffff_8100_0000n }], "0xffffffff81000000"],
    ["%s", [string("ab")], "ab"],
    ["%s", [int(-5n)], "-5"],
    ["%s", [{ kind: "bool", value: true }], "true"],
    ["%d", [{ kind: "bool", value: true }], "1"],
    ["%s", [red], "RED"],
    ["%d", [red], "5"],
    ["%s", [{ kind: "pointer", value: 0n }], "0x0"],
    ["%s", [{ kind: "tuple", items: [int(1n), string("x")] }], "(1, x)"],
    ["%-8s|", [{ kind: "tuple", items: [int(1n), int(2n)] }], "(       1, 2)|"],
    ["%3s", [{ kind: "record", fields: [{ name: "a", value: { kind: "array", items: [int(1n)] } }] }], "{ .a = [  1] }"],
    ["%r", [buffer(104, 0, 200)], "h\\x00\\xc8"],
    ["%s", [buffer(104, 0)], "h\\x00"],
    ["%rx", [buffer(104, 0)], "\\x68\\x00"],
    ["%rh", [buffer(104, 0)], "68 00"],
    ["%d %s %x", [int(1n), string("a"), int(10n)], "1 a a"],
  ];
  for (const [text, values, expected] of rows) {
    test(`${text} gives ${JSON.stringify(expected)}`, () => {
      assert.equal(format(text, ...values), expected);
    });
  }
});

describe("lengths cut the value", () => {
  const rows: readonly (readonly [string, bigint, string])[] = [
    ["%hhd", 300n, "44"],
    ["%hhd", 200n, "-56"],
    ["%hhu", 300n, "44"],
    ["%hd", 70_000n, "4464"],
    ["%d", 5_000_000_000n, "705032704"],
    ["%ld", 5_000_000_000n, "5000000000"],
    ["%lld", 5_000_000_000n, "5000000000"],
    ["%lu", -1n, "18446744073709551615"],
    ["%x", -1n, "ffffffff"],
    ["%lx", -1n, "ffffffffffffffff"],
    ["%jd", -5n, "-5"],
    ["%zu", 1n << 63n, "9223372036854775808"],
    ["%td", -1n, "-1"],
    ["%Ld", 5_000_000_000n, "705032704"],
  ];
  for (const [text, value, expected] of rows) {
    test(`${text} of ${value} is ${expected}`, () => {
      assert.equal(format(text, int(value)), expected);
    });
  }
});

describe("flags and width", () => {
  const rows: readonly (readonly [string, Value, string])[] = [
    ["%5d|", int(42n), "   42|"],
    ["%-5d|", int(42n), "42   |"],
    ["%05d|", int(42n), "00042|"],
    ["%05d|", int(-42n), "00-42|"],
    ["%-05d|", int(42n), "42000|"],
    ["%05s|", string("ab"), "000ab|"],
    ["%10s|", string("cd"), "        cd|"],
    ["%-10s|", string("ef"), "ef        |"],
    ["%2d|", int(12345n), "12345|"],
    ["%+d", int(5n), "+5"],
    ["%+d", int(-5n), "-5"],
    ["% d", int(5n), "5"],
    ["%#x", int(255n), "0xff"],
    ["%#x", int(0n), "0"],
    ["%#o", int(0n), "0"],
    ["%#X", int(255n), "0XFF"],
    ["%#o", int(8n), "010"],
    ["%#08x", int(255n), "00000xff"],
    ["%*d|", int(5n), "5|"],
    ["%5c|", int(65n), "    A|"],
    ["%8p|", int(255n), "    0xff|"],
  ];
  for (const [text, value, expected] of rows) {
    test(`${text} gives ${JSON.stringify(expected)}`, () => {
      assert.equal(format(text, value), expected);
    });
  }
});

describe("text that is no conversion", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["100%%", "100%"],
    ["%k", "%k"],
    ["%", "%"],
    ["% ", "% "],
    ["%%d", "%d"],
    ["%5", "%5"],
    ["a\nb\t", "a\nb\t"],
    ["%#-d", "%#-d"],
    ["", ""],
  ];
  for (const [text, expected] of rows) {
    test(`${JSON.stringify(text)} stays`, () => {
      assert.equal(format(text, int(1n)), expected);
    });
  }

  test("%*d takes one argument, %% none", () => {
    assert.equal(conversionsOf(parseFormat("%*d %% %s")).length, 2);
  });
});

describe("what conversions accept", () => {
  const pointer = pointerTo(int8, "kernel");
  const enumType: Type = { kind: "enum", name: "e", bytes: 4, signed: false, enumerators: [] };
  const data: Type = { kind: "buffer", capacity: 4 };
  const tuple: Type = { kind: "tuple", elements: [int8] };
  const text = stringType(4);
  const every: readonly Type[] = [int8, uint64, bool, pointer, enumType, text, data, tuple, none];
  const rows: readonly (readonly [string, readonly Type[]])[] = [
    ["diuxXocp", [int8, uint64, bool, pointer, enumType]],
    ["s", [int8, uint64, bool, pointer, enumType, text, data, tuple]],
    ["aAeEfFgGn", []],
  ];
  for (const [letters, types] of rows) {
    for (const letter of letters) {
      test(`%${letter}`, () => {
        const [conversion] = conversionsOf(parseFormat(`%${letter}`));
        assert.ok(conversion !== undefined);
        for (const type of every) assert.equal(accepts(conversion, type), types.includes(type), type.kind);
      });
    }
  }

  test("%r, %rx and %rh take buffers", () => {
    for (const conversion of conversionsOf(parseFormat("%r %rx %rh"))) {
      for (const type of every) assert.equal(accepts(conversion, type), type === data, type.kind);
    }
  });

  test("%gr takes integers and pointers", () => {
    const [conversion] = conversionsOf(parseFormat("%gr"));
    assert.ok(conversion !== undefined);
    const taken: readonly Type[] = [int8, uint64, pointer];
    for (const type of every) assert.equal(accepts(conversion, type), taken.includes(type), type.kind);
  });
});
