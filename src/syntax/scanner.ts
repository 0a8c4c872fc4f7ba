// The scanner: a position in the text, layout and comments, words, numbers and strings. The parser has no token
// stream; which words are special depends on where they stand.

import type { Diagnostics } from "../source/diagnostic.ts";
import { type SourceFile, type Span, span } from "../source/source.ts";
import type { Comment } from "./ast.ts";
import { parseInteger } from "./parse-integer.ts";

/** Thrown inside the parser to give up a construct after its error was reported; never leaves the parser. */
export class SyntaxProblem extends Error {}

export class Scanner {
  readonly file: SourceFile;
  readonly text: string;
  readonly comments: Comment[] = [];
  /** Names that the script's own `typedef`s give. */
  readonly typedefs = new Set<string>();
  position = 0;
  /** End of the last thing that was not layout. */
  lastEnd = 0;
  private readonly diagnostics: Diagnostics;

  constructor(file: SourceFile, diagnostics: Diagnostics) {
    this.file = file;
    this.text = file.text;
    this.diagnostics = diagnostics;
  }

  // ---- places and errors ------------------------------------------------------------------------------

  span(start: number, end = this.lastEnd): Span {
    return span(this.file, start, end);
  }

  /** Reports and gives up the construct. */
  fail(code: string, at: Span, message: string): never {
    this.diagnostics.error(code, at, message);
    throw new SyntaxProblem(message);
  }

  report(code: string, at: Span, message: string, hint?: string): void {
    this.diagnostics.error(code, at, message, { hint });
  }

  /** `syntax: expected X`, located at what stands there instead. */
  expected(what: string): never {
    this.skip();
    return this.fail("syntax", this.foundSpan(), `syntax: expected ${what}`);
  }

  /** The word or byte at the position. */
  foundSpan(): Span {
    if (this.atEnd()) return this.span(this.text.length, this.text.length);
    const word = /^[$@]?[A-Za-z0-9_]+/.exec(this.text.slice(this.position, this.position + 200))?.[0];
    return this.span(this.position, this.position + (word?.length ?? 1));
  }

  // ---- layout -------------------------------------------------------------------------------------------

  atEnd(): boolean {
    return this.position >= this.text.length;
  }

  /** Skips white space, comments, and backslashes that continue a line, as a shell's quotes leave them in. */
  skip(): void {
    for (;;) {
      const c = this.text.charCodeAt(this.position);
      if (c === 32 || (c >= 9 && c <= 13)) this.position += 1;
      else if (c === 47 && this.text.charCodeAt(this.position + 1) === 47) this.lineComment();
      else if (c === 47 && this.text.charCodeAt(this.position + 1) === 42) this.blockComment();
      else if (c === 92 && this.text.charCodeAt(this.position + 1) === 10) this.position += 2;
      else return;
    }
  }

  private lineComment(): void {
    const start = this.position;
    const end = this.text.indexOf("\n", start);
    this.position = end < 0 ? this.text.length : end;
    this.comment("line", start);
  }

  private blockComment(): void {
    const start = this.position;
    const end = this.text.indexOf("*/", start + 2);
    if (end < 0) {
      this.position = this.text.length;
      this.fail("syntax", this.span(start, start + 2), "syntax: unterminated comment");
    }
    this.position = end + 2;
    this.comment("block", start);
  }

  private comment(kind: Comment["kind"], start: number): void {
    // Text that is read again, after a guess that was wrong, has its comments in the list already.
    const last = this.comments.at(-1);
    if (last !== undefined && last.span.start >= start) return;
    this.comments.push({ kind, text: this.text.slice(start, this.position), span: this.span(start, this.position) });
  }

  /** Forgets the comments from a place on: they belong to a text that is kept as it is. */
  forgetComments(from: number): void {
    const first = this.comments.findIndex((comment) => comment.span.start >= from);
    if (first >= 0) this.comments.splice(first);
  }

  // ---- symbols --------------------------------------------------------------------------------------------

  /** Whether a symbol comes next. */
  peek(symbol: string): boolean {
    this.skip();
    return this.text.startsWith(symbol, this.position);
  }

  /** Takes a symbol if it comes next. */
  take(symbol: string): boolean {
    if (!this.peek(symbol)) return false;
    this.position += symbol.length;
    this.lastEnd = this.position;
    return true;
  }

  need(symbol: string): void {
    if (!this.take(symbol)) this.expected(`'${symbol}'`);
  }

  /** Position of the next thing. */
  here(): number {
    this.skip();
    return this.position;
  }

  // ---- words ----------------------------------------------------------------------------------------------

  peekWord(): string | undefined {
    this.skip();
    return wordAt(this.text, this.position);
  }

  takeWord(): string | undefined {
    const word = this.peekWord();
    if (word === undefined) return undefined;
    this.position += word.length;
    this.lastEnd = this.position;
    return word;
  }

  /** Takes this very word. */
  takeKeyword(word: string): boolean {
    if (this.peekWord() !== word) return false;
    this.position += word.length;
    this.lastEnd = this.position;
    return true;
  }

  /** Whether the word that comes next is followed by one of the symbols, or by a word for an empty one. */
  wordBefore(...symbols: readonly string[]): boolean {
    const { position, lastEnd } = this;
    this.takeWord();
    const found = symbols.some((symbol) => (symbol === "" ? this.peekWord() !== undefined : this.peek(symbol)));
    this.position = position;
    this.lastEnd = lastEnd;
    return found;
  }

  needWord(what: string): string {
    return this.takeWord() ?? this.expected(what);
  }

  // ---- literals -------------------------------------------------------------------------------------------

  atDigit(): boolean {
    this.skip();
    const c = this.text.charCodeAt(this.position);
    return c >= 48 && c <= 57;
  }

  /** A number with its suffix or unit. */
  number(): bigint {
    const start = this.here();
    const raw = /^[0-9A-Za-z_]+/.exec(this.text.slice(start, start + 100))?.[0] ?? "";
    const text = trimJunk(raw);
    const result = parseInteger(text);
    this.position = start + text.length;
    this.lastEnd = this.position;
    if ("value" in result) return result.value;
    const whole = result.at === 0;
    const at = whole ? this.span(start, this.position) : this.span(start + result.at, start + text.length);
    this.report("integer", at, `syntax: ${result.error}`);
    return 0n;
  }

  /** A string literal after its opening quote was seen; gives the bytes. */
  string(): string {
    const start = this.here();
    this.position = start + 1;
    let value = "";
    for (;;) {
      const c = this.text.charAt(this.position);
      if (c === "" || c === "\n") {
        this.fail("syntax", this.span(this.position, this.position), "syntax: unterminated string");
      }
      if (c === '"') break;
      if (c === "\\") value += this.escape();
      else {
        value += c;
        this.position += 1;
      }
    }
    this.position += 1;
    this.lastEnd = this.position;
    return value;
  }

  /** An escape sequence at the backslash. */
  escape(): string {
    const start = this.position;
    const rest = this.text.slice(start + 1, start + 5);
    const simple: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", '"': '"', "\\": "\\", "'": "'" };
    const octal = /^[0-7]{1,3}/.exec(rest)?.[0];
    if (octal !== undefined) {
      this.position = start + 1 + octal.length;
      const code = Number.parseInt(octal, 8);
      if (code > 255) this.report("syntax", this.span(start, this.position), `syntax: octal escape out of range: \\${octal}`);
      return String.fromCharCode(code & 255);
    }
    const hex = /^x([0-9a-fA-F]{1,2})/.exec(rest);
    if (hex !== null) {
      this.position = start + 1 + hex[0].length;
      return String.fromCharCode(Number.parseInt(hex[1] ?? "0", 16));
    }
    const c = rest.charAt(0);
    const value = simple[c];
    this.position = start + 1 + (c === "" ? 0 : 1);
    if (value === undefined) {
      this.report("syntax", this.span(start + 1, start + 2), `syntax: invalid escape character '\\${c}'`);
      return "";
    }
    return value;
  }
}

/** `5m0` is a number with a unit and then junk: cut after the unit, so that the parser finds the junk. */
function trimJunk(raw: string): string {
  return /^[0-9][0-9_]*(?:ns|us|ms|[smhd])(?=[0-9])/.exec(raw)?.[0] ?? raw;
}

export function wordAt(text: string, position: number): string | undefined {
  let end = position;
  for (;;) {
    const c = text.charCodeAt(end);
    const letter = (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95;
    const digit = c >= 48 && c <= 57;
    if (!letter && !(digit && end > position)) break;
    end += 1;
  }
  return end === position ? undefined : text.slice(position, end);
}
