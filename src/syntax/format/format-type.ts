// Types in standard form, and what sizeof, typeinfo, offsetof and typeof are applied to.

import { assertNever } from "../../base/invariant.ts";
import type { TypeExpression, TypeOrExpression } from "../ast.ts";
import type { ExpressionFormatter } from "./format-expression.ts";
import { bare, bracketed, commentsBefore, concat, type Layout, space, whole } from "./layout.ts";
import { looksLikeType, startOf } from "./precedence.ts";

/** Words stay as written: the tree has only one spelling of `unsigned` and the like, and no `const`. */
export function formatType(formatter: ExpressionFormatter, type: TypeExpression): Layout {
  const { tokens } = formatter;
  switch (type.kind) {
    case "named-type":
      return type.size === undefined ? words(formatter) : concat(words(formatter), arraySize(formatter, type.size));
    case "tagged-type":
      return words(formatter);
    case "typeof": {
      const keyword = words(formatter);
      const open = tokens.open("early");
      const operand = formatTypeOrExpression(formatter, type.operand);
      return concat(keyword, bracketed(open.token, operand, tokens.close(open)));
    }
    case "pointer-type":
      return pointer(formatter, type);
    case "array-type":
      return concat(formatType(formatter, type.element), arraySize(formatter, type.count));
    default:
      return assertNever(type);
  }
}

/** Stars stand together, and apart from words. */
function pointer(formatter: ExpressionFormatter, type: Extract<TypeExpression, { kind: "pointer-type" }>): Layout {
  let base: TypeExpression = type;
  let stars = 0;
  for (; base.kind === "pointer-type"; base = base.to) stars += 1;
  const parts = [formatType(formatter, base), space];
  for (; stars > 0; stars--) {
    parts.push(whole(formatter.tokens.token("*")));
    const qualifiers = words(formatter);
    if (qualifiers.parts.length > 0) parts.push(space, qualifiers);
    if (qualifiers.parts.length > 0 && stars > 1) parts.push(space);
  }
  return concat(...parts);
}

/** All words that come next. */
function words({ tokens }: ExpressionFormatter): Extract<Layout, { kind: "concat" }> {
  const parts: Layout[] = [];
  for (let word = tokens.word(); word !== undefined; word = tokens.word()) {
    if (parts.length > 0) parts.push(space);
    parts.push(whole(word));
  }
  return { kind: "concat", parts };
}

function arraySize({ tokens }: ExpressionFormatter, size: bigint | undefined): Layout {
  const open = whole(tokens.token("["));
  const count = size === undefined ? concat() : whole(tokens.lexeme());
  const close = tokens.token("]");
  return concat(open, count, commentsBefore(close), bare(close));
}

export function formatTypeOrExpression(formatter: ExpressionFormatter, operand: TypeOrExpression): Layout {
  switch (operand.kind) {
    case "type":
      return formatType(formatter, operand.type);
    case "name":
      return whole(formatter.tokens.token(operand.name));
    case "value": {
      const { expression } = operand;
      return looksLikeType(expression)
        ? formatter.grouping(startOf(expression), () => formatter.expression(expression))
        : formatter.expression(expression);
    }
    default:
      return assertNever(operand);
  }
}
