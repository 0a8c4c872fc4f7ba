// `struct` and `union` specifiers: tags, member lists, and their layout. Pure.

import { mergeAttributes, parseAttributes } from "./attributes.ts";
import type { Attributes, CParser, Specifiers } from "./c-parser.ts";
import type { CToken } from "./c-token.ts";
import { type CRecord, type CType, integerOf, sizeOfC, withoutAlignment } from "./c-type.ts";
import { applyModifiers, type Declarator, parseDeclarator } from "./declarator.ts";
import { parseConstant } from "./expression.ts";
import { layoutRecord, type MemberDeclaration } from "./record-layout.ts";

export interface ParsedRecord {
  readonly record: CRecord;
  readonly defines: boolean;
  readonly untagged: boolean;
}

/** The cursor stands at `struct` or `union`. */
export function parseRecord(parser: CParser): ParsedRecord {
  const { cursor, scope } = parser;
  const keyword = cursor.next();
  const tag = keyword.text === "union" ? "union" : "struct";
  const before = parseAttributes(parser);
  const name = cursor.peek().kind === "identifier" ? cursor.next() : undefined;
  const attributes = mergeAttributes(before, parseAttributes(parser));
  if (!cursor.is("{")) {
    if (name === undefined) cursor.fail(`expected a tag or '{' after '${keyword.text}'`);
    const record = name === undefined ? unnamed(tag) : scope.record(tag, name.text);
    return { record, defines: false, untagged: name === undefined };
  }
  const record = name === undefined ? unnamed(tag) : recordToDefine(parser, tag, name);
  cursor.nested(() => parseBody(parser, record, attributes));
  return { record, defines: true, untagged: name === undefined };
}

function unnamed(tag: "struct" | "union"): CRecord {
  return { tag, name: "", layout: undefined };
}

/**
 * The record that a definition completes. Of two definitions the script's wins over a header's, and the first of
 * two headers (libc and kernel define some structs both); two in the script are an error.
 */
function recordToDefine(parser: CParser, tag: "struct" | "union", name: CToken): CRecord {
  const { scope } = parser;
  const known = scope.record(tag, name.text);
  const previous = scope.definitionPlaces.get(known);
  const fresh: CRecord = { tag, name: name.text, layout: undefined };
  if (previous === undefined) {
    scope.definitionPlaces.set(known, name);
    return known;
  }
  if (name.source.origin === "script") {
    if (previous.source.origin === "script") {
      parser.error(name, `redefinition of '${tag} ${name.text}'`, previous);
      return fresh;
    }
    scope.records.set(`${tag} ${name.text}`, fresh);
    scope.definitionPlaces.set(fresh, name);
  }
  return fresh;
}

function parseBody(parser: CParser, record: CRecord, before: Attributes): void {
  const { cursor } = parser;
  const open = cursor.next();
  const members: MemberDeclaration[] = [];
  while (!cursor.is("}") && !cursor.atEnd()) {
    if (cursor.accept(";")) continue;
    if (cursor.is("_Static_assert") || cursor.is("static_assert")) {
      cursor.next();
      if (cursor.is("(")) cursor.skipGroup();
      continue;
    }
    parseMembers(parser, members);
  }
  const pack = parser.pack();
  if (cursor.atEnd() && !cursor.failed) cursor.fail("'{' is not closed", open);
  cursor.expect("}");
  const attributes = mergeAttributes(before, parseAttributes(parser));
  if (cursor.failed) return;
  const { packed, aligned } = attributes;
  const layout = layoutRecord(members, { tag: record.tag, packed, aligned, pack, alignUnnamed: parser.alignUnnamed });
  if (layout === undefined) cursor.fail(`${record.tag} is too large`, open);
  record.layout = layout;
}

function parseMembers(parser: CParser, members: MemberDeclaration[]): void {
  const { cursor } = parser;
  const specifiers = parser.specifiers();
  if (cursor.is(";")) {
    // Without a declarator only an untagged struct or union is a member; its fields are promoted.
    if (specifiers.untagged && specifiers.type.kind === "record") members.push(anonymousMember(specifiers));
  } else {
    do {
      const member = parseMember(parser, specifiers);
      if (member !== undefined) members.push(member);
    } while (cursor.accept(","));
  }
  if (!cursor.is("}")) cursor.expect(";");
}

function anonymousMember(specifiers: Specifiers): MemberDeclaration {
  const { packed, aligned } = specifiers.attributes;
  return { name: undefined, type: specifiers.type, width: undefined, packed, aligned };
}

function parseMember(parser: CParser, specifiers: Specifiers): MemberDeclaration | undefined {
  const { cursor } = parser;
  const start = cursor.peek();
  const declarator = parseDeclarator(parser, { bounds: true });
  const declared = applyModifiers(parser, specifiers.type, declarator.modifiers);
  const type = parser.scope.completed(declared);
  const width = cursor.accept(":") ? parseWidth(parser, type) : undefined;
  const after = mergeAttributes(declarator.attributes, parseAttributes(parser));
  const { packed, aligned } = mergeAttributes(specifiers.attributes, after);
  if (declarator.name === undefined && width === undefined) {
    cursor.fail("expected a member name", start);
    return undefined;
  }
  checkMember(parser, declarator, { type, width });
  return cursor.failed ? undefined : { name: declarator.name?.text, type, width, packed, aligned };
}

function checkMember(
  parser: CParser,
  declarator: Declarator,
  member: { readonly type: CType; readonly width: number | undefined },
): void {
  const { cursor } = parser;
  const { kind } = withoutAlignment(member.type);
  const at = declarator.name ?? cursor.peek();
  if (kind === "void" || kind === "function" || sizeOfC(member.type) === undefined) {
    cursor.fail(`member '${at.text}' has an incomplete type`, at);
  } else if (declarator.name !== undefined && member.width === 0) {
    cursor.fail(`bit-field '${at.text}' has width 0`, at);
  }
}

function parseWidth(parser: CParser, type: CType): number {
  const { cursor } = parser;
  const at = cursor.peek();
  const { value } = parseConstant(cursor, parser.expressions);
  const own = integerOf(type);
  if (own === undefined) cursor.fail("a bit-field needs an integer type", at);
  else if (value === undefined) cursor.fail("the width of a bit-field is not an integer constant", at);
  else if (value < 0n || value > BigInt(own.size * 8)) cursor.fail("the width of a bit-field is out of range", at);
  return cursor.failed ? 0 : Number(value ?? 0n);
}
