// Buckets: labels at the corners, and for many values that the row of the value's bucket holds it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { histRows, lhistRows } from "./histogram.ts";

function labels(rows: { readonly rows: readonly { readonly label: string }[] }): readonly string[] {
  return rows.rows.map((row) => row.label);
}

function only(index: number): ReadonlyMap<number, bigint> {
  return new Map([[index, 1n]]);
}

/** The bucket of a value: 0 below zero, else by the position of the leading one and the bits after it. */
function bucketOf(value: bigint, bits: number): number {
  if (value < 0n) return 0;
  const n = 1n << BigInt(bits);
  if (value < n) return 1 + Number(value);
  const leading = value.toString(2).length - 1;
  return 1 + ((leading - bits + 1) << bits) + Number((value >> BigInt(leading - bits)) & (n - 1n));
}

describe("hist", () => {
  const rows: readonly (readonly [bigint, number, string])[] = [
    [-1n, 0, "(..., 0)"],
    [0n, 0, "[0]"],
    [1n, 0, "[1]"],
    [2n, 0, "[2, 4)"],
    [3n, 0, "[2, 4)"],
    [512n, 0, "[512, 1K)"],
    [1024n, 0, "[1K, 2K)"],
    [600_000n, 0, "[512K, 1M)"],
    [1n << 20n, 0, "[1M, 2M)"],
    [1n << 30n, 0, "[1G, 2G)"],
    [1n << 40n, 0, "[1T, 2T)"],
    [1n << 50n, 0, "[1P, 2P)"],
    [1n << 60n, 0, "[1E, 2E)"],
    [1n << 62n, 0, "[4E, 8E)"],
    [2n, 1, "[2]"],
    [3n, 1, "[3]"],
    [4n, 1, "[4, 6)"],
    [7n, 1, "[6, 8)"],
    [2048n, 1, "[2K, 3K)"],
    [5000n, 1, "[4K, 6K)"],
    [97n, 5, "[96, 98)"],
    [31n, 5, "[31]"],
    [63n, 5, "[63]"],
    [64n, 5, "[64, 66)"],
  ];
  for (const [value, bits, label] of rows) {
    test(`${value} with ${bits} bits is in ${label}`, () => {
      assert.deepEqual(labels(histRows(only(bucketOf(value, bits)), bits, 0n)), [label]);
    });
  }

  for (let bits = 0; bits <= 5; bits++) {
    test(`with ${bits} bits, each value lies between the ends of its row, and rows touch`, () => {
      for (let power = 0n; power < 63n; power++) {
        for (const value of [1n << power, (1n << power) + 1n, (1n << (power + 1n)) - 1n, (3n << power) >> 1n]) {
          const index = bucketOf(value, bits);
          const [row, next] = histRows(new Map([[index, 1n], [index + 1, 1n]]), bits, 0n).rows;
          assert.ok(row?.min !== undefined && row.max !== undefined && row.min <= value && value <= row.max, `${value}`);
          assert.equal(next?.min, row.max + 1n);
        }
      }
    });
  }

  test("rows go from the first to the last bucket with counts, those between with none", () => {
    const { rows: list } = histRows(new Map([[1, 0n], [2, 5n], [4, 7n], [9, 0n]]), 0, 0n);
    assert.deepEqual(list.map(({ label, count }) => [label, count]), [["[1]", 5n], ["[2, 4)", 0n], ["[4, 8)", 7n]]);
  });

  test("counts are divided and cut; rows stay", () => {
    const { rows: list } = histRows(new Map([[1, 5n], [2, 19n]]), 0, 10n);
    assert.deepEqual(list.map(({ count }) => count), [0n, 1n]);
  });

  test("without counts there are no rows", () => {
    assert.deepEqual(histRows(new Map([[3, 0n]]), 0, 0n).rows, []);
    assert.deepEqual(histRows(new Map(), 0, 0n).rows, []);
  });

  test("the row of negative values has an upper end only", () => {
    assert.deepEqual(histRows(only(0), 0, 0n).rows, [{ label: "(..., 0)", min: undefined, max: -1n, count: 1n }]);
  });
});

describe("lhist", () => {
  const rows: readonly (readonly [string, number, readonly [number, number, number], string, bigint | undefined, bigint | undefined])[] = [
    ["below the range", 0, [10, 50, 10], "(..., 10)", undefined, 9n],
    ["the first bucket", 1, [10, 50, 10], "[10, 20)", 10n, 19n],
    ["the last one inside", 4, [10, 50, 10], "[40, 50)", 40n, 49n],
    ["at and above the end", 5, [10, 50, 10], "[50, ...)", 50n, undefined],
    ["a last bucket that the end cuts", 4, [0, 10, 3], "[9, ...)", 9n, undefined],
    ["steps of one", 3, [0, 10, 1], "[2]", 2n, 2n],
    ["steps of kilobytes", 2, [0, 1 << 20, 1024], "[1K, 2K)", 1024n, 2047n],
    ["zero has no unit", 1, [0, 1 << 20, 1024], "[0, 1K)", 0n, 1023n],
    ["megabytes", 3, [0, 10 << 20, 1 << 20], "[2M, 3M)", 2n << 20n, (3n << 20n) - 1n],
    ["mixed units", 2, [0, 2 << 20, 512 * 1024], "[512K, 1M)", 1n << 19n, (1n << 20n) - 1n],
    ["a beginning that is no multiple", 1, [1, 5000, 1024], "[1, 1025)", 1n, 1024n],
    ["other steps have no units", 2, [0, 10_000, 1000], "[1000, 2000)", 1000n, 1999n],
  ];
  for (const [name, index, [min, max, step], label, first, last] of rows) {
    test(`${name}: ${label}`, () => {
      assert.deepEqual(lhistRows(only(index), min, max, step).rows, [{ label, min: first, max: last, count: 1n }]);
    });
  }
});
