// C declarations at file scope: struct, union, enum and typedef are kept, functions and variables are skipped. Pure.

import { mergeAttributes, parseAttributes } from "./attributes.ts";
import type { CParser, Specifiers } from "./c-parser.ts";
import type { CReports } from "./c-reports.ts";
import type { CScope } from "./c-scope.ts";
import { type CToken, endToken } from "./c-token.ts";
import { type CType, compatible, integer } from "./c-type.ts";
import { applyModifiers, type Declarator, parseDeclarator, parseTypeName } from "./declarator.ts";
import type { ExpressionScope, Operand } from "./operand.ts";
import { type PackRegions, splitPragmas } from "./pragma-pack.ts";
import type { CArchitecture } from "./predefined-macros.ts";
import { parseSpecifiers, startsType, withMode } from "./specifiers.ts";
import { beginsDeclaration, TokenCursor } from "./token-cursor.ts";

/** Reads all declarations into the scope; problems are reported, one per declaration. */
export function parseDeclarations(
  stream: readonly CToken[],
  scope: CScope,
  reports: CReports,
  architecture: CArchitecture,
): void {
  const { tokens, regions } = splitPragmas(stream);
  const last = tokens.at(-1);
  if (last === undefined) return;
  const cursor = new TokenCursor(tokens, endToken(last.source), (at, message) => {
    reports.error("c-declaration", at, message);
  });
  const parser = makeParser(cursor, regions, { scope, reports, architecture });
  while (!cursor.atEnd()) {
    const start = cursor.position;
    parseDeclaration(parser);
    if (cursor.failed) cursor.recover(cursor.endOfDeclaration(start));
    else if (cursor.position === start) cursor.next();
  }
}

function makeParser(
  cursor: TokenCursor,
  regions: PackRegions,
  surroundings: { readonly scope: CScope; readonly reports: CReports; readonly architecture: CArchitecture },
): CParser {
  const { scope, reports, architecture } = surroundings;
  // psABI: va_list is an array of one struct of 24 bytes; AAPCS64: a struct of 32.
  const target = { vaListSize: architecture === "x64" ? 24 : 32 };
  const expressions: ExpressionScope = {
    startsType: (at) => startsType(at, scope, target),
    parseTypeName: () => parseTypeName(parser),
    completed: (type) => scope.completed(type),
    lookup: (name) => enumeratorOperand(scope, name),
    intSize: 4,
  };
  const parser: CParser = {
    cursor,
    scope,
    expressions,
    alignUnnamed: architecture === "arm64",
    pack: () => regions.at(cursor.position),
    specifiers: () => parseSpecifiers(parser, target),
    error: (at, message, previous) => reports.error("c-declaration", at, message, previous),
  };
  return parser;
}

function enumeratorOperand(scope: CScope, name: CToken): Operand | undefined {
  const found = scope.enumerators.get(name.text);
  if (found === undefined) return undefined;
  const { value } = found.value;
  const small = value === BigInt.asIntN(32, value);
  const type = small ? integer(4, true) : integer(value === BigInt.asUintN(32, value) ? 4 : 8, value < 0n);
  return { type, value, lvalue: false };
}

function parseDeclaration(parser: CParser): void {
  const { cursor } = parser;
  if (cursor.accept(";")) return;
  const word = cursor.peek();
  if (word.text === "_Static_assert" || word.text === "static_assert") {
    cursor.next();
    if (cursor.is("(")) cursor.skipGroup();
    return;
  }
  if (isAsm(word)) {
    parseAttributes(parser);
    return;
  }
  const specifiers = parser.specifiers();
  if (cursor.failed) return;
  if (specifiers.defines && !specifiers.isTypedef && endsHere(cursor)) return;
  if (cursor.accept(";")) return;
  parseDeclarators(parser, specifiers);
}

function isAsm(word: CToken): boolean {
  return word.kind === "identifier" && (word.text === "asm" || word.text === "__asm__" || word.text === "__asm");
}

/** The language lets the `;` after a definition go. */
function endsHere(cursor: TokenCursor): boolean {
  return cursor.atEnd() || beginsDeclaration.has(cursor.peek().text);
}

function parseDeclarators(parser: CParser, specifiers: Specifiers): void {
  const { cursor } = parser;
  do {
    const declarator = parseDeclarator(parser, { bounds: specifiers.isTypedef });
    if (specifiers.isTypedef) declareTypedef(parser, specifiers, declarator);
    else if (cursor.is("{")) {
      // The body of a function.
      cursor.skipGroup();
      return;
    } else if (declarator.name === undefined) cursor.fail("expected a name");
    if (cursor.accept("=")) skipInitializer(cursor);
  } while (cursor.accept(","));
  cursor.expect(";");
}

function skipInitializer(cursor: TokenCursor): void {
  while (!cursor.atEnd() && !cursor.is(";") && !cursor.is(",")) {
    if (cursor.is("(") || cursor.is("[") || cursor.is("{")) cursor.skipGroup();
    else cursor.next();
  }
}

function declareTypedef(parser: CParser, specifiers: Specifiers, declarator: Declarator): void {
  const { cursor, scope } = parser;
  const { name } = declarator;
  if (name === undefined) {
    cursor.fail("expected a name after 'typedef'");
    return;
  }
  nameUntagged(specifiers, declarator, name.text);
  const attributes = mergeAttributes(specifiers.attributes, declarator.attributes);
  let type: CType = withMode(applyModifiers(parser, specifiers.type, declarator.modifiers), declarator.attributes);
  if (attributes.aligned !== undefined) type = { kind: "aligned", type, alignment: attributes.aligned };
  const previous = scope.typedefs.get(name.text);
  if (previous?.at.source.origin === "script") {
    if (name.source.origin !== "script") return;
    if (!compatible(previous.value, type)) parser.error(name, `redefinition of '${name.text}'`, previous.at);
  }
  scope.typedefs.set(name.text, { value: type, at: name });
}

/** An untagged struct or enum is called by its first typedef name. */
function nameUntagged(specifiers: Specifiers, declarator: Declarator, name: string): void {
  const { type } = specifiers;
  if (declarator.modifiers.length > 0) return;
  if (type.kind === "record" && type.record.name === "") type.record.name = name;
  else if (type.kind === "enum" && type.enumeration.name === "") type.enumeration.name = name;
}
