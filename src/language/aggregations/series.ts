// Time series: tseries keeps one value for each interval of time, in a ring of the last intervals.

import { invariant } from "../../base/invariant.ts";
import type { AggregateState, AggregationDef, BucketStates } from "../../define/aggregation.ts";
import type { CallSite } from "../../define/builtin.ts";
import type { Code } from "../../define/code.ts";
import type { Comparison, Value as IrValue } from "../../ir/model.ts";
import type { SeriesRow, Value } from "../../output/value.ts";
import type { AggregateType } from "../../types/type.ts";
import { readSoftwareTai } from "../variables/clock.ts";
import { addTo, sampleType, word } from "./counters.ts";

/** What an interval keeps of its samples; a type's last parameter is the index. */
const kinds = ["last", "avg", "max", "min", "sum"] as const;

/** A state: value, number of samples or time of the last one, interval since the epoch (0: unused). */
const at = { value: 0, meta: 8, epoch: 16, size: 24 } as const;

const maximumSlots = 1_000_000n;

function literal(site: CallSite, index: number): bigint | undefined {
  const value = site.arguments[index]?.literal;
  return value?.kind === "int" ? value.value : undefined;
}

function kindIndex(site: CallSite): number {
  const value = site.arguments[3]?.literal;
  return value === undefined ? 0 : kinds.findIndex((kind, i) => i > 0 && kind === value.value);
}

interface Parameters {
  readonly interval: bigint;
  readonly slots: bigint;
  readonly kind: (typeof kinds)[number];
}

function parametersOf({ parameters: [interval = 1n, slots = 1n, kind = 0n] }: AggregateType): Parameters {
  return { interval: interval < 1n ? 1n : interval, slots: slots < 1n ? 1n : slots, kind: kinds[Number(kind)] ?? "last" };
}

function check(site: CallSite): void {
  const [interval, slots] = [literal(site, 1), literal(site, 2)];
  if (interval !== undefined && interval < 1n) site.error("argument", `tseries: the interval must be at least 1 ns (${interval} provided)`);
  if (slots !== undefined && (slots < 1n || slots > maximumSlots)) {
    site.error("argument", `tseries: the number of intervals must be from 1 to ${maximumSlots} (${slots} provided)`);
  }
  if (kindIndex(site) < 0) {
    site.error("argument", `tseries: unknown aggregation '${site.arguments[3]?.literal?.value}' (expects: ${kinds.slice(1).join(", ")})`);
  }
  checkStable(site);
}

function checkStable(site: CallSite): void {
  const hint = "accept it by a line of the config: config = { unstable_tseries = enable }";
  if (site.config.unstableTseries === "error") site.error("unstable", "tseries is not enabled", undefined, { hint });
  if (site.config.unstableTseries === "warn") site.warn("unstable", "tseries is an unstable feature: it may change", undefined, { hint });
}

/** An interval that is used anew forgets what it held. */
function restart(code: Code, state: IrValue, offset: number, epoch: IrValue): void {
  const { ir } = code;
  code.branch("eq", ir.load(8, state, offset + at.epoch), epoch, () => undefined, () => {
    ir.store(8, state, offset + at.value, ir.const(0));
    ir.store(8, state, offset + at.meta, ir.const(0));
    ir.store(8, state, offset + at.epoch, epoch);
  });
}

function update(code: Code, type: AggregateType, state: IrValue, offset: number, sample: IrValue, epoch: IrValue): void {
  const { ir } = code;
  const { kind } = parametersOf(type);
  restart(code, state, offset, epoch);
  const take = (meta: IrValue) => {
    ir.store(8, state, offset + at.value, sample);
    ir.store(8, state, offset + at.meta, meta);
  };
  if (kind === "last") return take(readSoftwareTai(code));
  if (kind === "avg" || kind === "sum") {
    addTo(code, state, offset + at.value, sample);
    return addTo(code, state, offset + at.meta, ir.const(1));
  }
  const better: Comparison = kind === "max" ? (type.signed ? "sgt" : "ugt") : type.signed ? "slt" : "ult";
  code.branch("eq", ir.load(8, state, offset + at.meta), ir.const(0), () => take(ir.const(1)), () => {
    code.branch(better, sample, ir.load(8, state, offset + at.value), () => take(ir.const(1)), () => undefined);
  });
}

/** The value of an interval from the states of those CPUs that saw it. */
function merge(type: AggregateType, states: readonly AggregateState[]): bigint {
  const { kind } = parametersOf(type);
  const values = states.map((state) => word(state, at.value, type.signed));
  const meta = (state: AggregateState) => word(state, at.meta, false);
  const total = values.reduce((a, b) => a + b, 0n);
  const [first] = states;
  invariant(first !== undefined, "an interval has a state");
  switch (kind) {
    case "last":
      return word(states.reduce((a, b) => (meta(b) > meta(a) ? b : a), first), at.value, type.signed);
    case "sum":
      return type.signed ? BigInt.asIntN(64, total) : BigInt.asUintN(64, total);
    case "avg": {
      const samples = states.reduce((all, state) => all + meta(state), 0n);
      return samples === 0n ? 0n : total / samples;
    }
    case "max":
      return values.reduce((a, b) => (b > a ? b : a));
    case "min":
      return values.reduce((a, b) => (b < a ? b : a));
  }
}

/** The intervals of one element that hold something, in any order; a slot counts for the newest interval in it. */
function intervals(type: AggregateType, slots: BucketStates): readonly SeriesRow[] {
  const { interval } = parametersOf(type);
  return [...slots.values()].flatMap((states): SeriesRow[] => {
    const newest = states.reduce((epoch, state) => (word(state, at.epoch, false) > epoch ? word(state, at.epoch, false) : epoch), 0n);
    if (newest === 0n) return [];
    const current = states.filter((state) => word(state, at.epoch, false) === newest);
    return [{ start: newest * interval, value: merge(type, current) }];
  });
}

/** Rows up to the newest interval of the whole map, from the first one of each element that is still in the window. */
function align(type: AggregateType, values: readonly Value[]): readonly Value[] {
  const { interval, slots } = parametersOf(type);
  const all = values.map((value) => (value.kind === "series" ? value.series.rows : []));
  const last = all.flat().reduce((latest, { start }) => (start > latest ? start : latest), 0n);
  return all.map((points): Value => {
    const known = new Map(points.filter(({ start }) => start > last - slots * interval).map(({ start, value }) => [start, value]));
    const rows: SeriesRow[] = [];
    const first = [...known.keys()].reduce((earliest, start) => (start < earliest ? start : earliest), last + interval);
    for (let start = first; start <= last; start += interval) rows.push({ start, value: known.get(start) });
    return { kind: "series", series: { signed: type.signed, rows } };
  });
}

const tseries: AggregationDef = {
  name: "tseries",
  doc: "Values over time: one for each of the last `slots` intervals, the last value of the interval or its avg, max, min or sum.",
  signature: "tseries_t tseries(int n, const int interval, const int slots [, const string aggregation])",
  example: 'config = { unstable_tseries = enable } begin { @t = tseries(17, 1s, 10, "max"); }',
  parameters: [
    { name: "n", kind: "int" },
    { name: "interval", kind: "int-literal" },
    { name: "slots", kind: "int-literal" },
    { name: "aggregation", kind: "string-literal" },
  ],
  required: 3,
  castable: false,
  shape: "series",
  unsignedRank: false,
  type: (site) => {
    const type = sampleType("tseries")(site);
    const parameters = [literal(site, 1) ?? 1n, literal(site, 2) ?? 1n, BigInt(Math.max(0, kindIndex(site)))];
    return type === undefined ? undefined : { ...type, parameters };
  },
  check,
  storage: (type) => ({ kind: "buckets", buckets: Number(parametersOf(type).slots), size: at.size, ring: true }),
  bucket: (code, type) => code.ir.binary("udiv", readSoftwareTai(code), code.ir.const(parametersOf(type).interval)),
  update,
  accumulators: 0,
  fold: () => [],
  finish: (code) => code.ir.const(0),
  fields: [],
  finishFields: () => [],
  summarise: () => ({ value: { kind: "none" }, rank: 0n }),
  summariseBuckets: (type, states) => ({ value: { kind: "series", series: { signed: type.signed, rows: intervals(type, states) } }, rank: 0n }),
  align,
};

export const seriesAggregations: readonly AggregationDef[] = [tseries];
