// Mutations of scripts: most keep the syntax (an expression, a statement, a token of its kind for another), some do not
// (tokens deleted, doubled, swapped, bytes changed, two scripts spliced).

import { classOf, expressionsOf, type Pool, type Range, statementsOf, tokens } from "./pieces.ts";
import type { Random } from "./random.ts";

/** A random relative of the texts of a pool. */
export function mutant(random: Random, pool: Pool, words: readonly string[]): string {
  const pieces = tokens(random.pick(pool.texts, ""));
  if (random.once(12)) splice(random, pieces, tokens(random.pick(pool.texts, "")));
  for (let n = random.below(5); n >= 0; n--) {
    if (random.once(8)) breakUp(random, pieces, words);
    else vary(random, pieces, pool);
  }
  const text = pieces.join("");
  return random.once(25) ? flipBytes(random, text) : text;
}

function splice(random: Random, pieces: string[], other: readonly string[]): void {
  const from = random.below(other.length + 1);
  const middle = other.slice(from, from + 1 + random.below(40));
  pieces.splice(random.below(pieces.length + 1), random.once(2) ? 0 : middle.length, ...middle);
}

// ---- changes that keep the syntax ---------------------------------------------------------------------------

function vary(random: Random, pieces: string[], pool: Pool): void {
  switch (random.below(6)) {
    case 0:
      return replaceRange(random, pieces, expressionsOf(pieces), random.pick(pool.expressions, []));
    case 1:
      return replaceRange(random, pieces, statementsOf(pieces), random.pick(pool.statements, []));
    case 2: {
      const [from] = random.pick(statementsOf(pieces), [pieces.length, pieces.length]);
      pieces.splice(from, 0, " ", ...adopted(random, pieces, random.pick(pool.statements, [])), ";");
      return;
    }
    case 3: {
      const [from, to] = random.pick(statementsOf(pieces), [0, 0]);
      pieces.splice(from, to - from);
      return;
    }
    default:
      return replaceToken(random, pieces, pool);
  }
}

function replaceRange(random: Random, pieces: string[], ranges: readonly Range[], by: readonly string[]): void {
  const [from, to] = random.pick(ranges, [0, 0]);
  if (to > from) pieces.splice(from, to - from, ...adopted(random, pieces, by));
}

/** Pieces of another script with the variables and maps of this one, mostly. */
function adopted(random: Random, pieces: readonly string[], foreign: readonly string[]): readonly string[] {
  const names = { variable: pieces.filter((p) => classOf(p) === "variable"), map: pieces.filter((p) => classOf(p) === "map") };
  return foreign.map((piece) => {
    const kind = classOf(piece);
    if (kind !== "variable" && kind !== "map") return piece;
    return random.once(4) ? piece : random.pick(names[kind], piece);
  });
}

function replaceToken(random: Random, pieces: string[], pool: Pool): void {
  for (let tries = 0; tries < 10; tries++) {
    const at = random.below(pieces.length);
    const piece = pieces[at] ?? "";
    const kind = classOf(piece);
    if (kind === "other") continue;
    const own = kind === "variable" || kind === "map";
    const names = own ? pieces.filter((p) => classOf(p) === kind) : (pool.byClass.get(kind) ?? []);
    pieces[at] = kind === "number" && random.once(2) ? random.pick(numbers, "0") : random.pick(names, piece);
    return;
  }
}

const numbers: readonly string[] = (
  "0 1 2 7 8 31 32 63 64 65 100 127 128 255 256 1000 4096 65535 65536 1000000 0x7fffffff 0xffffffff 0x100000000 " +
  "0x7fffffffffffffff 0xffffffffffffffff"
).split(" ");

// ---- changes that break it ------------------------------------------------------------------------------------

function breakUp(random: Random, pieces: string[], words: readonly string[]): void {
  const at = random.below(pieces.length);
  const other = random.below(pieces.length);
  const here = pieces[at] ?? "";
  const there = pieces[other] ?? "";
  switch (random.below(6)) {
    case 0:
      pieces.splice(at, 1 + random.below(3));
      return;
    case 1:
      pieces.splice(other, 0, here);
      return;
    case 2:
      pieces[at] = there;
      pieces[other] = here;
      return;
    case 3:
      pieces.splice(at, 0, random.pick(words, ""));
      return;
    case 4:
      pieces.splice(at, 0, ...pieces.slice(other, other + 1 + random.below(12)));
      return;
    default:
      pieces[at] = random.pick(words, "");
  }
}

function flipBytes(random: Random, text: string): string {
  let result = text;
  for (let n = random.below(3); n >= 0; n--) {
    const at = random.below(result.length + 1);
    const byte = String.fromCharCode(random.below(256));
    result = result.slice(0, at) + byte + result.slice(at + random.below(2));
  }
  return result;
}
