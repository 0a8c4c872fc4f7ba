// Type expressions to types: words of the language, C words, structs of the script and of the kernel.

import { assertNever } from "../base/invariant.ts";
import type { Target } from "../define/target.ts";
import type { Span } from "../source/source.ts";
import type { TypeExpression, TypeOrExpression } from "../syntax/ast.ts";
import {
  bool,
  int8,
  int16,
  int32,
  int64,
  none,
  opaqueWords,
  pointerTo,
  stringType,
  type Type,
  uint8,
  uint16,
  uint32,
  uint64,
} from "../types/type.ts";
import { type Context, reportError } from "./context.ts";
import { inferExpression } from "./expressions.ts";

const words: ReadonlyMap<string, Type> = new Map<string, Type>([
  ["bool", bool],
  ["_Bool", bool],
  ["void", none],
  ["int8", int8],
  ["int16", int16],
  ["int32", int32],
  ["int64", int64],
  ["uint8", uint8],
  ["uint16", uint16],
  ["uint32", uint32],
  ["uint64", uint64],
  ["int8_t", int8],
  ["int16_t", int16],
  ["int32_t", int32],
  ["int64_t", int64],
  ["uint8_t", uint8],
  ["uint16_t", uint16],
  ["uint32_t", uint32],
  ["uint64_t", uint64],
  ["char", int8],
  ["signed char", int8],
  ["unsigned char", uint8],
  ["short", int16],
  ["unsigned short", uint16],
  ["int", int32],
  ["unsigned int", uint32],
  ["long", int64],
  ["unsigned long", uint64],
  ["long long", int64],
  ["unsigned long long", uint64],
  ["size_t", uint64],
  ["ssize_t", int64],
  ["uintptr_t", uint64],
  ["intptr_t", int64],
  ["s8", int8],
  ["s16", int16],
  ["s32", int32],
  ["s64", int64],
  ["u8", uint8],
  ["u16", uint16],
  ["u32", uint32],
  ["u64", uint64],
]);

/** The type that an expression of type syntax means; undefined when it is unknown (reported) or not known yet. */
export function resolveType(context: Context, expression: TypeExpression, at = expression.span): Type | undefined {
  const type = resolve(context, expression, at);
  if (type !== undefined) context.state.typeExpressions.set(expression, type);
  return type;
}

function resolve(context: Context, expression: TypeExpression, at: Span): Type | undefined {
  switch (expression.kind) {
    case "named-type":
      return resolveNamed(context, expression);
    case "tagged-type":
      return resolveTagged(context, expression, at);
    case "typeof":
      return typeOfOperand(context, expression.operand);
    case "pointer-type": {
      const to = resolveType(context, expression.to);
      return to === undefined ? undefined : pointerTo(to, context.point.space);
    }
    case "array-type": {
      const element = resolveType(context, expression.element);
      return element === undefined ? undefined : { kind: "array", element, count: Number(expression.count ?? 0n) };
    }
    default:
      return assertNever(expression);
  }
}

/** What knows the names of types. */
type Named = Pick<Context, "cTypes" | "registry"> & { readonly target: Pick<Target, "kernelTypes"> };

/** A type by its word, without a message when there is none. */
export function namedType(context: Named, name: string, size: bigint | undefined): Type | undefined {
  if (name === "string") return stringType(size === undefined ? 0 : Number(size));
  if (name === "buffer") return { kind: "buffer", capacity: size === undefined ? 0 : Number(size) };
  const known = words.get(name) ?? context.cTypes.typedef(name) ?? context.target.kernelTypes?.named(name);
  return known ?? opaqueWords.get(name) ?? aggregateWord(context, name);
}

/** `count_t`, `usum_t` …: names for messages and typeof only. */
function aggregateWord(context: Named, name: string): Type | undefined {
  const match = /^(u?)([a-z]+)_t$/.exec(name);
  const base = match?.[2];
  if (base === undefined || !context.registry.aggregations.has(base)) return undefined;
  return { kind: "aggregate", aggregation: base, signed: match?.[1] !== "u", parameters: [] };
}

function resolveNamed(context: Context, expression: TypeExpression & { kind: "named-type" }): Type | undefined {
  const type = namedType(context, expression.name, expression.size);
  if (type === undefined) {
    reportError(context, "unknown-type", expression.span, `Cannot resolve unknown type "${expression.name}"`);
  }
  return type;
}

function resolveTagged(context: Context, expression: TypeExpression & { kind: "tagged-type" }, span: Span): Type | undefined {
  const { tag, name } = expression;
  if (tag === "enum") {
    const known = context.cTypes.enum(name) ?? context.target.kernelTypes?.enum(name);
    if (known === undefined) reportError(context, "unknown-type", span, `Unknown enum: ${name}`);
    return known;
  }
  const known = context.cTypes.struct(tag, name) ?? context.target.kernelTypes?.struct(tag, name);
  if (known === undefined) {
    const hint = context.cImports.length === 0 ? undefined : "imported C files give no types: use #include for those of a header";
    reportError(context, "unknown-type", span, `Cannot resolve unknown type "${tag} ${name}"`, { hint });
  }
  return known;
}

/** The type of the operand of sizeof, offsetof, typeof; of a keyed map without keys its key type. */
export function typeOfOperand(context: Context, operand: TypeOrExpression, at = operand.span): Type | undefined {
  switch (operand.kind) {
    case "type":
      return resolveType(context, operand.type, at);
    case "name": {
      const type = namedType(context, operand.name, undefined);
      if (type !== undefined) return type;
      return inferExpression(context, { kind: "identifier", name: operand.name, span: operand.span });
    }
    case "value": {
      const { expression } = operand;
      if (expression.kind === "map" && expression.keys === undefined) {
        const map = context.state.map(expression.name);
        map.used = true;
        if (!map.assigned && map.keyedUse === undefined) {
          reportError(context, "undefined-map", expression.span, `Undefined map: ${expression.name}`);
        }
        return map.keyedUse === undefined ? map.value : map.key;
      }
      return inferExpression({ ...context, unevaluated: true }, expression);
    }
    default:
      return assertNever(operand);
  }
}
