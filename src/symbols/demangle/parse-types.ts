// Types of mangled C++ names (Itanium ABI 5.1.5).

import { dTypes, floatType, letterTypes, vendorType } from "./builtin-types.ts";
import { malformed } from "./malformed.ts";
import type { FunctionType, Node } from "./node.ts";
import { named } from "./node.ts";
import { parseExpression } from "./parse-expressions.ts";
import { parseName, parseSourceName, parseSubstitution, parseTemplateAfter, parseUnqualifiedName } from "./parse-names.ts";
import { parseTemplateArguments, parseTemplateOf } from "./parse-templates.ts";
import type { Parser } from "./parser.ts";
import { isDigit } from "./parser.ts";

const cvQualifiers: ReadonlyMap<string, string> = new Map([
  ["r", " restrict"],
  ["V", " volatile"],
  ["K", " const"],
]);

export function suffixed(of: Node, suffixes: readonly Node[]): Node {
  return suffixes.reduce((inner, suffix) => ({ kind: "suffixed", of: inner, suffix }), of);
}

/** Qualifiers in front of a type or member name; the one nearest to the type comes first in the result. */
export function parseQualifiers(p: Parser): readonly Node[] {
  const found: Node[] = [];
  for (;;) {
    const text = cvQualifiers.get(p.peek());
    if (text !== undefined) {
      p.next();
      found.unshift(named(text));
    } else {
      const exception = parseExceptionSpecification(p);
      if (exception === undefined) return found;
      found.unshift(exception);
    }
  }
}

function parseExceptionSpecification(p: Parser): Node | undefined {
  if (p.take("Dx")) return named(" transaction_safe");
  if (p.take("Do")) return named(" noexcept");
  if (p.take("DO")) {
    const of = parseExpression(p);
    p.expect("E");
    return { kind: "special", prefix: " noexcept(", of, suffix: ")", second: undefined };
  }
  if (!p.take("Dw")) return undefined;
  const items: Node[] = [];
  while (!p.take("E")) items.push(parseType(p));
  return { kind: "special", prefix: " throw(", of: { kind: "pack", items }, suffix: ")", second: undefined };
}

export function parseReferenceQualifier(p: Parser): readonly Node[] {
  if (p.take("R")) return [named(" &")];
  return p.take("O") ? [named(" &&")] : [];
}

export function parseType(p: Parser): Node {
  return p.nested(() => parseTypeHere(p));
}

function parseTypeHere(p: Parser): Node {
  const qualifiers = parseQualifiers(p);
  if (qualifiers.length > 0) return p.addSubstitution(qualifiedType(p, qualifiers));
  const letter = p.peek();
  const builtin = letterTypes.get(letter);
  if (builtin !== undefined) {
    p.next();
    return builtin;
  }
  switch (letter) {
    case "D":
      return parseDType(p);
    case "S":
      return parseSubstitutedType(p);
    case "T":
      return isElaborated(p) ? parseElaborated(p) : parseParameterType(p);
    case "N":
    case "Z":
    case "W":
    case "L":
      return p.addSubstitution(parseName(p));
    default:
      return p.addSubstitution(isDigit(letter) ? parseName(p) : parseCompoundType(p, p.next()));
  }
}

function qualifiedType(p: Parser, qualifiers: readonly Node[]): Node {
  if (p.peek() !== "F") return suffixed(parseType(p), qualifiers);
  const type = parseFunctionType(p);
  return { ...type, qualifiers: [...qualifiers, ...type.qualifiers] };
}

function parseCompoundType(p: Parser, letter: string): Node {
  switch (letter) {
    case "P":
      return { kind: "pointer", of: parseType(p), symbol: "*" };
    case "R":
      return { kind: "pointer", of: parseType(p), symbol: "&" };
    case "O":
      return { kind: "pointer", of: parseType(p), symbol: "&&" };
    case "C":
      return suffixed(parseType(p), [named(" _Complex")]);
    case "G":
      return suffixed(parseType(p), [named(" _Imaginary")]);
    case "F":
      return parseFunctionRest(p);
    case "A":
      return parseArrayRest(p);
    case "M": {
      const owner = parseType(p);
      return { kind: "member-pointer", class: owner, of: parseType(p) };
    }
    case "U": {
      const name = parseTemplateOf(p, parseSourceName(p));
      return suffixed(parseType(p), [{ kind: "special", prefix: " ", of: name, suffix: "", second: undefined }]);
    }
    case "u":
      return parseVendorType(p);
    default:
      throw malformed;
  }
}

function parseVendorType(p: Parser): Node {
  const name = p.characters(p.number());
  if (p.peek() !== "I") return vendorType(name);
  return { kind: "template", name: named(name), arguments: parseTemplateArguments(p) };
}

/** `Ts`, `Tu`, `Te` say struct, union or enum, which the readable name leaves out. */
function isElaborated(p: Parser): boolean {
  return "sue".includes(p.peek(1)) && p.peek(1) !== "";
}

function parseElaborated(p: Parser): Node {
  p.next();
  p.next();
  return p.addSubstitution(parseName(p));
}

function parseSubstitutedType(p: Parser): Node {
  if (p.starts("St")) return p.addSubstitution(parseName(p));
  const substituted = parseSubstitution(p, { beforeMember: false });
  if (substituted.kind === "module") return p.addSubstitution(parseTemplateAfter(p, parseUnqualifiedName(p, substituted)));
  if (p.peek() !== "I") return substituted;
  return p.addSubstitution(parseTemplateOf(p, substituted));
}

/** `T_`, `T0_`, and with a level of nested template heads `TL0__`. */
export function parseParameter(p: Parser): Node {
  p.expect("T");
  const level = p.take("L") ? p.compactNumber() + 1 : 0;
  return { kind: "parameter", level, index: p.compactNumber() };
}

function parseParameterType(p: Parser): Node {
  const parameter = p.addSubstitution(parseParameter(p));
  if (p.peek() !== "I") return parameter;
  if (!p.inConversion) return p.addSubstitution(parseTemplateOf(p, parameter));
  // The arguments belong to the conversion operator, unless more arguments follow them.
  const start = p.checkpoint();
  const template = attemptTemplate(p, parameter);
  if (template !== undefined && p.peek() === "I") return p.addSubstitution(template);
  p.goBack(start);
  return parameter;
}

function attemptTemplate(p: Parser, parameter: Node): Node | undefined {
  try {
    return parseTemplateOf(p, parameter);
  } catch (error) {
    if (error === malformed) return undefined;
    throw error;
  }
}

function parseDType(p: Parser): Node {
  p.expect("D");
  const letter = p.next();
  const builtin = dTypes.get(letter);
  if (builtin !== undefined) return builtin;
  switch (letter) {
    case "t":
    case "T": {
      const expression = parseExpression(p);
      p.expect("E");
      return p.addSubstitution({ kind: "decltype", expression });
    }
    case "p":
      return p.addSubstitution({ kind: "expansion", pattern: parseType(p) });
    case "v":
      return p.addSubstitution(parseVectorRest(p));
    case "F":
      return parseFloatRest(p);
    case "B":
    case "U":
      return parseBitInt(p, letter === "U");
    case "k":
    case "K":
      return parseDeducedRest(p, letter === "K");
    default:
      throw malformed;
  }
}

/** `auto` or `decltype(auto)` with a concept in front of it. */
function parseDeducedRest(p: Parser, isDecltype: boolean): Node {
  const concept = parseName(p);
  const suffix = isDecltype ? " decltype(auto)" : " auto";
  return { kind: "special", prefix: "", of: concept, suffix, second: undefined };
}

function parseFloatRest(p: Parser): Node {
  const width = String(p.number());
  const type = floatType(width, p.next());
  if (type === undefined) throw malformed;
  return type;
}

function parseBitInt(p: Parser, unsigned: boolean): Node {
  const size = isDigit(p.peek()) ? named(String(p.number())) : parseExpression(p);
  p.expect("_");
  return { kind: "special", prefix: unsigned ? "unsigned _BitInt(" : "_BitInt(", of: size, suffix: ")", second: undefined };
}

/** `Dv4_f` has a number, `Dv_E_f` an expression. */
function parseVectorRest(p: Parser): Node {
  const size = p.take("_") ? parseExpression(p) : named(String(p.number()));
  p.expect("_");
  const suffix: Node = { kind: "special", prefix: " __vector(", of: size, suffix: ")", second: undefined };
  return suffixed(parseType(p), [suffix]);
}

function parseArrayRest(p: Parser): Node {
  const size = arraySize(p);
  p.expect("_");
  return { kind: "array", of: parseType(p), size };
}

function arraySize(p: Parser): Node | undefined {
  if (p.peek() === "_") return undefined;
  return isDigit(p.peek()) ? named(p.match(/[0-9]+/y)) : parseExpression(p);
}

function parseFunctionType(p: Parser): FunctionType {
  p.expect("F");
  return parseFunctionRest(p);
}

function parseFunctionRest(p: Parser): FunctionType {
  // `Y` marks functions of C, which read the same.
  p.take("Y");
  const type = parseSignature(p, { returns: true });
  const qualifiers = parseReferenceQualifier(p);
  p.expect("E");
  return { ...type, qualifiers };
}

/** Types of a function: that it returns first, if the name says so. Nothing but `void` means no parameters. */
export function parseSignature(p: Parser, { returns }: { readonly returns: boolean }): FunctionType {
  const hasReturn = p.take("J") || returns;
  const result = hasReturn ? parseType(p) : undefined;
  return { kind: "function", returns: result, parameters: parseParameters(p), qualifiers: [] };
}

export function parseParameters(p: Parser): readonly Node[] {
  const found: Node[] = [];
  while (!endsParameters(p)) found.push(parseType(p));
  if (found.length === 0) throw malformed;
  return found.length === 1 && found[0] === letterTypes.get("v") ? [] : found;
}

function endsParameters(p: Parser): boolean {
  if (p.atEnd()) return true;
  const letter = p.peek();
  if (letter === "R" || letter === "O") return p.peek(1) === "E";
  return letter === "E" || letter === "." || letter === "Q" || letter === "_";
}
