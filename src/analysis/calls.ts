// Builtins in expressions: resolution of names, arguments by parameter kind, rules that all definitions share.

import { elementType } from "../define/aggregation.ts";
import type { ArgumentInfo, BuiltinDef, CallSite, ParameterKind, ParameterSpec } from "../define/builtin.ts";
import { capabilityProbes } from "../define/probe.ts";
import type { Span } from "../source/source.ts";
import type { CallExpression, Expression } from "../syntax/ast.ts";
import { arithmeticType } from "../types/convert.ts";
import { type Type, typeName } from "../types/type.ts";
import { callParts, type Context, reportError, reportWarning } from "./context.ts";
import { constantOf } from "./constant.ts";
import { inferExpression, inferKey, inferMapAccess, isCastable, literalType } from "./expressions.ts";
import { nearestName } from "../base/nearest-name.ts";
import { claimOption } from "./options.ts";
import { resolveType, typeOfOperand } from "./resolve-type.ts";
import { assignType } from "./statements.ts";

type Identifier = Expression & { kind: "identifier" };

/** A bare word: builtin, then enumerator. */
export function inferIdentifier(context: Context, expression: Identifier): Type | undefined {
  const definition = context.registry.builtins.get(expression.name);
  if (definition !== undefined && definition.form !== "function") {
    return inferBuiltin(context, definition, expression, []);
  }
  const known = context.cTypes.enumerator(expression.name) ?? context.target.kernelTypes?.enumerator(expression.name);
  if (known !== undefined) {
    literalType(context, expression, { kind: "int", value: known.value });
    return known.enum;
  }
  reportError(context, "unknown-identifier", expression.span, `Unknown identifier: '${expression.name}'`, {
    parts: callParts(context),
    hint: hintFor(context, expression.name, "variable"),
  });
  return undefined;
}

function hintFor(context: Context, name: string, form: "variable" | "function"): string | undefined {
  const names = [...context.registry.builtins].filter(([, d]) => d.form === form || d.form === "both").map(([n]) => n);
  const all = form === "function" ? [...names, ...context.registry.aggregations.keys()] : names;
  const near = nearestName(name, all);
  return near === undefined ? undefined : `did you mean '${near}'?`;
}

/** A call; `statement`: its result is not used. */
export function inferCall(context: Context, expression: CallExpression, statement: boolean): Type | undefined {
  const definition = context.registry.builtins.get(expression.name);
  if (definition !== undefined && (definition.form !== "variable" || expression.arguments.length === 0)) {
    if (statement && definition.pure) {
      reportWarning(context, "value-discarded", expression.span, "Return value discarded.");
    }
    return inferBuiltin(context, definition, expression, expression.arguments);
  }
  if (context.registry.aggregations.has(expression.name)) {
    const message = `${expression.name}() must be assigned directly to a map`;
    reportError(context, "aggregation-place", expression.span, message);
    return undefined;
  }
  reportUnknownFunction(context, expression);
  return undefined;
}

function reportUnknownFunction(context: Context, { name, span }: CallExpression): void {
  const source = context.cImports.find((file) => file.declares(name));
  if (source !== undefined) {
    const message = `'${name}' is a function of ${source.path}: functions of imported C files can't be called, there is no C compiler here`;
    return reportError(context, "c-function", span, message, { parts: [{ span: source.span, message: "It is imported here." }] });
  }
  const [imported] = context.cImports;
  const hint = context.cTypes.isFunctionMacro(name)
    ? "C macros with parameters can't be used here: write a macro of the language"
    : (hintFor(context, name, "function") ?? (imported && `functions of imported C files and objects, as ${imported.path}, can't be called`));
  reportError(context, "unknown-function", span, `Unknown function: '${name}'`, { hint });
}

function inferBuiltin(
  context: Context,
  definition: BuiltinDef,
  expression: CallExpression | Identifier,
  args: readonly Expression[],
): Type | undefined {
  const infos = inferArguments({ ...context, call: expression.span }, definition.parameters, args);
  if (!checkArity(context, expression, definition.parameters, definition.required, definition.variadic, args.length)) return undefined;
  if (!checkPlace(context, definition, expression)) return undefined;
  const site = callSite(context, expression.name, expression, infos);
  const valid = checkKinds(context, expression.name, definition.parameters, infos, expression.span);
  if (valid) assignArgument(context, definition, site);
  const literal = valid ? definition.fold(site) : undefined;
  if (literal !== undefined) {
    const natural = literalType(context, expression, literal);
    return definition.type(site) ?? natural;
  }
  if (context.reporting && valid) definition.check(site);
  const expansion = valid ? definition.expansion(site) : undefined;
  if (expansion === undefined) return definition.type(site);
  context.state.replacements.set(expression, expansion);
  return inferExpression(context, expansion) ?? definition.type(site);
}

/** Widens the variable that a builtin assigns. */
function assignArgument(context: Context, definition: BuiltinDef, site: CallSite): void {
  const at = definition.parameters.findIndex((parameter) => parameter.kind === "variable");
  const variable = site.arguments[at]?.expression;
  const [source] = site.arguments;
  const type = definition.assigned(site);
  const symbol = variable?.kind === "variable" ? context.variables.get(variable) : undefined;
  if (symbol !== undefined && source !== undefined && type !== undefined) assignType(context, symbol, source.expression, type, site.span);
}

/** Rules of where a builtin may stand. */
function checkPlace(context: Context, definition: BuiltinDef, expression: CallExpression | Identifier): boolean {
  const { name, span } = expression;
  const { needs } = definition;
  if (definition.unsafe && !context.options.unsafe) {
    reportError(context, "unsafe", span, `${name}() is an unsafe function being used in safe mode`, {
      hint: "run with --unsafe to allow it",
    });
    return false;
  }
  if (needs !== undefined && !context.point.capabilities.has(needs)) {
    reportError(
      context,
      "builtin-place",
      span,
      `The ${name} builtin can only be used with ${capabilityProbes[needs]}, not with '${context.point.provider}' probes`,
      { hint: context.point.capabilities.has("args") ? "the arguments of this probe are fields of args" : undefined },
    );
    return false;
  }
  if (definition.sendsEvents && context.point.writes === "text") {
    reportError(context, "pinned-iterator", span, `${name}() can't be used in a pinned iterator, which runs when the tracer has ended`, {
      hint: "printf() writes to whoever reads the pinned file",
    });
    return false;
  }
  if (definition.usesContext && context.inLoop) {
    reportError(context, "context-in-loop", span, `'${name}' builtin is not allowed in a for-loop`, {
      hint: "assign it to a variable before the loop",
    });
    return false;
  }
  return true;
}

/** Infers arguments as their parameters ask for. */
export function inferArguments(
  context: Context,
  parameters: readonly ParameterSpec[],
  args: readonly Expression[],
): readonly ArgumentInfo[] {
  return args.map((expression, index) => {
    const kind = parameterKind(parameters, index);
    const type = inferArgument(context, kind, expression, args[index - 1]);
    const literal = kind === "comptime" ? constantOf(context, expression) : context.state.literals.get(expression);
    return { expression, span: expression.span, type, literal };
  });
}

function parameterKind(parameters: readonly ParameterSpec[], index: number): ParameterKind {
  return parameters[index]?.kind ?? "any";
}

function inferArgument(
  context: Context,
  kind: ParameterKind,
  expression: Expression,
  before: Expression | undefined,
): Type | undefined {
  switch (kind) {
    case "format":
      if (expression.kind === "string") return literalType(context, expression, { kind: "string", value: expression.value });
      return inferExpression(context, expression);
    case "word":
      return expression.kind === "identifier" ? undefined : inferExpression(context, expression);
    case "map":
    case "element":
      if (expression.kind === "map") return inferMapArgument(context, expression);
      return inferExpression(context, expression);
    case "map-or-any":
      if (expression.kind === "map" && expression.keys === undefined) return inferMapArgument(context, expression);
      return inferExpression(context, expression);
    case "key":
      if (before?.kind === "map") inferKey(context, { ...before, span: expression.span }, [expression]);
      return context.state.types.get(expression);
    case "type":
      return inferTypeArgument(context, expression);
    case "operand":
      return typeOfOperand(context, { kind: "value", expression, span: expression.span });
    case "member":
      return undefined;
    case "text":
      return inferExpression({ ...context, inText: true }, expression);
    case "comptime":
    case "any":
    case "int":
    case "int-literal":
    case "string-literal":
    case "variable":
      return inferExpression(context, expression);
  }
}

/** A type, or the type of an expression that is not evaluated. */
function inferTypeArgument(context: Context, expression: Expression): Type | undefined {
  const { span } = expression;
  switch (expression.kind) {
    case "type-argument":
      return resolveType(context, expression.type);
    case "identifier":
      return typeOfOperand(context, { kind: "name", name: expression.name, span });
    default:
      return typeOfOperand(context, { kind: "value", expression, span });
  }
}

/** A map named as an argument: neither a scalar nor a keyed use by itself. */
function inferMapArgument(context: Context, expression: Expression & { kind: "map" }): Type | undefined {
  const map = context.state.map(expression.name);
  map.used = true;
  if (expression.keys !== undefined && !inferMapAccess(context, expression)) return undefined;
  if (!map.assigned) {
    reportError(context, "undefined-map", expression.span, `Undefined map: ${expression.name}`);
    return undefined;
  }
  return map.value;
}

/** Reports a wrong number of arguments. */
export function checkArity(
  context: Context,
  expression: Expression & { name: string },
  parameters: readonly ParameterSpec[],
  required: number,
  variadic: boolean,
  given: number,
): boolean {
  if (given >= required && (variadic || given <= parameters.length)) return true;
  const some = (n: number) => (n === 0 ? "no arguments" : n === 1 ? "one argument" : `${n} arguments`);
  const message =
    given < required
      ? variadic || required < parameters.length
        ? `${expression.name}() requires at least ${some(required)} (${given} provided)`
        : `${expression.name}() requires ${some(required)} (${given} provided)`
      : required < parameters.length
        ? `${expression.name}() takes up to ${some(parameters.length)} (${given} provided)`
        : `${expression.name}() takes ${some(parameters.length)} (${given} provided)`;
  reportError(context, "arity", expression.span, message);
  return false;
}

/** Checks arguments against the kinds of their parameters. */
export function checkKinds(
  context: Context,
  name: string,
  parameters: readonly ParameterSpec[],
  args: readonly ArgumentInfo[],
  at: Span,
): boolean {
  const problems = args.flatMap((argument, i) => kindProblem(context, name, parameters[i]?.kind ?? "any", argument) ?? []);
  for (const problem of problems) reportError(context, "argument", at, problem);
  return problems.length === 0;
}

function kindProblem(context: Context, name: string, kind: ParameterKind, argument: ArgumentInfo): string | undefined {
  const { literal, type, expression } = argument;
  switch (kind) {
    case "int": {
      if (type === undefined) return undefined;
      const castable = type.kind === "aggregate" && isCastable(context, type.aggregation);
      if (castable || arithmeticType(type) !== undefined || type.kind === "pointer") return undefined;
      return `${name}() only supports int arguments (${typeName(type)} provided)`;
    }
    case "int-literal":
      return literal?.kind === "int" || type === undefined ? undefined : `${name}() expects an int literal (${type.kind} provided)`;
    case "string-literal":
    case "format":
      return literal?.kind === "string" || type === undefined ? undefined : `${name}() expects a string literal (${type.kind} provided)`;
    case "map":
      return expression.kind === "map" && expression.keys === undefined
        ? undefined
        : `${name}() expects a map without keys`;
    case "element":
      return expression.kind === "map" ? undefined : `${name}() expects a map`;
    case "comptime":
      return type === undefined || literal !== undefined ? undefined : "Unable to resolve comptime expression";
    case "any":
    case "text":
      return type?.kind === "none" ? `${name}() can't use a value of type none` : undefined;
    case "variable":
      return expression.kind === "variable" ? undefined : `${name}() expects a variable`;
    case "map-or-any":
    case "word":
    case "key":
    case "type":
    case "operand":
    case "member":
      return undefined;
  }
}

/** What a definition sees of a use. */
export function callSite(
  context: Context,
  name: string,
  expression: Expression,
  args: readonly ArgumentInfo[],
): CallSite {
  return {
    name,
    arguments: args,
    span: expression.span,
    point: context.point,
    config: context.config,
    target: context.target,
    map: (mapName) => {
      const map = context.state.maps.get(mapName);
      return map === undefined
        ? undefined
        : { name: mapName, scalar: map.keyedUse === undefined, key: map.key, value: map.value };
    },
    shownType: (type) =>
      type.kind === "aggregate" ? elementType(context.registry.aggregations.get(type.aggregation), type) : type,
    positional: (index) => context.options.positional[index - 1],
    option: (optionName, defaultValue, description) => claimOption(context, expression, optionName, defaultValue, description),
    word: (index) => wordOf(args[index]?.expression),
    error: (code, message, at, extras) => reportError(context, code, at ?? expression.span, message, extras),
    warn: (code, message, at, extras) => reportWarning(context, code, at ?? expression.span, message, extras),
  };
}

/** The bare word that an argument is. */
export function wordOf(expression: Expression | undefined): string | undefined {
  return expression?.kind === "identifier" ? expression.name : undefined;
}
