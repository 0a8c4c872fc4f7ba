// Buckets of hist and lhist: bounds, labels, and rows from the counters of buckets.

import type { Histogram, HistogramRow } from "./value.ts";

const suffixes = ["", "K", "M", "G", "T", "P", "E"];

/** First value of a bucket of hist with 2^bits buckets for each power of two; bucket 0 holds negative values. */
function histStart(index: number, bits: number): { readonly value: bigint; readonly label: string } {
  const n = 2 ** bits;
  if (index <= 2 * n + 1) return { value: BigInt(index - 1), label: String(index - 1) };
  const j = index - 1;
  const power = Math.floor(j / n) - 1;
  const base = n + (j % n);
  const value = BigInt(base) << BigInt(power);
  return { value, label: `${base * 2 ** (power % 10)}${suffixes[Math.floor(power / 10)] ?? ""}` };
}

function rangeOf(counts: ReadonlyMap<number, bigint>): { readonly first: number; readonly last: number } | undefined {
  const used = [...counts].filter(([, count]) => count > 0n).map(([index]) => index);
  if (used.length === 0) return undefined;
  return { first: Math.min(...used), last: Math.max(...used) };
}

function rows(
  counts: ReadonlyMap<number, bigint>,
  div: bigint,
  row: (index: number) => Omit<HistogramRow, "count">,
): Histogram {
  const range = rangeOf(counts);
  if (range === undefined) return { rows: [] };
  const list: HistogramRow[] = [];
  for (let index = range.first; index <= range.last; index++) {
    const count = counts.get(index) ?? 0n;
    list.push({ ...row(index), count: div > 0n ? count / div : count });
  }
  return { rows: list };
}

/** Rows of hist(n, bits). */
export function histRows(counts: ReadonlyMap<number, bigint>, bits: number, div: bigint): Histogram {
  return rows(counts, div, (index) => {
    if (index === 0) return { label: "(..., 0)", min: undefined, max: -1n };
    const start = histStart(index, bits);
    const end = histStart(index + 1, bits);
    const single = start.value + 1n === end.value && /^\d+$/.test(start.label) && /^\d+$/.test(end.label);
    return { label: single ? `[${start.label}]` : `[${start.label}, ${end.label})`, min: start.value, max: end.value - 1n };
  });
}

/** Rows of lhist(n, min, max, step). */
export function lhistRows(counts: ReadonlyMap<number, bigint>, min: number, max: number, step: number): Histogram {
  const label = (value: number) => linearLabel(value, step);
  return rows(counts, 0n, (index) => {
    if (index === 0) return { label: `(..., ${label(min)})`, min: undefined, max: BigInt(min - 1) };
    const start = min + (index - 1) * step;
    const end = start + step;
    if (end > max) return { label: `[${label(start)}, ...)`, min: BigInt(start), max: undefined };
    return { label: step === 1 ? `[${label(start)}]` : `[${label(start)}, ${label(end)})`, min: BigInt(start), max: BigInt(end - 1) };
  });
}

/** Numbers get a unit only when the step is a multiple of 1024. */
function linearLabel(value: number, step: number): string {
  if (step % 1024 !== 0) return String(value);
  if (value !== 0 && value % 1048576 === 0) return `${value / 1048576}M`;
  if (value !== 0 && value % 1024 === 0) return `${value / 1024}K`;
  return String(value);
}
