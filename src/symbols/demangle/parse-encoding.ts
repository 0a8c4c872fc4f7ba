// Whole entities of mangled C++: functions with their types, variables, and what compilers make (Itanium ABI 5.1.1 and 5.1.4.3).

import { malformed } from "./malformed.ts";
import type { Encoding, FunctionType, Node } from "./node.ts";
import { named } from "./node.ts";
import { parseExpression } from "./parse-expressions.ts";
import { parseModules, parseName } from "./parse-names.ts";
import { parseTemplateArgument } from "./parse-templates.ts";
import { parseSignature, parseType } from "./parse-types.ts";
import type { Parser } from "./parser.ts";

/** Suffixes of copies that compilers make of functions: `.cold`, `.part.0`, `.constprop.0.isra.1`, `.llvm.123`. */
const cloneSuffix = /\.(?:[a-z_]+|[0-9]+)(?:\.[0-9]+)*/y;

/** Compilers copy copies of copies, but not often. */
const maxClones = 32;

/** A whole symbol. */
export function parseMangledName(p: Parser): Node {
  p.expect("_Z");
  let node = parseEncoding(p);
  for (let clones = 0; !p.atEnd(); clones++) {
    const suffix = p.match(cloneSuffix);
    if (suffix === "" || clones === maxClones) throw malformed;
    node = special("", node, ` [clone ${suffix}]`);
  }
  return node;
}

function special(prefix: string, of: Node, suffix = ""): Node {
  return { kind: "special", prefix, of, suffix, second: undefined };
}

export function parseEncoding(p: Parser): Node {
  return p.nested(() => {
    if (p.peek() === "T" || p.peek() === "G") return parseSpecialName(p);
    const written = parseName(p);
    const { name, conditions } = parseConditions(p, written);
    if (p.atEnd() || p.peek() === "E") return name;
    return parseConstraint(p, parseFunction(p, name, conditions));
  });
}

/** Conditions of clang's `enable_if` attribute: they come before the parameters and are printed behind them. */
function parseConditions(p: Parser, name: Node): { readonly name: Node; readonly conditions: readonly Node[] } {
  if (!p.take("Ua9enable_ifI")) return { name, conditions: [] };
  const items: Node[] = [];
  while (!p.take("E")) items.push(parseTemplateArgument(p));
  return { name, conditions: [special(" [enable_if:", { kind: "pack", items }, "]")] };
}

function parseFunction(p: Parser, written: Node, conditions: readonly Node[]): Encoding {
  const isQualified = written.kind === "member-qualified";
  const name = isQualified ? written.name : written;
  const signature = parseSignature(p, { returns: hasReturnType(name) });
  const type = isQualified && written.explicitObject ? withExplicitObject(signature) : signature;
  const qualifiers = isQualified ? written.qualifiers : [];
  return { kind: "encoding", name, type: { ...type, qualifiers: [...qualifiers, ...conditions] } };
}

function withExplicitObject(type: FunctionType): FunctionType {
  const [first, ...rest] = type.parameters;
  return first === undefined ? type : { ...type, parameters: [special("this ", first), ...rest] };
}

/** A requires-clause behind the parameters (C++20). */
function parseConstraint(p: Parser, of: Node): Node {
  return p.take("Q") ? { kind: "constrained", of, constraint: parseExpression(p) } : of;
}

/** Only templates name what they return, and not when the name says it. */
function hasReturnType(name: Node): boolean {
  if (name.kind === "local" || name.kind === "member-qualified") return hasReturnType(name.name);
  return name.kind === "template" && !isStructorOrConversion(name.name);
}

function isStructorOrConversion(name: Node): boolean {
  switch (name.kind) {
    case "qualified":
    case "local":
    case "friend":
      return isStructorOrConversion(name.name);
    case "constructor":
    case "destructor":
    case "conversion":
      return true;
    default:
      return false;
  }
}

const ofTypes: ReadonlyMap<string, string> = new Map([
  ["TV", "vtable for "],
  ["TT", "VTT for "],
  ["TI", "typeinfo for "],
  ["TS", "typeinfo name for "],
  ["TF", "typeinfo fn for "],
  ["TJ", "java Class for "],
]);

const ofNames: ReadonlyMap<string, string> = new Map([
  ["TH", "TLS init function for "],
  ["TW", "TLS wrapper function for "],
  ["GV", "guard variable for "],
]);

const ofEncodings: ReadonlyMap<string, string> = new Map([
  ["GA", "hidden alias for "],
  ["GTt", "transaction clone for "],
  ["GTn", "non-transaction clone for "],
]);

function parseSpecialName(p: Parser): Node {
  const code = p.match(/GT[tn]|T[A-Zhvc]|G[A-Z]/y);
  const type = ofTypes.get(code);
  if (type !== undefined) return special(type, parseType(p));
  const name = ofNames.get(code);
  if (name !== undefined) return special(name, parseName(p));
  const encoding = ofEncodings.get(code);
  if (encoding !== undefined) return special(encoding, parseEncoding(p));
  return parseOtherSpecialName(p, code);
}

function parseOtherSpecialName(p: Parser, code: string): Node {
  switch (code) {
    case "TA":
      return special("template parameter object for ", parseTemplateArgument(p));
    case "TC":
      return parseConstructionTable(p);
    case "Th":
    case "Tv":
      parseOffset(p, code.slice(1));
      return special(code === "Th" ? "non-virtual thunk to " : "virtual thunk to ", parseEncoding(p));
    case "Tc":
      parseOffset(p, p.next());
      parseOffset(p, p.next());
      return special("covariant return thunk to ", parseEncoding(p));
    case "GR":
      return parseReferenceTemporary(p);
    case "GI": {
      const module = parseModules(p, undefined);
      if (module === undefined) throw malformed;
      return special("initializer for module ", module);
    }
    default:
      throw malformed;
  }
}

/** Offsets of thunks: `h` and one number, `v` and two. The readable name leaves them out. */
function parseOffset(p: Parser, kind: string): void {
  if (kind !== "h" && kind !== "v") throw malformed;
  if (p.match(kind === "h" ? /n?[0-9]+_/y : /n?[0-9]+_n?[0-9]+_/y) === "") throw malformed;
}

/** The class comes first and is printed last. */
function parseConstructionTable(p: Parser): Node {
  const whole = parseType(p);
  p.number();
  p.expect("_");
  return { kind: "special", prefix: "construction vtable for ", of: parseType(p), suffix: "-in-", second: whole };
}

/** The number is in base 36 and one higher than written; older compilers left all of it out. */
function parseReferenceTemporary(p: Parser): Node {
  const name = parseName(p);
  const text = p.match(/[0-9A-Z]{1,6}/y);
  const written = text === "" ? 0 : parseInt(text, 36);
  const number = p.take("_") && text !== "" ? written + 1 : written;
  return special(`reference temporary #${number} for `, name);
}

/** Functions that run the constructors or destructors of a file: `_GLOBAL__I_NAME`. */
export function parseGlobalStructors(p: Parser): Node {
  const head = p.match(/_GLOBAL_[._$][ID]_/y);
  if (head === "") throw malformed;
  const prefix = head.includes("I_") ? "global constructors keyed to " : "global destructors keyed to ";
  if (!p.starts("_Z")) return special(prefix, named(p.rest()));
  return special(prefix, parseMangledName(p));
}
