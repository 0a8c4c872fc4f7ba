// Rebuilding syntax trees: a node of the same kind with new identity, its parts given by a rewriter.

import { assertNever } from "../base/invariant.ts";
import type { Span } from "../source/source.ts";
import type {
  Assignable,
  Block,
  Expression,
  MapExpression,
  Statement,
  TypeExpression,
  TypeOrExpression,
  VariableExpression,
} from "../syntax/ast.ts";

/** What stands for the parts of a node. Every result is a new node. */
export interface Rewriter {
  expression(expression: Expression): Expression;
  /** An expression whose value nobody uses. */
  effect(expression: Expression): Expression;
  variable(variable: VariableExpression): VariableExpression;
  map(map: MapExpression): MapExpression;
  type(type: TypeExpression): TypeExpression;
  operand(operand: TypeOrExpression): TypeOrExpression;
  block(block: Block): Block;
  span(span: Span): Span;
}

export function rebuildBlock(block: Block, r: Rewriter): Block {
  return {
    ...block,
    statements: block.statements.map((statement) => rebuildStatement(statement, r)),
    value: block.value === undefined ? undefined : r.expression(block.value),
    span: r.span(block.span),
  };
}

export function rebuildStatement(statement: Statement, r: Rewriter): Statement {
  const span = r.span(statement.span);
  switch (statement.kind) {
    case "expression-statement":
      return { ...statement, expression: r.effect(statement.expression), span };
    case "let":
      return {
        ...statement,
        variable: r.variable(statement.variable),
        type: statement.type === undefined ? undefined : r.type(statement.type),
        value: statement.value === undefined ? undefined : r.expression(statement.value),
        declarationSpan: r.span(statement.declarationSpan),
        span,
      };
    case "assign":
      return { ...statement, target: assignable(statement.target, r), value: r.expression(statement.value), span };
    case "discard":
      return { ...statement, value: r.expression(statement.value), span };
    case "if":
      return {
        ...statement,
        condition: r.expression(statement.condition),
        then: r.block(statement.then),
        else: statement.else === undefined ? undefined : r.block(statement.else),
        span,
      };
    case "block-statement":
      return { ...statement, block: r.block(statement.block), span };
    case "unroll":
      return { ...statement, count: r.expression(statement.count), body: r.block(statement.body), span };
    case "while":
      return { ...statement, condition: r.expression(statement.condition), body: r.block(statement.body), span };
    case "for-range":
      return {
        ...statement,
        variable: r.variable(statement.variable),
        from: r.expression(statement.from),
        to: r.expression(statement.to),
        body: r.block(statement.body),
        headSpan: r.span(statement.headSpan),
        span,
      };
    case "for-map":
      return {
        ...statement,
        variable: r.variable(statement.variable),
        map: r.map(statement.map),
        body: r.block(statement.body),
        headSpan: r.span(statement.headSpan),
        span,
      };
    case "return":
      return { ...statement, value: statement.value === undefined ? undefined : r.expression(statement.value), span };
    case "break":
    case "continue":
    case "import-statement":
      return { ...statement, span };
    default:
      return assertNever(statement);
  }
}

function assignable(target: Assignable, r: Rewriter): Assignable {
  return target.kind === "map" ? r.map(target) : r.variable(target);
}

export function rebuildMap(map: MapExpression, r: Rewriter): MapExpression {
  return { ...map, keys: map.keys?.map((key) => r.expression(key)), span: r.span(map.span) };
}

export function rebuildExpression(expression: Expression, r: Rewriter): Expression {
  const all = (list: readonly Expression[]) => list.map((item) => r.expression(item));
  const span = r.span(expression.span);
  switch (expression.kind) {
    case "int":
    case "string":
    case "bool":
    case "positional":
    case "positional-count":
    case "identifier":
      return { ...expression, span };
    case "variable":
      return r.variable(expression);
    case "map":
      return r.map(expression);
    case "call":
      return { ...expression, arguments: all(expression.arguments), span };
    case "binary":
      return { ...expression, left: r.expression(expression.left), right: r.expression(expression.right), span };
    case "unary":
    case "comptime":
      return { ...expression, operand: r.expression(expression.operand), span };
    case "increment":
      return { ...expression, target: assignable(expression.target, r), span };
    case "address-of":
      return { ...expression, operand: assignable(expression.operand, r), span };
    case "ternary":
      return {
        ...expression,
        condition: r.expression(expression.condition),
        then: expression.then === undefined ? undefined : r.expression(expression.then),
        else: r.expression(expression.else),
        span,
      };
    case "field":
      return { ...expression, base: r.expression(expression.base), nameSpan: r.span(expression.nameSpan), span };
    case "element":
      return { ...expression, base: r.expression(expression.base), span };
    case "index":
      return { ...expression, base: r.expression(expression.base), indices: all(expression.indices), span };
    case "cast":
      return { ...expression, type: r.type(expression.type), operand: r.expression(expression.operand), span };
    case "tuple":
      return { ...expression, elements: all(expression.elements), span };
    case "record":
      return {
        ...expression,
        fields: expression.fields.map((field) => ({ ...field, value: r.expression(field.value), span: r.span(field.span) })),
        span,
      };
    case "block-expression":
      return { ...expression, block: r.block(expression.block), span };
    case "if-expression":
      return {
        ...expression,
        condition: r.expression(expression.condition),
        then: r.block(expression.then),
        else: expression.else === undefined ? undefined : r.block(expression.else),
        span,
      };
    case "sizeof":
    case "typeinfo":
    case "offsetof":
      return { ...expression, operand: r.operand(expression.operand), span };
    case "type-argument":
      return { ...expression, type: r.type(expression.type), span };
    default:
      return assertNever(expression);
  }
}

export function rebuildOperand(operand: TypeOrExpression, r: Rewriter): TypeOrExpression {
  const span = r.span(operand.span);
  switch (operand.kind) {
    case "type":
      return { ...operand, type: r.type(operand.type), span };
    case "value":
      return { ...operand, expression: r.expression(operand.expression), span };
    case "name":
      return { ...operand, span };
    default:
      return assertNever(operand);
  }
}

export function rebuildType(type: TypeExpression, r: Rewriter): TypeExpression {
  const span = r.span(type.span);
  switch (type.kind) {
    case "named-type":
    case "tagged-type":
      return { ...type, span };
    case "typeof":
      return { ...type, operand: r.operand(type.operand), span };
    case "pointer-type":
      return { ...type, to: r.type(type.to), span };
    case "array-type":
      return { ...type, element: r.type(type.element), span };
    default:
      return assertNever(type);
  }
}
