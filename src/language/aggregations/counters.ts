// Aggregations with a fixed state for each CPU: count, sum, min, max, avg, stats.

import type { AggregateState, AggregationDef } from "../../define/aggregation.ts";
import type { CallSite } from "../../define/builtin.ts";
import type { Code } from "../../define/code.ts";
import type { Comparison, Value as IrValue } from "../../ir/model.ts";
import type { Value } from "../../output/value.ts";
import type { AggregateType, Type } from "../../types/type.ts";

/** Literals and narrow integers are signed as their type is. */
function signOf(type: Type | undefined): boolean | undefined {
  if (type === undefined) return undefined;
  return type.kind === "int" || type.kind === "enum" || type.kind === "aggregate" ? type.signed : false;
}

export function sampleType(name: string): (site: CallSite) => AggregateType | undefined {
  return (site) => {
    const signed = signOf(site.arguments[0]?.type);
    return signed === undefined ? undefined : { kind: "aggregate", aggregation: name, signed, parameters: [] };
  };
}

/** 64 bits at an offset of a state, by the sign of the aggregate. */
export function word(state: AggregateState, offset: number, signed: boolean): bigint {
  const { bytes, at } = state;
  return signed ? bytes.getBigInt64(at + offset, true) : bytes.getBigUint64(at + offset, true);
}

function total(states: readonly AggregateState[], offset: number, signed: boolean): bigint {
  const sum = states.reduce((all, state) => all + word(state, offset, signed), 0n);
  return signed ? BigInt.asIntN(64, sum) : BigInt.asUintN(64, sum);
}

function divided(value: bigint, div: bigint): bigint {
  return div > 0n ? value / div : value;
}

export function addTo(code: Code, state: IrValue, offset: number, value: IrValue): void {
  code.ir.store(8, state, offset, code.ir.binary("add", code.ir.load(8, state, offset), value));
}

const noBuckets = {
  fields: [],
  finishFields: () => [],
  bucket: (code: Code) => code.ir.const(0),
  summariseBuckets: () => ({ value: { kind: "none" }, rank: 0n }) as const,
  align: (_type: AggregateType, values: readonly Value[]) => values,
};

const sampleParameter = [{ name: "n", kind: "int" }] as const;

const count: AggregationDef = {
  ...noBuckets,
  name: "count",
  doc: "Counts how often it is reached.",
  signature: "count_t count()",
  example: "begin { @n = count(); }",
  parameters: [],
  required: 0,
  castable: true,
  shape: "plain",
  unsignedRank: false,
  type: () => ({ kind: "aggregate", aggregation: "count", signed: true, parameters: [] }),
  check: () => undefined,
  storage: () => ({ kind: "state", size: 8 }),
  update: (code, _type, state, at) => addTo(code, state, at, code.ir.const(1)),
  accumulators: 1,
  fold: (code, _type, [sum], state, at) => (sum === undefined ? [] : [code.ir.binary("add", sum, code.ir.load(8, state, at))]),
  finish: (code, _type, [sum]) => sum ?? code.ir.const(0),
  summarise: (_type, states, div) => {
    const value = total(states, 0, true);
    return { value: { kind: "int", value: divided(value, div) }, rank: value };
  },
};

const sum: AggregationDef = {
  ...count,
  name: "sum",
  doc: "Adds up its argument.",
  signature: "sum_t sum(int n)",
  example: "begin { @total = sum(5); }",
  parameters: sampleParameter,
  required: 1,
  type: sampleType("sum"),
  update: (code, _type, state, at, sample) => addTo(code, state, at, sample),
  summarise: (type, states, div) => {
    const value = total(states, 0, type.signed);
    return { value: { kind: "int", value: divided(value, div) }, rank: value };
  },
};

/** min and max: the value, and a flag that says that there was one. */
function extreme(name: "min" | "max", doc: string): AggregationDef {
  const better = (signed: boolean): Comparison => {
    if (name === "min") return signed ? "slt" : "ult";
    return signed ? "sgt" : "ugt";
  };
  return {
    ...noBuckets,
    name,
    doc,
    signature: `${name}_t ${name}(int n)`,
    example: `begin { @m = ${name}(5); }`,
    parameters: sampleParameter,
    required: 1,
    castable: true,
    shape: "plain",
    unsignedRank: true,
    type: sampleType(name),
    check: () => undefined,
    storage: () => ({ kind: "state", size: 16 }),
    update: (code, type, state, at, sample) => {
      const take = () => {
        code.ir.store(8, state, at, sample);
        code.ir.store(8, state, at + 8, code.ir.const(1));
      };
      code.branch("eq", code.ir.load(8, state, at + 8), code.ir.const(0), take, () => {
        code.branch(better(type.signed), sample, code.ir.load(8, state, at), take, () => undefined);
      });
    },
    accumulators: 2,
    fold: (code, type, [best, seen], state, at) => {
      if (best === undefined || seen === undefined) return [];
      const value = code.ir.load(8, state, at);
      const flag = code.ir.load(8, state, at + 8);
      const chosen = code.choose(
        "eq",
        flag,
        code.ir.const(0),
        () => best,
        () =>
          code.choose(
            "eq",
            seen,
            code.ir.const(0),
            () => value,
            () => code.choose(better(type.signed), value, best, () => value, () => best),
          ),
      );
      return [chosen, code.ir.binary("or", seen, flag)];
    },
    finish: (code, _type, [best]) => best ?? code.ir.const(0),
    summarise: (type, states, div) => {
      const values = states.filter((s) => word(s, 8, false) !== 0n).map((s) => word(s, 0, type.signed));
      const value = values.reduce((a, b) => ((name === "min" ? b < a : b > a) ? b : a), values[0] ?? 0n);
      return { value: { kind: "int", value: divided(value, div) }, rank: BigInt.asUintN(64, value) };
    },
  };
}

/** Total and number of samples. */
function addSample(code: Code, state: IrValue, at: number, sample: IrValue): void {
  addTo(code, state, at, sample);
  addTo(code, state, at + 8, code.ir.const(1));
}

const avg: AggregationDef = {
  ...noBuckets,
  name: "avg",
  doc: "Average of its argument.",
  signature: "avg_t avg(int n)",
  example: "begin { @mean = avg(5); }",
  parameters: sampleParameter,
  required: 1,
  castable: true,
  shape: "average",
  unsignedRank: false,
  type: sampleType("avg"),
  check: () => undefined,
  storage: () => ({ kind: "state", size: 16 }),
  update: (code, _type, state, at, sample) => addSample(code, state, at, sample),
  accumulators: 2,
  fold: (code, _type, [sum, samples], state, at) =>
    sum === undefined || samples === undefined
      ? []
      : [
          code.ir.binary("add", sum, code.ir.load(8, state, at)),
          code.ir.binary("add", samples, code.ir.load(8, state, at + 8)),
        ],
  finish: (code, type, [sum, samples]) => {
    if (sum === undefined || samples === undefined) return code.ir.const(0);
    // Without samples: 0 divided by 0, which the machine makes 0.
    return code.ir.binary(type.signed ? "sdiv" : "udiv", sum, samples);
  },
  summarise: (type, states, div) => {
    const { average } = averageOf(type, states);
    return { value: { kind: "int", value: divided(average, div) }, rank: average };
  },
};

function averageOf(type: AggregateType, states: readonly AggregateState[]) {
  const all = total(states, 0, type.signed);
  const samples = total(states, 8, true);
  return { all, samples, average: samples === 0n ? 0n : all / samples };
}

const stats: AggregationDef = {
  ...avg,
  name: "stats",
  doc: "Count, average and total of its argument.",
  signature: "stats_t stats(int n)",
  example: "begin { @s = stats(5); }",
  castable: false,
  shape: "stats",
  type: sampleType("stats"),
  fields: ["count", "average", "total"],
  finishFields: (code, type, accumulators) => {
    const [all, samples] = accumulators;
    return all === undefined || samples === undefined ? [] : [samples, avg.finish(code, type, accumulators), all];
  },
  summarise: (type, states, div) => {
    const { all, samples, average } = averageOf(type, states);
    return { value: { kind: "stats", count: samples, average: divided(average, div), total: all }, rank: average };
  },
};

export const counterAggregations: readonly AggregationDef[] = [
  count,
  sum,
  extreme("min", "Smallest value of its argument."),
  extreme("max", "Largest value of its argument."),
  avg,
  stats,
];
