// Histograms: hist with buckets of powers of two, lhist with linear ones.

import type { AggregationDef, BucketStates } from "../../define/aggregation.ts";
import type { CallSite } from "../../define/builtin.ts";
import type { Code } from "../../define/code.ts";
import type { Value as IrValue } from "../../ir/model.ts";
import { histRows, lhistRows } from "../../output/histogram.ts";
import type { Value } from "../../output/value.ts";
import type { AggregateType } from "../../types/type.ts";
import { addTo, word } from "./counters.ts";

function literal(site: CallSite, index: number): bigint | undefined {
  const value = site.arguments[index]?.literal;
  return value?.kind === "int" ? value.value : undefined;
}

const notState = {
  update: (code: Code, _type: AggregateType, state: IrValue, at: number) => addTo(code, state, at, code.ir.const(1)),
  accumulators: 0,
  fold: () => [],
  finish: (code: Code) => code.ir.const(0),
  fields: [],
  finishFields: () => [],
  summarise: () => ({ value: { kind: "none" }, rank: 0n }) as const,
  align: (_type: AggregateType, values: readonly Value[]) => values,
};

/** Counters by bucket, over all CPUs. */
function countsOf(states: BucketStates): ReadonlyMap<number, bigint> {
  return new Map([...states].map(([bucket, list]) => [bucket, list.reduce((all, state) => all + word(state, 0, false), 0n)]));
}

function sum(counts: ReadonlyMap<number, bigint>): bigint {
  let total = 0n;
  for (const count of counts.values()) total += count;
  return total;
}

/** Position of the leading one bit, by halving; the value is not 0. */
function leadingBit(code: Code, value: IrValue): IrValue {
  let rest = value;
  let position = code.ir.const(0);
  for (const step of [32, 16, 8, 4, 2, 1]) {
    const high = code.ir.compare("uge", rest, code.ir.const(1n << BigInt(step)));
    const shift = code.ir.binary("shl", high, code.ir.const(Math.log2(step)));
    rest = code.ir.binary("lshr", rest, shift);
    position = code.ir.binary("add", position, shift);
  }
  return position;
}

const hist: AggregationDef = {
  ...notState,
  name: "hist",
  doc: "Histogram with 2^bits buckets for each power of two.",
  signature: "hist_t hist(int n [, const int bits])",
  example: "begin { @h = hist(17); }",
  parameters: [
    { name: "n", kind: "int" },
    { name: "bits", kind: "int-literal" },
  ],
  required: 1,
  castable: false,
  shape: "histogram",
  unsignedRank: false,
  type: (site) => ({ kind: "aggregate", aggregation: "hist", signed: true, parameters: [literal(site, 1) ?? 0n] }),
  check: (site) => {
    const bits = literal(site, 1);
    if (bits !== undefined && (bits < 0n || bits > 5n)) site.error("argument", `hist: bits ${bits} must be 0..5`);
  },
  storage: (type) => {
    const bits = Number(type.parameters[0] ?? 0n);
    return { kind: "buckets", buckets: 2 + (64 - bits) * 2 ** bits + 2 ** bits, size: 8, ring: false };
  },
  bucket: (code, type, sample) => {
    const bits = Number(type.parameters[0] ?? 0n);
    const n = 2 ** bits;
    return code.choose(
      "slt",
      sample,
      code.ir.const(0),
      () => code.ir.const(0),
      () =>
        code.choose(
          "ult",
          sample,
          code.ir.const(n),
          () => code.ir.binary("add", sample, code.ir.const(1)),
          () => {
            const leading = leadingBit(code, sample);
            const power = code.ir.binary("sub", leading, code.ir.const(bits));
            const inside = code.ir.binary("and", code.ir.binary("lshr", sample, power), code.ir.const(n - 1));
            const base = code.ir.binary("shl", code.ir.binary("add", power, code.ir.const(1)), code.ir.const(bits));
            return code.ir.binary("add", code.ir.binary("add", base, inside), code.ir.const(1));
          },
        ),
    );
  },
  summariseBuckets: (type, states, div) => {
    const counts = countsOf(states);
    return { value: { kind: "histogram", histogram: histRows(counts, Number(type.parameters[0] ?? 0n), div) }, rank: sum(counts) };
  },
};

const names = ["", "min", "max", "step"];

function checkLinear(site: CallSite): void {
  const [min, max, step] = [literal(site, 1), literal(site, 2), literal(site, 3)];
  for (const [i, value] of [min, max, step].entries()) {
    if (value !== undefined && value < 0n) return site.error("argument", `lhist: ${names[i + 1]} must not be negative`);
  }
  if (min === undefined || max === undefined || step === undefined) return;
  if (step < 1n) return site.error("argument", "lhist: step must be >= 1");
  if (min > max) return site.error("argument", `lhist: min must be less than max (provided min ${min} and max ${max})`);
  if (max - min < step) return site.error("argument", `lhist: step ${step} is larger than the range`);
  if ((max - min) / step > 1000n) site.error("argument", `lhist: too many buckets, must be <= 1000 (would need ${(max - min) / step})`);
}

function bounds(type: AggregateType): { readonly min: number; readonly max: number; readonly step: number } {
  const [min = 0n, max = 0n, step = 1n] = type.parameters;
  return { min: Number(min), max: Number(max), step: Math.max(1, Number(step)) };
}

const lhist: AggregationDef = {
  ...hist,
  name: "lhist",
  doc: "Histogram with buckets of equal width.",
  signature: "lhist_t lhist(int n, const int min, const int max, const int step)",
  example: "begin { @l = lhist(17, 0, 100, 10); }",
  parameters: [
    { name: "n", kind: "int" },
    { name: "min", kind: "int-literal" },
    { name: "max", kind: "int-literal" },
    { name: "step", kind: "int-literal" },
  ],
  required: 4,
  type: (site) => ({
    kind: "aggregate",
    aggregation: "lhist",
    signed: true,
    parameters: [literal(site, 1) ?? 0n, literal(site, 2) ?? 0n, literal(site, 3) ?? 1n],
  }),
  check: checkLinear,
  storage: (type) => {
    const { min, max, step } = bounds(type);
    return { kind: "buckets", buckets: Math.floor((max - min) / step) + 3, size: 8, ring: false };
  },
  bucket: (code, type, sample) => {
    const { min, max, step } = bounds(type);
    const overflow = 1 + Math.floor((max - min) / step);
    return code.choose(
      "slt",
      sample,
      code.ir.const(min),
      () => code.ir.const(0),
      () =>
        code.choose(
          "sgt",
          sample,
          code.ir.const(max),
          () => code.ir.const(overflow),
          () => {
            const distance = code.ir.binary("sub", sample, code.ir.const(min));
            return code.ir.binary("add", code.ir.binary("udiv", distance, code.ir.const(step)), code.ir.const(1));
          },
        ),
    );
  },
  summariseBuckets: (type, states, _div) => {
    const counts = countsOf(states);
    const { min, max, step } = bounds(type);
    return { value: { kind: "histogram", histogram: lhistRows(counts, min, max, step) }, rank: sum(counts) };
  },
};

export const histogramAggregations: readonly AggregationDef[] = [hist, lhist];
