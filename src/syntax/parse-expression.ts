// Expressions by precedence climbing; what a parenthesis means is decided as the language's reference says.

import { spanBetween } from "../source/source.ts";
import type { Assignable, BinaryOperator, Block, Expression, IntegerLiteral, TypeExpression } from "./ast.ts";
import { isBuiltinWord } from "./builtin-words.ts";
import { parseType, parseTypeOrExpression, tryType } from "./parse-type.ts";
import { type Scanner, SyntaxProblem, wordAt } from "./scanner.ts";
import { isTypeName } from "./type-names.ts";

/** The first characters of binary operators. */
const operatorStarts = "|&^=!<>+-*/%";

/** Binary operators from weakest to strongest. */
export const levels: readonly (readonly BinaryOperator[])[] = [
  ["||"],
  ["&&"],
  ["|"],
  ["^"],
  ["&"],
  ["==", "!="],
  ["<=", ">=", "<", ">"],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "%"],
];

/** Deeper nesting than this is an error: the parser is recursive. */
const maxDepth = 400;

export class ExpressionParser {
  readonly scanner: Scanner;
  /** Parses a block; statements are in a file of their own. */
  private readonly block: () => Block;
  private depth = 0;
  /** Inside a predicate a `/` before `{` ends it. */
  private predicate = false;

  constructor(scanner: Scanner, block: () => Block) {
    this.scanner = scanner;
    this.block = block;
  }

  /** A predicate's condition, up to the `/` before the block. */
  predicateExpression(): Expression {
    this.predicate = true;
    try {
      return this.expression();
    } finally {
      this.predicate = false;
    }
  }

  expression(): Expression {
    return this.deeper(() => this.ternary());
  }

  /** Runs one level deeper; the parser is recursive, so levels are limited. */
  private deeper<T>(parse: () => T): T {
    if (this.depth >= maxDepth) {
      this.scanner.fail("syntax", this.scanner.foundSpan(), "syntax: expression is nested too deeply");
    }
    this.depth += 1;
    try {
      return parse();
    } finally {
      this.depth -= 1;
    }
  }

  /** Runs something inside parentheses or brackets, where `/` is always division. */
  private enclosed<T>(parse: () => T): T {
    const before = this.predicate;
    this.predicate = false;
    try {
      return parse();
    } finally {
      this.predicate = before;
    }
  }

  private ternary(): Expression {
    const condition = this.binary(0);
    return this.scanner.take("?") ? this.ternaryRest(condition) : condition;
  }

  /** After the `?`; a chain `a ? b : c ? d : e` is read without recursion. */
  ternaryRest(first: Expression): Expression {
    const { scanner } = this;
    const branches: { readonly condition: Expression; readonly then: Expression | undefined }[] = [];
    let last = first;
    do {
      const then = scanner.peek(":") ? undefined : this.expression();
      scanner.need(":");
      branches.push({ condition: last, then });
      last = this.binary(0);
    } while (scanner.take("?"));
    for (const { condition, then } of branches.reverse()) {
      last = { kind: "ternary", condition, then, else: last, span: spanBetween(condition.span, last.span) };
    }
    return last;
  }

  private binary(level: number): Expression {
    const operators = levels[level];
    if (operators === undefined) return this.unary();
    let left = this.binary(level + 1);
    for (;;) {
      const operator = this.binaryOperator(operators);
      if (operator === undefined) return left;
      const right = this.binary(level + 1);
      left = { kind: "binary", operator, left, right, span: spanBetween(left.span, right.span) };
    }
  }

  /** Takes one of the operators, unless it is part of a longer symbol or ends a predicate. */
  private binaryOperator(operators: readonly BinaryOperator[]): BinaryOperator | undefined {
    const { scanner } = this;
    const at = scanner.here();
    // Most operands have no operator after them: one look for all levels.
    if (!operatorStarts.includes(scanner.text.charAt(at))) return undefined;
    const operator = operators.find((candidate) => scanner.text.startsWith(candidate, at));
    if (operator === undefined) return undefined;
    const next = scanner.text.charAt(at + operator.length);
    // `a += 1`, `a <<= 1`: assignments, which the statement takes.
    if (next === "=" && !["==", "!=", "<=", ">="].includes(operator)) {
      if (operator !== "<" && operator !== ">") return undefined;
    }
    if (operator === "|" && next === "|") return undefined;
    if (operator === "&" && next === "&") return undefined;
    if ((operator === "<" && next === "<") || (operator === ">" && next === ">")) return undefined;
    if ((operator === "<<" || operator === ">>") && next === "=") return undefined;
    if ((operator === "+" && next === "+") || (operator === "-" && next === "-")) {
      if (scanner.text.charAt(at + 2) !== " " || !/[$@\w(-]/.test(scanner.text.charAt(at + 3))) return undefined;
    }
    if (operator === "/" && this.predicate && this.endsPredicate(at)) return undefined;
    scanner.position = at + operator.length;
    scanner.lastEnd = scanner.position;
    return operator;
  }

  private endsPredicate(slash: number): boolean {
    const { scanner } = this;
    const before = scanner.position;
    scanner.position = slash + 1;
    const ends = scanner.peek("{");
    scanner.position = before;
    return ends;
  }

  // ---- prefix -------------------------------------------------------------------------------------------

  unary(): Expression {
    const { scanner } = this;
    const start = scanner.here();
    return this.deeper(() => this.prefix(start));
  }

  private prefix(start: number): Expression {
    const { scanner } = this;
    for (const operator of ["++", "--"] as const) {
      if (scanner.text.startsWith(operator, start) && /^(\+\+|--)\s*[$@]/.test(scanner.text.slice(start, start + 20))) {
        scanner.take(operator);
        const target = this.assignable();
        return { kind: "increment", operator, prefix: true, target, span: scanner.span(start) };
      }
    }
    for (const operator of ["-", "!", "~", "*"] as const) {
      if (scanner.text.startsWith(operator, start)) {
        scanner.take(operator);
        const operand = this.unary();
        return { kind: "unary", operator, operand, span: scanner.span(start) };
      }
    }
    if (scanner.peek("&")) {
      scanner.take("&");
      if (!scanner.peek("$") && !scanner.peek("@")) {
        scanner.fail("syntax", scanner.foundSpan(), "syntax: address-of operator requires a map or variable");
      }
      return { kind: "address-of", operand: this.assignable(), span: scanner.span(start) };
    }
    if (scanner.text.startsWith("comptime", start) && scanner.peekWord() === "comptime") {
      scanner.takeWord();
      const operand = this.unary();
      return { kind: "comptime", operand, span: scanner.span(start) };
    }
    return this.cast(start) ?? this.postfix();
  }

  /** A variable or map element, as ++, -- and & need it. */
  private assignable(): Assignable {
    const primary = this.primary();
    if (primary.kind === "variable" || primary.kind === "map") return primary;
    return this.scanner.fail("syntax", primary.span, "syntax: increment/decrement requires a variable or map");
  }

  // ---- casts --------------------------------------------------------------------------------------------

  private cast(start: number): Expression | undefined {
    const { scanner } = this;
    if (!scanner.peek("(")) return undefined;
    const before = scanner.lastEnd;
    scanner.take("(");
    const first = scanner.peekWord();
    const type = first === undefined ? undefined : this.quietly(() => tryType(this));
    if (type !== undefined && scanner.take(")")) {
      const lone = type.kind === "named-type" && type.size === undefined && type.name === first;
      const span = scanner.span(start);
      // A builtin word alone in parentheses is a value, never a type.
      if (this.beginsOperand(lone && !isTypeName(type.name) && !scanner.typedefs.has(type.name)) && !(lone && isBuiltinWord(type.name))) {
        const operand = this.unary();
        return { kind: "cast", type, operand, span };
      }
    }
    scanner.position = start;
    scanner.lastEnd = before;
    return undefined;
  }

  /** Runs a trial whose problems do not count. */
  private quietly<T>(trial: () => T): T | undefined {
    try {
      return trial();
    } catch (problem) {
      if (problem instanceof SyntaxProblem) return undefined;
      throw problem;
    }
  }

  /** Whether the token after `(name)` begins an operand; after an unknown lone name only what can't be an operator does. */
  private beginsOperand(unknownName: boolean): boolean {
    const { scanner } = this;
    const at = scanner.here();
    const c = scanner.text.charAt(at);
    const two = scanner.text.slice(at, at + 2);
    if (two === "++" || two === "--" || two === "&&" || two === "!=") return false;
    if (unknownName) return /[0-9$@"!~A-Za-z_]/.test(c) && c !== "";
    return /[0-9$@"'(!~*&A-Za-z_-]/.test(c);
  }

  // ---- postfix ------------------------------------------------------------------------------------------

  private postfix(): Expression {
    const { scanner } = this;
    let base = this.primary();
    for (;;) {
      scanner.skip();
      const two = scanner.text.slice(scanner.position, scanner.position + 2);
      if (two === "->" || (two.startsWith(".") && two !== "..")) {
        base = this.member(base, two === "->");
      } else if (two.startsWith("[")) {
        scanner.take("[");
        const indices = this.enclosed(() => this.list("]"));
        scanner.need("]");
        base = { kind: "index", base, indices, span: spanBetween(base.span, scanner.span(base.span.start)) };
      } else if (two === "++" || two === "--") {
        const at = scanner.here();
        if (base.kind !== "variable" && base.kind !== "map") {
          scanner.take(two);
          return scanner.fail("syntax", scanner.span(at), "syntax: increment/decrement requires a variable or map");
        }
        scanner.take(two);
        return { kind: "increment", operator: two, prefix: false, target: base, span: scanner.span(base.span.start) };
      } else return base;
    }
  }

  private member(base: Expression, arrow: boolean): Expression {
    const { scanner } = this;
    scanner.take(arrow ? "->" : ".");
    const at = scanner.here();
    if (scanner.atDigit()) {
      const text = /^[0-9]+/.exec(scanner.text.slice(at, at + 20))?.[0] ?? "0";
      scanner.position = at + text.length;
      scanner.lastEnd = scanner.position;
      return { kind: "element", base, index: Number(text), arrow, span: scanner.span(base.span.start) };
    }
    const name = scanner.needWord("field name");
    return { kind: "field", base, name, arrow, nameSpan: scanner.span(at), span: scanner.span(base.span.start) };
  }

  /** Expressions up to a closing symbol, which stays. */
  private list(closing: string): Expression[] {
    const { scanner } = this;
    const items: Expression[] = [];
    do items.push(this.expression());
    while (scanner.take(",") && !scanner.peek(closing));
    return items;
  }

  // ---- primary ------------------------------------------------------------------------------------------

  private primary(): Expression {
    const { scanner } = this;
    const start = scanner.here();
    const c = scanner.text.charAt(start);
    if (scanner.atDigit()) return { kind: "int", value: scanner.number(), span: scanner.span(start) };
    if (c === '"') return { kind: "string", value: scanner.string(), span: scanner.span(start) };
    if (c === "'") return this.character(start);
    if (c === "$") return this.variable(start);
    if (c === "@") return this.map(start);
    if (c === "(") return this.parenthesis(start);
    if (c === "{") return { kind: "block-expression", block: this.enclosed(this.block), span: scanner.span(start) };
    const word = scanner.takeWord();
    if (word === undefined) return scanner.expected("expression");
    return this.word(word, start);
  }

  private character(start: number): Expression {
    const { scanner } = this;
    scanner.position = start + 1;
    const c = scanner.text.charAt(scanner.position);
    let value = c;
    if (c === "\\") value = scanner.escape();
    else scanner.position += 1;
    if (scanner.text.charAt(scanner.position) !== "'" || value.length !== 1) {
      scanner.fail("syntax", scanner.span(start, start + 1), "syntax: invalid character literal");
    }
    scanner.position += 1;
    scanner.lastEnd = scanner.position;
    return { kind: "int", value: BigInt(value.charCodeAt(0)), span: scanner.span(start) };
  }

  private variable(start: number): Expression {
    const { scanner } = this;
    const rest = scanner.text.slice(start + 1, start + 300);
    const name = wordAt(scanner.text, start + 1);
    const digits = /^[0-9]+/.exec(rest)?.[0];
    const length = name?.length ?? digits?.length ?? (rest.startsWith("#") ? 1 : 0);
    if (length === 0) {
      scanner.fail("syntax", scanner.span(start, start + 1), "syntax: expected identifier after '$'");
    }
    scanner.position = start + 1 + length;
    scanner.lastEnd = scanner.position;
    const span = scanner.span(start);
    if (name !== undefined) return { kind: "variable", name: `$${name}`, instance: 0, span };
    if (digits === undefined) return { kind: "positional-count", span };
    const index = Number(digits);
    if (index === 0 || index > Number.MAX_SAFE_INTEGER) {
      scanner.report("syntax", span, `syntax: param $${digits} is out of integer range [1, ${(1n << 63n) - 1n}]`);
    }
    return { kind: "positional", index: Math.max(1, index), span };
  }

  private map(start: number): Expression & { kind: "map" } {
    const { scanner } = this;
    const name = wordAt(scanner.text, start + 1) ?? "";
    scanner.position = start + 1 + name.length;
    scanner.lastEnd = scanner.position;
    if (!scanner.peek("[")) return { kind: "map", name: `@${name}`, keys: undefined, span: scanner.span(start, start + 1 + name.length) };
    scanner.take("[");
    const keys = this.enclosed(() => this.list("]"));
    scanner.need("]");
    return { kind: "map", name: `@${name}`, keys, span: scanner.span(start) };
  }

  private word(word: string, start: number): Expression {
    const { scanner } = this;
    const span = scanner.span(start);
    if (word === "true" || word === "false") return { kind: "bool", value: word === "true", span };
    if (word === "if") return this.ifExpression(start);
    if ((word === "sizeof" || word === "typeinfo") && scanner.peek("(")) {
      scanner.take("(");
      const operand = this.enclosed(() => parseTypeOrExpression(this, ")"));
      scanner.need(")");
      return { kind: word, operand, span: scanner.span(start) };
    }
    if (word === "offsetof" && scanner.peek("(")) return this.offsetof(start);
    if (!scanner.peek("(")) return { kind: "identifier", name: word, span };
    scanner.take("(");
    const args = scanner.peek(")") ? [] : this.enclosed(() => this.arguments());
    scanner.need(")");
    return { kind: "call", name: word, arguments: args, span: scanner.span(start) };
  }

  private arguments(): Expression[] {
    const items = [this.argument()];
    while (this.scanner.take(",")) items.push(this.argument());
    return items;
  }

  /** An expression, or a type that can't be one: `struct x`, `int8 *`. */
  private argument(): Expression {
    const { scanner } = this;
    const start = scanner.here();
    const before = scanner.lastEnd;
    const word = scanner.peekWord();
    const type = word === undefined ? undefined : this.quietly(() => tryType(this));
    const lone = type?.kind === "named-type" && type.name === word && type.size === undefined;
    if (type !== undefined && !lone && isSurelyType(type) && (scanner.peek(",") || scanner.peek(")"))) {
      return { kind: "type-argument", type, span: type.span };
    }
    scanner.position = start;
    scanner.lastEnd = before;
    return this.expression();
  }

  private offsetof(start: number): Expression {
    const { scanner } = this;
    scanner.take("(");
    const operand = this.enclosed(() => parseTypeOrExpression(this, ","));
    scanner.need(",");
    const path: (string | IntegerLiteral)[] = [scanner.needWord("field name")];
    for (;;) {
      if (scanner.take(".")) path.push(scanner.needWord("field name"));
      else if (scanner.take("[")) path.push(this.literalIndex());
      else break;
    }
    scanner.need(")");
    return { kind: "offsetof", operand, path, span: scanner.span(start) };
  }

  private literalIndex(): IntegerLiteral {
    const { scanner } = this;
    const index = this.enclosed(() => this.expression());
    if (index.kind !== "int") return scanner.fail("syntax", index.span, "syntax: expected an integer literal as index");
    scanner.need("]");
    return index;
  }

  /** After the `if`: condition, blocks; the chain of else ifs nests, but is read without recursion. */
  private ifExpression(start: number): Expression {
    const { scanner } = this;
    const outer: { readonly at: number; readonly condition: Expression; readonly then: Block }[] = [];
    for (let at = start; ; ) {
      const condition = this.unary();
      const then = this.enclosed(this.block);
      const more = scanner.takeKeyword("else");
      const next = scanner.here();
      if (more && scanner.takeKeyword("if")) {
        outer.push({ at, condition, then });
        at = next;
        continue;
      }
      let value: Expression = { kind: "if-expression", condition, then, else: more ? this.enclosed(this.block) : undefined, span: scanner.span(at) };
      for (const { at: place, ...branch } of outer.reverse()) {
        const otherwise: Block = { kind: "block", statements: [], value, span: value.span };
        value = { kind: "if-expression", ...branch, else: otherwise, span: scanner.span(place) };
      }
      return value;
    }
  }

  private parenthesis(start: number): Expression {
    const { scanner } = this;
    scanner.take("(");
    return this.enclosed(() => {
      if (scanner.take(")")) return { kind: "tuple", elements: [], span: scanner.span(start) };
      if (/^[A-Za-z_]\w*\s*=(?!=)/.test(scanner.text.slice(scanner.here(), scanner.position + 300))) return this.record(start);
      const first = this.expression();
      if (!scanner.peek(",")) {
        scanner.need(")");
        return first;
      }
      const elements = [first];
      while (scanner.take(",")) {
        if (scanner.peek(")")) break;
        elements.push(this.expression());
      }
      scanner.need(")");
      return { kind: "tuple", elements, span: scanner.span(start) };
    });
  }

  private record(start: number): Expression {
    const { scanner } = this;
    const fields: { name: string; value: Expression; span: ReturnType<Scanner["span"]> }[] = [];
    do {
      const at = scanner.here();
      const name = scanner.needWord("field name");
      scanner.need("=");
      const value = this.expression();
      const span = scanner.span(at);
      if (fields.some((field) => field.name === name)) {
        scanner.report("syntax", span, `syntax: record already contains name: ${name}`);
      }
      fields.push({ name, value, span });
    } while (scanner.take(","));
    scanner.need(")");
    return { kind: "record", fields, span: scanner.span(start) };
  }

  /** A type where one must stand, for `let`. */
  type() {
    return parseType(this);
  }
}

/** Whether the innermost word is a type wherever it stands: `x[0]` may be an element as well. */
function isSurelyType(type: TypeExpression): boolean {
  switch (type.kind) {
    case "named-type":
      return isTypeName(type.name) || type.name.includes(" ");
    case "tagged-type":
    case "typeof":
      return true;
    case "pointer-type":
      return isSurelyType(type.to);
    case "array-type":
      return isSurelyType(type.element);
  }
}
