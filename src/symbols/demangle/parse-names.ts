// Names of mangled C++: nested, local, unqualified, with their templates and substitutions (Itanium ABI 5.1.2 to 5.1.6, 5.1.10).

import { abbreviations } from "./builtin-types.ts";
import { malformed } from "./malformed.ts";
import type { HeadParameter, Node } from "./node.ts";
import { named } from "./node.ts";
import { operators } from "./operators.ts";
import { parseEncoding } from "./parse-encoding.ts";
import { parseExpression } from "./parse-expressions.ts";
import { parseHeadParameter, parseTemplateArguments, parseTemplateOf, startsHeadParameter } from "./parse-templates.ts";
import { parseParameter, parseParameters, parseQualifiers, parseReferenceQualifier, parseType } from "./parse-types.ts";
import type { Parser } from "./parser.ts";
import { isDigit } from "./parser.ts";

const std = named("std");

export function parseName(p: Parser): Node {
  return p.nested(() => {
    switch (p.peek()) {
      case "N":
        return parseNestedName(p);
      case "Z":
        return parseLocalName(p);
      case "S":
        return parseAbbreviatedName(p);
      default:
        return parseTemplateAfter(p, parseUnqualifiedName(p, undefined));
    }
  });
}

/** A name is a substitution of its own when template arguments follow. */
export function parseTemplateAfter(p: Parser, name: Node): Node {
  return p.peek() === "I" ? parseTemplateOf(p, p.addSubstitution(name)) : name;
}

function parseAbbreviatedName(p: Parser): Node {
  if (p.take("St")) {
    const name = parseUnqualifiedName(p, undefined);
    return parseTemplateAfter(p, { kind: "qualified", scope: std, name });
  }
  const substituted = parseSubstitution(p, { beforeMember: false });
  if (substituted.kind === "module") return parseTemplateAfter(p, parseUnqualifiedName(p, substituted));
  return parseTemplateOf(p, substituted);
}

/** Abbreviations of the standard library, or a part of the name that was there before. */
export function parseSubstitution(p: Parser, { beforeMember }: { readonly beforeMember: boolean }): Node {
  p.expect("S");
  if (/[0-9A-Z_]/.test(p.peek())) return p.substitution();
  const letter = p.next();
  if (letter === "t") return std;
  const found = abbreviations.get(letter);
  if (found === undefined) throw malformed;
  p.lastName = found.last;
  const isFull = beforeMember && (p.peek() === "C" || p.peek() === "D");
  const name = isFull ? found.full : found.short;
  return p.peek() === "B" ? p.addSubstitution(parseTags(p, name)) : name;
}

function parseNestedName(p: Parser): Node {
  p.expect("N");
  const explicitObject = p.take("H");
  const cv = parseQualifiers(p);
  const qualifiers = [...cv, ...parseReferenceQualifier(p)];
  const name = parsePrefix(p);
  p.expect("E");
  if (qualifiers.length === 0 && !explicitObject) return name;
  return { kind: "member-qualified", name, qualifiers, explicitObject };
}

/** Parts up to the closing `E`; each prefix becomes a substitution, the whole does not. */
function parsePrefix(p: Parser): Node {
  let prefix: Node | undefined;
  while (p.peek() !== "E") {
    // The initializer of a member, around a lambda: the member is a scope like others.
    if (prefix !== undefined && p.take("M")) continue;
    const isSubstitution = p.peek() === "S";
    prefix = parsePrefixPart(p, prefix);
    if (!isSubstitution && p.peek() !== "E") p.addSubstitution(prefix);
  }
  if (prefix === undefined) throw malformed;
  return prefix;
}

function parsePrefixPart(p: Parser, prefix: Node | undefined): Node {
  const letter = p.peek();
  if (letter === "I") {
    if (prefix === undefined) throw malformed;
    return { kind: "template", name: prefix, arguments: parseTemplateArguments(p) };
  }
  if (letter === "S") {
    const substituted = parseSubstitution(p, { beforeMember: true });
    return substituted.kind === "module" ? inScope(prefix, parseUnqualifiedName(p, substituted)) : inScope(prefix, substituted);
  }
  if (letter === "T") return inScope(prefix, parseParameter(p));
  if (p.starts("DT") || p.starts("Dt")) return inScope(prefix, parseType(p));
  return inScope(prefix, parseUnqualifiedName(p, undefined));
}

function inScope(scope: Node | undefined, name: Node): Node {
  return scope === undefined ? name : { kind: "qualified", scope, name };
}

/** A name in a function: that comes first, its return type is left out. */
function parseLocalName(p: Parser): Node {
  p.expect("Z");
  const scope = withoutReturn(parseEncoding(p));
  p.expect("E");
  if (p.take("s")) {
    parseDiscriminator(p);
    return { kind: "local", scope, name: named("string literal") };
  }
  if (p.take("d")) {
    const number = p.compactNumber() + 1;
    return localMember(scope, parseName(p), number);
  }
  const name = parseName(p);
  if (name.kind !== "lambda") parseDiscriminator(p);
  return localMember(scope, name, undefined);
}

function localMember(scope: Node, name: Node, defaultArgument: number | undefined): Node {
  if (name.kind === "member-qualified") return { ...name, name: localMember(scope, name.name, defaultArgument) };
  const member: Node = defaultArgument === undefined ? name : { kind: "default-argument", number: defaultArgument, name };
  return { kind: "local", scope, name: member };
}

function withoutReturn(entity: Node): Node {
  return entity.kind === "encoding" ? { ...entity, type: { ...entity.type, returns: undefined } } : entity;
}

/** Tells equal names in one function apart: `_0`, `__10_`. The readable name leaves it out. */
function parseDiscriminator(p: Parser): void {
  p.match(/_(?:[0-9]|_[0-9]+_)/y);
}

export function parseUnqualifiedName(p: Parser, module: Node | undefined): Node {
  const owner = parseModules(p, module);
  const isFriend = p.take("F");
  const name = parseTags(p, parseUntagged(p));
  const inModule: Node = owner === undefined ? name : { kind: "module-entity", name, module: owner };
  return isFriend ? { kind: "friend", name: inModule } : inModule;
}

/** `W3foo` is a part of the name of a module, `WP3foo` a partition. */
export function parseModules(p: Parser, module: Node | undefined): Node | undefined {
  let found = module;
  while (p.take("W")) {
    const partition = p.take("P");
    found = p.addSubstitution({ kind: "module", parent: found, name: p.characters(p.number()), partition });
  }
  return found;
}

function parseUntagged(p: Parser): Node {
  const letter = p.peek();
  if (isDigit(letter)) return parseSourceName(p);
  if (p.take("L")) {
    // Internal linkage, with a number when several of one name exist.
    const name = p.nested(() => parseUntagged(p));
    parseDiscriminator(p);
    return name;
  }
  if (p.take("DC")) return parseBinding(p);
  if (letter === "C" || letter === "D") return parseStructor(p);
  if (p.take("Ul")) return parseLambda(p);
  if (p.take("Ut")) return named(`{unnamed type#${p.compactNumber() + 1}}`);
  if (/[a-z]/.test(letter)) {
    // Dependent names have `on` in front of operators.
    p.take("on");
    return parseOperatorName(p);
  }
  throw malformed;
}

export function parseTags(p: Parser, untagged: Node): Node {
  const { lastName } = p;
  let name = untagged;
  while (p.take("B")) name = { kind: "tagged", name, tag: p.characters(p.number()) };
  p.lastName = lastName;
  return name;
}

export function parseSourceName(p: Parser): Node {
  const text = p.characters(p.number());
  // How compilers name namespaces without a name: _GLOBAL__N_1, with a random part after it.
  const name = named(/^_GLOBAL_[._$]N/.test(text) ? "(anonymous namespace)" : text);
  p.lastName = name;
  return name;
}

/** Structured bindings: the names up to `E`. */
function parseBinding(p: Parser): Node {
  const names: string[] = [];
  while (!p.take("E")) names.push(p.characters(p.number()));
  if (names.length === 0) throw malformed;
  return named(`[${names.join(", ")}]`);
}

/** Constructors C1 to C5 and CI1, CI2 of an inherited one; destructors D0 to D5. */
function parseStructor(p: Parser): Node {
  const isConstructor = p.take("C");
  if (!isConstructor) p.expect("D");
  const isInherited = isConstructor && p.take("I");
  if (!/[0-59]/.test(p.next())) throw malformed;
  if (isInherited) parseType(p);
  const name = p.lastName;
  if (name === undefined) throw malformed;
  return { kind: isConstructor ? "constructor" : "destructor", name };
}

function parseLambda(p: Parser): Node {
  const head: HeadParameter[] = [];
  while (startsHeadParameter(p)) head.push(parseHeadParameter(p));
  if (p.take("Q")) parseExpression(p);
  const parameters = parseParameters(p);
  if (p.take("Q")) parseExpression(p);
  p.expect("E");
  return { kind: "lambda", head, parameters, number: p.compactNumber() + 1 };
}

function parseOperatorName(p: Parser): Node {
  if (p.take("cv")) return { kind: "conversion", type: parseConversionType(p) };
  if (p.take("li")) return named(`operator"" ${p.characters(p.number())}`);
  if (p.peek() === "v" && isDigit(p.peek(1))) {
    p.next();
    p.next();
    const text = p.characters(p.number());
    p.lastName = named(text);
    return named(`operator ${text}`);
  }
  const found = operators.get(p.characters(2));
  if (found === undefined) throw malformed;
  return { kind: "operator", symbol: found.symbol.trimEnd() };
}

function parseConversionType(p: Parser): Node {
  const { inConversion } = p;
  p.inConversion = true;
  const type = parseType(p);
  p.inConversion = inConversion;
  return type;
}
