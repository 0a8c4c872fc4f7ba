// The operators of the Itanium C++ ABI (section 5.1.4.2): code, symbol and what the expressions with it look like.

/** How an expression of the operator is written in the mangled name. */
export type OperatorShape =
  | "prefix"
  /** ++ and --: an underscore before the operand means the prefix form. */
  | "increment"
  | "binary"
  | "type-prefix"
  /** With parentheses around the operand always, which is a type or an expression. */
  | "type-keyword"
  | "expression-keyword"
  | "member"
  | "named-cast"
  /** Only as the name of a function, or with an own rule in expressions. */
  | "name";

/** A symbol that is a word ends with the blank that stands before its operand. */
export interface Operator {
  readonly symbol: string;
  readonly shape: OperatorShape;
}

export const operators: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["aN", { symbol: "&=", shape: "binary" }],
  ["aS", { symbol: "=", shape: "binary" }],
  ["aa", { symbol: "&&", shape: "binary" }],
  ["ad", { symbol: "&", shape: "prefix" }],
  ["an", { symbol: "&", shape: "binary" }],
  ["at", { symbol: "alignof ", shape: "type-prefix" }],
  ["aw", { symbol: "co_await ", shape: "prefix" }],
  ["az", { symbol: "alignof ", shape: "prefix" }],
  ["cc", { symbol: "const_cast", shape: "named-cast" }],
  ["cl", { symbol: "()", shape: "name" }],
  ["cm", { symbol: ",", shape: "binary" }],
  ["co", { symbol: "~", shape: "prefix" }],
  ["dV", { symbol: "/=", shape: "binary" }],
  ["da", { symbol: "delete[] ", shape: "prefix" }],
  ["dc", { symbol: "dynamic_cast", shape: "named-cast" }],
  ["de", { symbol: "*", shape: "prefix" }],
  ["dl", { symbol: "delete ", shape: "prefix" }],
  ["ds", { symbol: ".*", shape: "binary" }],
  ["dt", { symbol: ".", shape: "member" }],
  ["dv", { symbol: "/", shape: "binary" }],
  ["eO", { symbol: "^=", shape: "binary" }],
  ["eo", { symbol: "^", shape: "binary" }],
  ["eq", { symbol: "==", shape: "binary" }],
  ["ge", { symbol: ">=", shape: "binary" }],
  ["gt", { symbol: ">", shape: "binary" }],
  ["ix", { symbol: "[]", shape: "name" }],
  ["lS", { symbol: "<<=", shape: "binary" }],
  ["le", { symbol: "<=", shape: "binary" }],
  ["ls", { symbol: "<<", shape: "binary" }],
  ["lt", { symbol: "<", shape: "binary" }],
  ["mI", { symbol: "-=", shape: "binary" }],
  ["mL", { symbol: "*=", shape: "binary" }],
  ["mi", { symbol: "-", shape: "binary" }],
  ["ml", { symbol: "*", shape: "binary" }],
  ["mm", { symbol: "--", shape: "increment" }],
  ["na", { symbol: "new[]", shape: "name" }],
  ["ne", { symbol: "!=", shape: "binary" }],
  ["ng", { symbol: "-", shape: "prefix" }],
  ["nt", { symbol: "!", shape: "prefix" }],
  ["nw", { symbol: "new", shape: "name" }],
  ["nx", { symbol: "noexcept ", shape: "expression-keyword" }],
  ["oR", { symbol: "|=", shape: "binary" }],
  ["oo", { symbol: "||", shape: "binary" }],
  ["or", { symbol: "|", shape: "binary" }],
  ["pL", { symbol: "+=", shape: "binary" }],
  ["pl", { symbol: "+", shape: "binary" }],
  ["pm", { symbol: "->*", shape: "binary" }],
  ["pp", { symbol: "++", shape: "increment" }],
  ["ps", { symbol: "+", shape: "prefix" }],
  ["pt", { symbol: "->", shape: "member" }],
  ["qu", { symbol: "?", shape: "name" }],
  ["rM", { symbol: "%=", shape: "binary" }],
  ["rS", { symbol: ">>=", shape: "binary" }],
  ["rc", { symbol: "reinterpret_cast", shape: "named-cast" }],
  ["rm", { symbol: "%", shape: "binary" }],
  ["rs", { symbol: ">>", shape: "binary" }],
  ["sc", { symbol: "static_cast", shape: "named-cast" }],
  ["ss", { symbol: "<=>", shape: "binary" }],
  ["st", { symbol: "sizeof ", shape: "type-keyword" }],
  ["sz", { symbol: "sizeof ", shape: "prefix" }],
  ["te", { symbol: "typeid ", shape: "expression-keyword" }],
  ["ti", { symbol: "typeid ", shape: "type-keyword" }],
  ["tw", { symbol: "throw ", shape: "prefix" }],
]);
