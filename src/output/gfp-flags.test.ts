// Names of allocation flags: the largest known combination first, then single bits, then what has no name.

import assert from "node:assert/strict";
import { test } from "node:test";
import { gfpFlags } from "./gfp-flags.ts";

const cases: readonly (readonly [flags: bigint, text: string])[] = [
  [0n, "0"],
  [0x1n, "GFP_DMA"],
  [0x820n, "GFP_ATOMIC"],
  [0xcc0n, "GFP_KERNEL"],
  [0x400cc0n, "GFP_KERNEL_ACCOUNT"],
  [0xdc0n, "GFP_KERNEL|__GFP_ZERO"],
  [0x100ccan, "GFP_HIGHUSER|__GFP_MOVABLE"],
  [0x2100ccan, "GFP_HIGHUSER_MOVABLE"],
  [0x200n, "0x200"],
  [0x4000000001n, "GFP_DMA|0x4000000000"],
];

for (const [flags, text] of cases) {
  test(`0x${flags.toString(16)} is ${text}`, () => assert.equal(gfpFlags(flags), text));
}
