// The types of the language: one tagged union, its sizes and its spelling. Needs nothing but the base.

/** Which memory a pointer refers to: it selects the read helper. `bpf` is stack, map or ring buffer memory. */
export type AddressSpace = "kernel" | "user" | "bpf" | "none";

export type IntBytes = 1 | 2 | 4 | 8;

export interface IntType {
  readonly kind: "int";
  readonly bytes: IntBytes;
  readonly signed: boolean;
  /** Clock that the number was read from, when it is another one than usual; no part of the type's identity. */
  readonly clock?: string;
}

export interface PointerType {
  readonly kind: "pointer";
  readonly to: Type;
  readonly space: AddressSpace;
}

export interface StringType {
  readonly kind: "string";
  /** Bytes, the terminating NUL included. */
  readonly size: number;
}

/** `buf()`: a u32 length and that many bytes. */
export interface BufferType {
  readonly kind: "buffer";
  /** Bytes of data at most; storage is 4 more. */
  readonly capacity: number;
}

export interface ArrayType {
  readonly kind: "array";
  readonly element: Type;
  readonly count: number;
}

/** An enumerator: `name` with its value. */
export interface Enumerator {
  readonly name: string;
  readonly value: bigint;
}

export interface EnumType {
  readonly kind: "enum";
  readonly name: string;
  /** Size of the C type, as in a struct; as a value of the language an enum has 8 bytes. */
  readonly bytes: IntBytes;
  readonly signed: boolean;
  readonly enumerators: readonly Enumerator[];
}

/** A member of a struct or union. Members of anonymous structs appear in the list under their own names, promoted. */
export interface Field {
  readonly name: string;
  readonly type: Type;
  /** Bytes from the start of the struct; of a bit-field, of its storage unit. */
  readonly offset: number;
  /** Only of bit-fields: position from the least significant bit of the storage unit, and width. */
  readonly bits: { readonly shift: number; readonly width: number } | undefined;
}

/**
 * A struct or union. Two struct types are the same when their `layout` is the same object: sources of types
 * (kernel BTF, C definitions, DWARF, tracepoint formats) give one layout object per definition.
 */
export interface StructType {
  readonly kind: "struct";
  readonly layout: StructLayout;
}

export interface StructLayout {
  readonly tag: "struct" | "union";
  readonly name: string;
  readonly size: number;
  readonly alignment: number;
  /** False for a struct that is only declared. */
  readonly complete: boolean;
  /** Made on first use: kernel structs refer to each other in circles. */
  fields(): readonly Field[];
}

export interface TupleType {
  readonly kind: "tuple";
  readonly elements: readonly Type[];
}

export interface RecordType {
  readonly kind: "record";
  readonly fields: readonly { readonly name: string; readonly type: Type }[];
}

/** The value of a map that an aggregation (count, hist, …) owns; `aggregation` is the name of its definition. */
export interface AggregateType {
  readonly kind: "aggregate";
  readonly aggregation: string;
  readonly signed: boolean;
  /** Literal parameters: bits of hist; min, max, step of lhist. All uses on one map must agree. */
  readonly parameters: readonly bigint[];
}

export interface StackType {
  readonly kind: "stack";
  readonly space: "kernel" | "user";
  /** What finds the callers: the kernel, by its own means or frame pointers, or our program by unwind tables. */
  readonly walk: "kernel" | "tables";
  readonly mode: "bpftrace" | "perf" | "raw" | "build_id";
  readonly limit: number;
}

/** A fixed number of bytes that only its value type (define/value-type.ts) can read: ksym, inet, timestamp, … */
export interface OpaqueType {
  readonly kind: "opaque";
  /** Name of the value type definition. */
  readonly name: string;
  readonly size: number;
  readonly alignment: 1 | 2 | 4 | 8;
  /** What the definition needs to know to print the value, for instance a time format. Part of the type's identity. */
  readonly parameters: readonly (string | number)[];
}

export type Type =
  | { readonly kind: "none" }
  | { readonly kind: "bool" }
  | IntType
  | EnumType
  | StringType
  | BufferType
  | PointerType
  | ArrayType
  | StructType
  | TupleType
  | RecordType
  | AggregateType
  | StackType
  | OpaqueType;

export const none: Type = { kind: "none" };
export const bool: Type = { kind: "bool" };
export const int8: IntType = { kind: "int", bytes: 1, signed: true };
export const int16: IntType = { kind: "int", bytes: 2, signed: true };
export const int32: IntType = { kind: "int", bytes: 4, signed: true };
export const int64: IntType = { kind: "int", bytes: 8, signed: true };
export const uint8: IntType = { kind: "int", bytes: 1, signed: false };
export const uint16: IntType = { kind: "int", bytes: 2, signed: false };
export const uint32: IntType = { kind: "int", bytes: 4, signed: false };
export const uint64: IntType = { kind: "int", bytes: 8, signed: false };

export function intType(bytes: IntBytes, signed: boolean): IntType {
  switch (bytes) {
    case 1:
      return signed ? int8 : uint8;
    case 2:
      return signed ? int16 : uint16;
    case 4:
      return signed ? int32 : uint32;
    case 8:
      return signed ? int64 : uint64;
  }
}

export function stringType(size: number): StringType {
  return { kind: "string", size };
}

export function pointerTo(to: Type, space: AddressSpace): PointerType {
  return { kind: "pointer", to, space };
}

/** Bytes that a value of the type takes in a variable, a map or an event. */
export function sizeOf(type: Type): number {
  switch (type.kind) {
    case "none":
      return 0;
    case "bool":
      return 1;
    case "int":
      return type.bytes;
    case "enum":
    case "pointer":
      return 8;
    case "string":
      return type.size;
    case "buffer":
      return type.capacity + 4;
    case "array":
      return storedSize(type.element) * type.count;
    case "struct":
      return type.layout.size;
    case "tuple":
      return layoutTuple(type.elements).size;
    case "record":
      return layoutTuple(type.fields.map((f) => f.type)).size;
    case "aggregate":
      return 8;
    case "stack":
      return stackHeader(type) + type.limit * (type.mode === "build_id" ? 32 : 8);
    case "opaque":
      return type.size;
  }
}

/** Bytes before the addresses of a stack: a u64 count; of a user stack also the pid and a u32 before it, which says of unwound ones whether they are incomplete. */
export function stackHeader(type: StackType): number {
  return type.space === "user" ? 16 : 8;
}

/** Bytes that the type takes inside C memory: differs from sizeOf for enums. */
export function storedSize(type: Type): number {
  return type.kind === "enum" ? type.bytes : sizeOf(type);
}

/** Natural alignment inside tuples, events and map values. */
export function alignmentOf(type: Type): 1 | 2 | 4 | 8 {
  switch (type.kind) {
    case "none":
    case "bool":
    case "string":
      return 1;
    case "buffer":
      return 4;
    case "int":
      return type.bytes;
    case "enum":
    case "pointer":
    case "aggregate":
    case "stack":
      return 8;
    case "array":
      return type.element.kind === "enum" ? type.element.bytes : alignmentOf(type.element);
    case "struct":
      return normalAlignment(type.layout.alignment);
    case "tuple":
      return layoutTuple(type.elements).alignment;
    case "record":
      return layoutTuple(type.fields.map((f) => f.type)).alignment;
    case "opaque":
      return type.alignment;
  }
}

function normalAlignment(alignment: number): 1 | 2 | 4 | 8 {
  return alignment >= 8 ? 8 : alignment >= 4 ? 4 : alignment >= 2 ? 2 : 1;
}

export interface TupleLayout {
  readonly offsets: readonly number[];
  readonly size: number;
  readonly alignment: 1 | 2 | 4 | 8;
}

/** Places elements in order at their natural alignment and pads the whole to the largest one. */
export function layoutTuple(elements: readonly Type[]): TupleLayout {
  let at = 0;
  let alignment: 1 | 2 | 4 | 8 = 1;
  const offsets = elements.map((element) => {
    const own = extent(element);
    if (own.alignment > alignment) alignment = own.alignment;
    const offset = alignUp(at, own.alignment);
    at = offset + own.size;
    return offset;
  });
  return { offsets, size: alignUp(at, alignment), alignment };
}

/** Size and alignment at once: asking for one after the other would double the work at each level of nesting. */
function extent(type: Type): { readonly size: number; readonly alignment: 1 | 2 | 4 | 8 } {
  if (type.kind === "tuple") return layoutTuple(type.elements);
  if (type.kind === "record") return layoutTuple(type.fields.map((f) => f.type));
  return { size: sizeOf(type), alignment: alignmentOf(type) };
}

export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

/** True for types whose value fits a register: integers, bool, enums, pointers. */
export function isScalar(type: Type): boolean {
  return type.kind === "int" || type.kind === "bool" || type.kind === "enum" || type.kind === "pointer";
}

/** True for integers, bool and enums. */
export function isIntegral(type: Type): boolean {
  return type.kind === "int" || type.kind === "bool" || type.kind === "enum";
}

function opaque(name: string, size: number, alignment: 1 | 8): OpaqueType {
  return { kind: "opaque", name, size, alignment, parameters: [] };
}

/** Words for the opaque types that need no parameters. */
export const opaqueWords: ReadonlyMap<string, OpaqueType> = new Map([
  ["ksym_t", opaque("ksym", 8, 8)],
  ["usym_t", opaque("usym", 16, 8)],
  ["macaddr_t", opaque("macaddr", 6, 1)],
  ["inet", opaque("inet", 24, 8)],
  ["username_t", opaque("username", 8, 8)],
]);

function opaqueWord(name: string): string {
  for (const [word, type] of opaqueWords) if (type.name === name) return word;
  return name;
}

/** The type as messages and typeinfo spell it. */
export function typeName(type: Type): string {
  switch (type.kind) {
    case "none":
      return "none";
    case "bool":
      return "bool";
    case "int":
      return `${type.signed ? "" : "u"}int${type.bytes * 8}`;
    case "enum":
      return `enum ${type.name}`;
    case "string":
      return `string[${type.size}]`;
    case "buffer":
      return `buffer[${type.capacity}]`;
    case "pointer":
      return type.to.kind === "none" ? "void *" : `${typeName(type.to)} *`;
    case "array":
      return `${typeName(type.element)}[${type.count}]`;
    case "struct":
      return `${type.layout.tag} ${type.layout.name}`;
    case "tuple":
      return `(${type.elements.map(typeName).join(",")})`;
    case "record":
      return `record { ${type.fields.map((f) => `.${f.name} = ${typeName(f.type)}`).join(", ")} }`;
    case "aggregate":
      return `${unsignedPrefix(type)}${type.aggregation}_t`;
    case "stack":
      return `${type.walk === "tables" ? "dw_" : ""}${type.space === "kernel" ? "k" : "u"}stack_${type.mode}_${type.limit}`;
    case "opaque":
      return opaqueWord(type.name);
  }
}

function unsignedPrefix(type: AggregateType): string {
  const always = ["count", "hist", "lhist", "tseries"];
  return type.signed || always.includes(type.aggregation) ? "" : "u";
}

/** Structural equality; structs by layout object, enums by name, pointers by what they point to. */
export function sameType(a: Type, b: Type): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case "none":
    case "bool":
      return b.kind === a.kind;
    case "int":
      return b.kind === "int" && a.bytes === b.bytes && a.signed === b.signed;
    case "enum":
      return b.kind === "enum" && a.name === b.name;
    case "string":
      return b.kind === "string" && a.size === b.size;
    case "buffer":
      return b.kind === "buffer" && a.capacity === b.capacity;
    case "pointer":
      return b.kind === "pointer" && a.space === b.space && sameType(a.to, b.to);
    case "array":
      return b.kind === "array" && a.count === b.count && sameType(a.element, b.element);
    case "struct":
      return b.kind === "struct" && a.layout === b.layout;
    case "tuple":
      return (
        b.kind === "tuple" &&
        a.elements.length === b.elements.length &&
        a.elements.every((e, i) => sameType(e, b.elements[i] ?? none))
      );
    case "record":
      return (
        b.kind === "record" &&
        a.fields.length === b.fields.length &&
        a.fields.every((f, i) => f.name === b.fields[i]?.name && sameType(f.type, b.fields[i]?.type ?? none))
      );
    case "aggregate":
      return (
        b.kind === "aggregate" &&
        a.aggregation === b.aggregation &&
        a.signed === b.signed &&
        a.parameters.length === b.parameters.length &&
        a.parameters.every((p, i) => p === b.parameters[i])
      );
    case "stack":
      return b.kind === "stack" && a.space === b.space && a.walk === b.walk && a.mode === b.mode && a.limit === b.limit;
    case "opaque":
      return (
        b.kind === "opaque" &&
        a.name === b.name &&
        a.size === b.size &&
        a.parameters.length === b.parameters.length &&
        a.parameters.every((p, i) => p === b.parameters[i])
      );
  }
}
