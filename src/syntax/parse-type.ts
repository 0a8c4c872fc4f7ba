// Type syntax: words, tags, typeof, pointer and array suffixes; and telling types from expressions.

import type { Expression, TypeExpression, TypeOrExpression } from "./ast.ts";
import type { ExpressionParser } from "./parse-expression.ts";
import { cTypeWords, isTypeName, normaliseCWords } from "./type-names.ts";

/** Parses a type; undefined, with the position where it was, when there is none. */
export function tryType(parser: ExpressionParser): TypeExpression | undefined {
  const { scanner } = parser;
  const start = scanner.here();
  const end = scanner.lastEnd;
  const base = baseType(parser);
  if (base === undefined) {
    scanner.position = start;
    scanner.lastEnd = end;
    return undefined;
  }
  return suffixes(parser, base, start);
}

/** A type where one must stand. */
export function parseType(parser: ExpressionParser): TypeExpression {
  return tryType(parser) ?? parser.scanner.expected("type");
}

function baseType(parser: ExpressionParser): TypeExpression | undefined {
  const { scanner } = parser;
  const start = scanner.here();
  const word = scanner.takeWord();
  if (word === undefined) return undefined;
  if (word === "struct" || word === "union" || word === "enum") {
    const name = scanner.takeWord();
    return name === undefined ? undefined : { kind: "tagged-type", tag: word, name, span: scanner.span(start) };
  }
  if (word === "typeof" && scanner.peek("(")) {
    scanner.need("(");
    const operand = parseTypeOrExpression(parser, ")");
    scanner.need(")");
    return { kind: "typeof", operand, span: scanner.span(start) };
  }
  if (cTypeWords.has(word)) return cType(parser, word, start);
  if ((word === "string" || word === "buffer" || word === "inet") && scanner.peek("[")) {
    const size = arraySize(parser);
    if (size !== "none") return { kind: "named-type", name: word, size, span: scanner.span(start) };
  }
  return { kind: "named-type", name: word, size: undefined, span: scanner.span(start) };
}

/** `unsigned int`, `const char`, `const struct x`. */
function cType(parser: ExpressionParser, first: string, start: number): TypeExpression | undefined {
  const { scanner } = parser;
  const words = [first];
  for (;;) {
    const next = scanner.peekWord();
    if (next === undefined) break;
    const qualifiedOnly = words.every((word) => word === "const" || word === "volatile");
    if (cTypeWords.has(next)) words.push(next);
    else if (qualifiedOnly) return baseType(parser);
    else break;
    scanner.takeWord();
  }
  return { kind: "named-type", name: normaliseCWords(words), size: undefined, span: scanner.span(start) };
}

/** `[N]` or `[]`; "none" and no movement when something else is between the brackets. */
function arraySize(parser: ExpressionParser): bigint | undefined | "none" {
  const { scanner } = parser;
  const match = /^\[\s*(\d*)\s*\]/.exec(scanner.text.slice(scanner.here(), scanner.position + 40));
  if (match === null) return "none";
  scanner.position += match[0].length;
  scanner.lastEnd = scanner.position;
  return match[1] === "" || match[1] === undefined ? undefined : BigInt(match[1]);
}

function suffixes(parser: ExpressionParser, base: TypeExpression, start: number): TypeExpression {
  const { scanner } = parser;
  let type = base;
  for (;;) {
    if (scanner.take("*")) {
      type = { kind: "pointer-type", to: type, span: scanner.span(start) };
      while (scanner.takeKeyword("const")) type = { ...type, span: scanner.span(start) };
    } else if (scanner.peek("[")) {
      const count = arraySize(parser);
      if (count === "none") return type;
      type = { kind: "array-type", element: type, count, span: scanner.span(start) };
    } else return type;
  }
}

/** The operand of sizeof, typeof, offsetof up to one of the closing symbols. */
export function parseTypeOrExpression(parser: ExpressionParser, ...closing: readonly string[]): TypeOrExpression {
  const { scanner } = parser;
  const start = scanner.here();
  const end = scanner.lastEnd;
  const word = scanner.peekWord();
  const closed = () => closing.some((symbol) => scanner.peek(symbol));
  if (word !== undefined && word !== "true" && word !== "false") {
    const type = tryType(parser);
    if (type !== undefined && closed()) {
      const plain = type.kind === "named-type" && type.size === undefined && type.name === word && !cTypeWords.has(word);
      if (plain && !isTypeName(word)) return { kind: "name", name: word, span: type.span };
      if (!plain || isTypeName(word)) return { kind: "type", type, span: type.span };
    }
    scanner.position = start;
    scanner.lastEnd = end;
  }
  const expression: Expression = parser.expression();
  return { kind: "value", expression, span: expression.span };
}
