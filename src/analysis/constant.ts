// The value of an expression while compiling, as `comptime` asks for it. Goes further than folding (fold.ts): casts have
// values of their width, and what is computed from them wraps as it would at run time.

import type { Literal } from "../define/literal.ts";
import { literalTruth } from "../define/literal.ts";
import type { Expression } from "../syntax/ast.ts";
import type { Type } from "../types/type.ts";
import type { Context } from "./context.ts";
import { foldBinary, foldCast, type Folded, foldUnary } from "./fold.ts";

/** The value of an expression that has been inferred; undefined when it is only known at run time. */
export function constantOf(context: Context, expression: Expression): Literal | undefined {
  const literal = context.state.literals.get(expression);
  if (literal !== undefined) return literal;
  const type = context.state.types.get(expression);
  switch (expression.kind) {
    case "cast": {
      const operand = constantOf(context, expression.operand);
      if (operand === undefined || type === undefined) return undefined;
      return asType(operand, type);
    }
    case "comptime":
      return constantOf(context, expression.operand);
    case "unary": {
      const operand = constantOf(context, expression.operand);
      return operand === undefined ? undefined : wrapped(foldUnary(expression.operator, operand), type);
    }
    case "binary":
      return binaryConstant(context, expression, type);
    case "ternary":
    case "if-expression":
      return branchConstant(context, expression);
    default:
      return undefined;
  }
}

function binaryConstant(context: Context, expression: Expression & { kind: "binary" }, type: Type | undefined): Literal | undefined {
  const { operator, left, right } = expression;
  if (operator === "==" || operator === "!=") {
    const same = sameConstants(context, left, right);
    return same === undefined ? undefined : { kind: "bool", value: same === (operator === "==") };
  }
  const a = constantOf(context, left);
  const b = constantOf(context, right);
  return a === undefined || b === undefined ? undefined : wrapped(foldBinary(operator, a, b), type);
}

/** Whether two constants are equal; tuples and records member by member. */
export function sameConstants(context: Context, left: Expression, right: Expression): boolean | undefined {
  if (left.kind === "tuple" && right.kind === "tuple") {
    if (left.elements.length !== right.elements.length) return undefined;
    return everySame(left.elements.map((element, i) => sameMember(context, element, right.elements[i])));
  }
  if (left.kind === "record" && right.kind === "record") {
    if (left.fields.length !== right.fields.length) return undefined;
    return everySame(
      left.fields.map((field) => sameMember(context, field.value, right.fields.find((f) => f.name === field.name)?.value)),
    );
  }
  const a = constantOf(context, left);
  const b = constantOf(context, right);
  if (a === undefined || b === undefined) return undefined;
  const folded = foldBinary("==", a, b);
  return folded.kind === "literal" ? literalTruth(folded.literal) : undefined;
}

function sameMember(context: Context, left: Expression, right: Expression | undefined): boolean | undefined {
  return right === undefined ? undefined : sameConstants(context, left, right);
}

function everySame(parts: readonly (boolean | undefined)[]): boolean | undefined {
  return parts.includes(undefined) ? undefined : parts.every((same) => same === true);
}

function branchConstant(context: Context, expression: Expression & { kind: "ternary" | "if-expression" }): Literal | undefined {
  const condition = constantOf(context, expression.condition);
  if (condition === undefined) return undefined;
  const taken = literalTruth(condition);
  if (expression.kind === "ternary") {
    return constantOf(context, taken ? (expression.then ?? expression.condition) : expression.else);
  }
  const block = taken ? expression.then : expression.else;
  if (block?.value === undefined || block.statements.length > 0) return undefined;
  return constantOf(context, block.value);
}

/** A result as the type that the expression has at run time: what does not fit wraps. */
function wrapped(folded: Folded, type: Type | undefined): Literal | undefined {
  if (folded.kind !== "literal") return undefined;
  return type?.kind === "int" ? asType(folded.literal, type) : folded.literal;
}

function asType(literal: Literal, type: Type): Literal | undefined {
  if (type.kind === "string") return literal.kind === "string" ? literal : undefined;
  if (type.kind === "enum") return literal.kind === "int" ? literal : undefined;
  const folded = foldCast(literal, type);
  return folded.kind === "literal" ? folded.literal : undefined;
}
