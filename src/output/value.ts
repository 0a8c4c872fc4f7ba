// What a program prints, before it is text: renderers (text.ts, json.ts) know these and nothing else.

export type Value =
  | { readonly kind: "none" }
  /** A number with the width and sign that its type has; `value` is already sign- or zero-extended. */
  | { readonly kind: "int"; readonly value: bigint }
  | { readonly kind: "bool"; readonly value: boolean }
  /** Bytes up to the NUL as a byte string; `truncated` when the storage was full without a NUL. */
  | { readonly kind: "string"; readonly bytes: string; readonly truncated: boolean }
  | { readonly kind: "buffer"; readonly bytes: Uint8Array }
  | { readonly kind: "pointer"; readonly value: bigint }
  /** `name` is undefined for a value that is none of the enumerators. */
  | { readonly kind: "enum"; readonly name: string | undefined; readonly value: bigint }
  | { readonly kind: "array"; readonly items: readonly Value[] }
  | { readonly kind: "tuple"; readonly items: readonly Value[] }
  /** Records, structs and unions. */
  | { readonly kind: "record"; readonly fields: readonly { readonly name: string; readonly value: Value }[] }
  /** Text that a value type made of its bytes: a symbol, an address, a time, a user name. A byte string. */
  | { readonly kind: "text"; readonly bytes: string }
  /** A stack: complete text, beginning and ending with a line feed. A byte string. */
  | { readonly kind: "stack"; readonly bytes: string }
  /** stats(): `average` is total / count truncated toward zero, 0 without samples. */
  | { readonly kind: "stats"; readonly count: bigint; readonly average: bigint; readonly total: bigint }
  | { readonly kind: "histogram"; readonly histogram: Histogram }
  | { readonly kind: "series"; readonly series: Series };

/** Values over time: rows in ascending order, one for each interval. */
export interface Series {
  /** Whether the values are signed: bounds of their range. */
  readonly signed: boolean;
  readonly rows: readonly SeriesRow[];
}

export interface SeriesRow {
  /** Start of the interval, in nanoseconds since the epoch. */
  readonly start: bigint;
  /** Undefined: nothing happened in the interval. */
  readonly value: bigint | undefined;
}

/** Rows of a hist or lhist from the first to the last bucket that is not empty. */
export interface Histogram {
  readonly rows: readonly HistogramRow[];
}

export interface HistogramRow {
  /** Label in the text form, for instance `[4K, 8K)`. */
  readonly label: string;
  /** Smallest value of the bucket; undefined: no lower bound. */
  readonly min: bigint | undefined;
  /** Largest value of the bucket, inclusive; undefined: no upper bound. */
  readonly max: bigint | undefined;
  readonly count: bigint;
}

/** A map as it is printed. `entries` are in printing order; a scalar map has one entry with an undefined key. */
export interface MapSnapshot {
  /** With the `@`. */
  readonly name: string;
  readonly scalar: boolean;
  /** How the map's values are shown: plain values, stats records (avg and stats), histograms, time series. */
  readonly shape: "plain" | "average" | "stats" | "histogram" | "series";
  readonly entries: readonly { readonly key: Value | undefined; readonly value: Value }[];
}
