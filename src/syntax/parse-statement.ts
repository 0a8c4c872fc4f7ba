// Statements and blocks.

import type { Assignable, BinaryOperator, Block, Expression, Statement, VariableExpression } from "./ast.ts";
import { ExpressionParser } from "./parse-expression.ts";
import { parseType } from "./parse-type.ts";
import { type Scanner, SyntaxProblem, wordAt } from "./scanner.ts";

const updates: readonly BinaryOperator[] = ["<<", ">>", "+", "-", "*", "/", "%", "&", "|", "^"];

/** Blocks inside each other at most. */
const maxDepth = 200;

export class StatementParser {
  readonly expressions: ExpressionParser;
  private readonly scanner: Scanner;
  private depth = 0;

  constructor(scanner: Scanner) {
    this.scanner = scanner;
    this.expressions = new ExpressionParser(scanner, () => this.block());
  }

  /** `{ … }`; errors inside lose one statement, not the block. */
  block(): Block {
    const { scanner } = this;
    const start = scanner.here();
    if (!scanner.take("{")) scanner.expected("'{'");
    if (this.depth >= maxDepth) {
      scanner.fail("syntax", scanner.foundSpan(), "syntax: blocks are nested too deeply");
    }
    this.depth += 1;
    try {
      return this.blockRest(start);
    } finally {
      this.depth -= 1;
    }
  }

  /** After the opening brace. */
  private blockRest(start: number): Block {
    const { scanner } = this;
    const statements: Statement[] = [];
    let value: Expression | undefined;
    for (;;) {
      while (scanner.take(";")) value = undefined;
      if (scanner.take("}")) break;
      if (scanner.atEnd()) scanner.expected("'}'");
      const result = this.recover(() => this.statement());
      if (result === undefined) continue;
      if (result.kind === "value") {
        value = result.expression;
        if (!scanner.peek("}")) scanner.expected("'}'");
      } else statements.push(result.statement);
    }
    return { kind: "block", statements, value, span: scanner.span(start) };
  }

  /** Goes on after the next `;` or before the closing brace when a statement is wrong. */
  private recover<T>(parse: () => T): T | undefined {
    try {
      return parse();
    } catch (problem) {
      if (!(problem instanceof SyntaxProblem)) throw problem;
      if (this.scanner.atEnd()) throw problem;
      this.skipStatement();
      return undefined;
    }
  }

  private skipStatement(): void {
    const { scanner } = this;
    let nesting = 0;
    while (scanner.position < scanner.text.length) {
      const c = scanner.text.charAt(scanner.position);
      if (c === '"') this.skipString();
      else if (c === "{") nesting += 1;
      else if (c === "}") {
        if (nesting === 0) return;
        nesting -= 1;
        if (nesting === 0) {
          scanner.position += 1;
          return;
        }
      } else if (c === ";" && nesting === 0) {
        scanner.position += 1;
        return;
      }
      scanner.position += 1;
    }
  }

  private skipString(): void {
    const { scanner } = this;
    const match = /^"(?:[^"\\\n]|\\.)*/.exec(scanner.text.slice(scanner.position));
    scanner.position += (match?.[0].length ?? 1) - (match === null ? 1 : 0);
    if (scanner.text.charAt(scanner.position) !== '"') scanner.position -= 1;
  }

  private statement(): { kind: "statement"; statement: Statement } | { kind: "value"; expression: Expression } {
    const { scanner } = this;
    const start = scanner.here();
    const word = scanner.peekWord();
    const keyword = word === undefined ? undefined : this.keywordStatement(word, start);
    if (keyword !== undefined) return { kind: "statement", statement: keyword };
    if (scanner.peek("{")) {
      const block = this.block();
      return { kind: "statement", statement: { kind: "block-statement", block, span: block.span } };
    }
    return this.expressionStatement(start);
  }

  private keywordStatement(word: string, start: number): Statement | undefined {
    const { scanner } = this;
    switch (word) {
      case "let":
        return this.let(start);
      case "if":
        return this.ifStatement(start);
      case "unroll": {
        scanner.takeWord();
        const count = this.expressions.unary();
        const body = this.block();
        return { kind: "unroll", count, body, span: scanner.span(start) };
      }
      case "while": {
        scanner.takeWord();
        const condition = this.expressions.unary();
        const body = this.block();
        return { kind: "while", condition, body, span: scanner.span(start) };
      }
      case "for":
        return this.for(start);
      case "break":
      case "continue":
        scanner.takeWord();
        this.end();
        return { kind: word, span: scanner.span(start) };
      case "return": {
        scanner.takeWord();
        const value = scanner.peek(";") || scanner.peek("}") ? undefined : this.expressions.expression();
        this.end();
        return { kind: "return", value, span: scanner.span(start) };
      }
      case "import":
        return this.import(start);
      case "_":
        return /^_\s*=(?!=)/.test(scanner.text.slice(start, start + 50)) ? this.discard(start) : undefined;
      default:
        return undefined;
    }
  }

  /** The `;` after a statement; before `}` it may be missing. */
  private end(): void {
    const { scanner } = this;
    if (scanner.take(";") || scanner.peek("}")) return;
    scanner.expected("';'");
  }

  private let(start: number): Statement {
    const { scanner } = this;
    scanner.takeWord();
    if (!scanner.peek("$")) scanner.expected("variable after 'let'");
    const variable = this.variable();
    const declarationSpan = scanner.span(start);
    const type = scanner.take(":") ? parseType(this.expressions) : undefined;
    const value = scanner.take("=") ? this.expressions.expression() : undefined;
    const span = scanner.span(start);
    this.end();
    return { kind: "let", variable, type, value, declarationSpan, span };
  }

  private variable(): VariableExpression {
    const { scanner } = this;
    const expression = scanner.peek("$") ? this.expressions.unary() : scanner.expected("variable");
    if (expression.kind === "variable") return expression;
    return scanner.fail("syntax", expression.span, "syntax: expected variable");
  }

  /** A chain of else ifs nests, but is read without recursion. */
  private ifStatement(start: number): Statement {
    const { scanner } = this;
    const outer: { readonly at: number; readonly condition: Expression; readonly then: Block }[] = [];
    for (let at = start; ; ) {
      scanner.takeWord();
      const condition = this.expressions.unary();
      const then = this.block();
      const more = scanner.takeKeyword("else");
      const next = scanner.here();
      if (more && scanner.peekWord() === "if") {
        outer.push({ at, condition, then });
        at = next;
        continue;
      }
      const otherwise = more ? this.block() : undefined;
      // Without an else the place of an if reaches to what follows it.
      const end = more ? scanner.lastEnd : scanner.position;
      let statement: Statement = { kind: "if", condition, then, else: otherwise, span: scanner.span(at, end) };
      for (const { at: place, ...branch } of outer.reverse()) {
        const inner: Block = { kind: "block", statements: [statement], value: undefined, span: statement.span };
        statement = { kind: "if", ...branch, else: inner, span: scanner.span(place, scanner.lastEnd) };
      }
      return statement;
    }
  }

  private for(start: number): Statement {
    const { scanner } = this;
    scanner.takeWord();
    const parenthesised = scanner.take("(");
    const at = scanner.here();
    const word = scanner.text.startsWith("$", at) ? wordAt(scanner.text, at + 1) : undefined;
    const name = word === undefined ? scanner.expected("variable") : `$${word}`;
    scanner.position = at + name.length;
    scanner.lastEnd = scanner.position;
    const variable: VariableExpression = { kind: "variable", name, instance: 0, span: scanner.span(at) };
    scanner.need(":");
    if (!/^[0-9$@"({A-Za-z_]/.test(scanner.text.charAt(scanner.here()))) scanner.expected("expression");
    const from = this.expressions.unary();
    if (scanner.take("..")) {
      const to = this.expressions.unary();
      const headSpan = scanner.span(start);
      if (parenthesised) scanner.need(")");
      const body = this.block();
      return { kind: "for-range", variable, from, to, body, headSpan, span: scanner.span(start) };
    }
    if (from.kind !== "map" || from.keys !== undefined) return scanner.expected("'..'");
    const headSpan = scanner.span(start);
    if (parenthesised) scanner.need(")");
    const body = this.block();
    return { kind: "for-map", variable, map: from, body, headSpan, span: scanner.span(start) };
  }

  private import(start: number): Statement | undefined {
    const { scanner } = this;
    if (!/^import\s*"/.test(scanner.text.slice(start, start + 50))) return undefined;
    scanner.takeWord();
    scanner.skip();
    const path = scanner.string();
    const span = scanner.span(start);
    this.end();
    return { kind: "import-statement", path, span };
  }

  private discard(start: number): Statement {
    const { scanner } = this;
    scanner.takeWord();
    scanner.need("=");
    const value = this.expressions.expression();
    const span = scanner.span(start);
    this.end();
    return { kind: "discard", value, span };
  }

  private expressionStatement(start: number): ReturnType<StatementParser["statement"]> {
    const { scanner } = this;
    const expression = this.expressions.expression();
    scanner.skip();
    const operator = updates.find((op) => scanner.text.startsWith(`${op}=`, scanner.position));
    const assigns = scanner.text.startsWith("=", scanner.position) && !scanner.text.startsWith("==", scanner.position);
    if (operator === undefined && !assigns) {
      const span = scanner.span(start);
      if (scanner.take(";")) {
        return { kind: "statement", statement: { kind: "expression-statement", expression, span: scanner.span(start) } };
      }
      if (scanner.peek("}")) return { kind: "value", expression };
      // A block or if in front of other statements needs no semicolon.
      if (expression.kind === "block-expression" || expression.kind === "if-expression") {
        return { kind: "statement", statement: { kind: "expression-statement", expression, span } };
      }
      return scanner.expected("';'");
    }
    scanner.position += operator === undefined ? 1 : operator.length + 1;
    scanner.lastEnd = scanner.position;
    const value = this.expressions.expression();
    const span = scanner.span(start);
    const target = this.target(expression, span);
    this.end();
    return { kind: "statement", statement: { kind: "assign", target, operator, value, span } };
  }

  private target(expression: Expression, span: ReturnType<Scanner["span"]>): Assignable {
    if (expression.kind === "variable" || expression.kind === "map") return expression;
    const member = expression.kind === "field" || expression.kind === "element" || expression.kind === "index";
    const message = member
      ? "syntax: tuples, records and structs are immutable once created"
      : "syntax: invalid assignment target";
    return this.scanner.fail("syntax", span, message);
  }
}
