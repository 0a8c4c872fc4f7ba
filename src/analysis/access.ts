// Types of member access: fields of structs and records, tuple elements, array and pointer indices, offsetof.

import type { Expression } from "../syntax/ast.ts";
import { arithmeticType } from "../types/convert.ts";
import { type Field, int8, storedSize, type StructType, type Type, typeName } from "../types/type.ts";
import { callParts, type Context, reportError } from "./context.ts";
import { inferExpression, literalType } from "./expressions.ts";
import { nearestName } from "../base/nearest-name.ts";
import { typeOfOperand } from "./resolve-type.ts";

type FieldExpression = Expression & { kind: "field" };
type ElementExpression = Expression & { kind: "element" };
type IndexExpression = Expression & { kind: "index" };

export function inferField(context: Context, expression: FieldExpression): Type | undefined {
  const base = inferExpression(context, expression.base);
  if (base === undefined) return undefined;
  const target = base.kind === "pointer" ? base.to : base;
  if (target.kind === "struct") return structField(context, expression, target)?.type;
  if (target.kind === "record") {
    const field = target.fields.find((f) => f.name === expression.name);
    if (field === undefined) missingField(context, expression, target, target.fields.map((f) => f.name));
    else keepLiteral(context, expression, expression.base, (members) => members.find((member) => member.name === expression.name));
    return field?.type;
  }
  reportError(
    context,
    "no-field",
    expression.span,
    `Can not access field '${expression.name}' with the type '${typeName(base)}'`,
  );
  return undefined;
}

interface Member {
  readonly name: string;
  readonly value: Expression;
}

/** A member of a tuple or record that is written out, of literals only, is a literal too. */
function keepLiteral(
  context: Context,
  expression: Expression,
  base: Expression,
  pick: (members: readonly Member[]) => Member | undefined,
): void {
  const { literals, replacements } = context.state;
  const written = replacements.get(base) ?? base;
  const members: readonly Member[] | undefined =
    written.kind === "record" ? written.fields : written.kind === "tuple" ? written.elements.map((value) => ({ name: "", value })) : undefined;
  if (members === undefined || members.some(({ value }) => !literals.has(value))) return;
  const member = pick(members);
  const literal = member === undefined ? undefined : literals.get(member.value);
  if (literal !== undefined) literals.set(expression, literal);
}

function structField(context: Context, expression: FieldExpression, type: StructType): Field | undefined {
  const fields = type.layout.fields();
  const field = fields.find((f) => f.name === expression.name);
  if (field !== undefined) return field;
  if (!type.layout.complete) {
    reportError(context, "unknown-type", expression.span, `Cannot resolve unknown type "${typeName(type)}"`);
    return undefined;
  }
  const forbidden = forbiddenArgument(context, expression);
  if (forbidden === undefined) missingField(context, expression, type, fields.map((f) => f.name));
  else reportError(context, "no-field", expression.span, forbidden);
  return undefined;
}

/** Why an argument of the event that exists can't be read. */
function forbiddenArgument(context: Context, expression: FieldExpression): string | undefined {
  if (expression.base.kind !== "identifier" || !context.point.capabilities.has("args")) return undefined;
  const layout = context.point.arguments();
  return typeof layout === "string" ? undefined : layout.forbidden.get(expression.name);
}

function missingField(context: Context, expression: FieldExpression, type: Type, names: readonly string[]): void {
  const near = nearestName(expression.name, names);
  reportError(
    context,
    "no-field",
    expression.span,
    `${typeName(type)} does not contain a field named '${expression.name}'`,
    { hint: near === undefined ? undefined : `did you mean '${near}'?` },
  );
}

export function inferElement(context: Context, expression: ElementExpression): Type | undefined {
  const base = inferExpression(context, expression.base);
  if (base === undefined) return undefined;
  const target = base.kind === "pointer" ? base.to : base;
  if (target.kind !== "tuple") {
    reportError(
      context,
      "no-field",
      expression.span,
      `Can not access index '${expression.index}' on expression of type '${typeName(base)}'`,
    );
    return undefined;
  }
  return tupleElement(context, expression, target, expression.index);
}

function tupleElement(
  context: Context,
  expression: Expression,
  tuple: Type & { kind: "tuple" },
  index: number,
): Type | undefined {
  const element = tuple.elements[index];
  if (element === undefined) {
    reportError(context, "tuple-index", expression.span, `Invalid tuple index: ${index}`, { parts: callParts(context) });
  } else if (expression.kind === "element" || expression.kind === "index") {
    keepLiteral(context, expression, expression.base, (members) => members[index]);
  }
  return element;
}

export function inferIndex(context: Context, expression: IndexExpression): Type | undefined {
  const base = inferExpression(context, expression.base);
  const [index] = expression.indices;
  if (index === undefined) return undefined;
  const indexType = inferExpression(context, index);
  if (base === undefined || indexType === undefined) return undefined;
  const literal = context.state.literals.get(index);
  if (base.kind === "tuple") {
    if (literal?.kind !== "int") {
      reportError(context, "tuple-index", expression.span, "Tuple index is only valid for integer literals");
      return undefined;
    }
    return tupleElement(context, expression, base, Number(literal.value));
  }
  if (base.kind !== "array" && base.kind !== "pointer" && base.kind !== "string") {
    reportError(
      context,
      "bad-index",
      expression.span,
      `The array index operator [] can only be used on arrays, pointers, tuples and strings, found '${typeName(base)}'`,
    );
    return undefined;
  }
  const integer = arithmeticType(indexType);
  const negative = literal?.kind === "int" && literal.value < 0n;
  if (integer === undefined || negative) {
    reportError(context, "bad-index", expression.span, "The array index operator [] accepts only non-negative integer indices");
    return undefined;
  }
  const size = base.kind === "array" ? base.count : base.kind === "string" ? base.size : undefined;
  if (literal?.kind === "int" && size !== undefined && size > 0 && literal.value >= BigInt(size)) {
    reportError(context, "out-of-bounds", expression.span, `the index ${literal.value} is out of bounds for array of size ${size}`);
    return undefined;
  }
  if (base.kind === "string") return int8;
  return base.kind === "array" ? base.element : base.to;
}

export function inferOffsetof(context: Context, expression: Expression & { kind: "offsetof" }): Type | undefined {
  const type = typeOfOperand(context, expression.operand);
  if (type === undefined) return undefined;
  let current: Type = type.kind === "pointer" ? type.to : type;
  let offset = 0;
  for (const step of expression.path) {
    const member = typeof step === "string" ? fieldOf(current, step) : elementOf(current, step.value);
    if (member === undefined) {
      const what = typeof step === "string" ? `does not contain a field named '${step}'` : `has no element ${step.value}`;
      reportError(context, "no-field", expression.span, `${typeName(current)} ${what}`);
      return undefined;
    }
    offset += member.offset;
    current = member.type;
  }
  return literalType(context, expression, { kind: "int", value: BigInt(offset) });
}

function fieldOf(type: Type, name: string): { readonly offset: number; readonly type: Type } | undefined {
  return type.kind === "struct" ? type.layout.fields().find((field) => field.name === name) : undefined;
}

/** An element of an array; flexible arrays have no end, and a char array is a string. */
function elementOf(type: Type, index: bigint): { readonly offset: number; readonly type: Type } | undefined {
  const isString = type.kind === "string";
  if (!isString && type.kind !== "array") return undefined;
  const [element, count] = isString ? [int8, type.size] : [type.element, type.count];
  if (index < 0n || (count > 0 && index >= BigInt(count))) return undefined;
  return { offset: Number(index) * storedSize(element), type: element };
}
