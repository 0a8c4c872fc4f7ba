// Storing values as another type: truncation, extension, zero padding, element by element for tuples and records.

import { assertNever, invariant, present } from "../base/invariant.ts";
import type { Operand, Place } from "../define/code.ts";
import { type ArrayType, isScalar, layoutTuple, none, sameType, sizeOf, type Type } from "../types/type.ts";
import { lowerArgument } from "./access.ts";
import type { FunctionLowering } from "./function.ts";
import { accessSize, memberOperand } from "./operands.ts";

/** All arguments of an event one after the other, as the fields of their struct. */
function storeArguments(f: FunctionLowering, operand: Operand & { kind: "arguments" }, to: Place): void {
  const { type, layout } = operand;
  invariant(type.kind === "struct", "arguments are a struct");
  f.zero(to, sizeOf(type));
  for (const field of type.layout.fields()) {
    const argument = present(layout.fields.find(({ name }) => name === field.name), "argument");
    f.store(lowerArgument(f, argument), field.type, { address: to.address, offset: to.offset + field.offset });
  }
}

/** Stores an operand at a place in the representation of `as`. */
export function storeOperand(f: FunctionLowering, operand: Operand, as: Type, to: Place): void {
  if (operand.kind === "arguments") return storeArguments(f, operand, to);
  invariant(operand.kind !== "none", "nothing can't be stored");
  if (isScalar(as)) {
    const value = operand.type.kind === "array" ? loadArrayInteger(f, operand, operand.type) : f.scalar(operand);
    f.ir.store(accessSize(sizeOf(as)), to.address, to.offset, value);
    return;
  }
  const from = operand.type;
  if (sameType(from, as)) return storeSame(f, operand, to);
  switch (as.kind) {
    case "string":
      return storePadded(f, operand, from, sizeOf(as), to);
    case "buffer":
      return storePadded(f, operand, from, sizeOf(as), to);
    case "array":
      return storeArray(f, operand, as, to);
    case "tuple":
      invariant(from.kind === "tuple", "tuple conversion");
      return storeElements(f, operand, from.elements, as.elements, to);
    case "record": {
      invariant(from.kind === "record", "record conversion");
      const order = as.fields.map((field) => present(from.fields.findIndex((g) => g.name === field.name), "record field"));
      return storeRecord(f, operand, from.fields.map((g) => g.type), as.fields.map((g) => g.type), order, to);
    }
    case "struct":
    case "stack":
    case "opaque":
    case "aggregate":
      return storeSame(f, operand, to);
    case "none":
      return;
    case "int":
    case "bool":
    case "enum":
    case "pointer":
      return;
    default:
      assertNever(as);
  }
}

/** Copies the bytes; remote ones are read straight to their place. */
function storeSame(f: FunctionLowering, operand: Operand, to: Place): void {
  if (operand.kind === "remote") {
    const size = sizeOf(operand.type);
    const address = f.ir.offset(to.address, to.offset);
    f.probeRead(operand.space, address, f.ir.const(size), f.ir.offset(operand.address, operand.offset));
    return;
  }
  invariant(operand.kind === "memory" || operand.kind === "scalar", "bytes to copy");
  f.copy(f.place(operand), to, sizeOf(operand.type));
}

/** Strings and buffers: the bytes that fit, zeros behind them. */
function storePadded(f: FunctionLowering, operand: Operand, from: Type, size: number, to: Place): void {
  const have = Math.min(sizeOf(from), size);
  if (operand.kind === "remote") {
    const address = f.ir.offset(to.address, to.offset);
    f.probeRead(operand.space, address, f.ir.const(have), f.ir.offset(operand.address, operand.offset));
  } else {
    f.copy(f.place(operand), to, have);
  }
  if (size > have) f.zero({ address: to.address, offset: to.offset + have }, size - have);
}

/** An array from an integer, a string or another array of the same size. */
function storeArray(f: FunctionLowering, operand: Operand, as: ArrayType, to: Place): void {
  invariant(operand.kind !== "none" && operand.kind !== "arguments", "array from bytes");
  if (isScalar(operand.type)) {
    f.ir.store(accessSize(sizeOf(as)), to.address, to.offset, f.scalar(operand));
    return;
  }
  storePadded(f, operand, operand.type, sizeOf(as), to);
}

/** The integer whose bytes an array is. */
export function loadArrayInteger(f: FunctionLowering, operand: Operand, type: ArrayType) {
  const place = f.place(operand);
  return f.ir.load(accessSize(sizeOf(type)), place.address, place.offset);
}

function storeElements(f: FunctionLowering, operand: Operand, from: readonly Type[], to: readonly Type[], at: Place): void {
  storeRecord(f, operand, from, to, to.map((_, i) => i), at);
}

/** Element i of the target comes from element order[i] of the source. */
function storeRecord(
  f: FunctionLowering,
  operand: Operand,
  from: readonly Type[],
  to: readonly Type[],
  order: readonly number[],
  at: Place,
): void {
  const source = layoutTuple(from);
  const target = layoutTuple(to);
  const place = f.place(operand);
  const bytes: Operand = { kind: "memory", type: none, address: place.address, offset: place.offset, bits: undefined };
  clearPadding(f, to, at);
  for (const [i, type] of to.entries()) {
    const index = order[i] ?? i;
    const element = memberOperand(bytes, from[index] ?? none, source.offsets[index] ?? 0, undefined);
    const unboxed: Operand = element.kind === "memory" ? { ...element, bits: undefined } : element;
    storeOperand(f, unboxed, type, { address: at.address, offset: at.offset + (target.offsets[i] ?? 0) });
  }
}

/** Tuples are keys by their bytes: holes between elements must be zero. */
export function clearPadding(f: FunctionLowering, elements: readonly Type[], at: Place): void {
  const layout = layoutTuple(elements);
  const used = elements.reduce((sum, type) => sum + sizeOf(type), 0);
  if (used !== layout.size) f.zero(at, layout.size);
}
