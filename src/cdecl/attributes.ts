// `__attribute__`, `_Alignas` and `asm` around C declarations; only what changes layouts is kept. Pure.

import type { Attributes, CParser } from "./c-parser.ts";
import { alignmentOfC, type CType } from "./c-type.ts";
import { parseConstant } from "./expression.ts";

export const noAttributes: Attributes = { packed: false, aligned: undefined, mode: undefined, vectorSize: undefined };

export function mergeAttributes(a: Attributes, b: Attributes): Attributes {
  if (a === noAttributes) return b;
  if (b === noAttributes) return a;
  return {
    packed: a.packed || b.packed,
    aligned: a.aligned === undefined ? b.aligned : Math.max(a.aligned, b.aligned ?? 0),
    mode: b.mode ?? a.mode,
    vectorSize: b.vectorSize ?? a.vectorSize,
  };
}

/** All attributes at the cursor; none is noAttributes. */
export function parseAttributes(parser: CParser): Attributes {
  const { cursor } = parser;
  let attributes = noAttributes;
  for (;;) {
    const word = cursor.peek();
    switch (word.kind === "identifier" || word.text === "[" ? word.text : "") {
      case "__attribute__":
      case "__attribute":
        cursor.next();
        attributes = mergeAttributes(attributes, attributeList(parser));
        break;
      case "_Alignas":
      case "alignas":
        cursor.next();
        attributes = mergeAttributes(attributes, alignas(parser));
        break;
      case "asm":
      case "__asm__":
      case "__asm":
        cursor.next();
        while (["volatile", "__volatile__", "inline", "goto"].includes(cursor.peek().text)) cursor.next();
        if (cursor.is("(")) cursor.skipGroup();
        break;
      case "[":
        if (cursor.peek(1).text !== "[") return attributes;
        cursor.skipGroup();
        break;
      default:
        return attributes;
    }
  }
}

/** `((name, name(arguments), …))` */
function attributeList(parser: CParser): Attributes {
  const { cursor } = parser;
  let attributes = noAttributes;
  cursor.expect("(");
  cursor.expect("(");
  while (!cursor.is(")") && !cursor.atEnd()) {
    if (cursor.accept(",")) continue;
    attributes = mergeAttributes(attributes, attribute(parser));
  }
  cursor.expect(")");
  cursor.expect(")");
  return attributes;
}

function attribute(parser: CParser): Attributes {
  const { cursor } = parser;
  const name = cursor.next();
  const plain = name.text.replace(/^__(.+)__$/, "$1");
  const hasArguments = cursor.is("(");
  switch (plain) {
    case "packed":
      if (hasArguments) cursor.skipGroup();
      return { ...noAttributes, packed: true };
    case "aligned":
    case "vector_size": {
      // Without a number: the largest alignment of the target.
      let value: number | undefined = 16;
      if (hasArguments) {
        cursor.next();
        value = powerOfTwo(parser);
        cursor.expect(")");
      }
      return plain === "aligned" ? { ...noAttributes, aligned: value } : { ...noAttributes, vectorSize: value };
    }
    case "mode": {
      if (!hasArguments) return noAttributes;
      cursor.next();
      const mode = cursor.next().text.replace(/^__(.+)__$/, "$1");
      cursor.expect(")");
      return { ...noAttributes, mode };
    }
    default:
      if (name.kind !== "identifier") cursor.fail(`'${name.text}' is no attribute`, name);
      if (hasArguments) cursor.skipGroup();
      return noAttributes;
  }
}

function alignas(parser: CParser): Attributes {
  const { cursor, expressions } = parser;
  cursor.expect("(");
  let type: CType | undefined;
  let value: number | undefined;
  if (expressions.startsType(cursor)) {
    type = expressions.parseTypeName(cursor);
    value = alignmentOfC(type);
  } else value = powerOfTwo(parser);
  cursor.expect(")");
  return { ...noAttributes, aligned: value };
}

/** A constant that is a power of two; 0 means nothing. */
function powerOfTwo(parser: CParser): number | undefined {
  const { cursor } = parser;
  const at = cursor.peek();
  const { value } = parseConstant(cursor, parser.expressions);
  if (value === 0n || cursor.failed) return undefined;
  if (value === undefined || value < 0n || value > 1n << 28n || (value & (value - 1n)) !== 0n) {
    cursor.fail("an alignment has to be a power of two", at);
    return undefined;
  }
  return Number(value);
}
