// `enum` specifiers: enumerators, their values, and the size of the type as gcc chooses it. Pure.

import { mergeAttributes, parseAttributes } from "./attributes.ts";
import type { CParser } from "./c-parser.ts";
import type { CToken } from "./c-token.ts";
import { type CEnum, type CEnumerator, integerOf } from "./c-type.ts";
import { parseConstant } from "./expression.ts";

export interface ParsedEnum {
  readonly enumeration: CEnum;
  readonly defines: boolean;
}

/** The cursor stands at `enum`. */
export function parseEnum(parser: CParser): ParsedEnum {
  const { cursor, scope } = parser;
  cursor.next();
  const before = parseAttributes(parser);
  const name = cursor.peek().kind === "identifier" ? cursor.next() : undefined;
  const attributes = mergeAttributes(before, parseAttributes(parser));
  // C23: `enum x : type`. In a member list the colon is that of an unnamed bit-field unless a body follows.
  const fixed = cursor.is(":") && hasBodyAfterType(parser) ? fixedType(parser) : undefined;
  if (!cursor.is("{")) {
    if (name === undefined) cursor.fail("expected a tag or '{' after 'enum'");
    return { enumeration: name === undefined ? unnamed() : scope.enumeration(name.text), defines: false };
  }
  const enumeration = name === undefined ? unnamed() : enumToDefine(parser, name);
  const enumerators = parseEnumerators(parser, enumeration);
  const { packed } = mergeAttributes(attributes, parseAttributes(parser));
  if (!cursor.failed) enumeration.body = { ...(fixed ?? enumSize(enumerators, { packed })), enumerators };
  return { enumeration, defines: true };
}

function unnamed(): CEnum {
  return { name: "", body: undefined };
}

function enumToDefine(parser: CParser, name: CToken): CEnum {
  const { scope } = parser;
  const known = scope.enumeration(name.text);
  const previous = scope.definitionPlaces.get(known);
  if (previous === undefined) {
    scope.definitionPlaces.set(known, name);
    return known;
  }
  const fresh: CEnum = { name: name.text, body: undefined };
  if (name.source.origin !== "script") return fresh;
  if (previous.source.origin === "script") parser.error(name, `redefinition of 'enum ${name.text}'`, previous);
  else {
    scope.enums.set(name.text, fresh);
    scope.definitionPlaces.set(fresh, name);
  }
  return fresh;
}

function hasBodyAfterType(parser: CParser): boolean {
  for (let ahead = 1; ; ahead++) {
    const token = parser.cursor.peek(ahead);
    if (token.text === "{") return true;
    if (token.kind !== "identifier") return false;
  }
}

function fixedType(parser: CParser): { size: 1 | 2 | 4 | 8; signed: boolean } | undefined {
  parser.cursor.next();
  const own = integerOf(parser.specifiers().type);
  return own === undefined || own.size === 16 ? undefined : { size: own.size, signed: own.signed };
}

function parseEnumerators(parser: CParser, enumeration: CEnum): readonly CEnumerator[] {
  const { cursor, scope } = parser;
  const enumerators: CEnumerator[] = [];
  let next = 0n;
  cursor.next();
  while (!cursor.is("}") && !cursor.atEnd()) {
    const name = cursor.next();
    if (name.kind !== "identifier") {
      cursor.fail("expected an enumerator", name);
      break;
    }
    parseAttributes(parser);
    let value = next;
    if (cursor.accept("=")) {
      const at = cursor.peek();
      const operand = parseConstant(cursor, parser.expressions);
      if (operand.value === undefined || operand.lvalue) cursor.fail("not an integer constant expression", at);
      value = operand.value ?? 0n;
    }
    if (cursor.failed) break;
    next = value + 1n;
    enumerators.push({ name: name.text, value });
    const previous = scope.enumerators.get(name.text);
    const clash = previous?.at.source.origin === "script" && name.source.origin === "script";
    if (clash) parser.error(name, `redefinition of enumerator '${name.text}'`, previous?.at);
    const keeps = previous?.at.source.origin === "script" && name.source.origin !== "script";
    if (!keeps) scope.enumerators.set(name.text, { value: { value, enumeration }, at: name });
    if (!cursor.is("}")) cursor.expect(",");
  }
  cursor.expect("}");
  return enumerators;
}

/** gcc: unsigned unless a value is negative; 4 bytes unless a value needs 8; the smallest when packed. */
function enumSize(
  enumerators: readonly CEnumerator[],
  attributes: { readonly packed: boolean },
): { size: 1 | 2 | 4 | 8; signed: boolean } {
  const values = enumerators.map((e) => e.value);
  const signed = values.some((value) => value < 0n);
  const fits = (bits: number): boolean =>
    values.every((value) => value === (signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)));
  const sizes = attributes.packed ? ([1, 2, 4, 8] as const) : ([4, 8] as const);
  return { size: sizes.find((size) => fits(size * 8)) ?? 8, signed };
}
