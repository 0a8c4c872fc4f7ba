// JSON output: one object for each event, with the spacing that readers of bpftrace's format know.

import { fromByteString } from "../base/byte-string.ts";
import { formatTime } from "./strftime.ts";
import { renderKey, renderText, type TextOptions } from "./text.ts";
import type { Histogram, MapSnapshot, Series, Value } from "./value.ts";

/** A byte string as a JSON string; invalid UTF-8 becomes U+FFFD. The result is JS text. */
export function jsonString(bytes: string): string {
  return `"${fromByteString(bytes).replace(/["\\]|[^ -\uffff]/g, escapeCharacter)}"`;
}

function escapeCharacter(c: string): string {
  switch (c) {
    case '"':
    case "\\":
      return `\\${c}`;
    case "\n":
      return "\\n";
    case "\r":
      return "\\r";
    case "\t":
      return "\\t";
    default:
      return `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  }
}

function jsonNumber(value: bigint): string {
  const exact = BigInt(Number(value)) === value;
  return exact ? value.toString() : `"${value}"`;
}

export function jsonValue(value: Value, options: TextOptions): string {
  switch (value.kind) {
    case "none":
      return "null";
    case "int":
    case "pointer":
    case "enum":
      return jsonNumber(value.value);
    case "bool":
      return value.value ? "true" : "false";
    case "string":
    case "text":
    case "stack":
      return jsonString(renderText(value, options));
    case "buffer":
      return `[${[...value.bytes].map((byte) => (byte << 24) >> 24).join(",")}]`;
    case "array":
    case "tuple":
      return `[${value.items.map((item) => jsonValue(item, options)).join(",")}]`;
    case "record":
      return `{${value.fields.map((f) => `${jsonString(f.name)}: ${jsonValue(f.value, options)}`).join(", ")}}`;
    case "stats":
      return `{"count": ${jsonNumber(value.count)}, "average": ${jsonNumber(value.average)}, "total": ${jsonNumber(value.total)}}`;
    case "histogram":
      return jsonHistogram(value.histogram);
    case "series":
      return jsonSeries(value.series);
  }
}

function jsonHistogram(histogram: Histogram): string {
  const rows = histogram.rows.map((row) => {
    const parts: string[] = [];
    if (row.min !== undefined) parts.push(`"min": ${row.min}`);
    if (row.max !== undefined) parts.push(`"max": ${row.max}`);
    parts.push(`"count": ${row.count}`);
    return `{${parts.join(", ")}}`;
  });
  return `[${rows.join(",")}]`;
}

/** Intervals that have a value. */
function jsonSeries(series: Series): string {
  const points = series.rows.flatMap(({ start, value }) => {
    if (value === undefined) return [];
    return [`{"interval_start":${jsonString(formatTime("%Y-%m-%d %H:%M:%S.%k", start))},"value":${jsonNumber(value)}}`];
  });
  return `[${points.join(",")}]`;
}

/** An event with one datum that is JSON already. */
export function jsonEvent(type: string, data: string): string {
  return `{"type": "${type}", "data": ${data}}\n`;
}

const mapTypes = { plain: "map", average: "stats", stats: "stats", histogram: "hist", series: "tseries" } as const;

/** A map; nothing for one without elements, unless it is one of averages. */
export function jsonMap(snapshot: MapSnapshot, options: TextOptions): string {
  const averages = snapshot.shape === "average" || snapshot.shape === "stats";
  if (snapshot.entries.length === 0 && !averages) return "";
  const type = mapTypes[snapshot.shape];
  const [first] = snapshot.entries;
  const content =
    snapshot.scalar && first !== undefined
      ? jsonValue(first.value, options)
      : `{${snapshot.entries.map(({ key, value }) => `${jsonKey(key, options)}: ${jsonValue(value, options)}`).join(", ")}}`;
  return jsonEvent(type, `{${jsonString(snapshot.name)}: ${content}}`);
}

/** Keys are strings without blanks. */
function jsonKey(key: Value | undefined, options: TextOptions): string {
  return jsonString(key === undefined ? "" : renderKey(key, options).replaceAll(" ", ""));
}
