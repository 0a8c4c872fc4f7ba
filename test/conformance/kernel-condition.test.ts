// Conditions on kernel releases that rows may have.

import assert from "node:assert/strict";
import { test } from "node:test";
import { kernelMatches } from "./kernel-condition.ts";

const cases: readonly (readonly [string | undefined, string, boolean])[] = [
  [undefined, "6.1.0-56-amd64", true],
  ["6.1", "6.1.0-56-amd64", true],
  ["6.1", "6.12.117+deb12-amd64", false],
  [">=6.2", "6.12.117+deb12-amd64", true],
  [">=6.2", "6.1.0-56-amd64", false],
  ["<6.6", "6.1.0", true],
  [">=6.1 <6.12", "6.12.0", false],
  ["<=6.12 >5.18", "6.12.0", true],
];

for (const [conditions, release, expected] of cases) {
  test(`${release} is ${expected ? "" : "not "}for ${conditions ?? "every kernel"}`, () => {
    assert.equal(kernelMatches(conditions, release), expected);
  });
}

test("a condition that is none is an error", () => {
  assert.throws(() => kernelMatches("new", "6.1.0"));
});
