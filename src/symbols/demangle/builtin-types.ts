// Built-in types of the Itanium C++ ABI (section 5.1.5.2) and the abbreviations of the standard library (5.1.10).

import type { LiteralForm, Node, TypeNode } from "./node.ts";
import { named } from "./node.ts";

const cast: LiteralForm = { form: "cast" };
const suffix = (text: string): LiteralForm => ({ form: "suffix", suffix: text });

function builtin(name: string, literal: LiteralForm = cast): TypeNode {
  return { kind: "builtin", name, literal };
}

/** Types of one letter. */
export const letterTypes: ReadonlyMap<string, TypeNode> = new Map([
  ["a", builtin("signed char")],
  ["b", builtin("bool", { form: "bool" })],
  ["c", builtin("char")],
  ["d", builtin("double", { form: "float" })],
  ["e", builtin("long double", { form: "float" })],
  ["f", builtin("float", { form: "float" })],
  ["g", builtin("__float128", { form: "float" })],
  ["h", builtin("unsigned char")],
  ["i", builtin("int", suffix(""))],
  ["j", builtin("unsigned int", suffix("u"))],
  ["l", builtin("long", suffix("l"))],
  ["m", builtin("unsigned long", suffix("ul"))],
  ["n", builtin("__int128")],
  ["o", builtin("unsigned __int128")],
  ["s", builtin("short")],
  ["t", builtin("unsigned short")],
  ["v", builtin("void")],
  ["w", builtin("wchar_t")],
  ["x", builtin("long long", suffix("ll"))],
  ["y", builtin("unsigned long long", suffix("ull"))],
  ["z", builtin("...")],
]);

/** Types of `D` and a letter. */
export const dTypes: ReadonlyMap<string, TypeNode> = new Map([
  ["a", builtin("auto")],
  ["c", builtin("decltype(auto)")],
  ["d", builtin("decimal64")],
  ["e", builtin("decimal128")],
  ["f", builtin("decimal32")],
  ["h", builtin("half", { form: "float" })],
  ["i", builtin("char32_t")],
  ["n", builtin("decltype(nullptr)")],
  ["s", builtin("char16_t")],
  ["u", builtin("char8_t")],
]);

/** A floating-point type `DF`: its width, and `_`, `x` or `b` behind it. */
export function floatType(width: string, mark: string): TypeNode | undefined {
  if (mark === "b") return width === "16" ? builtin("std::bfloat16_t", { form: "float" }) : undefined;
  if (mark === "_") return builtin(`_Float${width}`, { form: "float" });
  return mark === "x" ? builtin(`_Float${width}x`, { form: "float" }) : undefined;
}

export function vendorType(name: string): TypeNode {
  return builtin(name);
}

export interface Abbreviation {
  readonly short: Node;
  /** Written before constructors and destructors, whose name is `last`. */
  readonly full: Node;
  readonly last: Node;
}

function abbreviation(short: string, last: string, traits: string): Abbreviation {
  return { short: builtin(`std::${short}`), full: builtin(`std::${last}${traits}`), last: named(last) };
}

export const abbreviations: ReadonlyMap<string, Abbreviation> = new Map([
  ["a", abbreviation("allocator", "allocator", "")],
  ["b", abbreviation("basic_string", "basic_string", "")],
  ["s", abbreviation("string", "basic_string", "<char, std::char_traits<char>, std::allocator<char> >")],
  ["i", abbreviation("istream", "basic_istream", "<char, std::char_traits<char> >")],
  ["o", abbreviation("ostream", "basic_ostream", "<char, std::char_traits<char> >")],
  ["d", abbreviation("iostream", "basic_iostream", "<char, std::char_traits<char> >")],
]);
