// Aggregations (count, sum, hist, …): functions that own the map they are assigned to.

import type { Value as IrValue } from "../ir/model.ts";
import type { Value } from "../output/value.ts";
import type { AggregateType } from "../types/type.ts";
import type { CallSite, ParameterSpec } from "./builtin.ts";
import type { Code } from "./code.ts";

/** The state of one element on one CPU, as user space reads it. */
export interface AggregateState {
  readonly bytes: DataView;
}

/** How the elements of an aggregation are kept. */
export type AggregateStorage =
  /** `size` bytes for each key and CPU, zero at first. */
  | { readonly kind: "state"; readonly size: number }
  /** A u64 counter for each key, bucket and CPU; buckets are below `buckets`. */
  | { readonly kind: "buckets"; readonly buckets: number };

/** How to print and sort what user space read. */
export interface AggregateResult {
  readonly value: Value;
  /** Entries are printed in ascending order of this. */
  readonly rank: bigint;
}

export interface AggregationDef {
  readonly name: string;
  readonly doc: string;
  readonly signature: string;
  readonly example: string;
  readonly parameters: readonly ParameterSpec[];
  readonly required: number;
  /** Stands for an integer in expressions. */
  readonly castable: boolean;
  /** How maps of it are shown. */
  readonly shape: "plain" | "average" | "stats" | "histogram";
  /** Whether rank compares as unsigned. */
  readonly unsignedRank: boolean;
  type(site: CallSite): AggregateType | undefined;
  check(site: CallSite): void;
  storage(type: AggregateType): AggregateStorage;
  /** State storage: adds one sample to the state at `state` (offset `at`); `sample` is the first argument, if there is one. */
  update(code: Code, type: AggregateType, state: IrValue, at: number, sample: IrValue): void;
  /** Bucket storage: the bucket of a sample. */
  bucket(code: Code, type: AggregateType, sample: IrValue): IrValue;
  /**
   * Reading in a program: `fold` goes over the states of all CPUs, then `finish` gives the integer.
   * Accumulators are IR variables that the caller keeps, `accumulators` of them, zero at first.
   */
  readonly accumulators: number;
  fold(code: Code, type: AggregateType, accumulators: readonly IrValue[], state: IrValue, at: number): readonly IrValue[];
  finish(code: Code, type: AggregateType, accumulators: readonly IrValue[]): IrValue;
  /** State storage: the value over all CPUs; `div` divides it (0: not). */
  summarise(type: AggregateType, states: readonly AggregateState[], div: bigint): AggregateResult;
  /** Bucket storage: the value of the counters by bucket. */
  summariseBuckets(type: AggregateType, counts: ReadonlyMap<number, bigint>, div: bigint): AggregateResult;
}
