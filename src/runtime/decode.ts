// Bytes of events and map elements as values, by their type.

import type { ResolveHost } from "../define/value-type.ts";
import type { Registry } from "../define/registry.ts";
import { stackIsIncomplete } from "../define/unwind-layout.ts";
import type { Value } from "../output/value.ts";
import { type EnumType, layoutTuple, stackHeader, type StackType, storedSize, type Type } from "../types/type.ts";

/** What decoding needs besides the bytes. */
export interface Decoder {
  readonly registry: Registry;
  readonly host: ResolveHost;
  /** Text of a stack from its addresses; an incomplete one could not be unwound any further. */
  stackText(type: StackType, pid: number, addresses: readonly bigint[], complete: boolean): string;
}

/** Reads a value of a type at an offset; `stored`: as C memory has it (enums in their own size). */
export function decodeValue(decoder: Decoder, view: DataView, offset: number, type: Type, stored = false): Value {
  switch (type.kind) {
    case "none":
      return { kind: "none" };
    case "bool":
      return { kind: "bool", value: view.getUint8(offset) !== 0 };
    case "int":
      return { kind: "int", value: readInteger(view, offset, type.bytes, type.signed) };
    case "enum": {
      return enumValue(type, readInteger(view, offset, stored ? type.bytes : 8, type.signed));
    }
    case "pointer":
      return { kind: "pointer", value: view.getBigUint64(offset, true) };
    case "string":
      return readString(view, offset, type.size, decoder.host.maxStrlen);
    case "buffer": {
      const length = Math.min(view.getUint32(offset, true), type.capacity);
      return { kind: "buffer", bytes: bytesAt(view, offset + 4, length) };
    }
    case "array": {
      const step = storedSize(type.element);
      const items = Array.from({ length: type.count }, (_, i) =>
        decodeValue(decoder, view, offset + i * step, type.element, true),
      );
      return { kind: "array", items };
    }
    case "struct":
      return decodeStruct(decoder, view, offset, type);
    case "tuple": {
      const { offsets } = layoutTuple(type.elements);
      const items = type.elements.map((element, i) => decodeValue(decoder, view, offset + (offsets[i] ?? 0), element));
      return { kind: "tuple", items };
    }
    case "record": {
      const { offsets } = layoutTuple(type.fields.map((field) => field.type));
      const fields = type.fields.map(({ name, type: own }, i) => ({
        name,
        value: decodeValue(decoder, view, offset + (offsets[i] ?? 0), own),
      }));
      return { kind: "record", fields };
    }
    case "aggregate":
      return { kind: "int", value: readInteger(view, offset, 8, type.signed) };
    case "stack":
      return decodeStack(decoder, view, offset, type);
    case "opaque": {
      const definition = decoder.registry.valueTypes.get(type.name);
      if (definition === undefined) return { kind: "none" };
      return definition.decode(bytesAt(view, offset, type.size), type.parameters, decoder.host);
    }
  }
}

function enumValue(type: EnumType, value: bigint): Value {
  return { kind: "enum", value, name: type.enumerators.find((e) => e.value === value)?.name };
}

/** A copy: the memory of events is reused. */
function bytesAt(view: DataView, offset: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + offset, length).slice();
}

function readInteger(view: DataView, offset: number, bytes: number, signed: boolean): bigint {
  switch (bytes) {
    case 1:
      return BigInt(signed ? view.getInt8(offset) : view.getUint8(offset));
    case 2:
      return BigInt(signed ? view.getInt16(offset, true) : view.getUint16(offset, true));
    case 4:
      return BigInt(signed ? view.getInt32(offset, true) : view.getUint32(offset, true));
    default:
      return signed ? view.getBigInt64(offset, true) : view.getBigUint64(offset, true);
  }
}

/** Up to the NUL; a string of str() without one was cut. */
function readString(view: DataView, offset: number, size: number, maxStrlen: number): Value {
  let end = 0;
  while (end < size && view.getUint8(offset + end) !== 0) end += 1;
  const bytes = Buffer.from(view.buffer, view.byteOffset + offset, end).toString("latin1");
  return { kind: "string", bytes, truncated: end === size && size === maxStrlen };
}

function decodeStruct(decoder: Decoder, view: DataView, offset: number, type: Type & { kind: "struct" }): Value {
  const fields = type.layout.fields().map((field) => {
    const at = offset + field.offset;
    if (field.bits === undefined) {
      const value = decodeValue(decoder, view, at, field.type, true);
      return { name: field.name, value: value.kind === "string" ? { ...value, truncated: false } : value };
    }
    const unit = readInteger(view, at, storedSize(field.type), false);
    const raw = (unit >> BigInt(field.bits.shift)) & ((1n << BigInt(field.bits.width)) - 1n);
    const signed = (field.type.kind === "int" || field.type.kind === "enum") && field.type.signed;
    const number = signed ? BigInt.asIntN(field.bits.width, raw) : raw;
    const value: Value = field.type.kind === "enum" ? enumValue(field.type, number) : { kind: "int", value: number };
    return { name: field.name, value };
  });
  return { kind: "record", fields };
}

/** struct bpf_stack_build_id { s32 status; u8 build_id[20]; u64 offset or address } (include/uapi/linux/bpf.h). */
const buildIdSize = 32;
const buildIdIsValid = 1;

function buildIdFrame(view: DataView, at: number): string {
  const place = view.getBigUint64(at + 24, true).toString(16);
  if (view.getInt32(at, true) !== buildIdIsValid) return place;
  const id = Array.from({ length: 20 }, (_, i) => view.getUint8(at + 4 + i).toString(16).padStart(2, "0"));
  return `${id.join("")} 0x${place}`;
}

function decodeStack(decoder: Decoder, view: DataView, offset: number, type: StackType): Value {
  const header = stackHeader(type);
  const count = Math.min(Number(view.getBigUint64(offset + header - 8, true)), type.limit);
  const pid = type.space === "user" ? view.getUint32(offset, true) : 0;
  if (type.mode === "build_id") {
    const frames = Array.from({ length: count }, (_, i) => `${buildIdFrame(view, offset + header + i * buildIdSize)}\n`);
    return { kind: "stack", bytes: `\n${frames.join("")}` };
  }
  const addresses = Array.from({ length: count }, (_, i) => view.getBigUint64(offset + header + i * 8, true));
  const complete = type.walk !== "tables" || view.getUint32(offset + 4, true) !== stackIsIncomplete;
  return { kind: "stack", bytes: decoder.stackText(type, pid, addresses, complete) };
}
