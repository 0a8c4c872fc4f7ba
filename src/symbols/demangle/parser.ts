// The reader of one mangled C++ name: position, substitutions and the limits on its work.

import { malformed, maxDepth, maxSteps } from "./malformed.ts";
import type { Node } from "./node.ts";

/** A place to come back to when a guess was wrong. */
export interface Checkpoint {
  readonly at: number;
  readonly depth: number;
  readonly substitutions: number;
  readonly lastName: Node | undefined;
}

const digits = /^[0-9]$/;

export function isDigit(character: string): boolean {
  return digits.test(character);
}

export class Parser {
  private readonly text: string;
  private at = 0;
  private depth = 0;
  private steps = 0;
  private readonly substitutions: Node[] = [];
  /** The identifier that a constructor or destructor has when it comes next. */
  lastName: Node | undefined = undefined;
  /** Inside the type of a conversion operator, where `T_I…E` can be the type with the arguments of the operator. */
  inConversion = false;

  /** How scopes of dependent names are read: `sr NAME+ E NAME`, or as older compilers wrote them, `sr TYPE NAME`. */
  readonly scopesEnd: boolean;
  /** Some name was read by `scopesEnd`, so that the other way may be right. */
  isAmbiguous = false;

  constructor(text: string, { scopesEnd }: { readonly scopesEnd: boolean }) {
    this.text = text;
    this.scopesEnd = scopesEnd;
  }

  /** The character at some distance; the empty string past the end. */
  peek(distance = 0): string {
    return this.text.charAt(this.at + distance);
  }

  atEnd(): boolean {
    return this.at >= this.text.length;
  }

  next(): string {
    if (this.atEnd()) throw malformed;
    return this.text.charAt(this.at++);
  }

  starts(prefix: string): boolean {
    return this.text.startsWith(prefix, this.at);
  }

  /** Steps over a text if it comes next. */
  take(prefix: string): boolean {
    if (!this.starts(prefix)) return false;
    this.at += prefix.length;
    return true;
  }

  expect(prefix: string): void {
    if (!this.take(prefix)) throw malformed;
  }

  /** What a sticky pattern matches here; the empty string when it does not. */
  match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  /** All that is left. */
  rest(): string {
    const text = this.text.slice(this.at);
    this.at = this.text.length;
    return text;
  }

  /** A decimal number without sign. */
  number(): number {
    const text = this.match(/[0-9]+/y);
    if (text === "" || text.length > 9) throw malformed;
    return Number(text);
  }

  characters(count: number): string {
    if (count <= 0 || this.at + count > this.text.length) throw malformed;
    const text = this.text.slice(this.at, this.at + count);
    this.at += count;
    return text;
  }

  /** `_` is 0, `0_` is 1 and so on: the numbers of parameters, lambdas and unnamed types. */
  compactNumber(): number {
    const value = this.peek() === "_" ? 0 : this.number() + 1;
    this.expect("_");
    return value;
  }

  addSubstitution<N extends Node>(node: N): N {
    this.substitutions.push(node);
    return node;
  }

  /** The substitution of a number in base 36, behind its `S`. */
  substitution(): Node {
    const text = this.match(/[0-9A-Z]*_/y);
    if (text === "" || text.length > 6) throw malformed;
    const found = this.substitutions[text === "_" ? 0 : parseInt(text, 36) + 1];
    if (found === undefined) throw malformed;
    return found;
  }

  checkpoint(): Checkpoint {
    return { at: this.at, depth: this.depth, substitutions: this.substitutions.length, lastName: this.lastName };
  }

  goBack(checkpoint: Checkpoint): void {
    this.at = checkpoint.at;
    this.depth = checkpoint.depth;
    this.substitutions.length = checkpoint.substitutions;
    this.lastName = checkpoint.lastName;
  }

  /** Runs a rule of the grammar one level deeper. */
  nested<T>(rule: () => T): T {
    this.steps += 1;
    if (this.depth >= maxDepth || this.steps > maxSteps) throw malformed;
    this.depth += 1;
    const result = rule();
    this.depth -= 1;
    return result;
  }
}
