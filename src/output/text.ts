// Values as text: what %s and print() show.

import { renderSeries } from "./series.ts";
import type { Histogram, MapSnapshot, Value } from "./value.ts";

export interface TextOptions {
  /** Appended to strings that were cut. */
  readonly truncationTrailer: string;
}

/** As without settings. */
const defaultTextOptions: TextOptions = { truncationTrailer: ".." };

const barWidth = 52;

export function renderText(value: Value, options: TextOptions = defaultTextOptions): string {
  switch (value.kind) {
    case "none":
      return "null";
    case "int":
      return value.value.toString();
    case "bool":
      return value.value ? "true" : "false";
    case "string":
      return value.truncated ? value.bytes + options.truncationTrailer : value.bytes;
    case "buffer":
      return renderBuffer(value.bytes);
    case "pointer":
      return `0x${value.value.toString(16)}`;
    case "enum":
      return value.name ?? value.value.toString();
    case "array":
      return `[${value.items.map((item) => renderText(item, options)).join(",")}]`;
    case "tuple":
      return `(${value.items.map((item) => renderText(item, options)).join(", ")})`;
    case "record":
      return renderRecord(value.fields, options);
    case "text":
    case "stack":
      return value.bytes;
    case "stats":
      return `{ .count = ${value.count}, .average = ${value.average}, .total = ${value.total} }`;
    case "histogram":
      return renderHistogram(value.histogram);
    case "series":
      return renderSeries(value.series);
  }
}

function renderRecord(fields: readonly { readonly name: string; readonly value: Value }[], options: TextOptions): string {
  if (fields.length === 0) return "{}";
  return `{ ${fields.map((field) => `.${field.name} = ${renderText(field.value, options)}`).join(", ")} }`;
}

/** Printable ASCII as it is, other bytes as \xhh. */
export function renderBuffer(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    text += byte >= 32 && byte <= 126 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return text;
}

/** A key: the outermost parentheses of a tuple are left out. */
export function renderKey(key: Value, options: TextOptions): string {
  const text = renderText(key, options);
  return key.kind === "tuple" ? text.slice(1, -1) : text;
}

export function renderHistogram(histogram: Histogram): string {
  let largest = 0n;
  for (const row of histogram.rows) if (row.count > largest) largest = row.count;
  return histogram.rows.map((row) => `${row.label.padEnd(16)}${bar(row.count, largest)}\n`).join("");
}

/** Count and bar; lengths are computed in single precision, as everybody's are. */
function bar(count: bigint, largest: bigint): string {
  const f = Math.fround;
  const share = largest === 0n ? 0 : f(f(Number(count)) / f(Number(largest)));
  const length = Math.trunc(f(share * barWidth));
  return `${count.toString().padStart(8)} |${"@".repeat(length).padEnd(barWidth)}|`;
}

/** A whole map: one line for each entry, tables for histograms. */
export function renderMapText(snapshot: MapSnapshot, options: TextOptions = defaultTextOptions): string {
  const { name, shape } = snapshot;
  return snapshot.entries
    .map(({ key, value }) => {
      const title = key === undefined ? name : `${name}[${renderKey(key, options)}]`;
      const text = renderText(value, options);
      return shape === "histogram" || shape === "series" ? `${title}:\n${text}\n` : `${title}: ${text}\n`;
    })
    .join("");
}
