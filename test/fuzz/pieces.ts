// Scripts cut into tokens, and expressions and statements collected from them, to put into other scripts.

const token = /\s+|[$@]?[A-Za-z_]\w*|\d\w*|"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|(?:<<|>>|[-+*/%&|^]|[=!<>])=|->|\+\+|--|&&|\|\||<<|>>|\.\.|[\s\S]/g;

/** The text in pieces that joined give the text again. */
export function tokens(text: string): string[] {
  return text.match(token) ?? [];
}

export type Class = "variable" | "map" | "word" | "number" | "string" | "operator" | "other";

/** Tokens of one class can stand in for each other without breaking the syntax, mostly. */
export function classOf(piece: string): Class {
  if (/^\$[A-Za-z_]/.test(piece)) return "variable";
  if (/^@/.test(piece)) return "map";
  if (/^[A-Za-z_]/.test(piece)) return "word";
  if (/^\d/.test(piece)) return "number";
  if (piece.startsWith('"')) return "string";
  return /^(?:[-+*/%&|^<>]|==|!=|<=|>=|&&|\|\||<<|>>)$/.test(piece) ? "operator" : "other";
}

/** What can be taken from scripts. */
export interface Pool {
  readonly texts: readonly string[];
  readonly expressions: readonly (readonly string[])[];
  readonly statements: readonly (readonly string[])[];
  readonly byClass: ReadonlyMap<Class, readonly string[]>;
}

export function poolOf(texts: readonly string[], words: readonly string[]): Pool {
  const expressions = new Map<string, readonly string[]>();
  const statements = new Map<string, readonly string[]>();
  const byClass = new Map<Class, Set<string>>();
  const note = (piece: string) => {
    const known = byClass.get(classOf(piece)) ?? new Set<string>();
    byClass.set(classOf(piece), known.add(piece));
  };
  for (const text of texts) {
    const pieces = tokens(text);
    for (const piece of pieces) note(piece);
    for (const [from, to] of expressionsOf(pieces)) keep(expressions, pieces.slice(from, to));
    for (const [from, to] of statementsOf(pieces)) keep(statements, pieces.slice(from, to));
  }
  for (const word of words) note(word);
  return {
    texts,
    expressions: [...expressions.values()],
    statements: [...statements.values()],
    byClass: new Map([...byClass].map(([name, all]) => [name, [...all]])),
  };
}

function keep(into: Map<string, readonly string[]>, pieces: readonly string[]): void {
  const text = pieces.join("").trim();
  if (text !== "") into.set(text, pieces);
}

export type Range = readonly [from: number, to: number];

/** Ranges between brackets and commas: arguments, keys, operands in parentheses. */
export function expressionsOf(pieces: readonly string[]): readonly Range[] {
  return rangesIn(pieces, { open: ["(", "["], close: [")", "]"], between: "," }).filter(
    ([from, to]) => !pieces.slice(from, to).some((piece) => piece === ";" || piece === "{"),
  );
}

/** Ranges between braces and semicolons, the semicolon included. */
export function statementsOf(pieces: readonly string[]): readonly Range[] {
  return rangesIn(pieces, { open: ["{"], close: ["}"], between: ";" });
}

interface Brackets {
  readonly open: readonly string[];
  readonly close: readonly string[];
  readonly between: string;
}

function rangesIn(pieces: readonly string[], brackets: Brackets): readonly Range[] {
  const ranges: Range[] = [];
  const starts: number[] = [];
  for (const [i, piece] of pieces.entries()) {
    if (brackets.open.includes(piece)) starts.push(i + 1);
    const start = starts.at(-1);
    if (start === undefined) continue;
    if (piece === brackets.between) {
      ranges.push([start, brackets.between === ";" ? i + 1 : i]);
      starts[starts.length - 1] = i + 1;
    } else if (brackets.close.includes(piece)) {
      if (i > start) ranges.push([start, i]);
      starts.pop();
    }
  }
  return ranges;
}
