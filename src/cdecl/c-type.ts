// C types as the declaration parser knows them: with C sizes and alignments, before they become types of the language.

import { storedSize, type Type, alignmentOf } from "../types/type.ts";

export interface CInteger {
  readonly kind: "int";
  readonly size: 1 | 2 | 4 | 8 | 16;
  readonly signed: boolean;
  /** Plain `char` and `_Bool` differ from integers of their size. */
  readonly flavour: "plain" | "char" | "bool";
}

/** Floating point, vectors, va_list: a name, a size and an alignment. */
export interface COpaque {
  readonly kind: "opaque";
  readonly name: string;
  readonly size: number;
  readonly alignment: number;
}

export interface CPointer {
  readonly kind: "pointer";
  readonly to: CType;
}

export interface CArray {
  readonly kind: "array";
  readonly element: CType;
  readonly count: number;
  /** `[]`: no bound given. */
  readonly open: boolean;
  readonly size: number;
  readonly alignment: number;
}

/** A type whose alignment a typedef changed. */
export interface CAligned {
  readonly kind: "aligned";
  readonly type: CType;
  readonly alignment: number;
}

export type CType =
  | { readonly kind: "void" }
  | CInteger
  | COpaque
  | CPointer
  | CArray
  | CAligned
  | { readonly kind: "function"; readonly result: CType }
  | { readonly kind: "record"; readonly record: CRecord }
  | { readonly kind: "enum"; readonly enumeration: CEnum }
  | { readonly kind: "external"; readonly type: Type };

/** A struct or union; it is completed in place, so that pointers made before refer to the same one. */
export interface CRecord {
  readonly tag: "struct" | "union";
  /** Tag, else the first typedef name, else empty. */
  name: string;
  layout: RecordLayout | undefined;
}

/** A member with its place. */
export interface PlacedMember {
  readonly name: string | undefined;
  readonly type: CType;
  /** Bits from the start of the record. */
  readonly position: number;
  readonly width: number | undefined;
}

export interface RecordLayout {
  /** Bytes. */
  readonly size: number;
  readonly alignment: number;
  readonly members: readonly PlacedMember[];
}

export interface CEnum {
  name: string;
  /** Undefined while it is only declared. */
  body:
    | { readonly size: 1 | 2 | 4 | 8; readonly signed: boolean; readonly enumerators: readonly CEnumerator[] }
    | undefined;
}

export interface CEnumerator {
  readonly name: string;
  readonly value: bigint;
}

export const cVoid: CType = { kind: "void" };
export const cChar: CInteger = { kind: "int", size: 1, signed: true, flavour: "char" };
export const cBool: CInteger = { kind: "int", size: 1, signed: false, flavour: "bool" };
export const cInt = integer(4, true);
export const cUnsignedLong = integer(8, false);
export const cLong = integer(8, true);

export function integer(size: CInteger["size"], signed: boolean): CInteger {
  return { kind: "int", size, signed, flavour: "plain" };
}

/** Largest object: keeps bit offsets exact in numbers. */
export const maximumSize = 2 ** 48;

/** An array type; undefined when the element has no size or the whole is too large. */
export function arrayOf(element: CType, count: number, bound: { readonly open: boolean }): CArray | undefined {
  const size = sizeOfC(element);
  if (size === undefined || size * count > maximumSize) return undefined;
  return { kind: "array", element, count, open: bound.open, size: size * count, alignment: alignmentOfC(element) };
}

/** Bytes of the C type; undefined for incomplete types. `void` and functions have 1, as in GNU C. */
export function sizeOfC(type: CType): number | undefined {
  switch (type.kind) {
    case "void":
    case "function":
      return 1;
    case "int":
    case "opaque":
    case "array":
      return type.size;
    case "pointer":
      return 8;
    case "aligned":
      return sizeOfC(type.type);
    case "record":
      return type.record.layout?.size;
    case "enum":
      return type.enumeration.body?.size ?? 4;
    case "external":
      return storedSize(type.type);
  }
}

/** Alignment of the C type in bytes. */
export function alignmentOfC(type: CType): number {
  switch (type.kind) {
    case "void":
    case "function":
      return 1;
    case "int":
      return type.size;
    case "opaque":
    case "array":
    case "aligned":
      return type.alignment;
    case "pointer":
      return 8;
    case "record":
      return type.record.layout?.alignment ?? 1;
    case "enum":
      return type.enumeration.body?.size ?? 4;
    case "external":
      return externalAlignment(type.type);
  }
}

function externalAlignment(type: Type): number {
  if (type.kind === "enum") return type.bytes;
  if (type.kind === "struct") return type.layout.alignment;
  if (type.kind === "array") return externalAlignment(type.element);
  return alignmentOf(type);
}

/** The type below changed alignments. */
export function withoutAlignment(type: CType): CType {
  let inner = type;
  while (inner.kind === "aligned") inner = inner.type;
  return inner;
}

/** The integer that the type computes as; undefined for others. */
export function integerOf(type: CType): CInteger | undefined {
  const inner = withoutAlignment(type);
  switch (inner.kind) {
    case "int":
      return inner;
    case "enum":
      return integer(inner.enumeration.body?.size ?? 4, inner.enumeration.body?.signed ?? false);
    case "external":
      if (inner.type.kind === "int") return integer(inner.type.bytes, inner.type.signed);
      if (inner.type.kind === "bool") return cBool;
      return inner.type.kind === "enum" ? integer(inner.type.bytes, inner.type.signed) : undefined;
    default:
      return undefined;
  }
}

/** Same type, as __builtin_types_compatible_p asks. */
export function compatible(a: CType, b: CType): boolean {
  for (let x = withoutAlignment(a), y = withoutAlignment(b); ; ) {
    if (x === y) return true;
    if (x.kind === "pointer" && y.kind === "pointer") {
      x = withoutAlignment(x.to);
      y = withoutAlignment(y.to);
    } else if (x.kind === "array" && y.kind === "array" && (x.count === y.count || x.open || y.open)) {
      x = withoutAlignment(x.element);
      y = withoutAlignment(y.element);
    } else if (x.kind === "record" && y.kind === "record") return x.record === y.record;
    else if (x.kind === "enum" && y.kind === "enum") return x.enumeration === y.enumeration;
    else if (x.kind === "int" && y.kind === "int") {
      return x.size === y.size && x.signed === y.signed && x.flavour === y.flavour;
    } else if (x.kind === "opaque" && y.kind === "opaque") return x.name === y.name && x.size === y.size;
    else return x.kind === y.kind && (x.kind === "void" || x.kind === "function");
  }
}
