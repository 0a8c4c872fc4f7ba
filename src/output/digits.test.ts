// Numbers as bytes: every 64-bit pattern is written as BigInt writes it.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cString, decimal64, hex64, padEnd, padStart, signed32, signed64 } from "./digits.ts";

const out = new Uint8Array(400);

function text(end: number): string {
  return Buffer.from(out.subarray(0, end)).toString("latin1");
}

function halves(value: bigint): readonly [number, number] {
  return [Number(value >> 32n), Number(value & 0xffff_ffffn)];
}

/** Also the numbers around powers of ten and two. */
const unsigned = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.tuple(fc.constantFrom(2n, 10n), fc.bigInt({ min: 0n, max: 63n }), fc.bigInt({ min: -1n, max: 1n }))
    .map(([base, power, step]) => BigInt.asUintN(64, base ** power + step)),
);

test("64-bit numbers are written in decimal and hexadecimal", () => {
  fc.assert(
    fc.property(unsigned, (value) => {
      const [high, low] = halves(value);
      assert.equal(text(decimal64(out, 0, high, low)), value.toString());
      assert.equal(text(signed64(out, 0, high, low)), BigInt.asIntN(64, value).toString());
      assert.equal(text(hex64(out, 0, high, low, 97)), value.toString(16));
      assert.equal(text(hex64(out, 0, high, low, 65)), value.toString(16).toUpperCase());
      assert.equal(text(signed32(out, 0, low | 0)), String(low | 0));
    }),
    { numRuns: 5000 },
  );
});

test("strings end at the NUL or at their size, however long they are", () => {
  for (const length of [0, 1, 63, 64, 65, 200]) {
    for (const size of [1, 64, 100, 300]) {
      const from = new Uint8Array(310).fill(65, 0, length);
      assert.equal(cString(out, 0, from, 0, size), Math.min(length, size), `${length} of ${size}`);
    }
  }
});

test("padding fills up to the width and leaves longer texts alone", () => {
  const put = (bytes: string) => Buffer.from(bytes).copy(out);
  put("abc");
  assert.equal(text(padStart(out, 0, 3, 6, 48)), "000abc");
  put("abc");
  assert.equal(text(padEnd(out, 0, 3, 6, 32)), "abc   ");
  put("abc");
  assert.equal(text(padStart(out, 0, 3, 2, 32)), "abc");
  assert.equal(text(padEnd(out, 0, 3, 2, 32)), "abc");
});
