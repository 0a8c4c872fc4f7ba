// The children of syntax nodes, one level deep: what a statement or expression evaluates, and the blocks in it.

import { assertNever } from "../base/invariant.ts";
import type { Block, Expression, Statement } from "../syntax/ast.ts";

/** Expressions that are evaluated with this one; operands of sizeof and the like are not. */
export function expressionsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "int":
    case "string":
    case "bool":
    case "positional":
    case "positional-count":
    case "identifier":
    case "variable":
    case "sizeof":
    case "typeinfo":
    case "offsetof":
    case "type-argument":
    case "block-expression":
      return [];
    case "map":
      return expression.keys ?? [];
    case "call":
      return expression.arguments;
    case "binary":
      return [expression.left, expression.right];
    case "unary":
    case "cast":
    case "comptime":
    case "address-of":
      return [expression.operand];
    case "increment":
      return [expression.target];
    case "ternary":
      return expression.then === undefined
        ? [expression.condition, expression.else]
        : [expression.condition, expression.then, expression.else];
    case "field":
    case "element":
      return [expression.base];
    case "index":
      return [expression.base, ...expression.indices];
    case "tuple":
      return expression.elements;
    case "record":
      return expression.fields.map((field) => field.value);
    case "if-expression":
      return [expression.condition];
    default:
      return assertNever(expression);
  }
}

/** Blocks inside an expression. */
export function blocksOfExpression(expression: Expression): readonly Block[] {
  if (expression.kind === "block-expression") return [expression.block];
  if (expression.kind !== "if-expression") return [];
  return expression.else === undefined ? [expression.then] : [expression.then, expression.else];
}

/** Expressions and blocks of a statement. */
export function nestedBlocks(statement: Statement): {
  readonly expressions: readonly Expression[];
  readonly blocks: readonly Block[];
} {
  switch (statement.kind) {
    case "expression-statement":
      return { expressions: [statement.expression], blocks: [] };
    case "let":
      return { expressions: statement.value === undefined ? [] : [statement.value], blocks: [] };
    case "assign":
      return { expressions: [statement.value, statement.target], blocks: [] };
    case "discard":
      return { expressions: [statement.value], blocks: [] };
    case "if": {
      const blocks = statement.else === undefined ? [statement.then] : [statement.then, statement.else];
      return { expressions: [statement.condition], blocks };
    }
    case "block-statement":
      return { expressions: [], blocks: [statement.block] };
    case "unroll":
      return { expressions: [statement.count], blocks: [statement.body] };
    case "while":
      return { expressions: [statement.condition], blocks: [statement.body] };
    case "for-range":
      return { expressions: [statement.from, statement.to], blocks: [statement.body] };
    case "for-map":
      return { expressions: [], blocks: [statement.body] };
    case "return":
      return { expressions: statement.value === undefined ? [] : [statement.value], blocks: [] };
    case "break":
    case "continue":
    case "import-statement":
      return { expressions: [], blocks: [] };
    default:
      return assertNever(statement);
  }
}
