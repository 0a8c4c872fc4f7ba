// How types combine: promotion of integers, merging of the types of one variable or map, what may be a condition.

import {
  type AggregateType,
  bool,
  int64,
  type IntBytes,
  type IntType,
  intType,
  sameType,
  type Type,
  uint64,
} from "./type.ts";

/** The smallest signed type that holds a literal; uint64 above 2^63-1. */
export function literalIntType(value: bigint): IntType {
  if (value > 0x7fff_ffff_ffff_ffffn) return uint64;
  for (const bytes of [1, 2, 4] as const) {
    const limit = 1n << BigInt(bytes * 8 - 1);
    if (value >= -limit && value < limit) return intType(bytes, true);
  }
  return int64;
}

/** True for a literal whose sign adapts to the other operand: not negative and in the signed range. */
export function isFlexibleLiteral(value: bigint | undefined): boolean {
  return value !== undefined && value >= 0n && value <= 0x7fff_ffff_ffff_ffffn;
}

export interface Promotion {
  readonly type: IntType;
  /** An unsigned 64-bit operand had to become signed. */
  readonly lossy: boolean;
}

/** The integer type that holds both (spec: language, promotion). */
export function promote(a: IntType, b: IntType, flexible: { readonly a: boolean; readonly b: boolean }): Promotion {
  const bytes: IntBytes = a.bytes >= b.bytes ? a.bytes : b.bytes;
  if (a.signed === b.signed) return { type: intType(bytes, a.signed), lossy: false };
  if (flexible.a) return { type: intType(bytes, b.signed), lossy: false };
  if (flexible.b) return { type: intType(bytes, a.signed), lossy: false };
  const signed = a.signed ? a : b;
  const unsigned = a.signed ? b : a;
  if (signed.bytes > unsigned.bytes) return { type: signed, lossy: false };
  const twice: IntBytes = unsigned.bytes === 1 ? 2 : unsigned.bytes === 2 ? 4 : 8;
  return { type: intType(twice, true), lossy: unsigned.bytes === 8 };
}

/** The integer that an aggregate stands for in expressions. */
export function aggregateInteger(type: AggregateType): IntType {
  return type.signed ? int64 : uint64;
}

/** What a value of the type is in arithmetic: bool is a small unsigned integer, an enum 64 bits. */
export function arithmeticType(type: Type): IntType | undefined {
  switch (type.kind) {
    case "int":
      return type;
    case "bool":
      return intType(1, false);
    case "enum":
      return type.signed ? int64 : uint64;
    default:
      return undefined;
  }
}

/** The common type of two uses of one variable, map value or key, or of two branches; undefined when there is none. */
export function mergeTypes(a: Type, b: Type, flexibleB: boolean): Type | undefined {
  if (sameType(a, b)) return a;
  if (a.kind === "int" && b.kind === "int") return promote(a, b, { a: false, b: flexibleB }).type;
  if (a.kind === "enum" && b.kind === "int") return promote(enumInteger(a), b, { a: false, b: flexibleB }).type;
  if (a.kind === "int" && b.kind === "enum") return promote(a, enumInteger(b), { a: false, b: false }).type;
  if (a.kind === "enum" && b.kind === "enum") return promote(enumInteger(a), enumInteger(b), { a: false, b: false }).type;
  if (a.kind === "string" && b.kind === "string") return a.size >= b.size ? a : b;
  if (a.kind === "buffer" && b.kind === "buffer") return a.capacity >= b.capacity ? a : b;
  if (a.kind === "pointer" && b.kind === "pointer") return b;
  if (a.kind === "tuple" && b.kind === "tuple") return mergeTuples(a.elements, b.elements);
  if (a.kind === "record" && b.kind === "record") return mergeRecords(a.fields, b.fields);
  if (a.kind === "aggregate" && b.kind === "aggregate") return mergeAggregates(a, b);
  return undefined;
}

function enumInteger(type: { readonly signed: boolean }): IntType {
  return type.signed ? int64 : uint64;
}

function mergeTuples(a: readonly Type[], b: readonly Type[]): Type | undefined {
  if (a.length !== b.length) return undefined;
  const elements: Type[] = [];
  for (const [i, element] of a.entries()) {
    const other = b[i];
    const merged = other === undefined ? undefined : mergeTypes(element, other, false);
    if (merged === undefined) return undefined;
    elements.push(merged);
  }
  return { kind: "tuple", elements };
}

interface NamedType {
  readonly name: string;
  readonly type: Type;
}

/** Records need the same names; the order of the first one stays. */
function mergeRecords(a: readonly NamedType[], b: readonly NamedType[]): Type | undefined {
  if (a.length !== b.length) return undefined;
  const fields: NamedType[] = [];
  for (const field of a) {
    const other = b.find((f) => f.name === field.name);
    const merged = other === undefined ? undefined : mergeTypes(field.type, other.type, false);
    if (merged === undefined) return undefined;
    fields.push({ name: field.name, type: merged });
  }
  return { kind: "record", fields };
}

/** One kind with equal parameters; a signed use makes the whole signed. */
function mergeAggregates(a: AggregateType, b: AggregateType): Type | undefined {
  if (a.aggregation !== b.aggregation) return undefined;
  if (a.parameters.length !== b.parameters.length || a.parameters.some((p, i) => p !== b.parameters[i])) return undefined;
  return a.signed ? a : b;
}

/** What can be a condition without being a literal: integers, bool, enums, pointers. */
export function isConditionType(type: Type): boolean {
  return type.kind === "int" || type.kind === "bool" || type.kind === "enum" || type.kind === "pointer";
}

/** Whether both may be compared with `==`; arrays, tuples and records element by element. */
export function comparable(a: Type, b: Type): boolean {
  if (arithmeticType(a) !== undefined && arithmeticType(b) !== undefined) return true;
  if (a.kind === "pointer") return b.kind === "pointer" || b.kind === "int" || b.kind === "enum";
  if (b.kind === "pointer") return a.kind === "int" || a.kind === "enum";
  if (a.kind === "string") return b.kind === "string";
  if (a.kind === "buffer") return b.kind === "buffer";
  if (a.kind === "array" && b.kind === "array") return true;
  if (a.kind === "tuple" && b.kind === "tuple") {
    return a.elements.length === b.elements.length && a.elements.every((e, i) => comparable(e, b.elements[i] ?? bool));
  }
  if (a.kind === "record" && b.kind === "record") {
    return (
      a.fields.length === b.fields.length &&
      a.fields.every((f) => {
        const other = b.fields.find((g) => g.name === f.name);
        return other !== undefined && comparable(f.type, other.type);
      })
    );
  }
  if (a.kind === "struct" && b.kind === "struct") return a.layout === b.layout;
  if (a.kind === "opaque" && b.kind === "opaque") return a.name === b.name;
  if (a.kind === "stack" && b.kind === "stack") return sameType(a, b);
  return false;
}
