// A cursor over preprocessed tokens that stops at the first problem of a declaration. Pure.

import type { CToken } from "./c-token.ts";

const closers: ReadonlyMap<string, string> = new Map([
  ["(", ")"],
  ["[", "]"],
  ["{", "}"],
]);

const maximumNesting = 200;

/**
 * Reads tokens one by one. After fail() every token reads as the end, so that all parsing functions return without
 * further reports, until recover() continues at a given place.
 */
export class TokenCursor {
  private readonly tokens: readonly CToken[];
  private readonly end: CToken;
  private readonly report: (at: CToken, message: string) => void;
  private at = 0;
  private nesting = 0;
  failed = false;

  constructor(tokens: readonly CToken[], end: CToken, report: (at: CToken, message: string) => void) {
    this.tokens = tokens;
    this.end = end;
    this.report = report;
  }

  get position(): number {
    return this.at;
  }

  /** Goes back to a place read before. */
  moveTo(position: number): void {
    this.at = position;
  }

  peek(ahead = 0): CToken {
    return this.failed ? this.end : (this.tokens[this.at + ahead] ?? this.end);
  }

  atEnd(): boolean {
    return this.peek().kind === "end";
  }

  next(): CToken {
    const token = this.peek();
    if (token !== this.end) this.at++;
    return token;
  }

  /** True, and the token is taken, when the next one is spelled so and is no literal. */
  accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.at++;
    return true;
  }

  is(text: string): boolean {
    const token = this.peek();
    return token.text === text && (token.kind === "punctuator" || token.kind === "identifier");
  }

  expect(text: string): CToken {
    const token = this.peek();
    if (!this.accept(text)) this.fail(`expected '${text}'${token.kind === "end" ? "" : ` before '${token.text}'`}`);
    return token;
  }

  /** Reports the problem once, and ends the tokens. */
  fail(message: string, at: CToken = this.peek()): void {
    if (this.failed) return;
    const blamed = at.kind === "end" ? (this.tokens[this.tokens.length - 1] ?? at) : at;
    this.failed = true;
    this.report(blamed, message);
  }

  /** Continues after a problem. */
  recover(position: number): void {
    this.at = position;
    this.failed = false;
    this.nesting = 0;
  }

  /** Runs a nested construct; too deep nesting is a problem of the text, not of our stack. */
  nested<T>(parse: () => T): T | undefined {
    if (this.nesting >= maximumNesting) {
      this.fail("nested too deeply");
      return undefined;
    }
    this.nesting++;
    const result = parse();
    this.nesting--;
    return result;
  }

  /** Skips a group from its opening bracket through the closing one. */
  skipGroup(): void {
    const open: string[] = [];
    const start = this.peek();
    do {
      const token = this.next();
      if (token.kind === "end") {
        this.fail(`'${start.text}' is not closed`, start);
        return;
      }
      if (token.kind !== "punctuator") continue;
      const closer = closers.get(token.text);
      if (closer !== undefined) open.push(closer);
      else if (token.text === open.at(-1)) open.pop();
    } while (open.length > 0);
  }

  /** After a problem: the position behind the declaration that begins at `start`. */
  endOfDeclaration(start: number): number {
    let depth = 0;
    let at = start;
    for (; at < this.tokens.length; at++) {
      const token = this.tokens[at];
      if (token === undefined || token.kind !== "punctuator") continue;
      if (token.text === "(" || token.text === "[" || token.text === "{") depth++;
      else if (token.text === ")" || token.text === "]") depth = Math.max(0, depth - 1);
      else if (token.text === "}") {
        depth = Math.max(0, depth - 1);
        const next = this.tokens[at + 1];
        if (depth === 0 && (next === undefined || beginsDeclaration.has(next.text))) break;
      } else if (token.text === ";" && depth === 0) break;
    }
    return Math.max(at + 1, start + 1);
  }
}

/** Words that begin a new declaration where a `;` is missing. */
export const beginsDeclaration: ReadonlySet<string> = new Set([
  "struct",
  "union",
  "enum",
  "typedef",
  "static",
  "extern",
  "_Static_assert",
]);
