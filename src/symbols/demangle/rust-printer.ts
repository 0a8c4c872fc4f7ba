// Reads one Rust v0 name and writes its readable form on the way: position, output, lifetimes in scope. Bounded in depth, work and length.

import { malformed, maxDepth, maxLength, maxSteps } from "./malformed.ts";
import { decodePunycode } from "./punycode.ts";

export interface Identifier {
  readonly name: string;
  /** Tells equal names apart; large for crates, whose hash it is. */
  readonly disambiguator: number;
}

export class RustPrinter {
  private readonly text: string;
  private at = 0;
  private readonly parts: string[] = [];
  private length = 0;
  private depth = 0;
  private steps = 0;
  private silent = false;
  /** How many lifetimes the `for<…>` around have bound. */
  lifetimes = 0;

  /** The text of a symbol behind `_R`. */
  constructor(text: string) {
    this.text = text;
  }

  result(): string {
    return this.parts.join("");
  }

  write(text: string): void {
    if (this.silent) return;
    this.length += text.length;
    if (this.length > maxLength) throw malformed;
    this.parts.push(text);
  }

  atEnd(): boolean {
    return this.at >= this.text.length;
  }

  peek(): string {
    return this.text.charAt(this.at);
  }

  next(): string {
    if (this.atEnd()) throw malformed;
    return this.text.charAt(this.at++);
  }

  take(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  /** A number in base 62, which ends with `_`: that alone is 0, `0_` is 1. Above 2^53 it is not exact. */
  base62(): number {
    if (this.take("_")) return 0;
    let value = 0;
    for (;;) {
      const character = this.next();
      if (character === "_") return value + 1;
      value = value * 62 + base62Digit(character);
      if (value >= 2 ** 64) throw malformed;
    }
  }

  /** A number behind a tag, 0 without the tag. */
  optionalBase62(tag: string): number {
    return this.take(tag) ? this.base62() + 1 : 0;
  }

  identifier(): Identifier {
    const disambiguator = this.optionalBase62("s");
    return { name: this.undisambiguated(), disambiguator };
  }

  undisambiguated(): string {
    const isPunycode = this.take("u");
    const length = this.decimal();
    // The underscore parts the length from names that begin with a digit.
    this.take("_");
    if (this.at + length > this.text.length) throw malformed;
    const text = this.text.slice(this.at, this.at + length);
    this.at += length;
    if (!isPunycode) return text;
    const split = text.lastIndexOf("_");
    return decodePunycode(split < 0 ? "" : text.slice(0, split), text.slice(split + 1));
  }

  private decimal(): number {
    if (this.take("0")) return 0;
    let digits = "";
    while (/^[0-9]$/.test(this.peek())) digits += this.next();
    if (digits === "" || digits.length > 7) throw malformed;
    return Number(digits);
  }

  /** Digits of a constant, up to `_`. */
  hex(): string {
    let digits = "";
    while (!this.take("_")) digits += this.next();
    if (!/^[0-9a-f]*$/.test(digits)) throw malformed;
    return digits;
  }

  /** Items up to `E`; gives their number. */
  list(separator: string, print: () => void): number {
    let count = 0;
    while (!this.take("E")) {
      if (count > 0) this.write(separator);
      print();
      count += 1;
    }
    return count;
  }

  /** Runs a rule of the grammar one level deeper. */
  nested<T>(rule: () => T): T {
    this.steps += 1;
    if (this.depth >= maxDepth || this.steps > maxSteps) throw malformed;
    this.depth += 1;
    const value = rule();
    this.depth -= 1;
    return value;
  }

  /** Reads without writing. */
  skipping(read: () => void): void {
    const { silent } = this;
    this.silent = true;
    read();
    this.silent = silent;
  }

  /** Continues at an earlier place of the name, behind its `B`. What is not written needs no second reading. */
  backReference<T>(rule: () => T, otherwise: T): T {
    const start = this.at - 1;
    const target = this.base62();
    if (target >= start) throw malformed;
    if (this.silent) return otherwise;
    const back = this.at;
    this.at = target;
    const value = this.nested(rule);
    this.at = back;
    return value;
  }

  /** Lifetimes count from the innermost that is bound; 0 is the one without a name. */
  lifetime(number: number): void {
    if (number > this.lifetimes) throw malformed;
    const depth = this.lifetimes - number;
    if (number === 0) this.write("'_");
    else this.write(depth < 26 ? `'${String.fromCharCode(97 + depth)}` : `'_${depth}`);
  }

  /** `for<'a, 'b>` around what is printed then. */
  binder(print: () => void): void {
    const count = this.optionalBase62("G");
    if (count > maxDepth) throw malformed;
    if (count > 0) {
      this.write("for<");
      for (let i = 0; i < count; i++) {
        if (i > 0) this.write(", ");
        this.lifetimes += 1;
        this.lifetime(1);
      }
      this.write("> ");
    }
    print();
    this.lifetimes -= count;
  }
}

function base62Digit(character: string): number {
  if (/^[0-9]$/.test(character)) return character.charCodeAt(0) - 48;
  if (/^[a-z]$/.test(character)) return character.charCodeAt(0) - 97 + 10;
  if (/^[A-Z]$/.test(character)) return character.charCodeAt(0) - 65 + 36;
  throw malformed;
}
