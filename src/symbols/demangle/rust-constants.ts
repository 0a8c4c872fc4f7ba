// Constants in Rust v0 names: numbers, characters, strings, and values built of them.

import { malformed } from "./malformed.ts";
import { printPath } from "./rust-paths.ts";
import type { Position } from "./rust-paths.ts";
import type { RustPrinter } from "./rust-printer.ts";
import { printTuple } from "./rust-types.ts";

/** Values that are no literals have braces around them, unless they are inside of another value. */
export function printConstant(p: RustPrinter, position: Position): void {
  p.nested(() => {
    const tag = p.next();
    switch (tag) {
      case "p":
        return p.write("_");
      case "B":
        return p.backReference(() => printConstant(p, position), undefined);
      case "b":
        return printBoolean(p);
      case "c":
        return p.write(quoted(codePoint(p.hex()), "'"));
      default:
        if (/^[hmotyj]$/.test(tag)) return p.write(decimal(p.hex()));
        if (/^[alnsxi]$/.test(tag)) return p.write((p.take("n") ? "-" : "") + decimal(p.hex()));
        return printValue(p, tag, position);
    }
  });
}

function printBoolean(p: RustPrinter): void {
  const value = p.hex();
  if (value !== "0" && value !== "1") throw malformed;
  p.write(value === "1" ? "true" : "false");
}

function printValue(p: RustPrinter, tag: string, { inValue }: Position): void {
  // A reference to a text is an ordinary literal.
  if (tag === "R" && p.take("e")) return p.write(quoted(text(p.hex()), '"'));
  if (!inValue) p.write("{");
  printStructure(p, tag);
  if (!inValue) p.write("}");
}

function printStructure(p: RustPrinter, tag: string): void {
  const item = () => printConstant(p, { inValue: true });
  switch (tag) {
    case "e":
      return p.write(`*${quoted(text(p.hex()), '"')}`);
    case "R":
    case "Q":
      p.write(tag === "Q" ? "&mut " : "&");
      return item();
    case "A":
      p.write("[");
      p.list(", ", item);
      return p.write("]");
    case "T":
      return printTuple(p, item);
    case "V":
      return printVariant(p, item);
    default:
      throw malformed;
  }
}

/** A struct or a variant of an enum: without fields, as a tuple, or with names. */
function printVariant(p: RustPrinter, item: () => void): void {
  printPath(p, { inValue: true });
  const shape = p.next();
  switch (shape) {
    case "U":
      return undefined;
    case "T":
      p.write("(");
      p.list(", ", item);
      return p.write(")");
    case "S":
      p.write(" { ");
      p.list(", ", () => {
        p.write(`${p.identifier().name}: `);
        item();
      });
      return p.write(" }");
    default:
      throw malformed;
  }
}

/** Numbers above 64 bits stay hexadecimal. */
function decimal(hex: string): string {
  const digits = hex.replace(/^0+/, "");
  if (digits.length > 16) return `0x${digits}`;
  return digits === "" ? "0" : BigInt(`0x${digits}`).toString();
}

function codePoint(hex: string): string {
  const point = hex === "" || hex.length > 6 ? 0x110000 : parseInt(hex, 16);
  if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) throw malformed;
  return String.fromCodePoint(point);
}

function text(hex: string): string {
  if (hex.length % 2 !== 0) throw malformed;
  const bytes = Buffer.from(hex, "hex");
  const decoded = bytes.toString("utf8");
  if (!Buffer.from(decoded, "utf8").equals(bytes)) throw malformed;
  return decoded;
}

const shortEscapes: ReadonlyMap<string, string> = new Map([
  ["\0", "\\0"],
  ["\t", "\\t"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\\", "\\\\"],
]);

/** As Rust's debug format writes characters and strings. */
function quoted(value: string, quote: string): string {
  const escaped = [...value].map((character) => {
    if (character === quote) return `\\${quote}`;
    const short = shortEscapes.get(character);
    if (short !== undefined) return short;
    return /^[\p{C}\p{Zl}\p{Zp}]$/u.test(character) ? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}` : character;
  });
  return `${quote}${escaped.join("")}${quote}`;
}
