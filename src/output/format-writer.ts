// Formats compiled to functions: what printf does for each event, from the bytes of a record to bytes of text, without
// making values. Conversions that are rare go through values (format.ts); both give the same text.

import type { Type } from "../types/type.ts";
import type { ByteBuffer } from "./byte-buffer.ts";
import * as digits from "./digits.ts";
import { type Conversion, type FormatPiece, formatValue } from "./format.ts";
import type { TextOptions } from "./text.ts";
import type { Value } from "./value.ts";

/** Memory that holds a record, as bytes and as words. */
export interface RecordMemory {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
}

export interface RecordField {
  readonly type: Type;
  /** From the start of the record. */
  readonly offset: number;
}

/** Adds the text of the record at `at`, which is a multiple of 8, to a buffer. */
export type FormatWriter = (record: RecordMemory, at: number, out: ByteBuffer) => void;

export interface FormatWriterOptions extends TextOptions {
  /** Strings of this size get the trailer when they were cut. */
  readonly maxStrlen: number;
  decode(record: RecordMemory, at: number, field: RecordField): Value;
}

/** A writer that is made when it is first used: most actions of a program with many probes never are. */
export function lazyFormat(pieces: readonly FormatPiece[], fields: readonly RecordField[], options: FormatWriterOptions): FormatWriter {
  const cell: { made: FormatWriter | undefined } = { made: undefined };
  return (record, at, out) => {
    cell.made ??= compileFormat(pieces, fields, options);
    cell.made(record, at, out);
  };
}

/** Code that writes a text at `p` of `to` and sets `q` to its end; it needs `room` bytes. */
interface Step {
  readonly code: string;
  readonly room: number;
}

/** Makes the function of a format and the fields that its conversions take. */
export function compileFormat(pieces: readonly FormatPiece[], fields: readonly RecordField[], options: FormatWriterOptions): FormatWriter {
  const texts: Uint8Array[] = [];
  const slow: FormatWriter[] = [];
  const text = (bytes: string): string => `texts[${texts.push(Buffer.from(bytes, "latin1")) - 1}]`;
  const lines: string[] = [];
  let room = 0;
  let next = 0;
  for (const piece of pieces) {
    if (piece.kind === "text") {
      lines.push(`p = copyBytes(to, p, ${text(piece.text)});`);
      room += piece.text.length;
      continue;
    }
    const field = fields[next];
    next += 1;
    if (field === undefined) continue;
    const step = fastStep(piece, field, options, text);
    if (step === undefined) {
      const index = slow.push((record, at, out) => out.append(formatValue(piece, options.decode(record, at, field), options))) - 1;
      lines.push(`out.length = p; slow[${index}](record, at, out); out.reserve(room); to = out.bytes; p = out.length;`);
    } else {
      lines.push(step.code, padding(piece));
      room += Math.max(step.room, piece.width);
    }
  }
  return assemble(lines, room, texts, slow);
}

function assemble(lines: readonly string[], room: number, texts: readonly Uint8Array[], slow: readonly FormatWriter[]): FormatWriter {
  const names = Object.keys(digits);
  const body = [
    "return (record, at, out) => {",
    "const { bytes, words } = record, w = at >>> 2;",
    "out.reserve(room);",
    "let to = out.bytes, p = out.length, q = 0;",
    ...lines,
    "out.length = p;",
    "};",
  ].join("\n");
  const make = new Function("room", "texts", "slow", ...names, body);
  const made: unknown = make(room, texts, slow, ...Object.values(digits));
  return isWriter(made) ? made : () => undefined;
}

function isWriter(value: unknown): value is FormatWriter {
  return typeof value === "function";
}

function padding({ width, left, zero }: Conversion): string {
  if (width === 0) return "p = q;";
  return `p = ${left ? "padEnd" : "padStart"}(to, p, q, ${width}, ${zero ? 48 : 32});`;
}

function fastStep(conversion: Conversion, field: RecordField, options: FormatWriterOptions, text: (bytes: string) => string): Step | undefined {
  if (conversion.letter === "s") return textStep(conversion, field, options, text);
  const halves = integerHalves(field);
  if (halves === undefined || conversion.alternate || conversion.plus) return undefined;
  return integerStep(conversion, halves);
}

// ---- %s ------------------------------------------------------------------------------------------------

function textStep(conversion: Conversion, field: RecordField, options: FormatWriterOptions, text: (bytes: string) => string): Step | undefined {
  const { type, offset } = field;
  if (type.kind === "string") {
    const { truncationTrailer, maxStrlen } = options;
    const cut = type.size === maxStrlen && truncationTrailer !== "";
    const trailer = cut ? `if (q - p === ${type.size}) q = copyBytes(to, q, ${text(truncationTrailer)});` : "";
    const { precision } = conversion;
    const end = precision === undefined ? "" : `if (q - p > ${precision}) q = p + ${precision};`;
    return {
      code: `q = cString(to, p, bytes, at + ${offset}, ${type.size});${trailer}${end}`,
      room: type.size + truncationTrailer.length,
    };
  }
  if (conversion.precision !== undefined) return undefined;
  if (type.kind === "bool") {
    return { code: `q = copyBytes(to, p, bytes[at + ${offset}] ? ${text("true")} : ${text("false")});`, room: 5 };
  }
  const halves = type.kind === "int" || type.kind === "pointer" ? integerHalves(field) : undefined;
  if (halves === undefined) return undefined;
  const { low, high } = halves;
  const room = digits.longestNumber;
  if (type.kind === "pointer") return { code: `q = address(to, p, ${high}, ${low});`, room };
  const signed = type.kind === "int" && type.signed;
  return { code: `q = ${signed ? "signed64" : "decimal64"}(to, p, ${high}, ${low});`, room };
}

// ---- integers ------------------------------------------------------------------------------------------

/** Expressions for the unsigned halves of a number that is extended to 64 bits. */
interface Halves {
  readonly low: string;
  readonly high: string;
}

function integerHalves({ type, offset }: RecordField): Halves | undefined {
  const byte = (n: number) => `bytes[at + ${offset + n}]`;
  switch (type.kind) {
    case "bool":
      return { low: `(${byte(0)} ? 1 : 0)`, high: "0" };
    case "pointer":
    case "enum":
      return wideHalves(offset, 8, type.kind === "enum" && type.signed);
    case "int":
      break;
    default:
      return undefined;
  }
  const { bytes, signed } = type;
  if (bytes >= 4) return wideHalves(offset, bytes, signed);
  const top = byte(bytes - 1);
  const raw = bytes === 1 ? top : `(${byte(0)} | ${top} << 8)`;
  if (!signed) return { low: raw, high: "0" };
  const shift = 32 - 8 * bytes;
  return { low: `(${raw} << ${shift} >> ${shift} >>> 0)`, high: `(${top} << 24 >> 31 >>> 0)` };
}

function wideHalves(offset: number, size: number, signed: boolean): Halves | undefined {
  if (offset % 4 !== 0) return undefined;
  const word = (n: number) => `words[w + ${offset / 4 + n}]`;
  if (size === 8) return { low: word(0), high: word(1) };
  return { low: word(0), high: signed ? `(${word(0)} >> 31 >>> 0)` : "0" };
}

function integerStep({ letter, bits }: Conversion, { low, high }: Halves): Step | undefined {
  const room = digits.longestNumber;
  const cut = `(${low} & ${bits === 8 ? 0xff : 0xffff})`;
  const unsigned = bits >= 32 ? low : cut;
  const upper = bits === 64 ? high : "0";
  switch (letter) {
    case "d":
    case "i":
      if (bits === 64) return { code: `q = signed64(to, p, ${high}, ${low});`, room };
      return { code: `q = signed32(to, p, ${low} << ${32 - bits} >> ${32 - bits});`, room };
    case "u":
      return { code: `q = decimal64(to, p, ${upper}, ${unsigned});`, room };
    case "x":
    case "X":
      return { code: `q = hex64(to, p, ${upper}, ${unsigned}, ${letter === "x" ? 97 : 65});`, room };
    case "p":
      return { code: `if (${high} === 0 && ${low} === 0) { to[p] = 48; q = p + 1; } else q = address(to, p, ${high}, ${low});`, room };
    case "c":
      return { code: `to[p] = ${low} & 255; q = p + 1;`, room: 1 };
    default:
      return undefined;
  }
}
