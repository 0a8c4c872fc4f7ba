// Kernel symbols by address and by name.

import assert from "node:assert/strict";
import { test } from "node:test";
import { countIn, indexSymbols } from "./kallsyms.ts";

const symbols = indexSymbols(`ffffffff81000100 T first
ffffffff81000180 t show
ffffffff81000200 D some_data
ffffffff81000240 T second
ffffffffc0001000 t show	[overlay]
0000000000000000 A absolute
`);

test("an address belongs to the function that starts below it", () => {
  assert.deepEqual(symbols.resolve(0xffffffff81000182n), { name: "show", offset: 2n });
  assert.equal(symbols.resolve(0xffffffff810000ffn), undefined);
});

test("data names no code, but has an address", () => {
  assert.deepEqual(symbols.resolve(0xffffffff81000210n), { name: "show", offset: 0x90n });
  assert.equal(symbols.address("some_data"), 0xffffffff81000200n);
});

test("a name may have several addresses, of modules too", () => {
  assert.deepEqual(symbols.addresses("show"), [0xffffffff81000180n, 0xffffffffc0001000n]);
  assert.deepEqual(symbols.addresses("missing"), []);
});

test("a function reaches up to the next one", () => {
  assert.equal(symbols.size("first"), 0x80n);
  assert.equal(symbols.size("show"), 0xc0n);
  assert.equal(symbols.size("missing"), undefined);
  assert.equal(symbols.size("absolute"), undefined);
});

test("functions of a name are counted without an index", () => {
  const text = Buffer.from(
    ["ffff01 t show", "ffff02 T show_all", "ffff03 t show\t[module]", "ffff04 d show", "ffff05 W other", "ffff06 t a_show", "ffff07 t show"].join("\n"),
  );
  assert.deepEqual(["show", "show_all", "other", "a_show", "absent", "sho"].map((name) => countIn(text, name)), [3, 1, 1, 1, 0, 0]);
});
