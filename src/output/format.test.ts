// The printf format language: what each conversion prints, flags, widths, and text that is no conversion.

import assert from "node:assert/strict";
import { test } from "node:test";
import { accepts, conversionsOf, formatValues, parseFormat } from "./format.ts";
import { intType, none, pointerTo, type Type } from "../types/type.ts";
import type { Value } from "./value.ts";

const options = { truncationTrailer: ".." };
const int = (value: bigint | number): Value => ({ kind: "int", value: BigInt(value) });
const string = (bytes: string): Value => ({ kind: "string", bytes, truncated: false });
const pair: Value = { kind: "tuple", items: [int(1), int(2)] };
const bytes: Value = { kind: "buffer", bytes: Uint8Array.from([65, 122, 0, 255]) };

const cases: readonly (readonly [format: string, values: readonly Value[], text: string])[] = [
  ["%d %i %u", [int(5), int(-5), int(5)], "5 -5 5"],
  ["%d %ld", [int(5000000000n), int(5000000000n)], "705032704 5000000000"],
  ["%hhx %hx %x %lx", Array.from({ length: 4 }, () => int(0x1122334455667788n)), "88 7788 55667788 1122334455667788"],
  ["%u %lu", [int(-1), int(-1)], "4294967295 18446744073709551615"],
  ["%x %X %o", [int(255), int(255), int(8)], "ff FF 10"],
  ["%#x %#o %#X %#x", [int(255), int(8), int(255), int(0)], "0xff 010 0XFF 0"],
  ["[%6d][%-6d][%06d]", [int(42), int(42), int(42)], "[    42][42    ][000042]"],
  ["[%05d][%-05d][%05s][%#08x]", [int(-42), int(42), string("ab"), int(255)], "[00-42][42000][000ab][00000xff]"],
  ["[%+d][%+d][% d]", [int(3), int(-3), int(7)], "[+3][-3][7]"],
  ["%c|%3c|%-3c|", [int(66), int(65), int(65 + 256)], "B|  A|A  |"],
  ["%p %p", [int(4096), int(0)], "0x1000 0"],
  ["%s %s", [{ kind: "pointer", value: 255n }, { kind: "pointer", value: 0n }], "0xff 0x0"],
  ["%s %d", [{ kind: "bool", value: true }, { kind: "bool", value: true }], "true 1"],
  ["%8s|%-8s|", [string("ab"), string("ab")], "      ab|ab      |"],
  ["%s", [{ kind: "string", bytes: "abc", truncated: true }], "abc.."],
  ["%-8s|%3s", [pair, { kind: "record", fields: [{ name: "a", value: pair }] }], "(       1, 2)|{ .a = (  1, 2) }"],
  ["%r %rx %rh %s", [bytes, bytes, bytes, bytes], "Az\\x00\\xff \\x41\\x7a\\x00\\xff 41 7a 00 ff Az\\x00\\xff"],
  ["%gr|%gr|%gr|%gr", [int(0), int(0xcc0), int(0x820), int(0x4000000001n)], "0|GFP_KERNEL|GFP_ATOMIC|GFP_DMA|0x4000000000"],
  ["%gr", [int(0xcc0 | 0x400000 | 0x100)], "GFP_KERNEL_ACCOUNT|__GFP_ZERO"],
  ["%k %y 5%% %*d 100%", [int(5)], "%k %y 5% 5 100%"],
  ["%5% %", [], "%5% %"],
];

for (const [format, values, text] of cases) {
  test(`${format} prints ${text}`, () => assert.equal(formatValues(parseFormat(format), values, options), text));
}

test("conversions accept the types that they can show", () => {
  const int8 = intType(1, true);
  const buffer: Type = { kind: "buffer", capacity: 4 };
  const text: Type = { kind: "string", size: 4 };
  const table: readonly (readonly [string, readonly Type[], readonly Type[]])[] = [
    ["%d", [int8, { kind: "bool" }, pointerTo(none, "user")], [text, buffer]],
    ["%s", [int8, text, buffer], [none]],
    ["%rh", [buffer], [int8, text]],
    ["%gr", [int8], [text, buffer]],
    ["%f", [], [int8, text, buffer]],
  ];
  for (const [format, good, bad] of table) {
    const [conversion] = conversionsOf(parseFormat(format));
    assert.ok(conversion !== undefined, format);
    for (const type of good) assert.ok(accepts(conversion, type), `${format} ${type.kind}`);
    for (const type of bad) assert.ok(!accepts(conversion, type), `${format} ${type.kind}`);
  }
});
