// The number syntax: values, ranges, and where exactly a wrong number is wrong.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseInteger, parseSignedInteger } from "./parse-integer.ts";

const max = (1n << 64n) - 1n;

const values: readonly (readonly [string, bigint])[] = [
  ["0", 0n],
  ["00", 0n],
  ["007", 7n],
  ["017", 15n],
  ["42", 42n],
  ["1_000_000", 1_000_000n],
  ["1__000", 1000n],
  ["0x1F", 31n],
  ["0X1f", 31n],
  ["0x1_f", 31n],
  ["0xffffffffffffffff", max],
  ["18446744073709551615", max],
  ["3e4", 30_000n],
  ["1e19", 10n ** 19n],
  ["250ns", 250n],
  ["3us", 3000n],
  ["2ms", 2_000_000n],
  ["1s", 10n ** 9n],
  ["1m", 60n * 10n ** 9n],
  ["1h", 3600n * 10n ** 9n],
  ["1d", 86_400n * 10n ** 9n],
  ["7u", 7n],
  ["7l", 7n],
  ["7ll", 7n],
  ["7ul", 7n],
  ["7ull", 7n],
  ["4294967295u", 4_294_967_295n],
  ["9223372036854775807l", (1n << 63n) - 1n],
  ["18446744073709551615ul", max],
  // As kernel headers write them.
  ["7UL", 7n],
  ["0x10UL", 16n],
  ["5LL", 5n],
];

for (const [text, value] of values) {
  test(`${text} is ${value}`, () => {
    assert.deepEqual(parseInteger(text), { value });
  });
}

/** Text, a part of the message, the byte where it is wrong. */
const errors: readonly (readonly [string, RegExp, number])[] = [
  ["18446744073709551616", /overflow error, maximum value is 18446744073709551615/, 0],
  ["0x10000000000000000", /overflow error/, 0],
  ["4294967296u", /maximum value is 4294967295/, 0],
  ["9223372036854775808l", /maximum value is 9223372036854775807/, 0],
  ["9223372036854775808ll", /maximum value is 9223372036854775807/, 0],
  ["5e20", /overflow error/, 0],
  ["9e19", /overflow error/, 0],
  ["300000d", /overflow error/, 0],
  ["3q", /invalid integer suffix 'q'/, 1],
  ["12uu", /invalid integer suffix 'uu'/, 2],
  ["0x1ms", /invalid integer suffix 'ms'/, 3],
  ["12_", /trailing underscore/, 2],
  ["0x1_", /trailing underscore/, 3],
  ["12e3", /12e3/, 0],
  ["0e3", /0e3/, 0],
  ["1e0", /1e0/, 0],
  ["1_0e1", /1_0e1/, 0],
  ["08", /invalid trailing bytes/, 0],
  ["09", /invalid trailing bytes/, 0],
  ["0x", /suffix 'x'|invalid/, 1],
  ["", /invalid integer/, 0],
  ["x", /invalid integer/, 0],
];

for (const [text, message, at] of errors) {
  test(`${JSON.stringify(text)} is refused`, () => {
    const result = parseInteger(text);
    assert.ok("error" in result, "an error");
    assert.match(result.error, message);
    assert.equal(result.at, at);
  });
}

const signed: readonly (readonly [string, bigint])[] = [
  ["5", 5n],
  ["-5", -5n],
  ["-0x10", -16n],
  ["-9223372036854775808", -(1n << 63n)],
  ["18446744073709551615", max],
];

for (const [text, value] of signed) {
  test(`with a sign, ${text} is ${value}`, () => {
    assert.deepEqual(parseSignedInteger(text), { value });
  });
}

test("a negative number below the signed range is refused", () => {
  const result = parseSignedInteger("-9223372036854775809");
  assert.ok("error" in result);
  assert.match(result.error, /negative value will underflow/);
});

test("errors of signed numbers count the sign", () => {
  assert.deepEqual(parseSignedInteger("-3q"), { error: "invalid integer suffix 'q'", at: 2 });
});
