// Expressions of mangled C++ names: in decltype, sizes of arrays, template arguments and constraints (Itanium ABI 5.1.6 and 5.1.7).

import { malformed } from "./malformed.ts";
import type { Designator, Initializer, Node, Requirement } from "./node.ts";
import { named } from "./node.ts";
import type { Operator } from "./operators.ts";
import { operators } from "./operators.ts";
import { parseEncoding } from "./parse-encoding.ts";
import { parseName, parseSourceName, parseUnqualifiedName } from "./parse-names.ts";
import { parseTemplateArgument, parseTemplateOf } from "./parse-templates.ts";
import { parseParameter, parseParameters, parseType } from "./parse-types.ts";
import type { Parser } from "./parser.ts";
import { isDigit } from "./parser.ts";

export function parseExpression(p: Parser): Node {
  return p.nested(() => parseExpressionHere(p));
}

function parseExpressionHere(p: Parser): Node {
  const first = p.peek();
  if (first === "L") return parsePrimary(p);
  if (first === "T") return parseParameter(p);
  if (isDigit(first) || p.starts("on") || p.starts("dn")) return parseUnresolvedName(p);
  if (first === "f" && (p.peek(1) === "p" || (p.peek(1) === "L" && isDigit(p.peek(2))))) return parseFunctionParameter(p);
  if (first === "u") return parseVendorExpression(p);
  if (first === "v" && isDigit(p.peek(1))) return parseVendorOperation(p);
  const code = p.characters(2);
  return parseSpecialExpression(p, code) ?? parseOperation(p, operators.get(code));
}

/** Expressions with a form of their own; undefined: the table of operators says. */
function parseSpecialExpression(p: Parser, code: string): Node | undefined {
  switch (code) {
    case "sr":
      return parseScopedName(p);
    case "sp":
      return { kind: "expansion", pattern: parseExpression(p) };
    case "sZ":
      return { kind: "pack-size", of: parseExpression(p) };
    case "sP":
      return { kind: "argument-count", items: parseArgumentsUntil(p) };
    case "gs":
      return { kind: "prefix", symbol: "::", operand: parseExpression(p) };
    case "tr":
      return named("throw");
    case "tl":
      return { kind: "braced", type: parseType(p), items: parseExpressions(p, "E") };
    case "il":
      return { kind: "braced", type: undefined, items: parseExpressions(p, "E") };
    case "di":
    case "dx":
    case "dX":
      return parseDesignated(p, code);
    case "cl":
    case "cp":
      return { kind: "call", callee: parseExpression(p), arguments: parseExpressions(p, "E") };
    case "cv":
      return parseCast(p);
    case "ix":
      return { kind: "index", of: parseExpression(p), index: parseExpression(p) };
    case "qu":
      return { kind: "conditional", condition: parseExpression(p), then: parseExpression(p), otherwise: parseExpression(p) };
    case "nw":
    case "na":
      return parseNew(p);
    case "fl":
    case "fr":
    case "fL":
    case "fR":
      return parseFold(p, code);
    case "rq":
    case "rQ":
      return parseRequires(p, code === "rQ");
    case "so":
      return parseSubobject(p);
    case "mc":
      return parseMemberConversion(p);
    default:
      return undefined;
  }
}

function parseOperation(p: Parser, operator: Operator | undefined): Node {
  if (operator === undefined) throw malformed;
  const { symbol, shape } = operator;
  switch (shape) {
    case "prefix":
      return { kind: "prefix", symbol, operand: parseExpression(p) };
    case "type-prefix":
      return { kind: "prefix", symbol, operand: parseType(p) };
    case "increment":
      if (p.take("_")) return { kind: "prefix", symbol, operand: parseExpression(p) };
      return { kind: "postfix", symbol, operand: parseExpression(p) };
    case "binary":
      return { kind: "binary", symbol, left: parseExpression(p), right: parseExpression(p) };
    case "type-keyword":
      return { kind: "keyword", word: symbol, operand: parseType(p) };
    case "expression-keyword":
      return { kind: "keyword", word: symbol, operand: parseExpression(p) };
    case "member":
      return { kind: "binary", symbol, left: parseExpression(p), right: parseMemberName(p) };
    case "named-cast": {
      const type = parseType(p);
      return { kind: "named-cast", word: symbol, type, operand: parseExpression(p) };
    }
    default:
      throw malformed;
  }
}

/** Expressions up to an end mark. */
export function parseExpressions(p: Parser, end: string): readonly Node[] {
  const found: Node[] = [];
  while (!p.take(end)) found.push(parseExpression(p));
  return found;
}

function parseArgumentsUntil(p: Parser): readonly Node[] {
  const found: Node[] = [];
  while (!p.take("E")) found.push(parseTemplateArgument(p));
  return found;
}

/** A literal, or an entity by its mangled name. */
export function parsePrimary(p: Parser): Node {
  return p.nested(() => {
    p.expect("L");
    if (p.take("_Z") || p.take("Z")) {
      const entity = parseEncoding(p);
      p.expect("E");
      return entity;
    }
    const type = p.starts("Ul") ? parseUnqualifiedName(p, undefined) : parseType(p);
    const negative = p.take("n");
    const value = p.match(/[^E]*/y);
    p.expect("E");
    return value === "" ? valueless(type) : { kind: "literal", type, value, negative };
  });
}

/** The null pointer and lambdas are named by their type, of strings only the type is known. */
function valueless(type: Node): Node {
  if (type.kind !== "array") return type;
  return { kind: "special", prefix: '"<', of: type, suffix: '>"', second: undefined };
}

/** `fp_` is the first parameter; `fL1p_` that of a function some levels out. `fpT` is `this`. */
function parseFunctionParameter(p: Parser): Node {
  p.expect("f");
  if (p.take("pT")) return named("this");
  if (p.take("L")) p.number();
  p.expect("p");
  p.match(/[rVK]*/y);
  return { kind: "function-parameter", number: p.compactNumber() + 1 };
}

/** Names whose meaning depends on template parameters. */
function parseUnresolvedName(p: Parser): Node {
  if (p.take("dn")) return parseDestructorName(p);
  return parseTemplateOf(p, parseUnqualifiedName(p, undefined));
}

function parseDestructorName(p: Parser): Node {
  const isName = isDigit(p.peek());
  const name = isName ? parseTemplateOf(p, parseSourceName(p)) : parseType(p);
  return { kind: "destructor", name };
}

/** The scope is a list of names up to `E` or, as some compilers write it, a type. */
function parseScopedName(p: Parser): Node {
  const listed = p.scopesEnd && isDigit(p.peek()) ? parseListedScope(p) : undefined;
  const scope = listed ?? parseType(p);
  const name = p.starts("dn") ? parseUnresolvedName(p) : parseUnqualifiedName(p, undefined);
  return parseTemplateOf(p, { kind: "qualified", scope, name });
}

/** Names of such a list are no substitutions. Undefined, without a step, when no `E` ends the list. */
function parseListedScope(p: Parser): Node | undefined {
  const start = p.checkpoint();
  let scope: Node | undefined;
  while (isDigit(p.peek())) {
    const name = parseUnqualifiedName(p, undefined);
    scope = parseTemplateOf(p, scope === undefined ? name : { kind: "qualified", scope, name });
  }
  if (p.take("E")) {
    p.isAmbiguous = true;
    return scope;
  }
  p.goBack(start);
  return undefined;
}

function parseMemberName(p: Parser): Node {
  if (p.starts("sr") || p.starts("gs") || p.starts("dn")) return parseExpression(p);
  // Newer compilers write a conversion or operator without `on`.
  return p.peek() === "T" ? parseParameter(p) : parseTemplateOf(p, parseUnqualifiedName(p, undefined));
}

function parseCast(p: Parser): Node {
  const type = parseType(p);
  if (p.take("_")) return { kind: "list-cast", type, operands: parseExpressions(p, "E") };
  return { kind: "cast", type, operand: parseExpression(p) };
}

function parseNew(p: Parser): Node {
  const placement = parseExpressions(p, "_");
  const type = parseType(p);
  return { kind: "new", placement, type, initializer: parseInitializer(p) };
}

function parseInitializer(p: Parser): Initializer {
  if (p.take("E")) return { kind: "none" };
  if (p.take("pi")) return { kind: "parenthesized", items: parseExpressions(p, "E") };
  p.expect("il");
  return { kind: "braced", items: parseExpressions(p, "E") };
}

function parseDesignated(p: Parser, code: string): Node {
  const designator = parseDesignator(p, code);
  return { kind: "designated", designator, value: parseExpression(p) };
}

function parseDesignator(p: Parser, code: string): Designator {
  if (code === "di") return { kind: "member", name: parseUnqualifiedName(p, undefined) };
  if (code === "dx") return { kind: "element", index: parseExpression(p) };
  return { kind: "range", first: parseExpression(p), last: parseExpression(p) };
}

function parseFold(p: Parser, code: string): Node {
  const operator = operators.get(p.characters(2));
  if (operator === undefined) throw malformed;
  const first = parseExpression(p);
  const second = code === "fL" || code === "fR" ? parseExpression(p) : undefined;
  return { kind: "fold", leftFirst: code === "fl", symbol: operator.symbol, first, second };
}

function parseVendorExpression(p: Parser): Node {
  p.expect("u");
  const callee = named(p.characters(p.number()));
  return { kind: "call", callee, arguments: parseArgumentsUntil(p) };
}

/** `v` and the number of operands, then a name. */
function parseVendorOperation(p: Parser): Node {
  p.expect("v");
  const count = Number(p.next());
  const symbol = `operator ${p.characters(p.number())}`;
  if (count === 1) return { kind: "prefix", symbol, operand: parseExpression(p) };
  const operands = Array.from({ length: count }, () => parseExpression(p));
  return { kind: "call", callee: named(symbol), arguments: operands };
}

/** requires-expressions (C++20): with parameters they have a signature. */
function parseRequires(p: Parser, hasParameters: boolean): Node {
  const parameters = hasParameters ? parseParameters(p) : [];
  if (hasParameters) p.expect("_");
  const requirements: Requirement[] = [];
  while (!p.take("E")) requirements.push(parseRequirement(p));
  return { kind: "requires", parameters, requirements };
}

function parseRequirement(p: Parser): Requirement {
  if (p.take("T")) return { kind: "type", type: parseType(p) };
  if (p.take("Q")) return { kind: "nested", condition: parseExpression(p) };
  p.expect("X");
  const expression = parseExpression(p);
  const noexcept = p.take("N");
  const constraint = p.take("R") ? parseName(p) : undefined;
  return { kind: "simple", expression, noexcept, constraint };
}

/** A part of an object as template argument: type, object, offset, members of unions on the way, `p` for one past the end. */
function parseSubobject(p: Parser): Node {
  const type = parseType(p);
  const of = parseExpression(p);
  const sign = p.take("n") ? "-" : "";
  const offset = p.match(/[0-9]+/y);
  p.match(/(?:_[0-9]*)*p?/y);
  p.expect("E");
  return { kind: "subobject", type, of, offset: `${sign}${offset === "" ? "0" : offset}` };
}

/** A pointer to member converted to that of another class: type, pointer, offset. */
function parseMemberConversion(p: Parser): Node {
  const type = parseType(p);
  const operand = parseExpression(p);
  p.match(/n?[0-9]*/y);
  p.expect("E");
  return { kind: "cast", type, operand };
}
