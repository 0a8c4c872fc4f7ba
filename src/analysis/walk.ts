// Visits every expression and statement of a tree, types' operands included.

import { assertNever } from "../base/invariant.ts";
import type { Block, Expression, Statement, TypeExpression, TypeOrExpression } from "../syntax/ast.ts";

export type Visit = (expression: Expression) => void;

interface Visitor {
  readonly expression: Visit;
  /** Gets each statement; `inside` visits its parts. */
  statement(statement: Statement, inside: () => void): void;
}

export function walkBlock(block: Block, visit: Visit): void {
  enterBlock(block, { expression: visit, statement: (_, inside) => inside() });
}

export function walkExpression(expression: Expression, visit: Visit): void {
  enterExpression(expression, { expression: visit, statement: (_, inside) => inside() });
}

/** Visits the statements, those in expressions too; `inside` visits the parts of one. */
export function walkStatements(root: Block | Expression, statement: (statement: Statement, inside: () => void) => void): void {
  const visitor: Visitor = { expression: () => undefined, statement };
  if (root.kind === "block") enterBlock(root, visitor);
  else enterExpression(root, visitor);
}

function enterBlock(block: Block, visitor: Visitor): void {
  for (const statement of block.statements) visitor.statement(statement, () => enterStatement(statement, visitor));
  if (block.value !== undefined) enterExpression(block.value, visitor);
}

function enterStatement(statement: Statement, visitor: Visitor): void {
  switch (statement.kind) {
    case "expression-statement":
      return enterExpression(statement.expression, visitor);
    case "let":
      if (statement.type !== undefined) enterType(statement.type, visitor);
      if (statement.value !== undefined) enterExpression(statement.value, visitor);
      return enterExpression(statement.variable, visitor);
    case "assign":
      enterExpression(statement.value, visitor);
      return enterExpression(statement.target, visitor);
    case "discard":
      return enterExpression(statement.value, visitor);
    case "if":
      enterExpression(statement.condition, visitor);
      enterBlock(statement.then, visitor);
      if (statement.else !== undefined) enterBlock(statement.else, visitor);
      return;
    case "block-statement":
      return enterBlock(statement.block, visitor);
    case "unroll":
      enterExpression(statement.count, visitor);
      return enterBlock(statement.body, visitor);
    case "while":
      enterExpression(statement.condition, visitor);
      return enterBlock(statement.body, visitor);
    case "for-range":
      enterExpression(statement.from, visitor);
      enterExpression(statement.to, visitor);
      enterExpression(statement.variable, visitor);
      return enterBlock(statement.body, visitor);
    case "for-map":
      enterExpression(statement.map, visitor);
      enterExpression(statement.variable, visitor);
      return enterBlock(statement.body, visitor);
    case "return":
      if (statement.value !== undefined) enterExpression(statement.value, visitor);
      return;
    case "break":
    case "continue":
    case "import-statement":
      return;
    default:
      assertNever(statement);
  }
}

function enterExpression(expression: Expression, visitor: Visitor): void {
  visitor.expression(expression);
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
      for (const key of expression.keys ?? []) enterExpression(key, visitor);
      return;
    case "call":
      for (const argument of expression.arguments) enterExpression(argument, visitor);
      return;
    case "binary":
      enterExpression(expression.left, visitor);
      return enterExpression(expression.right, visitor);
    case "unary":
    case "comptime":
      return enterExpression(expression.operand, visitor);
    case "increment":
      return enterExpression(expression.target, visitor);
    case "address-of":
      return enterExpression(expression.operand, visitor);
    case "ternary":
      enterExpression(expression.condition, visitor);
      if (expression.then !== undefined) enterExpression(expression.then, visitor);
      return enterExpression(expression.else, visitor);
    case "field":
    case "element":
      return enterExpression(expression.base, visitor);
    case "index":
      enterExpression(expression.base, visitor);
      for (const index of expression.indices) enterExpression(index, visitor);
      return;
    case "cast":
      enterType(expression.type, visitor);
      return enterExpression(expression.operand, visitor);
    case "tuple":
      for (const element of expression.elements) enterExpression(element, visitor);
      return;
    case "record":
      for (const field of expression.fields) enterExpression(field.value, visitor);
      return;
    case "block-expression":
      return enterBlock(expression.block, visitor);
    case "if-expression":
      enterExpression(expression.condition, visitor);
      enterBlock(expression.then, visitor);
      if (expression.else !== undefined) enterBlock(expression.else, visitor);
      return;
    case "sizeof":
    case "typeinfo":
    case "offsetof":
      return enterOperand(expression.operand, visitor);
    case "type-argument":
      return enterType(expression.type, visitor);
    default:
      assertNever(expression);
  }
}

function enterOperand(operand: TypeOrExpression, visitor: Visitor): void {
  if (operand.kind === "value") enterExpression(operand.expression, visitor);
  else if (operand.kind === "type") enterType(operand.type, visitor);
}

function enterType(type: TypeExpression, visitor: Visitor): void {
  if (type.kind === "typeof") enterOperand(type.operand, visitor);
  else if (type.kind === "pointer-type") enterType(type.to, visitor);
  else if (type.kind === "array-type") enterType(type.element, visitor);
}
