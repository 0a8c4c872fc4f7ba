// Ordering by index against the language's own sort, and searching.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ascendingOrder, countUpTo } from "./ascending-order.ts";

test("indices come in the order of their keys, equal ones as they stood", () => {
  const key = fc.oneof(fc.nat(20), fc.nat(), fc.maxSafeNat());
  fc.assert(
    fc.property(fc.array(key, { maxLength: 300 }), (keys) => {
      const expected = keys.map((_, i) => i).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
      assert.deepEqual([...ascendingOrder(Float64Array.from(keys))], expected);
    }),
    { numRuns: 500, seed: 3 },
  );
});

test("entries up to a key are counted", () => {
  const keys = Float64Array.from([2, 4, 4, 9]);
  assert.deepEqual([1, 2, 3, 4, 8, 9, 10].map((key) => countUpTo(keys, key)), [0, 1, 1, 3, 3, 4, 4]);
  assert.equal(countUpTo(new Float64Array(0), 5), 0);
});
