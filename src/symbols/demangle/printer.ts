// The text that a demangler writes, and what parts of a tree depend on while they are printed. Bounded in depth, work and length.

import { malformed, maxDepth, maxLength, maxSteps } from "./malformed.ts";
import type { Node } from "./node.ts";

/** Template arguments that parameters stand for; the ones around them are for the arguments themselves. */
export interface Scope {
  readonly arguments: readonly Node[];
  readonly outer: Scope | undefined;
}

export class Printer {
  private readonly parts: string[] = [];
  private length = 0;
  private depth = 0;
  private steps = 0;
  /** The last character written. A separator taken back counts, as it does in c++filt: no blank parts `>>` there. */
  last = "";
  scope: Scope | undefined = undefined;
  /** Arguments of the template whose name is printed: the type of a conversion operator mentions them. */
  ownArguments: readonly Node[] | undefined = undefined;
  /** Which item of packs is meant; undefined outside of expansions: the first one. */
  packIndex: number | "all" | undefined = undefined;
  /** const, volatile and restrict around the type that is printed next: it does not repeat them. */
  qualifiersAround: readonly string[] = [];
  /** Parameters of generic lambdas are `auto:1`, and not looked up. */
  inLambda = false;
  /** The template head of the lambda whose parameters are printed. */
  lambdaHead: readonly string[] = [];

  write(text: string): void {
    if (text === "") return;
    this.length += text.length;
    if (this.length > maxLength) throw malformed;
    this.parts.push(text);
    this.last = text.charAt(text.length - 1);
  }

  text(): string {
    return this.parts.join("");
  }

  /** Writes items with separators. Items at the end that print nothing, as empty packs do, get none; in front c++filt leaves it. */
  list<T>(items: readonly T[], separator: string, print: (item: T) => void): void {
    let empty = 0;
    items.forEach((item, i) => {
      if (i > 0) this.write(separator);
      const before = this.parts.length;
      print(item);
      empty = this.parts.length === before ? empty + 1 : 0;
    });
    for (let i = Math.min(empty, items.length - 1); i > 0; i--) this.dropLast();
  }

  private dropLast(): void {
    this.length -= this.parts.pop()?.length ?? 0;
  }

  /** Counts a piece of work without going deeper. */
  step(): void {
    this.steps += 1;
    if (this.steps > maxSteps) throw malformed;
  }

  nested(print: () => void): void {
    this.step();
    if (this.depth >= maxDepth) throw malformed;
    this.depth += 1;
    print();
    this.depth -= 1;
  }

  inScope(scope: Scope | undefined, print: () => void): void {
    const saved = this.scope;
    this.scope = scope;
    print();
    this.scope = saved;
  }

  atPackIndex(index: number | "all" | undefined, print: () => void): void {
    const saved = this.packIndex;
    this.packIndex = index;
    print();
    this.packIndex = saved;
  }
}
