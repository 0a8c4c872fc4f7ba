// Names that programs write of the code that they make.

import assert from "node:assert/strict";
import { test } from "node:test";
import { JitMap } from "./jit-map.ts";

const map = new JitMap(`7f0000001000 100 first
7f0000001100 80 a name with blanks
0x7f0000002000 0x40 with prefixes
7f0000001040 20 written later
not an entry
7f0000003000 0 empty
7f0000001000 10 written again
`);

const rows: readonly (readonly [bigint, string | undefined])[] = [
  [0x7f0000000fffn, undefined],
  [0x7f0000001000n, "written again+0"],
  [0x7f0000001010n, "first+16"],
  [0x7f0000001041n, "written later+1"],
  [0x7f0000001060n, "first+96"],
  [0x7f000000117fn, "a name with blanks+127"],
  [0x7f0000001180n, undefined],
  [0x7f0000002001n, "with prefixes+1"],
  [0x7f0000003000n, undefined],
];
for (const [address, expected] of rows) {
  test(`0x${address.toString(16)} is ${expected ?? "nothing"}`, () => {
    const found = map.find(address);
    assert.equal(found === undefined ? undefined : `${found.name}+${address - found.address}`, expected);
  });
}
