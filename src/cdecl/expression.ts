// C expressions as constants: parsed and evaluated in one walk, with C's types (C11 6.6). `#if` uses it too.

import { evaluateBuiltin, isBuiltinCall } from "./builtin-calls.ts";
import type { CToken } from "./c-token.ts";
import {
  type CInteger,
  type CType,
  arrayOf,
  alignmentOfC,
  cChar,
  cInt,
  cUnsignedLong,
  integer,
  integerOf,
  sizeOfC,
  withoutAlignment,
} from "./c-type.ts";
import { characterValue, numberValue, stringLength } from "./literals.ts";
import { memberPlace } from "./members.ts";
import type { ExpressionScope, Operand } from "./operand.ts";
import type { TokenCursor } from "./token-cursor.ts";

/** The value of an `#if` expression: names are 0, and all values have 64 bits. */
export function parseConditionExpression(cursor: TokenCursor): bigint | undefined {
  const zero: Operand = { type: integer(8, true), value: 0n, lvalue: false };
  return parseExpression(cursor, {
    startsType: () => false,
    parseTypeName: () => cInt,
    completed: (type) => type,
    lookup: (name) => (name.text === "true" ? { ...zero, value: 1n } : zero),
    intSize: 8,
  }).value;
}

/** An expression without comma operators. */
export function parseConstant(cursor: TokenCursor, scope: ExpressionScope): Operand {
  return cursor.nested(() => conditional(cursor, scope)) ?? unknown(cInt);
}

/** An expression with comma operators. */
export function parseExpression(cursor: TokenCursor, scope: ExpressionScope): Operand {
  let result = parseConstant(cursor, scope);
  while (cursor.accept(",")) result = parseConstant(cursor, scope);
  return result;
}

function unknown(type: CType): Operand {
  return { type, value: undefined, lvalue: false };
}

function conditional(cursor: TokenCursor, scope: ExpressionScope): Operand {
  const condition = rvalue(binary(cursor, scope, 0));
  if (!cursor.accept("?")) return condition;
  const yes = cursor.is(":") ? condition : rvalue(parseExpression(cursor, scope));
  cursor.expect(":");
  const no = rvalue(parseConstant(cursor, scope));
  const type = commonType(yes.type, no.type, scope) ?? yes.type;
  if (condition.value === undefined) return unknown(type);
  const chosen = condition.value !== 0n ? yes : no;
  return { type, value: chosen.value === undefined ? undefined : convert(chosen.value, type), lvalue: false };
}

const precedence: ReadonlyMap<string, number> = new Map(
  [
    ["||"],
    ["&&"],
    ["|"],
    ["^"],
    ["&"],
    ["==", "!="],
    ["<", ">", "<=", ">="],
    ["<<", ">>"],
    ["+", "-"],
    ["*", "/", "%"],
  ].flatMap((operators, level) => operators.map((operator) => [operator, level + 1] as const)),
);

function binary(cursor: TokenCursor, scope: ExpressionScope, minimum: number): Operand {
  let left = unary(cursor, scope);
  for (;;) {
    const token = cursor.peek();
    const level = token.kind === "punctuator" ? precedence.get(token.text) : undefined;
    if (level === undefined || level <= minimum) return left;
    cursor.next();
    const right = binary(cursor, scope, level);
    left = applyBinary(token.text, rvalue(left), rvalue(right), scope);
  }
}

/** Reads a value: arrays become pointers, other lvalues are not constant. */
function rvalue(operand: Operand): Operand {
  if (!operand.lvalue) return operand;
  const type = withoutAlignment(operand.type);
  if (type.kind === "array")
    return { type: { kind: "pointer", to: type.element }, value: operand.value, lvalue: false };
  return unknown(operand.type);
}

function applyBinary(operator: string, left: Operand, right: Operand, scope: ExpressionScope): Operand {
  const int = integer(scope.intSize, true);
  const a = left.value;
  const b = right.value;
  if (operator === "&&" || operator === "||") {
    const decides = operator === "||";
    if (a !== undefined && (a !== 0n) === decides) return { type: int, value: decides ? 1n : 0n, lvalue: false };
    const known = a !== undefined && b !== undefined;
    return { type: int, value: known ? (b !== 0n ? 1n : 0n) : undefined, lvalue: false };
  }
  if (left.type.kind === "pointer" || right.type.kind === "pointer")
    return pointerArithmetic(operator, left, right, int);
  const shift = operator === "<<" || operator === ">>";
  const type = shift ? promoted(left.type, scope) : commonType(left.type, right.type, scope);
  if (type === undefined) return unknown(left.type);
  const compares = precedence.get(operator) === 6 || precedence.get(operator) === 7;
  if (a === undefined || b === undefined) return unknown(compares ? int : type);
  if (compares) {
    const holds = compare(operator, convert(a, type), convert(b, type));
    return { type: int, value: holds ? 1n : 0n, lvalue: false };
  }
  const value = arithmetic(operator, convert(a, type), shift ? b : convert(b, type));
  return { type, value: value === undefined ? undefined : convert(value, type), lvalue: false };
}

function pointerArithmetic(operator: string, left: Operand, right: Operand, int: CInteger): Operand {
  const a = left.value;
  const b = right.value;
  const compares = precedence.get(operator) === 6 || precedence.get(operator) === 7;
  if (compares) {
    const known = a !== undefined && b !== undefined;
    return { type: int, value: known ? (compare(operator, a, b) ? 1n : 0n) : undefined, lvalue: false };
  }
  const pointer = left.type.kind === "pointer" ? left : right;
  if (pointer.type.kind !== "pointer") return unknown(int);
  const step = BigInt(sizeOfC(pointer.type.to) ?? 1);
  if (operator === "-" && left.type.kind === "pointer" && right.type.kind === "pointer") {
    const known = a !== undefined && b !== undefined && step > 0n;
    return { type: integer(8, true), value: known ? (a - b) / step : undefined, lvalue: false };
  }
  if (a === undefined || b === undefined || (operator !== "+" && operator !== "-")) return unknown(pointer.type);
  const offset = pointer === left ? b : a;
  const base = pointer === left ? a : b;
  const moved = operator === "+" ? base + offset * step : base - offset * step;
  return { type: pointer.type, value: BigInt.asUintN(64, moved), lvalue: false };
}

function compare(operator: string, a: bigint, b: bigint): boolean {
  switch (operator) {
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case "<":
      return a < b;
    case ">":
      return a > b;
    case "<=":
      return a <= b;
    default:
      return a >= b;
  }
}

/** Undefined where C does not define the result. */
function arithmetic(operator: string, a: bigint, b: bigint): bigint | undefined {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return b === 0n ? undefined : a / b;
    case "%":
      return b === 0n ? undefined : a % b;
    case "&":
      return a & b;
    case "|":
      return a | b;
    case "^":
      return a ^ b;
    case "<<":
      return b < 0n || b > 127n ? undefined : a << b;
    case ">>":
      return b < 0n || b > 127n ? undefined : a >> b;
    default:
      return undefined;
  }
}

function promoted(type: CType, scope: ExpressionScope): CInteger | undefined {
  const own = integerOf(type);
  if (own === undefined) return undefined;
  return own.size < scope.intSize ? integer(scope.intSize, true) : integer(own.size, own.signed);
}

/** The usual arithmetic conversions. */
function commonType(a: CType, b: CType, scope: ExpressionScope): CInteger | undefined {
  const left = promoted(a, scope);
  const right = promoted(b, scope);
  if (left === undefined || right === undefined) return undefined;
  if (left.size !== right.size) return left.size > right.size ? left : right;
  return left.signed ? right : left;
}

/** The value in the range of an integer or pointer type. */
function convert(value: bigint, type: CType): bigint {
  const target = integerOf(type);
  if (target === undefined) return BigInt.asUintN(64, value);
  if (target.flavour === "bool") return value === 0n ? 0n : 1n;
  return target.signed ? BigInt.asIntN(target.size * 8, value) : BigInt.asUintN(target.size * 8, value);
}

function unary(cursor: TokenCursor, scope: ExpressionScope): Operand {
  return cursor.nested(() => unaryOperator(cursor, scope)) ?? unknown(cInt);
}

function unaryOperator(cursor: TokenCursor, scope: ExpressionScope): Operand {
  const token = cursor.peek();
  if (token.kind === "identifier") {
    switch (token.text) {
      case "sizeof":
        return sizeOperator(cursor, scope, (type) => sizeOfC(type));
      case "_Alignof":
      case "__alignof__":
      case "__alignof":
      case "alignof":
        return sizeOperator(cursor, scope, (type) => alignmentOfC(type));
      case "__extension__":
        cursor.next();
        return unary(cursor, scope);
    }
  }
  if (token.kind !== "punctuator") return postfix(cursor, scope);
  switch (token.text) {
    case "+":
    case "-":
    case "~": {
      cursor.next();
      const operand = rvalue(unary(cursor, scope));
      const type = promoted(operand.type, scope);
      if (type === undefined || operand.value === undefined) return unknown(type ?? operand.type);
      const value = token.text === "-" ? -operand.value : token.text === "~" ? ~operand.value : operand.value;
      return { type, value: convert(value, type), lvalue: false };
    }
    case "!": {
      cursor.next();
      const { value } = rvalue(unary(cursor, scope));
      const result = value === undefined ? undefined : value === 0n ? 1n : 0n;
      return { type: integer(scope.intSize, true), value: result, lvalue: false };
    }
    case "&": {
      cursor.next();
      const operand = unary(cursor, scope);
      const value = operand.lvalue ? operand.value : undefined;
      return { type: { kind: "pointer", to: operand.type }, value, lvalue: false };
    }
    case "*": {
      cursor.next();
      return dereference(rvalue(unary(cursor, scope)));
    }
    case "(":
      return parenthesis(cursor, scope);
    default:
      return postfix(cursor, scope);
  }
}

function dereference(pointer: Operand): Operand {
  const type = withoutAlignment(pointer.type);
  return type.kind === "pointer" ? { type: type.to, value: pointer.value, lvalue: true } : unknown(cInt);
}

function sizeOperator(
  cursor: TokenCursor,
  scope: ExpressionScope,
  measure: (type: CType) => number | undefined,
): Operand {
  const at = cursor.next();
  let type: CType;
  if (cursor.is("(") && startsTypeAfter(cursor, scope)) {
    cursor.next();
    type = scope.parseTypeName(cursor);
    cursor.expect(")");
  } else type = unary(cursor, scope).type;
  const size = measure(scope.completed(type));
  if (size === undefined) cursor.fail(`'${at.text}' of an incomplete type`, at);
  return { type: cUnsignedLong, value: size === undefined ? undefined : BigInt(size), lvalue: false };
}

/** True when the `(` at the cursor opens a type name. */
function startsTypeAfter(cursor: TokenCursor, scope: ExpressionScope): boolean {
  const position = cursor.position;
  cursor.next();
  const starts = scope.startsType(cursor);
  if (!cursor.failed) cursor.moveTo(position);
  return starts;
}

function parenthesis(cursor: TokenCursor, scope: ExpressionScope): Operand {
  if (!startsTypeAfter(cursor, scope)) return postfix(cursor, scope);
  cursor.next();
  const type = scope.parseTypeName(cursor);
  cursor.expect(")");
  if (cursor.is("{")) {
    cursor.skipGroup();
    return postfixOf({ type, value: undefined, lvalue: true }, cursor, scope);
  }
  const operand = rvalue(unary(cursor, scope));
  const scalar = integerOf(type) !== undefined || withoutAlignment(type).kind === "pointer";
  const value = scalar && operand.value !== undefined ? convert(operand.value, type) : undefined;
  return { type, value, lvalue: false };
}

function postfix(cursor: TokenCursor, scope: ExpressionScope): Operand {
  return postfixOf(primary(cursor, scope), cursor, scope);
}

function postfixOf(start: Operand, cursor: TokenCursor, scope: ExpressionScope): Operand {
  let operand = start;
  for (;;) {
    if (cursor.accept("[")) {
      const index = rvalue(parseExpression(cursor, scope));
      cursor.expect("]");
      operand = dereference(applyBinary("+", rvalue(operand), index, scope));
    } else if (cursor.is(".") || cursor.is("->")) {
      const arrow = cursor.next().text === "->";
      operand = member(arrow ? dereference(rvalue(operand)) : operand, cursor, scope);
    } else if (cursor.is("(")) {
      cursor.skipGroup();
      operand = unknown(operand.type.kind === "function" ? operand.type.result : cInt);
    } else return operand;
  }
}

function member(operand: Operand, cursor: TokenCursor, scope: ExpressionScope): Operand {
  const name = cursor.next();
  const found = memberPlace(scope.completed(operand.type), name.text);
  if (found === undefined) {
    cursor.fail(`no member named '${name.text}'`, name);
    return unknown(cInt);
  }
  const value = operand.value === undefined ? undefined : operand.value + BigInt(found.offset);
  return { type: found.type, value, lvalue: true };
}

function primary(cursor: TokenCursor, scope: ExpressionScope): Operand {
  const token = cursor.next();
  switch (token.kind) {
    case "number":
      return numberOperand(token, cursor, scope);
    case "character":
      return { type: integer(scope.intSize, true), value: characterValue(token.text), lvalue: false };
    case "string": {
      let length = stringLength(token.text);
      while (cursor.peek().kind === "string") length += stringLength(cursor.next().text);
      return { type: arrayOf(cChar, length + 1, { open: false }) ?? cChar, value: undefined, lvalue: true };
    }
    case "identifier":
      return named(token, cursor, scope);
    default:
      if (token.text === "(" && token.kind === "punctuator") {
        if (cursor.is("{")) {
          cursor.fail("statement expressions are not constant", token);
          return unknown(cInt);
        }
        const inner = parseExpression(cursor, scope);
        cursor.expect(")");
        return inner;
      }
      cursor.fail(
        token.kind === "end" ? "expected an expression" : `expected an expression before '${token.text}'`,
        token,
      );
      return unknown(cInt);
  }
}

function numberOperand(token: CToken, cursor: TokenCursor, scope: ExpressionScope): Operand {
  const number = numberValue(token.text);
  if (number === undefined) {
    cursor.fail(`invalid number '${token.text}'`, token);
    return unknown(cInt);
  }
  if (number === "floating") return unknown({ kind: "opaque", name: "double", size: 8, alignment: 8 });
  const type = number.type.size < scope.intSize ? integer(scope.intSize, number.type.signed) : number.type;
  return { type, value: number.value, lvalue: false };
}

function named(token: CToken, cursor: TokenCursor, scope: ExpressionScope): Operand {
  if (isBuiltinCall(token.text) && cursor.is("(")) return evaluateBuiltin(token, cursor, scope, parseConstant);
  const found = scope.lookup(token);
  if (found !== undefined) return found;
  if (cursor.is("(")) return unknown(cInt);
  cursor.fail(`'${token.text}' is not declared`, token);
  return unknown(cInt);
}
