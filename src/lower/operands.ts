// Loading operands: registers from memory, bit-fields, remote bytes by probe_read.

import { invariant } from "../base/invariant.ts";
import { type Operand, type Place, scalarOperand } from "../define/code.ts";
import type { AccessSize, Value } from "../ir/model.ts";
import { type Field, isScalar, sizeOf, storedSize, type Type } from "../types/type.ts";
import { chunks, type FunctionLowering } from "./function.ts";

/** Sign of a scalar type when it is loaded. */
function isSigned(type: Type): boolean {
  return (type.kind === "int" || type.kind === "enum") && type.signed;
}

/** Extends the low bytes of a value by its type; 8-byte types are as they are. */
export function extendTo(f: FunctionLowering, value: Value, type: Type): Value {
  const bytes = type.kind === "enum" ? 8 : sizeOf(type);
  if (bytes >= 8) return value;
  return f.ir.extend(value, accessBits(bytes), isSigned(type));
}

function accessBits(bytes: number): 8 | 16 | 32 {
  return bytes === 1 ? 8 : bytes === 2 ? 16 : 32;
}

export function accessSize(bytes: number): AccessSize {
  invariant(bytes === 1 || bytes === 2 || bytes === 4 || bytes === 8, `access of ${bytes} bytes`);
  return bytes;
}

/** The 64-bit value of a scalar operand. */
export function loadScalar(f: FunctionLowering, operand: Operand): Value {
  switch (operand.kind) {
    case "scalar":
      return operand.value;
    case "memory":
      return loadFrom(f, operand.type, operand.address, operand.offset, operand.bits);
    case "remote": {
      // Only probe_read says whether it failed.
      if (operand.space === "kernel" && f.program.warningLevel < 2) return readKernel(f, operand);
      const size = operand.bits === undefined ? sizeOf(operand.type) : storedSize(operand.type);
      const slot = f.ir.slotAddress(f.ir.slot(8));
      const from = f.ir.offset(operand.address, operand.offset);
      f.probeRead(operand.space, slot, f.ir.const(size), from);
      return loadFrom(f, operand.type, slot, 0, operand.bits);
    }
    case "none":
    case "arguments":
      invariant(false, `no register holds ${operand.kind}`);
  }
}

/** A scalar in kernel memory; of a bit-field as few bytes as have it all. */
function readKernel(f: FunctionLowering, operand: Operand & { kind: "remote" }): Value {
  const { type, bits, struct, address } = operand;
  const piece = bits === undefined ? { size: accessSize(sizeOf(type)), at: 0, shift: 0 } : bitFieldAccess(bits, operand.offset, storedSize(type));
  const offset = operand.offset + piece.at;
  const load = struct === undefined ? undefined : f.target.kernelTypes?.plainLoad(struct, offset, piece.size);
  const value = f.ir.readKernel(piece.size, address, offset, load?.struct, load?.pointee);
  if (bits !== undefined) return extractBits(f, type, value, piece.shift, bits.width);
  return piece.size < 8 && isSigned(type) ? f.ir.extend(value, accessBits(piece.size), true) : value;
}

/** The smallest aligned word of a storage unit that contains a bit-field: its distance from the unit's start, and the bit-field's place in it. */
function bitFieldAccess(
  { shift, width }: { readonly shift: number; readonly width: number },
  unitOffset: number,
  unitSize: number,
): { readonly size: AccessSize; readonly at: number; readonly shift: number } {
  for (const size of [1, 2, 4] as const) {
    const at = Math.floor(shift / (size * 8)) * size;
    if (size < unitSize && (unitOffset + at) % size === 0 && shift + width <= (at + size) * 8) return { size, at, shift: shift - at * 8 };
  }
  return { size: accessSize(unitSize), at: 0, shift };
}

function loadFrom(f: FunctionLowering, type: Type, address: Value, offset: number, bits: Field["bits"]): Value {
  if (bits !== undefined) return loadBits(f, type, address, offset, bits);
  const bytes = accessSize(sizeOf(type));
  const value = loadWord(f, bytes, address, offset);
  return bytes < 8 && isSigned(type) ? f.ir.extend(value, accessBits(bytes), true) : value;
}

/** Members of packed structs may lie at odd offsets, where the verifier lets nobody load whole words from the stack. */
function loadWord(f: FunctionLowering, bytes: AccessSize, address: Value, offset: number): Value {
  if (offset % bytes === 0) return f.ir.load(bytes, address, offset);
  let word = f.ir.const(0);
  for (const [at, size] of chunks(bytes, offset)) {
    const piece = f.ir.load(size, address, offset + at);
    word = f.ir.binary("or", word, at === 0 ? piece : f.ir.binary("shl", piece, f.ir.const(at * 8)));
  }
  return word;
}

function loadBits(
  f: FunctionLowering,
  type: Type,
  address: Value,
  offset: number,
  bits: { readonly shift: number; readonly width: number },
): Value {
  const unit = loadWord(f, accessSize(storedSize(type)), address, offset);
  return extractBits(f, type, unit, bits.shift, bits.width);
}

function extractBits(f: FunctionLowering, type: Type, unit: Value, shift: number, width: number): Value {
  const left = 64 - shift - width;
  const high = left === 0 ? unit : f.ir.binary("shl", unit, f.ir.const(left));
  const operation = isSigned(type) ? "ashr" : "lshr";
  return width === 64 ? high : f.ir.binary(operation, high, f.ir.const(64 - width));
}

/** The bytes of an operand in memory that programs may load from. */
export function placeOf(f: FunctionLowering, operand: Operand): Place {
  if (operand.kind === "memory" && operand.bits === undefined) return { address: operand.address, offset: operand.offset };
  invariant(operand.kind !== "none", "no bytes of nothing");
  if (operand.kind === "arguments") {
    const address = f.temporary(sizeOf(operand.type));
    f.store(operand, operand.type, { address, offset: 0 });
    return { address, offset: 0 };
  }
  if (operand.kind === "remote" && operand.bits === undefined) {
    const size = sizeOf(operand.type);
    const address = f.temporary(size);
    f.probeRead(operand.space, address, f.ir.const(size), f.ir.offset(operand.address, operand.offset));
    return { address, offset: 0 };
  }
  const address = f.temporary(8);
  f.store(scalarOperand(operand.type, loadScalar(f, operand)), operand.type, { address, offset: 0 });
  return { address, offset: 0 };
}

/** Whether values of the type are kept in registers. */
export function livesInRegister(type: Type): boolean {
  return isScalar(type);
}

/** A member of an operand: moved by an offset, with another type. */
export function memberOperand(operand: Operand, type: Type, offset: number, bits: Field["bits"]): Operand {
  // Inside C memory an enum has the size of its C type, as a value 8 bytes: read it as a bit-field of that size.
  const narrow = type.kind === "enum" && type.bytes < 8 && bits === undefined ? { shift: 0, width: type.bytes * 8 } : bits;
  switch (operand.kind) {
    case "memory":
      return { ...operand, type, offset: operand.offset + offset, bits: narrow };
    case "remote":
      return { ...operand, type, offset: operand.offset + offset, bits: narrow };
    default:
      invariant(false, `no members in ${operand.kind}`);
  }
}
