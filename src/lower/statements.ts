// Lowering of statements.

import { assertNever, present } from "../base/invariant.ts";
import { scalarOperand } from "../define/code.ts";
import type { Value } from "../ir/model.ts";
import type { Block, Expression, Statement } from "../syntax/ast.ts";
import { none, type Type } from "../types/type.ts";
import { aggregateValueType } from "./aggregate-type.ts";
import type { FunctionLowering } from "./function.ts";
import { lowerForMap, lowerForRange, lowerWhile } from "./loops.ts";
import { assignMap, sampleMap, updateMapElement } from "./map-write.ts";
import { extendTo } from "./operands.ts";
import { arithmetic, elementSize, lowerCondition } from "./operators.ts";
import { expressionsOf } from "./tree.ts";
import { assignVariable, declareVariable, readVariable, variableType, writeVariable } from "./variables.ts";

type Of<K extends Statement["kind"]> = Extract<Statement, { readonly kind: K }>;

/** Lowers a body: its last expression is a statement like the others. */
export function lowerBody(f: FunctionLowering, block: Block): void {
  lowerStatements(f, block.statements);
  const { value } = block;
  if (value === undefined || f.ir.ended) return;
  f.withTemporaries(() => lowerEffect(f, value));
}

export function lowerStatements(f: FunctionLowering, statements: readonly Statement[]): void {
  for (const statement of statements) {
    // What follows a return or exit can't run: it is not compiled at all.
    if (f.ir.ended) return;
    f.ir.at(statement.span);
    lowerStatement(f, statement);
  }
}

/** Evaluates an expression for what it does. */
function lowerEffect(f: FunctionLowering, expression: Expression): void {
  f.ir.at(expression.span);
  f.operand(expression);
}

function lowerStatement(f: FunctionLowering, statement: Statement): void {
  switch (statement.kind) {
    case "expression-statement":
      return f.withTemporaries(() => lowerEffect(f, statement.expression));
    case "let":
      return lowerLet(f, statement);
    case "assign":
      return lowerAssign(f, statement);
    case "discard":
      return f.withTemporaries(() => lowerEffect(f, statement.value));
    case "if":
      return lowerIf(f, statement);
    case "block-statement":
      return lowerBody(f, statement.block);
    case "unroll":
      return lowerUnroll(f, statement);
    case "while":
      return lowerWhile(f, statement);
    case "for-range":
      return lowerForRange(f, statement);
    case "for-map":
      return lowerForMap(f, statement);
    case "break":
      return present(f.loop, "loop").breakTo();
    case "continue":
      return present(f.loop, "loop").continueTo();
    case "return":
      return lowerReturn(f, statement);
    case "import-statement":
      return;
    default:
      assertNever(statement);
  }
}

function lowerLet(f: FunctionLowering, statement: Of<"let">): void {
  const { value, variable } = statement;
  declareVariable(f, variable);
  if (value !== undefined) f.withTemporaries(() => assignVariable(f, variable, value));
}

function lowerAssign(f: FunctionLowering, statement: Of<"assign">): void {
  const { target, value, operator } = statement;
  if (target.kind === "variable") prepareVariable(f, statement);
  f.withTemporaries(() => {
    if (operator !== undefined) return lowerUpdate(f, statement, operator);
    if (target.kind === "variable") return assignVariable(f, target, value);
    const { map } = f.layout(target.name);
    if (map.aggregation !== undefined && value.kind === "call") return sampleMap(f, target, value);
    return assignMap(f, target, value);
  });
}

/** Memory of a variable that begins here outlives the statement: it is reserved before its temporaries. */
function prepareVariable(f: FunctionLowering, statement: Of<"assign">): void {
  const { target } = statement;
  if (target.kind !== "variable" || statement.operator !== undefined) return;
  const symbol = present(f.program.analysed.variables.get(target), "variable");
  if (!f.storage.has(symbol)) declareVariable(f, target);
}

function lowerUpdate(f: FunctionLowering, statement: Of<"assign">, operator: NonNullable<Of<"assign">["operator"]>): void {
  const { target, value } = statement;
  const type = target.kind === "map" ? f.layout(target.name).map.value : variableType(f, target);
  const at = { span: statement.span, right: value };
  const valueType = aggregateValueType(f.program.analysed.types.get(value) ?? none);
  const signed = isSigned(type) || (operator !== ">>" && isSigned(valueType) && f.literalOf(value) === undefined);
  const next = (old: Value, right: Value) => arithmetic(f, operator, old, scaled(f, type, right), signed, at);
  if (target.kind === "map") {
    // The value is evaluated before the element is looked up: it may change the map.
    if (changesSomething(value)) {
      const old = f.integer(target);
      const result = next(old, f.integer(value));
      updateMapElement(f, target, () => result);
      return;
    }
    const right = f.integer(value);
    updateMapElement(f, target, (old) => next(old, right));
    return;
  }
  const old = f.scalar(readVariable(f, target));
  const right = f.integer(value);
  writeVariable(f, target, scalarOperand(type, extendTo(f, next(old, right), type)));
}

/** Whether evaluating an expression may change the map: then the old value is read before it. */
function changesSomething(expression: Expression): boolean {
  switch (expression.kind) {
    case "increment":
    case "block-expression":
    case "if-expression":
      return true;
    case "call":
      return expression.arguments.some((argument) => argument.kind === "map" || changesSomething(argument));
    default:
      return expressionsOf(expression).some(changesSomething);
  }
}

function isSigned(type: Type): boolean {
  return type.kind === "int" && type.signed;
}

function scaled(f: FunctionLowering, type: Type, value: Value): Value {
  return type.kind === "pointer" ? f.ir.binary("mul", value, f.ir.const(elementSize(type))) : value;
}

function lowerIf(f: FunctionLowering, statement: Of<"if">): void {
  lowerCondition(
    f,
    statement.condition,
    () => lowerBody(f, statement.then),
    () => {
      if (statement.else !== undefined) lowerBody(f, statement.else);
    },
  );
}

/** The body again and again; each round clears what it declares. */
function lowerUnroll(f: FunctionLowering, statement: Of<"unroll">): void {
  const literal = f.literalOf(statement.count);
  const rounds = literal?.kind === "int" ? Number(literal.value) : 0;
  for (let round = 0; round < rounds && !f.ir.ended; round++) {
    const before = new Map(f.storage);
    lowerBody(f, statement.body);
    // Variables of the round are gone: the next one declares its own.
    for (const symbol of f.storage.keys()) if (!before.has(symbol)) f.storage.delete(symbol);
  }
}

function lowerReturn(f: FunctionLowering, statement: Of<"return">): void {
  const { value } = statement;
  if (value === undefined) return f.leave();
  f.withTemporaries(() => f.leave(f.integer(value)));
}
