// Types and literal values of expressions. Every function gives undefined while a type is not known yet;
// problems are reported in the last round only (context.ts).

import { assertNever } from "../base/invariant.ts";
import type { Literal } from "../define/literal.ts";
import { literalTruth } from "../define/literal.ts";
import { textOf } from "../source/source.ts";
import type { Assignable, Expression, IfExpression, MapExpression, VariableExpression } from "../syntax/ast.ts";
import { isConditionType, isFlexibleLiteral, literalIntType, mergeTypes } from "../types/convert.ts";
import {
  bool,
  int64,
  isIntegral,
  none,
  pointerTo,
  sizeOf,
  stringType,
  type Type,
  typeName,
  uint64,
} from "../types/type.ts";
import { inferElement, inferField, inferIndex, inferOffsetof } from "./access.ts";
import { inferCall, inferIdentifier } from "./calls.ts";
import { chooseBranches, inferComptime } from "./comptime.ts";
import { type Context, reportError, reportWarning } from "./context.ts";
import { foldCast, foldUnary } from "./fold.ts";
import { inferBinary, inferUnary } from "./operators.ts";
import { parameterLiteral } from "./parameters.ts";
import { resolveType, typeOfOperand } from "./resolve-type.ts";
import { inferBlock } from "./statements.ts";
import { inferTypeinfo } from "./typeinfo.ts";

/** Infers an expression and remembers what was found. */
export function inferExpression(context: Context, expression: Expression): Type | undefined {
  context.state.literals.delete(expression);
  const type = infer(context, expression);
  if (type !== undefined) context.state.types.set(expression, type);
  else if (context.reporting) context.state.untyped.push(expression);
  return type;
}

/** Remembers the value of an expression and gives the type of the literal. */
export function literalType(context: Context, expression: Expression, literal: Literal): Type {
  context.state.literals.set(expression, literal);
  switch (literal.kind) {
    case "int":
      return literalIntType(literal.value);
    case "string":
      return stringType(literal.value.length + 1);
    case "bool":
      return bool;
  }
}

/** True for an int literal whose sign adapts. */
export function isFlexible(context: Context, expression: Expression): boolean {
  const literal = context.state.literals.get(expression);
  return literal?.kind === "int" && isFlexibleLiteral(literal.value);
}

function infer(context: Context, expression: Expression): Type | undefined {
  switch (expression.kind) {
    case "int":
      return literalType(context, expression, { kind: "int", value: expression.value });
    case "string":
      return inferString(context, expression);
    case "bool":
      return literalType(context, expression, { kind: "bool", value: expression.value });
    case "positional":
      return inferPositional(context, expression);
    case "positional-count":
      return literalType(context, expression, { kind: "int", value: BigInt(context.options.positional.length) });
    case "identifier":
      return inferIdentifier(context, expression);
    case "variable":
      return inferVariable(context, expression);
    case "map":
      return inferMapRead(context, expression);
    case "call":
      return inferCall(context, expression, false);
    case "binary":
      return inferBinary(context, expression);
    case "unary":
      return inferUnary(context, expression);
    case "increment":
      return inferIncrement(context, expression);
    case "address-of":
      return inferAddress(context, expression.operand);
    case "ternary":
      return inferTernary(context, expression);
    case "field":
      return inferField(context, expression);
    case "element":
      return inferElement(context, expression);
    case "index":
      return inferIndex(context, expression);
    case "cast":
      return inferCast(context, expression);
    case "tuple":
      return inferTuple(context, expression);
    case "record":
      return inferRecord(context, expression);
    case "block-expression":
      return inferBlock(context, expression.block);
    case "if-expression":
      return inferIfExpression(context, expression);
    case "comptime":
      return inferComptime(context, expression);
    case "sizeof": {
      const type = typeOfOperand(context, expression.operand, expression.span);
      return type === undefined ? undefined : literalType(context, expression, { kind: "int", value: BigInt(sizeOf(type)) });
    }
    case "typeinfo":
      return inferTypeinfo(context, expression);
    case "type-argument":
      reportError(context, "syntax", expression.span, "a value is needed here, not a type");
      return undefined;
    case "offsetof":
      return inferOffsetof(context, expression);
    default:
      return assertNever(expression);
  }
}

function inferString(context: Context, expression: Expression & { kind: "string" }): Type {
  const limit = context.config.maxStrlen;
  if (expression.value.length + 1 > limit) {
    reportError(context, "string-too-long", expression.span, `String is too long (over ${limit} bytes): ${expression.value}`);
  }
  return literalType(context, expression, { kind: "string", value: expression.value });
}

function inferPositional(context: Context, expression: Expression & { kind: "positional" }): Type {
  const literal = parameterLiteral(context.options.positional, expression.index);
  if (literal === undefined) {
    const message = `Positional parameter $${expression.index} is empty or not provided.`;
    if (context.inText) return literalType(context, expression, { kind: "string", value: "" });
    reportWarning(context, "missing-parameter", expression.span, message);
    literalType(context, expression, { kind: "int", value: 0n });
    return int64;
  }
  return literalType(context, expression, literal);
}

function inferVariable(context: Context, expression: VariableExpression): Type | undefined {
  const symbol = context.variables.get(expression);
  return symbol === undefined ? undefined : context.state.variableTypes.get(symbol);
}

// ---- maps ------------------------------------------------------------------------------------------

/** Notes a use with or without keys and infers the key; false when this use contradicts another one. */
export function inferMapAccess(context: Context, expression: MapExpression): boolean {
  const map = context.state.map(expression.name);
  map.used = true;
  const keyed = expression.keys !== undefined;
  const other = keyed ? map.scalarUse : map.keyedUse;
  if (other !== undefined) {
    const here = keyed ? "with an explicit key (non-scalar map)" : "without an explicit key (scalar map)";
    const there = keyed ? "without an explicit key (scalar map)" : "with an explicit key (non-scalar map)";
    reportError(context, "map-form", expression.span, `${expression.name} is used ${here}, previously used ${there}`, {
      parts: [{ span: other, message: "The earlier use." }],
    });
    return false;
  }
  if (!keyed) {
    map.scalarUse ??= expression.span;
    return true;
  }
  map.keyedUse ??= expression.span;
  return inferKey(context, expression, expression.keys ?? []);
}

/** Merges the type of key expressions into the map's key type. */
export function inferKey(context: Context, at: Expression & { kind: "map" }, keys: readonly Expression[]): boolean {
  const type = keyType(context, keys);
  if (type === undefined) return false;
  const parts = type.kind === "tuple" && keys.length > 1 ? type.elements : [type];
  const bad = parts.find((part) => part.kind === "none" || part.kind === "aggregate");
  if (bad !== undefined) {
    reportError(context, "bad-key", at.span, `Value '${typeName(bad)}' cannot be used as a map key`);
    return false;
  }
  const [only] = keys;
  const flexible = keys.length === 1 && only !== undefined && isFlexible(context, only);
  if (context.state.widenMapKey(at.name, type, flexible)) return true;
  const { key, keyedUse } = context.state.map(at.name);
  const other = keyedUse === undefined || keyedUse.start === at.span.start ? [] : [keyedUse];
  reportError(
    context,
    "key-mismatch",
    at.span,
    `Argument mismatch for ${at.name}: trying to access with arguments: '${typeName(type)}' when map expects arguments: '${typeName(key ?? none)}'`,
    { parts: other.map((span) => ({ span, message: `Argument mismatch for ${at.name}: its first use is here` })) },
  );
  return false;
}

function keyType(context: Context, keys: readonly Expression[]): Type | undefined {
  const types = keys.map((key) => keyPart(context, inferExpression(context, key)));
  const [first] = types;
  if (types.length === 1) return first;
  const elements = types.flatMap((type) => (type === undefined ? [] : [type]));
  return elements.length === types.length ? { kind: "tuple", elements } : undefined;
}

/** Aggregates that stand for an integer become it. */
function keyPart(context: Context, type: Type | undefined): Type | undefined {
  return type?.kind === "aggregate" && isCastable(context, type.aggregation) ? asValue(type) : type;
}

/** A map read as a value. */
function inferMapRead(context: Context, expression: MapExpression): Type | undefined {
  if (!inferMapAccess(context, expression)) return undefined;
  const map = context.state.map(expression.name);
  if (!map.assigned) {
    reportError(context, "undefined-map", expression.span, `Undefined map: ${expression.name}`);
    return undefined;
  }
  return map.value;
}

/** `++x` and the like: the target becomes 64 bits wide unless its type was declared. */
function inferIncrement(context: Context, expression: Expression & { kind: "increment" }): Type | undefined {
  const current = inferTarget(context, expression.target);
  if (current === "invalid") return undefined;
  if (current?.kind === "pointer") return current;
  if (current !== undefined && (!isIntegral(current) || current.kind === "bool")) {
    reportError(
      context,
      "type-mismatch",
      expression.span,
      `Type mismatch for ${expression.target.name}: operator '${expression.operator}' needs an integer or a pointer, not '${typeName(current)}'`,
    );
    return undefined;
  }
  const unsigned = expression.operator === "++" && current?.kind === "int" && !current.signed;
  return widenTarget(context, expression.target, unsigned ? uint64 : int64);
}

/** The type of an assignment's target so far; "invalid" when its use is wrong. */
export function inferTarget(context: Context, target: Assignable): Type | undefined | "invalid" {
  if (target.kind === "variable") return inferVariable(context, target);
  if (!inferMapAccess(context, target)) return "invalid";
  if (!checkEvaluated(context, target)) return "invalid";
  const map = context.state.map(target.name);
  map.assigned = true;
  map.counted = true;
  return map.value;
}

/** Maps can't be assigned where nothing is evaluated. */
export function checkEvaluated(context: Context, target: MapExpression): boolean {
  if (!context.unevaluated) return true;
  reportError(context, "unevaluated", target.span, `${target.name} can't be assigned here: the expression is not evaluated`);
  return false;
}

/** Widens the target by an integer type and gives what it is then. */
export function widenTarget(context: Context, target: Assignable, type: Type): Type | undefined {
  if (target.kind === "map") {
    context.state.widenMapValue(target.name, type, false);
    return context.state.map(target.name).value;
  }
  const symbol = context.variables.get(target);
  if (symbol === undefined) return undefined;
  context.state.widenVariable(symbol, type, false);
  return context.state.variableTypes.get(symbol);
}

function inferAddress(context: Context, operand: Assignable): Type | undefined {
  if (operand.kind === "map") {
    if (!inferMapAccess(context, operand)) return undefined;
    const value = context.state.map(operand.name).value;
    return value === undefined ? undefined : pointerTo(value, "bpf");
  }
  const type = inferVariable(context, operand);
  return type === undefined ? undefined : pointerTo(type, "bpf");
}

// ---- conditions and branches ---------------------------------------------------------------------------

/** Infers a condition. `whole`: string literals are allowed, as in `if ("x")`. */
export function inferCondition(context: Context, condition: Expression, whole: boolean): Type | undefined {
  const type = inferExpression(context, condition);
  if (type === undefined) return undefined;
  if (isConditionType(type) || (type.kind === "aggregate" && isCastable(context, type.aggregation))) return type;
  const literal = context.state.literals.get(condition);
  if (whole && literal !== undefined) return type;
  return undefined;
}

/** Infers a condition and reports one that can't be used. */
export function checkCondition(context: Context, condition: Expression, at = condition.span): void {
  if (inferCondition(context, condition, true) !== undefined) return;
  const type = context.state.types.get(condition);
  if (type !== undefined) reportError(context, "invalid-condition", at, `Invalid condition: ${type.kind === "aggregate" ? typeName(type) : type.kind}`);
}

export function isCastable(context: Context, aggregation: string): boolean {
  return context.registry.aggregations.get(aggregation)?.castable ?? false;
}

function inferTernary(context: Context, expression: Expression & { kind: "ternary" }): Type | undefined {
  const branches = chooseBranches(context, expression.condition);
  if (branches === "none") return undefined;
  if (branches !== "both") return inferBranch(context, expression, branches === "then" ? (expression.then ?? expression.condition) : expression.else);
  checkCondition(context, expression.condition);
  const condition = context.state.literals.get(expression.condition);
  const thenNode = expression.then ?? expression.condition;
  const then = inferExpression(context, thenNode);
  const otherwise = inferExpression(context, expression.else);
  const thenLiteral = context.state.literals.get(thenNode);
  const elseLiteral = context.state.literals.get(expression.else);
  if (condition !== undefined && thenLiteral !== undefined && elseLiteral !== undefined) {
    return literalType(context, expression, literalTruth(condition) ? thenLiteral : elseLiteral);
  }
  if (then === undefined || otherwise === undefined) return undefined;
  return mergeBranches(context, expression, then, otherwise, isFlexible(context, expression.else));
}

/** The only branch that stays. */
function inferBranch(context: Context, expression: Expression, branch: Expression): Type | undefined {
  const type = inferExpression(context, branch);
  const literal = context.state.literals.get(branch);
  if (literal !== undefined) context.state.literals.set(expression, literal);
  return type;
}

function mergeBranches(
  context: Context,
  expression: Expression,
  then: Type,
  otherwise: Type,
  flexible: boolean,
): Type | undefined {
  const merged = mergeTypes(asValue(then), asValue(otherwise), flexible);
  if (merged === undefined) {
    reportError(
      context,
      "branch-types",
      expression.span,
      `Branches must return the same type: have '${typeName(then)}' and '${typeName(otherwise)}'`,
    );
  }
  return merged;
}

/** Aggregates become their integer where a plain value is needed. */
export function asValue(type: Type): Type {
  if (type.kind !== "aggregate") return type;
  return type.signed ? int64 : uint64;
}

function inferIfExpression(context: Context, expression: IfExpression): Type | undefined {
  const branches = chooseBranches(context, expression.condition);
  if (branches === "none") return undefined;
  if (branches === "then") return inferBlock(context, expression.then);
  if (branches === "else") return expression.else === undefined ? none : inferBlock(context, expression.else);
  checkCondition(context, expression.condition, expression.span);
  const then = inferBlock(context, expression.then);
  if (expression.else === undefined) {
    reportError(context, "branch-types", expression.span, "if expression has a branch without value: add an else");
    return undefined;
  }
  const otherwise = inferBlock(context, expression.else);
  if (then === undefined || otherwise === undefined) return undefined;
  if (then.kind === "none" && otherwise.kind === "none") return none;
  const flexible = expression.else.value !== undefined && isFlexible(context, expression.else.value);
  return mergeBranches(context, expression, then, otherwise, flexible);
}

// ---- casts, tuples, records ----------------------------------------------------------------------------

function inferCast(context: Context, expression: Expression & { kind: "cast" }): Type | undefined {
  const to = resolveType(context, expression.type, expression.span);
  const from = inferExpression(context, expression.operand);
  if (to === undefined || from === undefined) return undefined;
  const result = castResult(context, expression, to, from);
  if (result !== undefined) {
    const literal = context.state.literals.get(expression.operand);
    // A cast gives a value of a fixed type, so the literal is known but does not adapt: only bool and enum keep it.
    if (literal !== undefined && result.kind === "bool") {
      const folded = foldCast(literal, result);
      if (folded.kind === "literal") context.state.literals.set(expression, folded.literal);
    }
    return result;
  }
  reportError(context, "bad-cast", expression.span, `Cannot cast from "${typeName(from)}" to "${typeName(to)}"`);
  return undefined;
}

/** The type that a cast gives, sizes filled in; undefined when it is not possible. */
function castResult(context: Context, expression: Expression & { kind: "cast" }, to: Type, from: Type): Type | undefined {
  const source = from.kind === "aggregate" && isCastable(context, from.aggregation) ? asValue(from) : from;
  switch (to.kind) {
    case "int":
      if (isIntegral(source) || source.kind === "pointer") return to;
      return source.kind === "array" && sizeOf(source) === to.bytes ? to : undefined;
    case "bool":
      return isIntegral(source) || source.kind === "pointer" || source.kind === "string" ? to : undefined;
    case "enum":
      return castToEnum(context, expression, to, source);
    case "pointer":
      return isIntegral(source) || source.kind === "pointer" ? pointerCast(context, to, source) : undefined;
    case "array":
      return castToArray(to, source);
    case "string": {
      if (source.kind !== "string") return undefined;
      if (to.size === 0) return source;
      return to.size >= source.size ? to : undefined;
    }
    case "struct":
      return source.kind === "struct" && source.layout === to.layout ? to : undefined;
    default:
      return undefined;
  }
}

/** A pointer made from another one keeps its space; from an integer it has the probe's. */
function pointerCast(context: Context, to: Type & { kind: "pointer" }, source: Type): Type {
  return pointerTo(to.to, source.kind === "pointer" ? source.space : context.point.space);
}

function castToEnum(
  context: Context,
  expression: Expression & { kind: "cast" },
  to: Type & { kind: "enum" },
  source: Type,
): Type | undefined {
  if (!isIntegral(source)) return undefined;
  const literal = context.state.literals.get(expression.operand);
  if (literal?.kind === "int" && !to.enumerators.some((e) => e.value === literal.value)) {
    reportError(
      context,
      "enum-value",
      expression.span,
      `Enum: ${to.name} doesn't contain a variant value of ${literal.value}`,
    );
  }
  return to;
}

function castToArray(to: Type & { kind: "array" }, source: Type): Type | undefined {
  const element = sizeOf(to.element);
  if (element === 0) return undefined;
  if (!isIntegral(source) && source.kind !== "string" && source.kind !== "array") return undefined;
  const bytes = sizeOf(source);
  const count = to.count === 0 ? Math.floor(bytes / element) : to.count;
  return count * element === bytes ? { kind: "array", element: to.element, count } : undefined;
}

function inferTuple(context: Context, expression: Expression & { kind: "tuple" }): Type | undefined {
  const elements = expression.elements.map((element) => memberType(context, element, "tuple"));
  const known = elements.flatMap((type) => (type === undefined ? [] : [type]));
  if (known.length !== elements.length) return undefined;
  return known.length === 0 ? none : { kind: "tuple", elements: known };
}

function inferRecord(context: Context, expression: Expression & { kind: "record" }): Type | undefined {
  const fields = expression.fields.map((field) => ({ name: field.name, type: memberType(context, field.value, "record") }));
  const known = fields.flatMap(({ name, type }) => (type === undefined ? [] : [{ name, type }]));
  return known.length === fields.length ? { kind: "record", fields: known } : undefined;
}

function memberType(context: Context, element: Expression, container: string): Type | undefined {
  const type = inferExpression(context, element);
  if (type === undefined) return undefined;
  if (type.kind === "none" || (type.kind === "aggregate" && !isCastable(context, type.aggregation))) {
    reportError(context, "bad-member", element.span, `Type '${typeName(type)}' cannot exist inside a ${container}`);
    return undefined;
  }
  return asValue(type);
}

/** Folds a prefix operator over a literal; reports what can't be represented. */
export function foldPrefix(context: Context, expression: Expression & { kind: "unary" }): Type | undefined {
  const literal = context.state.literals.get(expression.operand);
  if (literal === undefined) return undefined;
  const folded = foldUnary(expression.operator, literal);
  if (folded.kind === "literal") return literalType(context, expression, folded.literal);
  if (folded.kind === "error") {
    reportError(context, "fold", expression.span, `unable to fold literals: ${folded.reason}: ${textOf(expression.span)}`);
  }
  return undefined;
}
