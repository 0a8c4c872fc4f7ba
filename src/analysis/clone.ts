// Copies of syntax trees: a body that means different things at different attach points is analysed once for each.

import type {
  Assignable,
  Block,
  CallExpression,
  Expression,
  MapExpression,
  Statement,
  TypeExpression,
  TypeOrExpression,
  VariableExpression,
} from "../syntax/ast.ts";
import { assertNever } from "../base/invariant.ts";

/** A deep copy with new identity for every node. */
export function cloneBlock(block: Block): Block {
  return {
    ...block,
    statements: block.statements.map(cloneStatement),
    value: block.value === undefined ? undefined : cloneExpression(block.value),
  };
}

export function cloneStatement(statement: Statement): Statement {
  switch (statement.kind) {
    case "expression-statement":
      return { ...statement, expression: cloneExpression(statement.expression) };
    case "let":
      return {
        ...statement,
        variable: cloneVariable(statement.variable),
        type: statement.type === undefined ? undefined : cloneType(statement.type),
        value: statement.value === undefined ? undefined : cloneExpression(statement.value),
      };
    case "assign":
      return { ...statement, target: cloneAssignable(statement.target), value: cloneExpression(statement.value) };
    case "discard":
      return { ...statement, value: cloneExpression(statement.value) };
    case "if":
      return {
        ...statement,
        condition: cloneExpression(statement.condition),
        then: cloneBlock(statement.then),
        else: statement.else === undefined ? undefined : cloneBlock(statement.else),
      };
    case "block-statement":
      return { ...statement, block: cloneBlock(statement.block) };
    case "unroll":
      return { ...statement, count: cloneExpression(statement.count), body: cloneBlock(statement.body) };
    case "while":
      return { ...statement, condition: cloneExpression(statement.condition), body: cloneBlock(statement.body) };
    case "for-range":
      return {
        ...statement,
        variable: cloneVariable(statement.variable),
        from: cloneExpression(statement.from),
        to: cloneExpression(statement.to),
        body: cloneBlock(statement.body),
      };
    case "for-map":
      return {
        ...statement,
        variable: cloneVariable(statement.variable),
        map: cloneMap(statement.map),
        body: cloneBlock(statement.body),
      };
    case "return":
      return { ...statement, value: statement.value === undefined ? undefined : cloneExpression(statement.value) };
    case "break":
    case "continue":
    case "import-statement":
      return { ...statement };
    default:
      return assertNever(statement);
  }
}

function cloneVariable(variable: VariableExpression): VariableExpression {
  return { ...variable };
}

function cloneMap(map: MapExpression): MapExpression {
  return { ...map, keys: map.keys?.map(cloneExpression) };
}

function cloneAssignable(target: Assignable): Assignable {
  return target.kind === "map" ? cloneMap(target) : cloneVariable(target);
}

function cloneCall(call: CallExpression): CallExpression {
  return { ...call, arguments: call.arguments.map(cloneExpression) };
}

export function cloneExpression(expression: Expression): Expression {
  switch (expression.kind) {
    case "int":
    case "string":
    case "bool":
    case "positional":
    case "positional-count":
    case "identifier":
    case "variable":
      return { ...expression };
    case "map":
      return cloneMap(expression);
    case "call":
      return cloneCall(expression);
    case "binary":
      return { ...expression, left: cloneExpression(expression.left), right: cloneExpression(expression.right) };
    case "unary":
    case "comptime":
      return { ...expression, operand: cloneExpression(expression.operand) };
    case "increment":
      return { ...expression, target: cloneAssignable(expression.target) };
    case "address-of":
      return { ...expression, operand: cloneAssignable(expression.operand) };
    case "ternary":
      return {
        ...expression,
        condition: cloneExpression(expression.condition),
        then: expression.then === undefined ? undefined : cloneExpression(expression.then),
        else: cloneExpression(expression.else),
      };
    case "field":
    case "element":
      return { ...expression, base: cloneExpression(expression.base) };
    case "index":
      return { ...expression, base: cloneExpression(expression.base), indices: expression.indices.map(cloneExpression) };
    case "cast":
      return { ...expression, type: cloneType(expression.type), operand: cloneExpression(expression.operand) };
    case "tuple":
      return { ...expression, elements: expression.elements.map(cloneExpression) };
    case "record":
      return {
        ...expression,
        fields: expression.fields.map((field) => ({ ...field, value: cloneExpression(field.value) })),
      };
    case "block-expression":
      return { ...expression, block: cloneBlock(expression.block) };
    case "if-expression":
      return {
        ...expression,
        condition: cloneExpression(expression.condition),
        then: cloneBlock(expression.then),
        else: expression.else === undefined ? undefined : cloneBlock(expression.else),
      };
    case "sizeof":
    case "typeinfo":
    case "offsetof":
      return { ...expression, operand: cloneOperand(expression.operand) };
    case "type-argument":
      return { ...expression, type: cloneType(expression.type) };
    default:
      return assertNever(expression);
  }
}

function cloneOperand(operand: TypeOrExpression): TypeOrExpression {
  switch (operand.kind) {
    case "type":
      return { ...operand, type: cloneType(operand.type) };
    case "value":
      return { ...operand, expression: cloneExpression(operand.expression) };
    case "name":
      return { ...operand };
  }
}

function cloneType(type: TypeExpression): TypeExpression {
  switch (type.kind) {
    case "named-type":
    case "tagged-type":
      return { ...type };
    case "typeof":
      return { ...type, operand: cloneOperand(type.operand) };
    case "pointer-type":
      return { ...type, to: cloneType(type.to) };
    case "array-type":
      return { ...type, element: cloneType(type.element) };
  }
}
