// Types and checks of statements: assignments widen variables and maps, loops declare their variable.

import { assertNever } from "../base/invariant.ts";
import type { AggregationDef } from "../define/aggregation.ts";
import type { VariableSymbol } from "../define/analysed.ts";
import type { Block, CallExpression, Expression, MapExpression, Statement } from "../syntax/ast.ts";
import { arithmeticType, mergeTypes, promote } from "../types/convert.ts";
import { int64, intType, isIntegral, none, sizeOf, stringType, type Type, typeName, uint64 } from "../types/type.ts";
import { callSite, checkArity, checkKinds, inferArguments, inferCall } from "./calls.ts";
import { chooseBranches } from "./comptime.ts";
import { type Context, reportError, reportWarning } from "./context.ts";
import {
  asValue,
  checkCondition,
  checkEvaluated,
  inferExpression,
  inferMapAccess,
  inferTarget,
  isCastable,
  isFlexible,
  widenTarget,
} from "./expressions.ts";
import { checkReturn } from "./functions.ts";
import { resolveType } from "./resolve-type.ts";

type Of<K extends Statement["kind"]> = Extract<Statement, { readonly kind: K }>;

/** Infers a block and gives the type of its value. */
export function inferBlock(context: Context, block: Block): Type | undefined {
  for (const statement of block.statements) inferStatement(context, statement);
  return block.value === undefined ? none : inferExpression(context, block.value);
}

/** A body whose last expression is a statement like the others. */
export function inferBody(context: Context, block: Block): void {
  for (const statement of block.statements) inferStatement(context, statement);
  if (block.value !== undefined) inferEffect(context, block.value);
}

function inferStatement(context: Context, statement: Statement): void {
  switch (statement.kind) {
    case "expression-statement":
      return inferEffect(context, statement.expression);
    case "let":
      return inferLet(context, statement);
    case "assign":
      return statement.operator === undefined ? inferAssign(context, statement) : inferUpdate(context, statement);
    case "discard":
      inferExpression(context, statement.value);
      return;
    case "if":
      return inferIf(context, statement);
    case "block-statement":
      return inferBody(context, statement.block);
    case "unroll":
      return inferUnroll(context, statement);
    case "while":
      checkCondition(context, statement.condition, statement.span);
      return inferBody(context, statement.body);
    case "for-range":
      return inferForRange(context, statement);
    case "for-map":
      return inferForMap(context, statement);
    case "return":
      return inferReturn(context, statement);
    case "break":
    case "continue":
      return;
    case "import-statement":
      reportImportStatement(context, statement);
      return;
    default:
      assertNever(statement);
  }
}

function inferIf(context: Context, statement: Of<"if">): void {
  const branches = chooseBranches(context, statement.condition);
  if (branches === "both") checkCondition(context, statement.condition, statement.span);
  if (branches === "both" || branches === "then") inferBody(context, statement.then);
  if (statement.else !== undefined && (branches === "both" || branches === "else")) inferBody(context, statement.else);
}

function reportImportStatement(context: Context, { span }: Of<"import-statement">): void {
  if (context.config.unstableImportStatement === "error") {
    return reportError(context, "unstable", span, "import statements are not enabled by default", {
      hint: "they are reserved for the library: import files at the top of the script",
    });
  }
  reportError(context, "import", span, "import statements inside probes are reserved for the library");
}

// ---- expression statements ----------------------------------------------------------------------------

function inferEffect(context: Context, expression: Expression): void {
  if (expression.kind === "call") {
    inferCallStatement(context, expression);
    return;
  }
  if (expression.kind === "ternary" && expression.condition.kind !== "comptime") {
    checkCondition(context, expression.condition);
    if (expression.then !== undefined) inferEffectBranch(context, expression.then);
    inferEffectBranch(context, expression.else);
    inferExpression(context, expression);
    return;
  }
  const type = inferExpression(context, expression);
  if (type === undefined || type.kind === "none" || hasEffect(expression)) return;
  reportWarning(context, "value-discarded", expression.span, "Return value discarded.");
}

function inferEffectBranch(context: Context, expression: Expression): void {
  if (expression.kind === "call" || expression.kind === "ternary") inferEffect(context, expression);
}

function inferCallStatement(context: Context, expression: CallExpression): void {
  const type = inferCall(context, expression, true);
  if (type !== undefined) context.state.types.set(expression, type);
}

/** Whether evaluating can change something. */
function hasEffect(expression: Expression): boolean {
  return ["increment", "call", "block-expression", "if-expression", "ternary"].includes(expression.kind);
}

// ---- assignment -----------------------------------------------------------------------------------------

function inferLet(context: Context, statement: Of<"let">): void {
  const symbol = context.variables.get(statement.variable);
  const declared = statement.type === undefined ? undefined : resolveType(context, statement.type);
  if (declared !== undefined && statement.type !== undefined) {
    if (declared.kind === "aggregate" || declared.kind === "none" || declared.kind === "stack") {
      const message = `Invalid variable declaration type: ${typeName(declared)}`;
      return reportError(context, "declaration-type", statement.type.span, message);
    }
    if (symbol !== undefined) declareVariable(context, symbol, declared);
  }
  if (statement.value === undefined) return;
  assignVariable(context, symbol, statement.value, statement.span);
}

function declareVariable(context: Context, symbol: VariableSymbol, type: Type): void {
  if (type.kind === "string" && type.size === 0) {
    context.state.widenVariable(symbol, stringType(1), false);
    return;
  }
  const known = context.state.variableTypes.get(symbol);
  if (known === undefined || typeName(known) !== typeName(type)) context.state.changed = true;
  context.state.variableTypes.set(symbol, type);
  context.state.declared.add(symbol);
}

function inferAssign(context: Context, statement: Of<"assign">): void {
  const { target, value } = statement;
  if (target.kind === "variable") {
    return assignVariable(context, context.variables.get(target), value, statement.span);
  }
  if (!checkEvaluated(context, target)) return;
  const aggregation = value.kind === "call" ? context.registry.aggregations.get(value.name) : undefined;
  const state = context.state.map(target.name);
  state.assigned = true;
  const accessible = inferMapAccess(context, target);
  if (aggregation !== undefined && value.kind === "call") {
    const type = inferAggregation(context, value, aggregation);
    if (type !== undefined && accessible) assignMap(context, target, value, type, value.span);
    return;
  }
  const type = inferExpression(context, value);
  if (type === undefined || !accessible) return;
  assignMap(context, target, value, type, statement.span);
}

function inferAggregation(context: Context, call: CallExpression, definition: AggregationDef): Type | undefined {
  const args = inferArguments(context, definition.parameters, call.arguments);
  if (!checkArity(context, call, definition.parameters, definition.required, false, args.length)) return undefined;
  const site = callSite(context, call.name, call, args);
  if (!checkKinds(context, call.name, definition.parameters, args, call.span)) return undefined;
  const type = definition.type(site);
  if (type === undefined) return undefined;
  context.state.types.set(call, type);
  if (context.reporting) definition.check(site);
  return type;
}

type SpanOf = Statement["span"];

function assignVariable(
  context: Context,
  symbol: VariableSymbol | undefined,
  value: Expression,
  at: SpanOf,
): void {
  const type = inferExpression(context, value);
  if (type !== undefined && symbol !== undefined) assignType(context, symbol, value, type, at);
}

/** A variable gets a value of a type; `value` is where it comes from. */
export function assignType(context: Context, symbol: VariableSymbol, value: Expression, type: Type, at: SpanOf): void {
  if (type.kind === "none") {
    const block = value.kind === "block-expression" || value.kind === "if-expression";
    const message = block ? "Invalid expression for assignment" : "Value 'none' cannot be assigned to a scratch variable.";
    return reportError(context, "bad-value", at, message);
  }
  if (type.kind === "aggregate" && !isCastable(context, type.aggregation)) {
    return reportError(context, "bad-value", at, `Value '${typeName(type)}' cannot be assigned to a scratch variable.`);
  }
  const plain = asValue(type);
  if (context.state.declared.has(symbol)) return checkDeclared(context, symbol, value, plain, at);
  if (context.state.widenVariable(symbol, plain, isFlexible(context, value))) return;
  const known = context.state.variableTypes.get(symbol) ?? none;
  reportError(
    context,
    "type-mismatch",
    at,
    `Type mismatch for ${symbol.name}: trying to assign value of type '${typeName(plain)}' when variable already has a type '${typeName(known)}'`,
  );
}

/** A declared type stays: literals must fit, wider runtime integers are cut with a warning. */
function checkDeclared(
  context: Context,
  symbol: VariableSymbol,
  value: Expression,
  type: Type,
  at: SpanOf,
): void {
  const declared = context.state.variableTypes.get(symbol) ?? none;
  const literal = context.state.literals.get(value);
  const fits =
    literal?.kind === "int" && declared.kind === "int"
      ? fitsInteger(literal.value, declared.bytes, declared.signed)
      : assignable(declared, type);
  if (!fits) {
    return reportError(
      context,
      "type-mismatch",
      at,
      `Type mismatch for ${symbol.name}: trying to assign value of type '${typeName(type)}' when variable already has a type '${typeName(declared)}'`,
    );
  }
  if (literal !== undefined || declared.kind !== "int" || type.kind !== "int") return;
  const promoted = promote(declared, type, { a: false, b: false }).type;
  if (promoted.bytes === declared.bytes && promoted.signed === declared.signed) return;
  reportWarning(
    context,
    "lossy-cast",
    value.span,
    `Value of type '${typeName(type)}' is being cast to type: ${typeName(declared)}`,
  );
}

function fitsInteger(value: bigint, bytes: number, signed: boolean): boolean {
  const bits = bytes * 8;
  return signed ? BigInt.asIntN(bits, value) === value : BigInt.asUintN(bits, value) === value;
}

function assignable(to: Type, from: Type): boolean {
  if (to.kind === "string" && from.kind === "string") return from.size <= to.size;
  if (to.kind === "int") return isIntegral(from) && from.kind !== "bool";
  if (to.kind === "enum") return from.kind === "enum" || from.kind === "int";
  const merged = mergeTypes(to, from, false);
  return merged !== undefined && sizeOf(merged) <= sizeOf(to);
}

function assignMap(context: Context, target: MapExpression, value: Expression, type: Type, at: SpanOf): void {
  const map = context.state.map(target.name);
  if (type.kind === "none") {
    return reportError(context, "bad-value", at, `Value '${typeName(type)}' cannot be assigned to a map.`);
  }
  if (type.kind === "aggregate" && value.kind === "map") {
    const castable = isCastable(context, type.aggregation);
    if (castable && map.value?.kind === "int") {
      context.state.widenMapValue(target.name, asValue(type), false);
      return;
    }
    map.copied = true;
    return reportError(
      context,
      "aggregate-copy",
      at,
      `Map value '${typeName(type)}' cannot be assigned from one map to another.`,
      { hint: castable ? `add a cast to integer if you want the value of the aggregate, e.g. \`${target.name} = (int64)${value.name};\`` : undefined },
    );
  }
  if (context.state.widenMapValue(target.name, type, isFlexible(context, value))) return;
  mapMismatch(context, target.name, type, at);
}

function mapMismatch(context: Context, name: string, type: Type, at: SpanOf): void {
  const known = context.state.map(name).value ?? none;
  const sameKind = type.kind === "aggregate" && known.kind === "aggregate" && type.aggregation === known.aggregation;
  const what = sameKind
    ? `${type.aggregation}() has other parameters here than at another use on this map`
    : `trying to assign value of type '${typeName(type)}' when map already has a type '${typeName(known)}'`;
  reportError(context, "type-mismatch", at, `Type mismatch for ${name}: ${what}`);
}

/** `target op= value` is `target = target op value`, which is 64 bits wide. */
function inferUpdate(context: Context, statement: Of<"assign">): void {
  const { target, value, operator } = statement;
  if (operator === undefined) return;
  const current = inferTarget(context, target);
  const given = inferExpression(context, value);
  if (current === "invalid" || given === undefined) return;
  const right = asValue(given);
  if (current?.kind === "pointer") {
    if (arithmeticType(right) !== undefined && (operator === "+" || operator === "-")) return;
    return updateMismatch(context, statement, right, current);
  }
  if (current?.kind === "bool" && right.kind === "bool") return;
  const left = current === undefined ? intType(1, true) : current.kind === "bool" ? undefined : arithmeticType(current);
  const rightInt = arithmeticType(right);
  if (left === undefined || rightInt === undefined) return updateMismatch(context, statement, right, current ?? none);
  const flexible = isFlexible(context, value);
  const signed = operator === "-" || left.signed || (rightInt.signed && !flexible);
  widenTarget(context, target, signed ? int64 : uint64);
  warnNarrow(context, statement);
}

function warnNarrow(context: Context, statement: Of<"assign">): void {
  if (statement.target.kind !== "variable") return;
  const symbol = context.variables.get(statement.target);
  if (symbol === undefined || !context.state.declared.has(symbol)) return;
  const declared = context.state.variableTypes.get(symbol);
  const literal = context.state.literals.get(statement.value);
  if (declared?.kind !== "int" || declared.bytes === 8 || literal?.kind !== "int") return;
  if (fitsInteger(literal.value, declared.bytes, declared.signed)) return;
  const at = { ...statement.span, start: statement.target.span.end + 1 };
  reportWarning(context, "lossy-cast", at, `The result is being cast to type: ${typeName(declared)}`);
}

function updateMismatch(context: Context, statement: Of<"assign">, type: Type, known: Type): void {
  reportError(
    context,
    "type-mismatch",
    statement.span,
    `Type mismatch for ${statement.target.name}: trying to assign value of type '${typeName(type)}' when it already has a type '${typeName(known)}'`,
  );
}

// ---- loops and return -----------------------------------------------------------------------------------

function inferUnroll(context: Context, statement: Of<"unroll">): void {
  inferExpression(context, statement.count);
  const literal = context.state.literals.get(statement.count);
  if (literal?.kind !== "int") reportError(context, "unroll", statement.span, "invalid unroll value: a literal is needed");
  else if (literal.value > 100n) reportError(context, "unroll", statement.span, "unroll maximum value is 100");
  else if (literal.value < 1n) reportError(context, "unroll", statement.span, "unroll minimum value is 1");
  inferBody(context, statement.body);
}

function inferForRange(context: Context, statement: Of<"for-range">): void {
  const from = boundType(context, statement.from);
  const to = boundType(context, statement.to);
  const bad = from === "bad" ? statement.from : to === "bad" ? statement.to : undefined;
  if (bad !== undefined) {
    const which = bad === statement.from ? "start" : "end";
    const type = context.state.types.get(bad) ?? none;
    const message = `Loop range requires an integer for the ${which} value, not '${typeName(type)}'`;
    reportError(context, "loop-range", statement.headSpan, message);
  }
  const symbol = context.variables.get(statement.variable);
  if (symbol !== undefined && from !== undefined && to !== undefined && from !== "bad" && to !== "bad") {
    const flexible = { a: isFlexible(context, statement.from), b: isFlexible(context, statement.to) };
    context.state.widenVariable(symbol, promote(from, to, flexible).type, false);
  }
  inferBody({ ...context, inLoop: true }, statement.body);
}

function boundType(context: Context, bound: Expression) {
  const type = inferExpression(context, bound);
  if (type === undefined) return undefined;
  const plain = asValue(type);
  const integer = plain.kind === "bool" ? undefined : arithmeticType(plain);
  return integer ?? "bad";
}

function inferForMap(context: Context, statement: Of<"for-map">): void {
  const { map, variable } = statement;
  const state = context.state.map(map.name);
  state.used = true;
  if (state.scalarUse !== undefined && state.keyedUse === undefined) {
    reportError(context, "loop-map", map.span, `${map.name} has no explicit keys (scalar map), and cannot be used for iteration`);
  } else if (!state.assigned) {
    reportError(context, "undefined-map", map.span, `Undefined map: ${map.name}`);
  } else if (state.value?.kind === "aggregate" && !isCastable(context, state.value.aggregation)) {
    const message = `Loop expression does not support type: ${typeName(state.value)}`;
    reportError(context, "loop-map", map.span, message);
  }
  const symbol = context.variables.get(variable);
  if (symbol !== undefined && state.key !== undefined && state.value !== undefined) {
    const pair: Type = { kind: "tuple", elements: [state.key, asValue(state.value)] };
    if (!context.state.widenVariable(symbol, pair, false)) {
      const known = context.state.variableTypes.get(symbol) ?? none;
      const message = `Type mismatch for ${variable.name}: trying to assign value of type '${typeName(known)}' when variable already has a type '${typeName(pair)}'`;
      reportError(context, "type-mismatch", variable.span, message);
    }
  }
  inferBody({ ...context, inLoop: true }, statement.body);
}

function inferReturn(context: Context, statement: Of<"return">): void {
  const type = statement.value === undefined ? none : inferExpression(context, statement.value);
  if (context.returns !== undefined && type !== undefined) return checkReturn(context, statement.span, type);
  if (statement.value === undefined || type === undefined || isIntegral(asValue(type))) return;
  reportError(context, "return-type", statement.span, `Probe return values can only be integers. Found ${typeName(type)}`);
}
