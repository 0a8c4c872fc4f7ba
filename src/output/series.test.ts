// Graphs of time series: units of time, the range of values, rows without a value.

import assert from "node:assert/strict";
import { test } from "node:test";
import { renderSeries } from "./series.ts";

/** Columns between the edges; `marks` are characters by column. */
function graph(marks: Readonly<Record<number, string>>): string {
  return Array.from({ length: 53 }, (_, i) => marks[i] ?? (i === 0 || i === 52 ? "|" : " ")).join("");
}

function render(rows: readonly (readonly [start: bigint, value: bigint | undefined])[]): readonly string[] {
  return renderSeries({ signed: true, rows: rows.map(([start, value]) => ({ start, value })) }).split("\n");
}

const second = 1_000_000_000n;
const line = "_".repeat(51);

/** Fractions of a second do not depend on the time zone. */
const afterHour = (text: string) => text.replace(/^\d\d:/, "hh:");

test("rows of whole seconds have no fraction, and the values set the scale", () => {
  const lines = render([[2n * second, 0n], [3n * second, undefined], [4n * second, 100n], [5n * second, 50n]]);
  assert.deepEqual(lines.map(afterHour), [
    `${" ".repeat(9)}0${" ".repeat(49)}100`,
    `hh:mm:ss |${line}|`,
    `hh:00:02 ${graph({ 0: "*" })} 0`,
    `hh:00:03 ${graph({})} -`,
    `hh:00:04 ${graph({ 52: "*" })} 100`,
    `hh:00:05 ${graph({ 26: "*" })} 50`,
    `${" ".repeat(9)}v${line}v`,
    `${" ".repeat(9)}0${" ".repeat(49)}100`,
    "",
  ]);
});

test("a zero line stands between negative and positive values", () => {
  const lines = render([[second, -10n], [2n * second, 30n], [3n * second, 0n]]);
  assert.deepEqual(lines.slice(2, 5).map(afterHour), [
    `hh:00:01 ${graph({ 0: "*", 13: "." })} -10`,
    `hh:00:02 ${graph({ 52: "*", 13: "." })} 30`,
    `hh:00:03 ${graph({ 13: "*" })} 0`,
  ]);
});

test("equal values stand in the middle of a range of two", () => {
  const lines = render([[second, 5n], [2n * second, 5n]]);
  assert.equal(lines[0], `${" ".repeat(9)}4${" ".repeat(51)}6`);
  assert.equal(afterHour(lines[2] ?? ""), `hh:00:01 ${graph({ 26: "*" })} 5`);
});

const units: readonly (readonly [string, bigint, string, string])[] = [
  ["milliseconds", 1_000_000n, "hh:mm:ss.ms", "hh:00:01.001"],
  ["microseconds", 1_000n, "hh:mm:ss.\u00ce\u00bcs", "hh:00:01.000001"],
  ["nanoseconds", 1n, "hh:mm:ss.ns", "hh:00:01.000000001"],
];

for (const [name, step, head, time] of units) {
  test(`rows that are ${name} apart show them`, () => {
    const lines = render([[second, 1n], [second + step, 2n]]);
    const margin = time.length + 1;
    assert.equal(lines[1], `${head.padEnd(margin)}|${line}|`);
    assert.equal(afterHour(lines[3] ?? ""), `${time} ${graph({ 52: "*" })} 2`);
    assert.equal(lines[4], `${" ".repeat(margin)}v${line}v`);
  });
}

test("one row alone is shown to the nanosecond", () => {
  assert.equal(afterHour(render([[second + 7n, 1n]])[2] ?? ""), `hh:00:01.000000007 ${graph({ 26: "*" })} 1`);
});

test("nothing is shown of a series without rows", () => assert.deepEqual(render([]), [""]));

test("a range of one value is widened as far as there are numbers", () => {
  const ends = (value: bigint, signed: boolean) => (renderSeries({ signed, rows: [{ start: 0n, value }] }).split("\n")[0] ?? "").trim().split(/ +/);
  assert.deepEqual(ends((1n << 63n) - 1n, true), ["9223372036854775806", "9223372036854775807"]);
  assert.deepEqual(ends(-(1n << 63n), true), ["-9223372036854775808", "-9223372036854775807"]);
  assert.deepEqual(ends(0n, false), ["0", "1"]);
});
