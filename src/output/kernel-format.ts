// Formats as the kernel's own printf takes them (bpf_seq_printf, kernel/trace/bpf_trace.c): fewer conversions, and no more
// than twelve of them.

import type { Type } from "../types/type.ts";
import { type Conversion, conversionsOf, type FormatPiece } from "./format.ts";

/** MAX_BPRINTF_VARARGS (include/linux/bpf.h). */
const maxValues = 12;

/** How a value is handed over: an integer cut to its bits, a string by its address, or one character as such a string. */
export type KernelValue =
  | { readonly kind: "integer"; readonly bits: 8 | 16 | 32 | 64; readonly signed: boolean }
  | { readonly kind: "string" }
  | { readonly kind: "character" };

export interface KernelFormat {
  /** With `%%` for a percent sign; if there are no values, the text as it is. */
  readonly text: string;
  readonly values: readonly KernelValue[];
}

/** A format for values of these types; a text says why the kernel can't make it. */
export function kernelFormat(pieces: readonly FormatPiece[], types: readonly Type[]): KernelFormat | string {
  const conversions = conversionsOf(pieces);
  if (conversions.length === 0) return { text: pieces.map((piece) => (piece.kind === "text" ? piece.text : "")).join(""), values: [] };
  if (conversions.length > maxValues) return `it takes at most ${maxValues} values, not ${conversions.length}`;
  let text = "";
  const values: KernelValue[] = [];
  for (const piece of pieces) {
    if (piece.kind === "text") {
      if (!/^[\t-\r -~]*$/.test(piece.text)) return "beside conversions it takes ASCII text only";
      text += piece.text.replaceAll("%", "%%");
      continue;
    }
    const type = types[values.length];
    const value = type === undefined ? undefined : kernelValue(piece, type);
    if (value === undefined) return `it can't show ${describe(piece)}`;
    text += spelling(piece, value);
    values.push(value);
  }
  return { text, values };
}

function describe({ letter, precision, alternate }: Conversion): string {
  if (precision !== undefined) return "a precision";
  return alternate ? `%#${letter}` : `%${letter} of such a value`;
}

function kernelValue({ letter, bits, precision, alternate, width }: Conversion, type: Type): KernelValue | undefined {
  if (precision !== undefined || alternate) return undefined;
  switch (letter) {
    case "d":
    case "i":
      return { kind: "integer", bits, signed: true };
    case "u":
    case "x":
    case "X":
      return { kind: "integer", bits, signed: false };
    case "p":
      return width === 0 ? { kind: "integer", bits: 64, signed: false } : undefined;
    case "c":
      return { kind: "character" };
    case "s":
      if (type.kind === "string") return { kind: "string" };
      return type.kind === "int" ? { kind: "integer", bits: 64, signed: type.signed } : undefined;
    default:
      return undefined;
  }
}

/** The conversion in the kernel's words: integers are always of 64 bits there, for they were cut before. */
function spelling({ letter, left, plus, zero, width }: Conversion, value: KernelValue): string {
  const flags = `${left ? "-" : ""}${plus ? "+" : ""}${zero && !left ? "0" : ""}${width === 0 ? "" : width}`;
  if (value.kind !== "integer") return `%${flags}s`;
  if (letter === "p") return "0x%llx";
  const base = letter === "x" || letter === "X" ? letter : value.signed ? "d" : "u";
  return `%${flags}ll${base}`;
}
