// Time series as text: a graph that runs downwards, one line for each interval.

import { formatTime } from "./strftime.ts";
import type { Series } from "./value.ts";

const width = 53;
const lastColumn = width - 1;

/** Digits of a second's fraction that tell the rows apart, and the head of the column of times. */
const units = [
  { least: 1_000_000_000n, digits: "", head: "hh:mm:ss" },
  { least: 1_000_000n, digits: ".%l", head: "hh:mm:ss.ms" },
  { least: 1_000n, digits: ".%f", head: "hh:mm:ss.\u00ce\u00bcs" },
  { least: 0n, digits: ".%k", head: "hh:mm:ss.ns" },
] as const;

function unitOf({ rows }: Series): (typeof units)[number] {
  const [first] = rows;
  const last = rows.at(-1);
  const distance = first === undefined || last === undefined || rows.length < 2 ? 0n : (last.start - first.start) / BigInt(rows.length - 1);
  return units.find((unit) => distance >= unit.least) ?? units[3];
}

/** Smallest and largest value; a range of one value is widened on both sides, as far as there are numbers. */
function rangeOf({ rows, signed }: Series): { readonly min: bigint; readonly max: bigint } {
  const values = rows.flatMap((row) => (row.value === undefined ? [] : [row.value]));
  const [first = 0n] = values;
  const min = values.reduce((a, b) => (b < a ? b : a), first);
  const max = values.reduce((a, b) => (b > a ? b : a), first);
  if (min !== max) return { min, max };
  const [least, most] = signed ? [-(1n << 63n), (1n << 63n) - 1n] : [0n, (1n << 64n) - 1n];
  return { min: min > least ? min - 1n : min, max: max < most ? max + 1n : max };
}

/** The graph's part of a line; columns are computed in single precision, as those of bars are. */
function graph(value: bigint | undefined, min: bigint, max: bigint): string {
  const f = Math.fround;
  const columns = ["|", ...Array.from({ length: width - 2 }, () => " "), "|"];
  const share = (part: bigint, whole: bigint, scale: number) => Math.trunc(f(f(scale * f(Number(part))) / f(Number(whole))));
  if (min < 0n && max > 0n) columns[share(min, min - max, width)] = ".";
  if (value !== undefined) columns[Math.min(lastColumn, share(value - min, max - min, lastColumn))] = "*";
  return columns.join("");
}

/** The whole graph, ending with a line feed; a byte string. */
export function renderSeries(series: Series): string {
  if (series.rows.length === 0) return "";
  const unit = unitOf(series);
  const { min, max } = rangeOf(series);
  const time = `%H:%M:%S${unit.digits}`;
  const margin = formatTime(time, 0n).length + 1;
  const scale = " ".repeat(margin) + String(min).padEnd(21) + String(max).padStart(32);
  const line = "_".repeat(width - 2);
  const rows = series.rows.map(
    ({ start, value }) => `${formatTime(time, start)} ${graph(value, min, max)} ${value === undefined ? "-" : value}`,
  );
  return [scale, `${unit.head.padEnd(margin)}|${line}|`, ...rows, `${" ".repeat(margin)}v${line}v`, scale, ""].join("\n");
}
