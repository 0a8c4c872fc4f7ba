// Types of operators: arithmetic is 64 bits wide, comparisons give bool, pointers move by their element size.

import { textOf } from "../source/source.ts";
import type { Span } from "../source/source.ts";
import type { BinaryOperator, Expression } from "../syntax/ast.ts";
import { arithmeticType, comparable, isFlexibleLiteral, promote } from "../types/convert.ts";
import { bool, int64, type IntType, type Type, typeName, uint64 } from "../types/type.ts";
import { type Context, reportError, reportWarning } from "./context.ts";
import { asValue, foldPrefix, inferCondition, inferExpression, isCastable, isFlexible, literalType } from "./expressions.ts";
import { foldBinary } from "./fold.ts";

type Binary = Expression & { kind: "binary" };
type Unary = Expression & { kind: "unary" };

const equality: readonly BinaryOperator[] = ["==", "!="];
const ordering: readonly BinaryOperator[] = ["<", "<=", ">", ">="];

export function inferBinary(context: Context, expression: Binary): Type | undefined {
  const { operator } = expression;
  if (operator === "&&" || operator === "||") return inferLogical(context, expression);
  const left = plain(context, inferExpression(context, expression.left));
  const right = plain(context, inferExpression(context, expression.right));
  const folded = foldOperands(context, expression);
  if (folded !== "runtime") return folded;
  if (left === undefined || right === undefined) return undefined;
  if (equality.includes(operator) || ordering.includes(operator)) return inferComparison(context, expression, left, right);
  return inferArithmetic(context, expression, left, right);
}

/** Aggregates that stand for an integer become it. */
function plain(context: Context, type: Type | undefined): Type | undefined {
  return type?.kind === "aggregate" && isCastable(context, type.aggregation) ? asValue(type) : type;
}

function foldOperands(context: Context, expression: Binary): Type | undefined | "runtime" {
  const left = context.state.literals.get(expression.left);
  const right = context.state.literals.get(expression.right);
  if (left === undefined || right === undefined) return "runtime";
  const folded = foldBinary(expression.operator, left, right);
  if (folded.kind === "none") return "runtime";
  if (folded.kind === "error") {
    const text = textOf(expression.span);
    reportError(context, "fold", expression.span, `unable to fold literals: ${folded.reason}: ${text}`);
    return undefined;
  }
  if (left.kind === "string" && left.value !== "" && right.kind === "int" && right.value >= BigInt(left.value.length)) {
    reportWarning(context, "empty-string", expression.span, "literal string will always be empty");
  }
  return literalType(context, expression, folded.literal);
}

function inferLogical(context: Context, expression: Binary): Type | undefined {
  const left = inferCondition(context, expression.left, false);
  const right = inferCondition(context, expression.right, false);
  const folded = foldOperands(context, expression);
  if (folded !== "runtime") return folded;
  if (left === undefined || right === undefined) {
    const types = [expression.left, expression.right].map((side) => context.state.types.get(side));
    const [leftType, rightType] = types;
    if (leftType !== undefined && rightType !== undefined) mismatch(context, expression, leftType, rightType);
    return bool;
  }
  return bool;
}

// ---- comparison -----------------------------------------------------------------------------------

function inferComparison(context: Context, expression: Binary, left: Type, right: Type): Type | undefined {
  if (!comparable(left, right)) {
    mismatch(context, expression, left, right);
    return bool;
  }
  const leftInt = arithmeticType(left);
  const rightInt = arithmeticType(right);
  if (leftInt !== undefined && rightInt !== undefined) {
    const { lossy } = promote(leftInt, rightInt, flexibility(context, expression));
    if (lossy) warnSigned(context, expression, leftInt, rightInt);
    return bool;
  }
  if (left.kind === "pointer" && right.kind === "pointer" && typeName(left) !== typeName(right)) {
    reportWarning(
      context,
      "distinct-pointers",
      expression.span,
      `comparison of distinct pointer types: ${typeName(left)}, ${typeName(right)}`,
      {
        parts: [
          { span: expression.left.span, message: `left (${typeName(left)})` },
          { span: expression.right.span, message: `right (${typeName(right)})` },
        ],
      },
    );
  }
  const ordered = left.kind === "pointer" || right.kind === "pointer";
  if (ordering.includes(expression.operator) && !ordered) return unusable(context, expression, left, right);
  if (left.kind === "array" && right.kind === "array") checkArrays(context, expression, left, right);
  return bool;
}

function checkArrays(context: Context, expression: Binary, left: Type & { kind: "array" }, right: Type & { kind: "array" }): void {
  const integers = arithmeticType(left.element) !== undefined && arithmeticType(right.element) !== undefined;
  if (left.count === right.count && integers) return;
  reportError(
    context,
    "array-comparison",
    expression.span,
    `Only arrays of same size and of integers can be compared: '${typeName(left)}' and '${typeName(right)}'`,
  );
}

function flexibility(context: Context, expression: Binary): { readonly a: boolean; readonly b: boolean } {
  return { a: isFlexible(context, expression.left), b: isFlexible(context, expression.right) };
}

// ---- arithmetic -----------------------------------------------------------------------------------

function inferArithmetic(context: Context, expression: Binary, left: Type, right: Type): Type | undefined {
  if (left.kind === "pointer" || right.kind === "pointer") return inferPointerArithmetic(context, expression, left, right);
  const leftInt = arithmeticType(left);
  const rightInt = arithmeticType(right);
  if (leftInt === undefined || rightInt === undefined) {
    if (left.kind === right.kind) return unusable(context, expression, left, right);
    mismatch(context, expression, left, right);
    return undefined;
  }
  if (left.kind === "bool" && right.kind === "bool") return bool;
  const signed = isSignedResult(context, expression, leftInt, rightInt);
  if (signed) warnSigned(context, expression, leftInt, rightInt);
  return signed ? int64 : uint64;
}

/** Whether `left operator right` is computed as signed: subtraction always, otherwise when one side is. */
function isSignedResult(context: Context, expression: Binary, left: IntType, right: IntType): boolean {
  if (expression.operator === "-") return true;
  const flexible = flexibility(context, expression);
  if (flexible.a && !right.signed) return false;
  if (flexible.b && !left.signed) return false;
  if (flexible.a) return right.signed;
  if (flexible.b) return left.signed;
  return left.signed || right.signed;
}

function inferPointerArithmetic(context: Context, expression: Binary, left: Type, right: Type): Type | undefined {
  const { operator } = expression;
  if (left.kind === "pointer" && arithmeticType(right) !== undefined && (operator === "+" || operator === "-")) return left;
  if (right.kind === "pointer" && arithmeticType(left) !== undefined && operator === "+") return right;
  return unusable(context, expression, left, right);
}

/**
 * Warns of an unsigned 64-bit operand in signed arithmetic. Differences with a builtin (`nsecs - @start[tid]`) are
 * what everybody writes and need no note.
 */
function warnSigned(context: Context, expression: Binary, left: IntType, right: IntType): void {
  const sides = [
    { side: expression.left, type: left },
    { side: expression.right, type: right },
  ];
  if (sides.some(({ side }) => side.kind === "identifier")) return;
  for (const { side, type } of sides) {
    if (type.signed || type.bytes !== 8) continue;
    const literal = context.state.literals.get(side);
    if (literal?.kind === "int" && isFlexibleLiteral(literal.value)) continue;
    const at: Span = side.span;
    reportWarning(context, "signed-cast", at, `Operand of type uint64 is being cast to type: int64`, {
      hint: "write the cast to make it explicit",
    });
  }
}

// ---- unary -----------------------------------------------------------------------------------------

export function inferUnary(context: Context, expression: Unary): Type | undefined {
  const operand = plain(context, inferExpression(context, expression.operand));
  const folded = foldPrefix(context, expression);
  if (folded !== undefined) return folded;
  if (operand === undefined) return undefined;
  switch (expression.operator) {
    case "!":
      return arithmeticType(operand) !== undefined ? bool : unusableUnary(context, expression, operand);
    case "-":
    case "~": {
      const integer = arithmeticType(operand);
      if (integer === undefined) return unusableUnary(context, expression, operand);
      return integer.signed ? int64 : uint64;
    }
    case "*":
      if (operand.kind === "pointer" && operand.to.kind !== "none") return operand.to;
      return arithmeticType(operand) !== undefined ? uint64 : unusableUnary(context, expression, operand);
  }
}

// ---- messages --------------------------------------------------------------------------------------

function mismatch(context: Context, expression: Binary, left: Type, right: Type): void {
  reportError(
    context,
    "type-mismatch",
    expression.span,
    `Type mismatch for '${expression.operator}': comparing ${typeName(left)} with ${typeName(right)}`,
    {
      parts: [
        { span: expression.left.span, message: `left (${typeName(left)})` },
        { span: expression.right.span, message: `right (${typeName(right)})` },
      ],
    },
  );
}

function unusable(context: Context, expression: Binary, left: Type, right: Type): undefined {
  reportError(
    context,
    "bad-operator",
    expression.span,
    `The ${expression.operator} operator can not be used on expressions of types '${typeName(left)}', '${typeName(right)}'`,
  );
  return undefined;
}

function unusableUnary(context: Context, expression: Unary, operand: Type): undefined {
  reportError(
    context,
    "bad-operator",
    expression.span,
    `The ${expression.operator} operator can not be used on expressions of type '${typeName(operand)}'`,
  );
  return undefined;
}
