// Constant folding: operators over literals, exact in the domain of values from -2^63 to 2^64-1.

import { assertNever } from "../base/invariant.ts";
import type { Literal } from "../define/literal.ts";
import { literalTruth } from "../define/literal.ts";
import type { BinaryOperator, UnaryOperator } from "../syntax/ast.ts";
import type { Type } from "../types/type.ts";

/** A folded value, nothing to fold, or the reason why it can't be represented. */
export type Folded =
  | { readonly kind: "literal"; readonly literal: Literal }
  | { readonly kind: "error"; readonly reason: string }
  | { readonly kind: "none" };

const nothing: Folded = { kind: "none" };
const minimum = -(1n << 63n);
const signedMaximum = (1n << 63n) - 1n;
const maximum = (1n << 64n) - 1n;

function int(value: bigint): Folded {
  if (value < minimum) return { kind: "error", reason: "the result underflows" };
  if (value > maximum) return { kind: "error", reason: "the result overflows" };
  return { kind: "literal", literal: { kind: "int", value } };
}

function bool(value: boolean): Folded {
  return { kind: "literal", literal: { kind: "bool", value } };
}

function text(value: string): Folded {
  return { kind: "literal", literal: { kind: "string", value } };
}

/** Folds `left operator right`. */
export function foldBinary(operator: BinaryOperator, left: Literal, right: Literal): Folded {
  if (operator === "&&" || operator === "||") return foldLogical(operator, left, right);
  if (left.kind === "string" || right.kind === "string") return foldStrings(operator, left, right);
  if (left.kind === "bool" && right.kind === "bool") return foldBools(operator, left.value, right.value);
  return foldIntegers(operator, integerOf(left), integerOf(right));
}

function integerOf(literal: Literal): bigint {
  switch (literal.kind) {
    case "int":
      return literal.value;
    case "bool":
      return literal.value ? 1n : 0n;
    case "string":
      return 0n;
  }
}

function foldLogical(operator: "&&" | "||", left: Literal, right: Literal): Folded {
  if (left.kind === "string" || right.kind === "string") return nothing;
  return bool(operator === "&&" ? literalTruth(left) && literalTruth(right) : literalTruth(left) || literalTruth(right));
}

function foldStrings(operator: BinaryOperator, left: Literal, right: Literal): Folded {
  if (left.kind === "string" && right.kind === "string") {
    switch (operator) {
      case "+":
        return text(left.value + right.value);
      case "==":
        return bool(left.value === right.value);
      case "!=":
        return bool(left.value !== right.value);
      case "<":
        return bool(left.value < right.value);
      case "<=":
        return bool(left.value <= right.value);
      case ">":
        return bool(left.value > right.value);
      case ">=":
        return bool(left.value >= right.value);
      default:
        return nothing;
    }
  }
  if (operator === "+" && left.kind === "string" && right.kind === "int" && right.value >= 0n) {
    return text(left.value.slice(Number(right.value)));
  }
  return nothing;
}

function foldBools(operator: BinaryOperator, left: boolean, right: boolean): Folded {
  if (operator === "==") return bool(left === right);
  if (operator === "!=") return bool(left !== right);
  const folded = foldIntegers(operator, left ? 1n : 0n, right ? 1n : 0n);
  return folded.kind === "literal" ? bool(literalTruth(folded.literal)) : folded;
}

function foldIntegers(operator: BinaryOperator, a: bigint, b: bigint): Folded {
  const mixed = (a < 0n && b > signedMaximum) || (b < 0n && a > signedMaximum);
  switch (operator) {
    case "+":
      return mixed ? mixture() : int(a + b);
    case "-":
      return int(a - b);
    case "*":
      return mixed ? mixture() : int(a * b);
    case "/":
      return b === 0n ? { kind: "error", reason: "division by zero" } : mixed ? mixture() : int(a / b);
    case "%":
      return b === 0n ? { kind: "error", reason: "division by zero" } : mixed ? mixture() : int(a % b);
    case "&":
      return int(bitwise(a, b, (x, y) => x & y));
    case "|":
      return int(bitwise(a, b, (x, y) => x | y));
    case "^":
      return int(bitwise(a, b, (x, y) => x ^ y));
    case "<<":
      return shiftable(b) ? shifted(a, b) : { kind: "error", reason: "shift amount out of range" };
    case ">>":
      return shiftable(b) ? int(a >> b) : { kind: "error", reason: "shift amount out of range" };
    case "==":
      return mixed ? mixture() : bool(a === b);
    case "!=":
      return mixed ? mixture() : bool(a !== b);
    case "<":
      return mixed ? mixture() : bool(a < b);
    case "<=":
      return mixed ? mixture() : bool(a <= b);
    case ">":
      return mixed ? mixture() : bool(a > b);
    case ">=":
      return mixed ? mixture() : bool(a >= b);
    case "&&":
    case "||":
      return nothing;
    default:
      return assertNever(operator);
  }
}

function mixture(): Folded {
  return { kind: "error", reason: "a negative value meets one above the signed range" };
}

function shiftable(amount: bigint): boolean {
  return amount >= 0n && amount < 64n;
}

/** Left shifts lose high bits as the machine does; the sign of a negative value stays. */
function shifted(value: bigint, amount: bigint): Folded {
  return int(value < 0n ? BigInt.asIntN(64, value << amount) : BigInt.asUintN(64, value << amount));
}

/** Signed while a negative operand takes part and the result is negative, as 64-bit words otherwise. */
function bitwise(a: bigint, b: bigint, operation: (x: bigint, y: bigint) => bigint): bigint {
  const result = operation(a, b);
  return result < minimum || result > maximum ? BigInt.asUintN(64, result) : result;
}

/** Folds a prefix operator. */
export function foldUnary(operator: UnaryOperator, operand: Literal): Folded {
  if (operand.kind === "string") return nothing;
  const value = integerOf(operand);
  switch (operator) {
    case "-":
      if (-value < minimum) return { kind: "error", reason: "negative value will underflow" };
      return int(-value);
    case "!":
      return bool(value === 0n);
    case "~":
      return value < 0n ? int(~value) : int(BigInt.asUintN(64, ~value));
    case "*":
      return nothing;
  }
}

/** Folds a cast of a literal to an integer or bool. */
export function foldCast(literal: Literal, to: Type): Folded {
  if (to.kind === "bool") return bool(literalTruth(literal));
  if (to.kind !== "int" || literal.kind === "string") return nothing;
  const bits = to.bytes * 8;
  const value = integerOf(literal);
  return int(to.signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value));
}
