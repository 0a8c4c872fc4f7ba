// gcc's __builtin functions that constant expressions in headers use. Pure.

import type { CToken } from "./c-token.ts";
import { type CType, cInt, cUnsignedLong, compatible, integer, sizeOfC, withoutAlignment } from "./c-type.ts";
import { memberPlace } from "./members.ts";
import type { ExpressionScope, Operand, ParseConstant } from "./operand.ts";
import type { TokenCursor } from "./token-cursor.ts";

/** True for a name whose call is evaluated here. */
export function isBuiltinCall(name: string): boolean {
  return name.startsWith("__builtin_");
}

/** Evaluates a call; the cursor stands at its `(`. A call that is not constant gives an unknown value. */
export function evaluateBuiltin(
  name: CToken,
  cursor: TokenCursor,
  scope: ExpressionScope,
  parse: ParseConstant,
): Operand {
  cursor.expect("(");
  const result = call(name.text, cursor, scope, parse);
  cursor.expect(")");
  return result;
}

function call(name: string, cursor: TokenCursor, scope: ExpressionScope, parse: ParseConstant): Operand {
  switch (name) {
    case "__builtin_offsetof":
      return offsetOf(cursor, scope, parse);
    case "__builtin_types_compatible_p": {
      const left = scope.parseTypeName(cursor);
      cursor.expect(",");
      const right = scope.parseTypeName(cursor);
      return constant(cInt, compatible(left, right) ? 1n : 0n);
    }
    case "__builtin_constant_p": {
      const operand = parse(cursor, scope);
      return constant(cInt, !operand.lvalue && operand.value !== undefined ? 1n : 0n);
    }
    case "__builtin_choose_expr": {
      const [condition, yes, no] = operands(cursor, scope, parse);
      return (condition?.value === 0n ? no : yes) ?? constant(cInt, undefined);
    }
    case "__builtin_expect":
      return operands(cursor, scope, parse)[0] ?? constant(cInt, undefined);
    default: {
      const operand = operands(cursor, scope, parse)[0];
      const value = operand === undefined || operand.lvalue ? undefined : operand.value;
      return bitFunction(name, value);
    }
  }
}

function constant(type: CType, value: bigint | undefined): Operand {
  return { type, value, lvalue: false };
}

function operands(cursor: TokenCursor, scope: ExpressionScope, parse: ParseConstant): readonly Operand[] {
  if (cursor.is(")")) return [];
  const list = [parse(cursor, scope)];
  while (cursor.accept(",")) list.push(parse(cursor, scope));
  return list;
}

function offsetOf(cursor: TokenCursor, scope: ExpressionScope, parse: ParseConstant): Operand {
  let type = scope.parseTypeName(cursor);
  cursor.expect(",");
  let offset: bigint | undefined = 0n;
  do {
    const name = cursor.next();
    const place = memberPlace(scope.completed(type), name.text);
    if (place === undefined) {
      cursor.fail(`no member named '${name.text}'`, name);
      return constant(cUnsignedLong, undefined);
    }
    type = place.type;
    if (offset !== undefined) offset += BigInt(place.offset);
    while (cursor.accept("[")) {
      const index = parse(cursor, scope).value;
      cursor.expect("]");
      const array = withoutAlignment(type);
      if (array.kind !== "array") {
        cursor.fail(`'${name.text}' is not an array`, name);
        return constant(cUnsignedLong, undefined);
      }
      type = array.element;
      const step = BigInt(sizeOfC(type) ?? 0);
      offset = offset === undefined || index === undefined ? undefined : offset + index * step;
    }
  } while (cursor.accept("."));
  return constant(cUnsignedLong, offset);
}

/** Counting and swapping of bits: `__builtin_clzll` and its like. */
function bitFunction(name: string, value: bigint | undefined): Operand {
  const match = /^__builtin_(clz|ctz|ffs|popcount|bswap)(l|ll|16|32|64)?$/.exec(name);
  if (match === null || value === undefined) return constant(cInt, undefined);
  const suffix = match[2] ?? "";
  const bits = suffix === "16" ? 16 : suffix === "" || suffix === "32" ? 32 : 64;
  const binary = BigInt.asUintN(bits, value).toString(2).padStart(bits, "0");
  const lowest = bits - 1 - binary.lastIndexOf("1");
  switch (match[1]) {
    case "popcount":
      return constant(cInt, BigInt(binary.replaceAll("0", "").length));
    case "clz":
      return constant(cInt, binary.includes("1") ? BigInt(binary.indexOf("1")) : undefined);
    case "ctz":
      return constant(cInt, binary.includes("1") ? BigInt(lowest) : undefined);
    case "ffs":
      return constant(cInt, binary.includes("1") ? BigInt(lowest + 1) : 0n);
    default: {
      const bytes = binary.match(/.{8}/g) ?? [];
      const type = integer(bits === 16 ? 2 : bits === 32 ? 4 : 8, false);
      return constant(type, BigInt(`0b${bytes.reverse().join("")}`));
    }
  }
}
