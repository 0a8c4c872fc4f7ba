// Lowering of operators: arithmetic on 64 bits, comparisons, logic with short circuit, increments.

import { invariant } from "../base/invariant.ts";
import { type Operand, scalarOperand } from "../define/code.ts";
import { literalTruth } from "../define/literal.ts";
import type { BinaryOperation, Comparison, Value } from "../ir/model.ts";
import type { BinaryOperator, Expression } from "../syntax/ast.ts";
import { arithmeticType, isFlexibleLiteral, promote } from "../types/convert.ts";
import { bool, type IntType, isScalar, layoutTuple, none, pointerTo, sizeOf, type Type, uint64 } from "../types/type.ts";
import { truthOf } from "./expressions.ts";
import { addressNumber, holdsValue, moveAddress } from "./addresses.ts";
import { chunks, type FunctionLowering } from "./function.ts";
import { updateMapElement } from "./map-write.ts";
import { extendTo, memberOperand } from "./operands.ts";
import { compareStrings } from "./strings.ts";
import { readVariable, writeVariable } from "./variables.ts";

type Binary = Expression & { kind: "binary" };

// ---- conditions --------------------------------------------------------------------------------------

/** Runs one of two pieces of code by a condition, without making a value of it. */
export function lowerCondition(f: FunctionLowering, condition: Expression, then: () => void, otherwise: () => void): void {
  const literal = f.literalOf(condition);
  if (literal !== undefined) {
    if (literalTruth(literal)) then();
    else otherwise();
    return;
  }
  const thenBlock = f.ir.newBlock();
  const elseBlock = f.ir.newBlock();
  const after = f.ir.newBlock();
  jumpOnCondition(f, condition, thenBlock, elseBlock);
  f.ir.startSealed(thenBlock);
  then();
  f.ir.jump(after);
  f.ir.startSealed(elseBlock);
  otherwise();
  f.ir.jump(after);
  f.ir.startSealed(after);
}

type IrBlock = ReturnType<FunctionLowering["ir"]["newBlock"]>;

function jumpOnCondition(f: FunctionLowering, condition: Expression, then: IrBlock, otherwise: IrBlock): void {
  const literal = f.literalOf(condition);
  if (literal !== undefined) return f.ir.jump(literalTruth(literal) ? then : otherwise);
  if (condition.kind === "binary") {
    if (condition.operator === "&&" || condition.operator === "||") {
      const second = f.ir.newBlock();
      if (condition.operator === "&&") jumpOnCondition(f, condition.left, second, otherwise);
      else jumpOnCondition(f, condition.left, then, second);
      f.ir.startSealed(second);
      return jumpOnCondition(f, condition.right, then, otherwise);
    }
    const comparison = scalarComparison(f, condition);
    if (comparison !== undefined) {
      return f.ir.branch(comparison.comparison, comparison.left, comparison.right, then, otherwise);
    }
  }
  if (condition.kind === "unary" && condition.operator === "!") return jumpOnCondition(f, condition.operand, otherwise, then);
  const operand = f.operand(condition);
  const value = operand.kind !== "none" && isScalar(operand.type) ? f.scalar(operand) : truthOf(f, operand);
  f.ir.branch("ne", value, f.ir.const(0), then, otherwise);
}

// ---- binary ------------------------------------------------------------------------------------------

export function lowerBinary(f: FunctionLowering, expression: Binary): Operand {
  const { operator } = expression;
  if (operator === "&&" || operator === "||") return lowerLogical(f, expression);
  if (isComparison(operator)) return scalarOperand(bool, lowerComparison(f, expression));
  const type = f.typeOf(expression);
  if (type.kind === "pointer") return lowerPointerArithmetic(f, expression, type);
  const left = f.integer(expression.left);
  const right = f.integer(expression.right);
  // A shift keeps the sign of what is shifted, whatever the amount's.
  const signed = operator === ">>" ? (arithmeticType(plainType(f.typeOf(expression.left)))?.signed ?? false) : isSignedInt(type);
  const result = arithmetic(f, operator, left, right, signed, expression);
  return scalarOperand(type, type.kind === "bool" ? f.ir.compare("ne", result, f.ir.const(0)) : result);
}

function isSignedInt(type: Type): boolean {
  return type.kind === "int" && type.signed;
}

function isComparison(operator: BinaryOperator): boolean {
  return ["==", "!=", "<", "<=", ">", ">="].includes(operator);
}

/** One arithmetic operation on 64 bits. Division by zero gives 1 and says so at run time. */
export function arithmetic(
  f: FunctionLowering,
  operator: BinaryOperator,
  left: Value,
  right: Value,
  signed: boolean,
  at: { readonly span: Expression["span"]; readonly right: Expression },
): Value {
  switch (operator) {
    case "+":
      return f.ir.binary("add", left, right);
    case "-":
      return f.ir.binary("sub", left, right);
    case "*":
      return f.ir.binary("mul", left, right);
    case "/":
      return divide(f, signed ? "sdiv" : "udiv", left, right, at);
    case "%":
      return divide(f, signed ? "smod" : "umod", left, right, at);
    case "&":
      return f.ir.binary("and", left, right);
    case "|":
      return f.ir.binary("or", left, right);
    case "^":
      return f.ir.binary("xor", left, right);
    case "<<":
      return f.ir.binary("shl", left, shiftAmount(f, right, at.right));
    case ">>":
      return f.ir.binary(signed ? "ashr" : "lshr", left, shiftAmount(f, right, at.right));
    default:
      invariant(false, `${operator} is not arithmetic`);
  }
}

/** Amounts count modulo 64. */
function shiftAmount(f: FunctionLowering, amount: Value, expression: Expression): Value {
  const literal = f.literalOf(expression);
  if (literal?.kind === "int" && literal.value >= 0n && literal.value < 64n) return amount;
  return f.ir.binary("and", amount, f.ir.const(63));
}

const divisionMessage =
  "Divide or modulo by 0 detected. This can lead to unexpected results. 1 is being used as the result.";

function divide(
  f: FunctionLowering,
  operation: BinaryOperation,
  left: Value,
  right: Value,
  at: { readonly span: Expression["span"]; readonly right: Expression },
): Value {
  const literal = f.literalOf(at.right);
  if (literal?.kind === "int" && literal.value !== 0n) return f.ir.binary(operation, left, right);
  return f.choose(
    "eq",
    right,
    f.ir.const(0),
    () => {
      const before = f.ir.span;
      f.ir.at(at.span);
      f.warning(divisionMessage, undefined, undefined, "always");
      f.ir.at(before);
      return f.ir.const(1);
    },
    () => f.ir.binary(operation, left, right),
  );
}

function lowerLogical(f: FunctionLowering, expression: Binary): Operand {
  const result = f.ir.variable();
  lowerCondition(
    f,
    expression,
    () => f.ir.write(result, f.ir.const(1)),
    () => f.ir.write(result, f.ir.const(0)),
  );
  return scalarOperand(bool, f.ir.read(result));
}

function lowerPointerArithmetic(f: FunctionLowering, expression: Binary, type: Type & { kind: "pointer" }): Operand {
  const pointerLeft = f.typeOf(expression.left).kind === "pointer";
  const left = f.integer(expression.left);
  const right = f.integer(expression.right);
  const pointer = pointerLeft ? left : right;
  const literal = f.literalOf(pointerLeft ? expression.right : expression.left);
  const sign = expression.operator === "-" ? -1 : 1;
  if (literal?.kind === "int" && isNear(literal.value)) {
    return scalarOperand(type, moveAddress(f, pointer, sign * Number(literal.value) * elementSize(type)));
  }
  const scaled = f.ir.binary("mul", pointerLeft ? right : left, f.ir.const(elementSize(type)));
  return scalarOperand(type, f.ir.binary(sign < 0 ? "sub" : "add", addressNumber(f, pointer), scaled));
}

/** Whether an address may move by so many elements in one instruction. */
function isNear(count: bigint): boolean {
  return count >= -0x1000n && count <= 0x1000n;
}

/** Bytes that a pointer moves by one element; void counts as 1. */
export function elementSize(type: Type & { kind: "pointer" }): number {
  return Math.max(1, sizeOf(type.to));
}

// ---- comparison --------------------------------------------------------------------------------------

const unsignedComparisons: Readonly<Record<string, Comparison>> = {
  "==": "eq",
  "!=": "ne",
  "<": "ult",
  "<=": "ule",
  ">": "ugt",
  ">=": "uge",
};

const signedComparisons: Readonly<Record<string, Comparison>> = {
  "==": "eq",
  "!=": "ne",
  "<": "slt",
  "<=": "sle",
  ">": "sgt",
  ">=": "sge",
};

interface ScalarComparison {
  readonly comparison: Comparison;
  readonly left: Value;
  readonly right: Value;
}

/** A comparison of two registers, when both sides are scalars. */
function scalarComparison(f: FunctionLowering, expression: Binary): ScalarComparison | undefined {
  if (!isComparison(expression.operator)) return undefined;
  const left = plainType(f.typeOf(expression.left));
  const right = plainType(f.typeOf(expression.right));
  if (!isScalar(left) || !isScalar(right)) return undefined;
  const signed = comparesSigned(f, expression, left, right);
  const comparison = (signed ? signedComparisons : unsignedComparisons)[expression.operator];
  invariant(comparison !== undefined, "comparison operator");
  return { comparison, left: f.integer(expression.left), right: f.integer(expression.right) };
}

function plainType(type: Type): Type {
  return type.kind === "aggregate" ? { kind: "int", bytes: 8, signed: type.signed } : type;
}

function comparesSigned(f: FunctionLowering, expression: Binary, left: Type, right: Type): boolean {
  const leftInt: IntType | undefined = arithmeticType(left);
  const rightInt: IntType | undefined = arithmeticType(right);
  if (leftInt === undefined || rightInt === undefined) return false;
  const flexible = (side: Expression) => {
    const literal = f.literalOf(side);
    return isFlexibleLiteral(literal?.kind === "int" ? literal.value : undefined);
  };
  return promote(leftInt, rightInt, { a: flexible(expression.left), b: flexible(expression.right) }).type.signed;
}

function lowerComparison(f: FunctionLowering, expression: Binary): Value {
  const scalars = scalarComparison(f, expression);
  if (scalars !== undefined) return f.ir.compare(scalars.comparison, scalars.left, scalars.right);
  const equal = equality(f, expression.left, expression.right);
  return expression.operator === "!=" ? f.ir.binary("xor", equal, f.ir.const(1)) : equal;
}

function equality(f: FunctionLowering, left: Expression, right: Expression): Value {
  const leftLiteral = f.literalOf(left);
  const rightLiteral = f.literalOf(right);
  if (rightLiteral?.kind === "string") return compareStrings(f, f.operand(left), { literal: rightLiteral.value }, undefined);
  if (leftLiteral?.kind === "string") return compareStrings(f, f.operand(right), { literal: leftLiteral.value }, undefined);
  return equalOperands(f, f.operand(left), f.operand(right));
}

/** 1 when two values of comparable types are equal, element by element. */
function equalOperands(f: FunctionLowering, left: Operand, right: Operand): Value {
  invariant(left.kind !== "none" && right.kind !== "none", "comparison of values");
  const a = left.type;
  const b = right.type;
  if (isScalar(a) && isScalar(b)) return f.ir.compare("eq", f.scalar(left), f.scalar(right));
  if (a.kind === "string" && b.kind === "string") return compareStrings(f, left, { operand: right }, undefined);
  if (a.kind === "tuple" && b.kind === "tuple") {
    return equalMembers(f, left, a.elements, right, b.elements, b.elements.map((_, i) => i));
  }
  if (a.kind === "record" && b.kind === "record") {
    const order = a.fields.map((field) => b.fields.findIndex((other) => other.name === field.name));
    return equalMembers(f, left, a.fields.map((x) => x.type), right, b.fields.map((x) => x.type), order);
  }
  if (a.kind === "array" && b.kind === "array" && sizeOf(a.element) !== sizeOf(b.element)) {
    const indices = Array.from({ length: a.count }, (_, i) => i);
    return equalMembers(f, left, indices.map(() => a.element), right, indices.map(() => b.element), indices);
  }
  return equalBytes(f, left, right, Math.min(sizeOf(a), sizeOf(b)));
}

function equalMembers(
  f: FunctionLowering,
  left: Operand,
  leftTypes: readonly Type[],
  right: Operand,
  rightTypes: readonly Type[],
  order: readonly number[],
): Value {
  const leftBytes = bytesOf(f, left);
  const rightBytes = bytesOf(f, right);
  const leftLayout = layoutTuple(leftTypes);
  const rightLayout = layoutTuple(rightTypes);
  let result = f.ir.const(1);
  for (const [i, type] of leftTypes.entries()) {
    const j = order[i] ?? i;
    const a = valueMember(leftBytes, type, leftLayout.offsets[i] ?? 0);
    const b = valueMember(rightBytes, rightTypes[j] ?? none, rightLayout.offsets[j] ?? 0);
    result = f.ir.binary("and", result, equalOperands(f, a, b));
  }
  return result;
}

function bytesOf(f: FunctionLowering, operand: Operand): Operand {
  const place = f.place(operand);
  return { kind: "memory", type: none, address: place.address, offset: place.offset, bits: undefined };
}

/** A member of a tuple or record, where enums have 8 bytes. */
export function valueMember(bytes: Operand, type: Type, offset: number): Operand {
  const member = memberOperand(bytes, type, offset, undefined);
  return member.kind === "memory" || member.kind === "remote" ? { ...member, bits: undefined } : member;
}

function equalBytes(f: FunctionLowering, left: Operand, right: Operand, size: number): Value {
  const a = f.place(left);
  const b = f.place(right);
  let difference = f.ir.const(0);
  for (const [offset, bytes] of chunks(size, a.offset, b.offset)) {
    const x = f.ir.load(bytes, a.address, a.offset + offset);
    const y = f.ir.load(bytes, b.address, b.offset + offset);
    difference = f.ir.binary("or", difference, f.ir.binary("xor", x, y));
  }
  return f.ir.compare("eq", difference, f.ir.const(0));
}

// ---- unary and increments ------------------------------------------------------------------------------

export function lowerUnary(f: FunctionLowering, expression: Expression & { kind: "unary" }): Operand {
  const type = f.typeOf(expression);
  const operandType = plainType(f.typeOf(expression.operand));
  switch (expression.operator) {
    case "!":
      return scalarOperand(bool, f.ir.compare("eq", f.integer(expression.operand), f.ir.const(0)));
    case "-": {
      const value = f.ir.binary("sub", f.ir.const(0), f.integer(expression.operand));
      return scalarOperand(type, narrowUnsigned(f, value, operandType));
    }
    case "~": {
      const value = f.ir.binary("xor", f.integer(expression.operand), f.ir.const(-1));
      return scalarOperand(type, narrowUnsigned(f, value, operandType));
    }
    case "*": {
      const address = f.integer(expression.operand);
      const pointer = operandType.kind === "pointer" ? operandType : pointerTo(uint64, f.point.space);
      return dereference(f, pointer, address, 0);
    }
  }
}

/** Unsigned narrow operands are computed in their own width. */
function narrowUnsigned(f: FunctionLowering, value: Value, operandType: Type): Value {
  return operandType.kind === "int" && !operandType.signed ? extendTo(f, value, operandType) : value;
}

/** What a pointer points to, at a byte offset. */
export function dereference(f: FunctionLowering, pointer: Type & { kind: "pointer" }, address: Value, offset: number): Operand {
  const bytes: Operand =
    pointer.space === "bpf" && address.type !== "int" && holdsValue(f, address, pointer.to, offset)
      ? { kind: "memory", type: pointer.to, address, offset: 0, bits: undefined }
      : {
          kind: "remote",
          type: pointer.to,
          address: addressNumber(f, address),
          offset: 0,
          struct: pointer.to.kind === "struct" ? pointer.to : undefined,
          space: pointer.space === "bpf" ? "kernel" : pointer.space,
          bits: undefined,
        };
  return memberOperand(bytes, pointer.to, offset, undefined);
}

export function lowerIncrement(f: FunctionLowering, expression: Expression & { kind: "increment" }): Operand {
  const { target } = expression;
  const type = f.typeOf(expression);
  const step = type.kind === "pointer" ? elementSize(type) : 1;
  const operation = expression.operator === "++" ? "add" : "sub";
  const next = (old: Value) => f.ir.binary(operation, old, f.ir.const(step));
  if (target.kind === "map") {
    const { before, after } = updateMapElement(f, target, next);
    return scalarOperand(type, expression.prefix ? after : before);
  }
  const before = f.scalar(readVariable(f, target));
  const moved = type.kind === "pointer" ? moveAddress(f, before, operation === "add" ? step : -step) : next(before);
  const after = extendTo(f, moved, type);
  writeVariable(f, target, scalarOperand(type, after));
  return scalarOperand(type, expression.prefix ? after : before);
}
