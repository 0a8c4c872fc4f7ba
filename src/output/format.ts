// The printf format language: parsing of format strings, what each conversion accepts, formatting of values.

import type { Type } from "../types/type.ts";
import { gfpFlags } from "./gfp-flags.ts";
import { renderBuffer, renderText, type TextOptions } from "./text.ts";
import type { Value } from "./value.ts";

export interface Conversion {
  readonly kind: "conversion";
  readonly letter: string;
  readonly left: boolean;
  readonly plus: boolean;
  readonly alternate: boolean;
  readonly zero: boolean;
  readonly width: number;
  readonly precision: number | undefined;
  /** Bits that integers are cut to. */
  readonly bits: 8 | 16 | 32 | 64;
}

export type FormatPiece = { readonly kind: "text"; readonly text: string } | Conversion;

const pattern = /%(?:%|(-?)(\+?)( ?)(#?)(0?)(\d+|\*)?(?:\.(\d+|\*))?([hlLjzt]*)(rx|rh|gr|[diuxXocpsraAeEfFgGn]))/g;

/** Splits a format string; what is no conversion stands for itself. */
export function parseFormat(format: string): readonly FormatPiece[] {
  const pieces: FormatPiece[] = [];
  let at = 0;
  for (const match of format.matchAll(pattern)) {
    if (match.index > at) pieces.push({ kind: "text", text: format.slice(at, match.index) });
    at = match.index + match[0].length;
    pieces.push(match[0] === "%%" ? { kind: "text", text: "%" } : conversion(match));
  }
  if (at < format.length) pieces.push({ kind: "text", text: format.slice(at) });
  return pieces;
}

function conversion(match: RegExpMatchArray): Conversion {
  const [, left, plus, , alternate, zero, width, precision, length = "", letter = ""] = match;
  return {
    kind: "conversion",
    letter,
    left: left === "-",
    plus: plus === "+",
    alternate: alternate === "#",
    zero: zero === "0",
    width: width === undefined || width === "*" ? 0 : Number(width),
    precision: precision === undefined || precision === "*" ? undefined : Number(precision),
    bits: bitsOf(length),
  };
}

function bitsOf(length: string): 8 | 16 | 32 | 64 {
  if (length === "hh") return 8;
  if (length === "h") return 16;
  return /[ljzt]/.test(length) ? 64 : 32;
}

export function conversionsOf(pieces: readonly FormatPiece[]): readonly Conversion[] {
  return pieces.flatMap((piece) => (piece.kind === "conversion" ? [piece] : []));
}

/** Whether a conversion can show values of a type. */
export function accepts(conversion: Conversion, type: Type): boolean {
  const { letter } = conversion;
  if (letter === "s") return type.kind !== "none";
  if (letter.startsWith("r")) return type.kind === "buffer";
  if (letter === "gr") return type.kind === "int" || type.kind === "pointer";
  if (/^[diuxXocp]$/.test(letter)) return type.kind === "int" || type.kind === "bool" || type.kind === "pointer" || type.kind === "enum";
  return false;
}

/** Formats values, one for each conversion. */
export function formatValues(pieces: readonly FormatPiece[], values: readonly Value[], options: TextOptions): string {
  let text = "";
  let next = 0;
  for (const piece of pieces) {
    if (piece.kind === "text") text += piece.text;
    else {
      const value = values[next];
      next += 1;
      if (value !== undefined) text += formatValue(piece, value, options);
    }
  }
  return text;
}

/** The text of one value. */
export function formatValue(conversion: Conversion, value: Value, options: TextOptions): string {
  const { letter } = conversion;
  if (letter === "s") {
    if (isComposite(value)) return cut(conversion, renderText(padFirstLeaf(conversion, value, options), options));
    return pad(conversion, cut(conversion, renderText(value, options)));
  }
  if (value.kind === "buffer") return pad(conversion, formatBuffer(letter, value.bytes));
  const number = integerOf(value);
  if (letter === "gr") return pad(conversion, gfpFlags(BigInt.asUintN(64, number)));
  if (letter === "p") return pad(conversion, number === 0n ? "0" : `0x${BigInt.asUintN(64, number).toString(16)}`);
  if (letter === "c") return pad(conversion, String.fromCharCode(Number(BigInt.asUintN(8, number))));
  return pad(conversion, formatInteger(conversion, number));
}

type Composite = Value & { kind: "array" | "tuple" | "record" };

function isComposite(value: Value): value is Composite {
  return value.kind === "array" || value.kind === "tuple" || value.kind === "record";
}

/** Width belongs to the first thing inside that is not composite itself, and fills up on its left. */
function padFirstLeaf(conversion: Conversion, value: Value, options: TextOptions): Value {
  if (!isComposite(value)) {
    return { kind: "text", bytes: renderText(value, options).padStart(conversion.width, conversion.zero ? "0" : " ") };
  }
  if (value.kind === "record") {
    const [first, ...rest] = value.fields;
    if (first === undefined) return value;
    return { ...value, fields: [{ name: first.name, value: padFirstLeaf(conversion, first.value, options) }, ...rest] };
  }
  const [first, ...rest] = value.items;
  return first === undefined ? value : { ...value, items: [padFirstLeaf(conversion, first, options), ...rest] };
}

function cut(conversion: Conversion, text: string): string {
  return conversion.precision === undefined ? text : text.slice(0, conversion.precision);
}

function formatBuffer(letter: string, bytes: Uint8Array): string {
  const hex = (byte: number) => byte.toString(16).padStart(2, "0");
  if (letter === "rx") return [...bytes].map((byte) => `\\x${hex(byte)}`).join("");
  if (letter === "rh") return [...bytes].map(hex).join(" ");
  return renderBuffer(bytes);
}

function integerOf(value: Value): bigint {
  switch (value.kind) {
    case "int":
    case "pointer":
    case "enum":
      return value.value;
    case "bool":
      return value.value ? 1n : 0n;
    default:
      return 0n;
  }
}

function formatInteger(conversion: Conversion, value: bigint): string {
  const { letter, bits } = conversion;
  if (letter === "d" || letter === "i") {
    const signed = BigInt.asIntN(bits, value);
    return conversion.plus && signed >= 0n ? `+${signed}` : signed.toString();
  }
  const unsigned = BigInt.asUintN(bits, value);
  switch (letter) {
    case "x":
      return prefix(conversion, unsigned, "0x") + unsigned.toString(16);
    case "X":
      return prefix(conversion, unsigned, "0X") + unsigned.toString(16).toUpperCase();
    case "o":
      return prefix(conversion, unsigned, "0") + unsigned.toString(8);
    default:
      return unsigned.toString();
  }
}

/** The base's prefix, which zero does not have. */
function prefix(conversion: Conversion, value: bigint, text: string): string {
  return conversion.alternate && value !== 0n ? text : "";
}

/** Pads with spaces, or with zeros on whichever side is padded. */
function pad(conversion: Conversion, text: string): string {
  if (text.length >= conversion.width) return text;
  const fill = conversion.zero ? "0" : " ";
  return conversion.left ? text.padEnd(conversion.width, fill) : text.padStart(conversion.width, fill);
}
