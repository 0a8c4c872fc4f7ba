// Capabilities that tracing needs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { missingCapability } from "./privileges.ts";

const bits = (...list: readonly number[]) => list.reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n);

const cases: readonly (readonly [string, number, bigint, string | undefined])[] = [
  ["root with all", 0, -1n, undefined],
  ["root with CAP_SYS_ADMIN only", 0, bits(21), undefined],
  ["root in a container", 0, bits(1, 2), "CAP_BPF"],
  ["root with CAP_BPF", 0, bits(39), "CAP_PERFMON"],
  ["a user", 1000, 0n, "CAP_DAC_READ_SEARCH"],
  ["a user who may search", 1000, bits(2, 21), "CAP_DAC_OVERRIDE"],
  ["a user with what is needed", 1000, bits(1, 2, 38, 39), undefined],
];

for (const [name, uid, effective, expected] of cases) {
  test(`${name}: ${expected ?? "may trace"}`, () => {
    assert.equal(missingCapability(uid, effective), expected);
  });
}
