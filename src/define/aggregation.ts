// Aggregations (count, sum, hist, …): functions that own the map they are assigned to.

import type { Value as IrValue } from "../ir/model.ts";
import type { MapSnapshot, Value } from "../output/value.ts";
import { type AggregateType, int64, type Type, uint64 } from "../types/type.ts";
import type { CallSite, ParameterSpec } from "./builtin.ts";
import type { Code } from "./code.ts";

/** The state of one element on one CPU, as user space reads it. */
export interface AggregateState {
  readonly bytes: DataView;
  /** Where the state begins in them. */
  readonly at: number;
}

export type BucketStates = ReadonlyMap<number, readonly AggregateState[]>;

/** How the elements of an aggregation are kept. */
export type AggregateStorage =
  /** `size` bytes for each key and CPU, zero at first. */
  | { readonly kind: "state"; readonly size: number }
  /**
   * `size` bytes for each key, bucket and CPU, zero at first. Buckets are below `buckets`; of a ring the numbers go on and
   * their remainder counts.
   */
  | { readonly kind: "buckets"; readonly buckets: number; readonly size: number; readonly ring: boolean };

/** How to print and sort what user space read. */
export interface AggregateResult {
  readonly value: Value;
  /** Entries are printed in ascending order of this. */
  readonly rank: bigint;
}

/** What an element stands for where a value is shown: its integer or record; undefined: nothing. */
export function elementType(definition: AggregationDef | undefined, type: AggregateType): Type | undefined {
  const word = type.signed ? int64 : uint64;
  if (definition === undefined || definition.castable) return word;
  const fields = definition.fields.map((name) => ({ name, type: word }));
  return fields.length === 0 ? undefined : { kind: "record", fields };
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
  readonly shape: MapSnapshot["shape"];
  /** Whether rank compares as unsigned. */
  readonly unsignedRank: boolean;
  type(site: CallSite): AggregateType | undefined;
  check(site: CallSite): void;
  storage(type: AggregateType): AggregateStorage;
  /**
   * Adds one sample to the state at `state` (offset `at`); `sample` is the first argument, if there is one, `bucket` the
   * number that `bucket` gave.
   */
  update(code: Code, type: AggregateType, state: IrValue, at: number, sample: IrValue, bucket: IrValue): void;
  /** Bucket storage: number of the bucket of a sample. */
  bucket(code: Code, type: AggregateType, sample: IrValue): IrValue;
  /**
   * Reading in a program: `fold` goes over the states of all CPUs, then `finish` gives the integer.
   * Accumulators are IR variables that the caller keeps, `accumulators` of them, zero at first.
   */
  readonly accumulators: number;
  fold(code: Code, type: AggregateType, accumulators: readonly IrValue[], state: IrValue, at: number): readonly IrValue[];
  finish(code: Code, type: AggregateType, accumulators: readonly IrValue[]): IrValue;
  /** Names of the parts of an element that is read as a record; none: it is an integer, or can't be read. */
  readonly fields: readonly string[];
  finishFields(code: Code, type: AggregateType, accumulators: readonly IrValue[]): readonly IrValue[];
  /** State storage: the value over all CPUs; `div` divides it (0: not). */
  summarise(type: AggregateType, states: readonly AggregateState[], div: bigint): AggregateResult;
  /** Bucket storage: the value of the states of all CPUs by bucket. */
  summariseBuckets(type: AggregateType, states: BucketStates, div: bigint): AggregateResult;
  /** The values of all elements as they are shown together. */
  align(type: AggregateType, values: readonly Value[]): readonly Value[];
}
