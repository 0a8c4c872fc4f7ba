// Declaration specifiers: storage words, qualifiers and the type they name (C11 6.7). Pure.

import { mergeAttributes, noAttributes, parseAttributes } from "./attributes.ts";
import type { Attributes, CParser, Specifiers } from "./c-parser.ts";
import { type CType, cInt, integer, integerOf, withoutAlignment } from "./c-type.ts";
import { parseTypeName } from "./declarator.ts";
import { parseEnum } from "./enum-definition.ts";
import { parseExpression } from "./expression.ts";
import { parseRecord } from "./record-definition.ts";
import type { TokenCursor } from "./token-cursor.ts";
import {
  basicType,
  isBasicWord,
  isQualifier,
  isStorageWord,
  singleWordType,
  tagWords,
  typeofWords,
} from "./type-words.ts";
import type { CScope } from "./c-scope.ts";

/** Size of va_list, by architecture. */
export interface SpecifierTarget {
  readonly vaListSize: number;
}

/** True when the cursor stands at a type. */
export function startsType(cursor: TokenCursor, scope: CScope, target: SpecifierTarget): boolean {
  const token = cursor.peek();
  if (token.kind !== "identifier") return false;
  if (isBasicWord(token) || isQualifier(token) || tagWords.has(token.text) || typeofWords.has(token.text)) return true;
  return singleWordType(token.text, target) !== undefined || scope.typedef(token.text) !== undefined;
}

/** Words until something that is none; a missing type is a problem. */
export function parseSpecifiers(parser: CParser, target: SpecifierTarget): Specifiers {
  const { cursor } = parser;
  const start = cursor.peek();
  const words: string[] = [];
  let found: CType | undefined;
  let isTypedef = false;
  let defines = false;
  let untagged = false;
  let attributes: Attributes = noAttributes;
  for (;;) {
    attributes = mergeAttributes(attributes, parseAttributes(parser));
    const token = cursor.peek();
    if (token.kind !== "identifier") break;
    if (token.text === "_Atomic" && cursor.peek(1).text === "(") {
      cursor.next();
      found = parenthesizedType(parser);
    } else if (isQualifier(token)) cursor.next();
    else if (isStorageWord(token)) {
      if (token.text === "typedef") isTypedef = true;
      cursor.next();
    } else if (isBasicWord(token)) {
      if (found !== undefined) break;
      words.push(cursor.next().text);
    } else if (found !== undefined || words.length > 0) break;
    else if (token.text === "struct" || token.text === "union") {
      const record = parseRecord(parser);
      found = { kind: "record", record: record.record };
      ({ defines, untagged } = record);
    } else if (token.text === "enum") {
      const parsed = parseEnum(parser);
      found = { kind: "enum", enumeration: parsed.enumeration };
      ({ defines } = parsed);
    } else if (typeofWords.has(token.text)) found = typeOf(parser);
    else {
      found = singleWordType(token.text, target) ?? parser.scope.typedef(token.text);
      if (found === undefined) {
        cursor.fail(`unknown type name '${token.text}'`);
        break;
      }
      cursor.next();
    }
  }
  const type = found ?? basicType(words);
  if (type === undefined || (found === undefined && words.length === 0)) {
    cursor.fail(words.length > 0 ? `'${words.join(" ")}' is no type` : "expected a type", start);
  }
  return { type: withMode(type ?? cInt, attributes), isTypedef, attributes, defines, untagged };
}

function parenthesizedType(parser: CParser): CType {
  parser.cursor.expect("(");
  const type = parseTypeName(parser);
  parser.cursor.expect(")");
  return type;
}

function typeOf(parser: CParser): CType {
  const { cursor, expressions } = parser;
  cursor.next();
  cursor.expect("(");
  const type = expressions.startsType(cursor) ? parseTypeName(parser) : parseExpression(cursor, expressions).type;
  cursor.expect(")");
  return type;
}

const modeSizes: ReadonlyMap<string, 1 | 2 | 4 | 8 | 16> = new Map([
  ["QI", 1],
  ["byte", 1],
  ["HI", 2],
  ["SI", 4],
  ["DI", 8],
  ["word", 8],
  ["pointer", 8],
  ["TI", 16],
]);

/** `mode` and `vector_size` replace the type. */
export function withMode(type: CType, attributes: Attributes): CType {
  if (attributes.vectorSize !== undefined) {
    return { kind: "opaque", name: "vector", size: attributes.vectorSize, alignment: attributes.vectorSize };
  }
  const size = attributes.mode === undefined ? undefined : modeSizes.get(attributes.mode);
  const own = integerOf(withoutAlignment(type));
  return size === undefined || own === undefined ? type : integer(size, own.signed);
}
