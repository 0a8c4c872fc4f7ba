// C declarators: pointers, arrays, functions and the name between them (C11 6.7.6). Pure.

import { parseAttributes, mergeAttributes, noAttributes } from "./attributes.ts";
import type { Attributes, CParser } from "./c-parser.ts";
import type { CToken } from "./c-token.ts";
import { arrayOf, type CType } from "./c-type.ts";
import { parseExpression } from "./expression.ts";
import { isQualifier } from "./type-words.ts";

/** One step from the type of the specifiers towards that of the name. */
export type Modifier =
  | { readonly kind: "pointer" }
  | { readonly kind: "function" }
  | { readonly kind: "array"; readonly count: number; readonly open: boolean; readonly at: CToken };

export interface Declarator {
  /** Undefined for an abstract declarator. */
  readonly name: CToken | undefined;
  /** In the order in which they apply to the type of the specifiers. */
  readonly modifiers: readonly Modifier[];
  readonly attributes: Attributes;
}

export interface DeclaratorOptions {
  /** False: array bounds are skipped, as of variables, which are of no interest. */
  readonly bounds: boolean;
}

export function parseDeclarator(parser: CParser, options: DeclaratorOptions): Declarator {
  const empty: Declarator = { name: undefined, modifiers: [], attributes: noAttributes };
  return parser.cursor.nested(() => declarator(parser, options)) ?? empty;
}

function declarator(parser: CParser, options: DeclaratorOptions): Declarator {
  const { cursor } = parser;
  const pointers: Modifier[] = [];
  let attributes = parseAttributes(parser);
  for (;;) {
    if (cursor.accept("*") || cursor.accept("^")) pointers.push({ kind: "pointer" });
    else if (isQualifier(cursor.peek())) cursor.next();
    else if (startsAttribute(cursor.peek())) attributes = mergeAttributes(attributes, parseAttributes(parser));
    else break;
  }
  let name: CToken | undefined;
  let inner: readonly Modifier[] = [];
  if (cursor.is("(") && opensGroup(parser)) {
    cursor.next();
    const nested = parseDeclarator(parser, options);
    cursor.expect(")");
    ({ name, modifiers: inner } = nested);
    attributes = mergeAttributes(attributes, nested.attributes);
  } else if (cursor.peek().kind === "identifier") name = cursor.next();
  const suffixes: Modifier[] = [];
  for (;;) {
    if (cursor.is("[") && cursor.peek(1).text !== "[") suffixes.push(arraySuffix(parser, options));
    else if (cursor.is("(")) {
      cursor.skipGroup();
      suffixes.push({ kind: "function" });
    } else break;
  }
  attributes = mergeAttributes(attributes, parseAttributes(parser));
  return { name, modifiers: [...pointers, ...suffixes.reverse(), ...inner], attributes };
}

function startsAttribute(token: CToken): boolean {
  return token.text === "__attribute__" || token.text === "__attribute";
}

/** True when `(` groups a declarator, false when it opens parameters. */
function opensGroup(parser: CParser): boolean {
  const next = parser.cursor.peek(1);
  if (next.kind === "punctuator") return next.text === "*" || next.text === "(" || next.text === "^";
  if (next.kind !== "identifier") return false;
  if (startsAttribute(next)) return true;
  const position = parser.cursor.position;
  parser.cursor.next();
  const isType = parser.expressions.startsType(parser.cursor);
  parser.cursor.moveTo(position);
  return !isType;
}

function arraySuffix(parser: CParser, options: DeclaratorOptions): Modifier {
  const { cursor } = parser;
  const at = cursor.peek();
  if (!options.bounds) {
    cursor.skipGroup();
    return { kind: "array", count: 0, open: true, at };
  }
  cursor.next();
  while (isQualifier(cursor.peek()) || cursor.is("static")) cursor.next();
  if (cursor.accept("]")) return { kind: "array", count: 0, open: true, at };
  const bound = cursor.peek();
  const { value, lvalue } = parseExpression(cursor, parser.expressions);
  cursor.expect("]");
  if (value === undefined || lvalue) cursor.fail("array size is not an integer constant", bound);
  else if (value < 0n || value > 1n << 48n) cursor.fail("array size is out of range", bound);
  return { kind: "array", count: Number(BigInt.asUintN(48, value ?? 0n)), open: false, at };
}

/** The type of the name. Arrays of what has no size are a problem. */
export function applyModifiers(parser: CParser, base: CType, modifiers: readonly Modifier[]): CType {
  let type = base;
  for (const modifier of modifiers) {
    switch (modifier.kind) {
      case "pointer":
        type = { kind: "pointer", to: type };
        break;
      case "function":
        type = { kind: "function", result: type };
        break;
      case "array": {
        const array = arrayOf(parser.scope.completed(type), modifier.count, { open: modifier.open });
        if (array === undefined) parser.cursor.fail("array of incomplete type, or too large", modifier.at);
        type = array ?? type;
      }
    }
  }
  return type;
}

/** A type name, as in casts and sizeof: specifiers and an abstract declarator. */
export function parseTypeName(parser: CParser): CType {
  const { type } = parser.specifiers();
  return applyModifiers(parser, type, parseDeclarator(parser, { bounds: true }).modifiers);
}
