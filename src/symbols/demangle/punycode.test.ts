// Punycode: texts of several scripts, and digits that mean none.

import assert from "node:assert/strict";
import { domainToASCII } from "node:url";
import { test } from "node:test";
import { decodePunycode } from "./punycode.ts";

/** The parts that the encoder of domain names makes of a text. */
function encode(text: string): readonly [ascii: string, digits: string] {
  const encoded = domainToASCII(text).slice("xn--".length);
  const split = encoded.lastIndexOf("-");
  return split < 0 ? ["", encoded] : [encoded.slice(0, split), encoded.slice(split + 1)];
}

for (const text of ["gödel", "中文", "привет", "aéb", "日本語x", "ελληνικά", "a1ü2ü3", "🦀crab"]) {
  test(`decodes ${text}`, () => {
    const [ascii, digits] = encode(text);
    assert.equal(decodePunycode(ascii, digits), text);
  });
}

for (const digits of ["A", "é", "_", "9999999999", "a9"]) {
  test(`refuses ${digits}`, () => {
    assert.throws(() => decodePunycode("", digits));
  });
}
