// Visits every expression of a tree, types' operands included.

import { assertNever } from "../base/invariant.ts";
import type { Block, Expression, Statement, TypeExpression, TypeOrExpression } from "../syntax/ast.ts";

export type Visit = (expression: Expression) => void;

export function walkBlock(block: Block, visit: Visit): void {
  for (const statement of block.statements) walkStatement(statement, visit);
  if (block.value !== undefined) walkExpression(block.value, visit);
}

export function walkStatement(statement: Statement, visit: Visit): void {
  switch (statement.kind) {
    case "expression-statement":
      return walkExpression(statement.expression, visit);
    case "let":
      if (statement.type !== undefined) walkType(statement.type, visit);
      if (statement.value !== undefined) walkExpression(statement.value, visit);
      return walkExpression(statement.variable, visit);
    case "assign":
      walkExpression(statement.value, visit);
      return walkExpression(statement.target, visit);
    case "discard":
      return walkExpression(statement.value, visit);
    case "if":
      walkExpression(statement.condition, visit);
      walkBlock(statement.then, visit);
      if (statement.else !== undefined) walkBlock(statement.else, visit);
      return;
    case "block-statement":
      return walkBlock(statement.block, visit);
    case "unroll":
      walkExpression(statement.count, visit);
      return walkBlock(statement.body, visit);
    case "while":
      walkExpression(statement.condition, visit);
      return walkBlock(statement.body, visit);
    case "for-range":
      walkExpression(statement.from, visit);
      walkExpression(statement.to, visit);
      walkExpression(statement.variable, visit);
      return walkBlock(statement.body, visit);
    case "for-map":
      walkExpression(statement.map, visit);
      walkExpression(statement.variable, visit);
      return walkBlock(statement.body, visit);
    case "return":
      if (statement.value !== undefined) walkExpression(statement.value, visit);
      return;
    case "break":
    case "continue":
    case "import-statement":
      return;
    default:
      assertNever(statement);
  }
}

export function walkExpression(expression: Expression, visit: Visit): void {
  visit(expression);
  switch (expression.kind) {
    case "int":
    case "string":
    case "bool":
    case "positional":
    case "positional-count":
    case "identifier":
    case "variable":
      return;
    case "map":
      for (const key of expression.keys ?? []) walkExpression(key, visit);
      return;
    case "call":
      for (const argument of expression.arguments) walkExpression(argument, visit);
      return;
    case "binary":
      walkExpression(expression.left, visit);
      return walkExpression(expression.right, visit);
    case "unary":
    case "comptime":
      return walkExpression(expression.operand, visit);
    case "increment":
      return walkExpression(expression.target, visit);
    case "address-of":
      return walkExpression(expression.operand, visit);
    case "ternary":
      walkExpression(expression.condition, visit);
      if (expression.then !== undefined) walkExpression(expression.then, visit);
      return walkExpression(expression.else, visit);
    case "field":
    case "element":
      return walkExpression(expression.base, visit);
    case "index":
      walkExpression(expression.base, visit);
      for (const index of expression.indices) walkExpression(index, visit);
      return;
    case "cast":
      walkType(expression.type, visit);
      return walkExpression(expression.operand, visit);
    case "tuple":
      for (const element of expression.elements) walkExpression(element, visit);
      return;
    case "record":
      for (const field of expression.fields) walkExpression(field.value, visit);
      return;
    case "block-expression":
      return walkBlock(expression.block, visit);
    case "if-expression":
      walkExpression(expression.condition, visit);
      walkBlock(expression.then, visit);
      if (expression.else !== undefined) walkBlock(expression.else, visit);
      return;
    case "sizeof":
    case "typeinfo":
    case "offsetof":
      return walkOperand(expression.operand, visit);
    case "type-argument":
      return walkType(expression.type, visit);
    default:
      assertNever(expression);
  }
}

function walkOperand(operand: TypeOrExpression, visit: Visit): void {
  if (operand.kind === "value") walkExpression(operand.expression, visit);
  else if (operand.kind === "type") walkType(operand.type, visit);
}

function walkType(type: TypeExpression, visit: Visit): void {
  if (type.kind === "typeof") walkOperand(type.operand, visit);
  else if (type.kind === "pointer-type") walkType(type.to, visit);
  else if (type.kind === "array-type") walkType(type.element, visit);
}
