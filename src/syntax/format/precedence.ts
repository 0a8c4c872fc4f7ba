// Which expressions need parentheses where, and what a printed expression begins with.

import { assertNever } from "../../base/invariant.ts";
import { textOf } from "../../source/source.ts";
import type { BinaryOperator, Expression } from "../ast.ts";
import { levels } from "../parse-expression.ts";

/** How strongly an expression holds together, from the ternary to what needs no parentheses anywhere. */
export const strengths = { ternary: 0, unary: 20, update: 21, postfix: 22 } as const;

/** Strength of a binary operator: at least 1, below that of prefixes. */
export function strengthOfOperator(operator: BinaryOperator): number {
  return 1 + levels.findIndex((level) => level.includes(operator));
}

export function strengthOf(expression: Expression): number {
  switch (expression.kind) {
    case "ternary":
      return strengths.ternary;
    case "binary":
      return strengthOfOperator(expression.operator);
    case "unary":
    case "address-of":
    case "cast":
    case "comptime":
      return strengths.unary;
    case "increment":
      return expression.prefix ? strengths.unary : strengths.update;
    default:
      return strengths.postfix;
  }
}

/**
 * Whether an expression must be in parentheses where `least` is the weakest that may stand without. An if in an operation
 * gets them although the grammar does not ask for them: who reads it would have to know where it ends.
 */
export function isWeaker(expression: Expression, least: number): boolean {
  if (expression.kind === "if-expression") return least !== strengths.ternary && least !== strengths.unary;
  return strengthOf(expression) < least;
}

/** A map without keys in front of `[` would take what follows as its keys. */
export function isWeakBase(expression: Expression, indexed: boolean): boolean {
  if (indexed && expression.kind === "map" && expression.keys === undefined) return true;
  return isWeaker(expression, strengths.postfix);
}

/** The first symbol or word of an expression as printed. */
export function firstToken(expression: Expression): string {
  let e = expression;
  for (;;) {
    let inner: Expression;
    switch (e.kind) {
      case "binary":
        inner = e.left;
        if (isWeaker(inner, strengthOf(e))) return "(";
        break;
      case "ternary":
        inner = e.condition;
        if (isWeaker(inner, strengths.ternary + 1)) return "(";
        break;
      case "field":
      case "element":
      case "index":
        inner = e.base;
        if (isWeakBase(inner, e.kind === "index")) return "(";
        break;
      default:
        return firstOfLeaf(e);
    }
    e = inner;
  }
}

function firstOfLeaf(e: Exclude<Expression, { kind: "binary" | "ternary" | "field" | "element" | "index" }>): string {
  switch (e.kind) {
    case "int":
    case "string":
    case "bool":
    case "type-argument":
      return textOf(e.span);
    case "identifier":
    case "call":
    case "variable":
    case "map":
      return e.name;
    case "positional":
    case "positional-count":
      return "$";
    case "unary":
      return e.operator;
    case "increment":
      return e.prefix ? e.operator : e.target.name;
    case "address-of":
      return "&";
    case "cast":
    case "tuple":
    case "record":
      return "(";
    case "block-expression":
      return "{";
    case "if-expression":
      return "if";
    case "comptime":
    case "sizeof":
    case "typeinfo":
    case "offsetof":
      return e.kind;
    default:
      return assertNever(e);
  }
}

/** Byte offset of the first token of an expression that is not a grouping parenthesis. */
export function startOf(expression: Expression): number {
  let e = expression;
  for (;;) {
    if (e.kind === "binary") e = e.left;
    else if (e.kind === "ternary") e = e.condition;
    else if (e.kind === "field" || e.kind === "element" || e.kind === "index") e = e.base;
    else if (e.kind === "increment" && !e.prefix) e = e.target;
    else return e.span.start;
  }
}

/** Whether sizeof and its like would take the printed expression for a type. */
export function looksLikeType(expression: Expression): boolean {
  if (expression.kind === "identifier") return true;
  if (expression.kind === "call") return expression.name === "typeof";
  if (expression.kind !== "index" || !looksLikeType(expression.base)) return false;
  const [index] = expression.indices;
  return expression.indices.length === 1 && index?.kind === "int" && /^\d+$/.test(textOf(index.span));
}
