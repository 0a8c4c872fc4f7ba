// The meaning of the IR's pure operations on numbers, shared by constant propagation and the interpreter. Numbers are unsigned 64-bit.

import type { BinaryOperation, Comparison } from "./model.ts";

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const s64 = (value: bigint): bigint => BigInt.asIntN(64, value);

/** eBPF arithmetic: division by zero gives 0, the remainder by zero the dividend; shift amounts are taken modulo 64. */
export function evaluateBinary(operation: BinaryOperation, left: bigint, right: bigint): bigint {
  switch (operation) {
    case "add":
      return u64(left + right);
    case "sub":
      return u64(left - right);
    case "mul":
      return u64(left * right);
    case "udiv":
      return right === 0n ? 0n : left / right;
    case "sdiv":
      return right === 0n ? 0n : u64(s64(left) / s64(right));
    case "umod":
      return right === 0n ? left : left % right;
    case "smod":
      return right === 0n ? left : u64(s64(left) % s64(right));
    case "and":
      return left & right;
    case "or":
      return left | right;
    case "xor":
      return left ^ right;
    case "shl":
      return u64(left << (right & 63n));
    case "lshr":
      return left >> (right & 63n);
    case "ashr":
      return u64(s64(left) >> (right & 63n));
  }
}

export function evaluateComparison(comparison: Comparison, left: bigint, right: bigint): boolean {
  switch (comparison) {
    case "eq":
      return left === right;
    case "ne":
      return left !== right;
    case "ult":
      return left < right;
    case "ule":
      return left <= right;
    case "ugt":
      return left > right;
    case "uge":
      return left >= right;
    case "slt":
      return s64(left) < s64(right);
    case "sle":
      return s64(left) <= s64(right);
    case "sgt":
      return s64(left) > s64(right);
    case "sge":
      return s64(left) >= s64(right);
  }
}

export function evaluateExtend(value: bigint, bits: 8 | 16 | 32, signed: boolean): bigint {
  return signed ? u64(BigInt.asIntN(bits, value)) : BigInt.asUintN(bits, value);
}

export function evaluateClamp(value: bigint, maximum: bigint): bigint {
  if (value > maximum) return maximum;
  return value;
}

export function evaluateByteSwap(value: bigint, bits: 16 | 32 | 64): bigint {
  let result = 0n;
  for (let shift = 0n; shift < BigInt(bits); shift += 8n) result = (result << 8n) | ((value >> shift) & 0xffn);
  return result;
}

/** The comparison that holds exactly when the given one does not. */
export const negated: Readonly<Record<Comparison, Comparison>> = {
  eq: "ne",
  ne: "eq",
  ult: "uge",
  uge: "ult",
  ule: "ugt",
  ugt: "ule",
  slt: "sge",
  sge: "slt",
  sle: "sgt",
  sgt: "sle",
};

/** The comparison with its operands exchanged. */
export const mirrored: Readonly<Record<Comparison, Comparison>> = {
  eq: "eq",
  ne: "ne",
  ult: "ugt",
  ugt: "ult",
  ule: "uge",
  uge: "ule",
  slt: "sgt",
  sgt: "slt",
  sle: "sge",
  sge: "sle",
};

/** Whether the operands of an operation may be exchanged. */
export function isCommutative(operation: BinaryOperation): boolean {
  return operation === "add" || operation === "mul" || operation === "and" || operation === "or" || operation === "xor";
}
