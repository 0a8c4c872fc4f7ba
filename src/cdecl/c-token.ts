// Preprocessing tokens of C and the sources they come from: line splicing, comments, and the scanner. Pure.

import { SourceFile } from "../source/source.ts";

export type CTokenKind = "identifier" | "number" | "character" | "string" | "punctuator" | "pragma" | "other" | "end";

export interface CToken {
  readonly kind: CTokenKind;
  readonly text: string;
  /** Where it stands; for a token that a macro gave, where the outermost macro call stands. */
  readonly source: CSource;
  /** Offset in the spliced text of the source. */
  readonly offset: number;
  /** First token of its line: a `#` here begins a directive. */
  readonly lineStart: boolean;
  /** White space stands before it. */
  readonly space: boolean;
  /** The name of a macro that must not be expanded any more (C11 6.10.3.4). */
  readonly painted: boolean;
}

/** One text given to the preprocessor. */
export interface CSource {
  readonly path: string;
  /** "constants": definitions that stand in for headers. */
  readonly origin: "script" | "header" | "built-in" | "constants";
  /** The text as it was read. */
  readonly file: SourceFile;
  /** The text without backslash-newline pairs. */
  readonly text: string;
  /** For each pair removed: the offset in `text` and the bytes removed up to there. */
  readonly splices: readonly { readonly at: number; readonly removed: number }[];
  /** The `#include` that first read it; undefined for the script, built-in text and --include files. */
  readonly includedFrom: CToken | undefined;
}

export function makeSource(
  path: string,
  text: string,
  origin: CSource["origin"],
  includedFrom: CToken | undefined,
): CSource {
  const file = new SourceFile(path, text);
  if (!text.includes("\\")) return { path, origin, file, text, splices: [], includedFrom };
  const splices: { at: number; removed: number }[] = [];
  let spliced = "";
  let from = 0;
  let removed = 0;
  for (const match of text.matchAll(/\\[ \t]*\r?\n/g)) {
    spliced += text.slice(from, match.index);
    from = match.index + match[0].length;
    removed += match[0].length;
    splices.push({ at: spliced.length, removed });
  }
  return { path, origin, file, text: spliced + text.slice(from), splices, includedFrom };
}

/** The offset in the unspliced text. */
export function originalOffset(source: CSource, offset: number): number {
  const { splices } = source;
  let low = 0;
  let high = splices.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((splices[middle]?.at ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return offset + (splices[low - 1]?.removed ?? 0);
}

/** Line of the token in its file, from 1. */
export function lineOf(token: CToken): number {
  return token.source.file.position(originalOffset(token.source, token.offset)).line;
}

export function endToken(source: CSource): CToken {
  return token("end", "", source, source.text.length, { lineStart: true, space: true });
}

/** A token with other text at the same place. */
export function tokenAt(place: CToken, kind: CTokenKind, text: string): CToken {
  return token(kind, text, place.source, place.offset, { lineStart: false, space: place.space });
}

function token(
  kind: CTokenKind,
  text: string,
  source: CSource,
  offset: number,
  layout: { readonly lineStart: boolean; readonly space: boolean },
): CToken {
  return { kind, text, source, offset, lineStart: layout.lineStart, space: layout.space, painted: false };
}

const identifierPattern = /[A-Za-z_$\x80-\xff][\w$\x80-\xff]*/y;
const numberPattern = /\.?\d(?:[eEpP][+-]|'?[\w.])*/y;
const punctuatorPattern =
  /\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|##|[-+*/%&|^=<>!~?:;,.(){}[\]#]/y;
const prefixPattern = /^(?:u8|u|U|L)$/;

/** The preprocessing tokens of a source. Never fails: what is no token becomes kind "other". */
export function tokenize(source: CSource): readonly CToken[] {
  const { text } = source;
  const tokens: CToken[] = [];
  let at = 0;
  let lineStart = true;
  let space = false;
  const put = (kind: CTokenKind, end: number): void => {
    tokens.push(token(kind, text.slice(at, end), source, at, { lineStart, space }));
    at = end;
    lineStart = false;
    space = false;
  };
  while (at < text.length) {
    const char = text[at] ?? "";
    if (char === "\n") {
      at++;
      lineStart = true;
    } else if (char === " " || char === "\t" || char === "\r" || char === "\f" || char === "\v") {
      at++;
      space = true;
    } else if (char === "/" && text[at + 1] === "/") {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end;
    } else if (char === "/" && text[at + 1] === "*") {
      const end = text.indexOf("*/", at + 2);
      if (end < 0) {
        put("other", at + 2);
        break;
      }
      at = end + 2;
      space = true;
    } else if (char === '"' || char === "'") {
      putQuoted(char, at);
    } else {
      putWord(char);
    }
  }
  return tokens;

  function putWord(char: string): void {
    const identifier = matchEnd(identifierPattern, text, at);
    if (identifier >= 0) {
      const quote = text[identifier];
      const prefixed = (quote === '"' || quote === "'") && prefixPattern.test(text.slice(at, identifier));
      if (prefixed && quote !== undefined) putQuoted(quote, identifier);
      else put("identifier", identifier);
      return;
    }
    const number = matchEnd(numberPattern, text, at);
    if (number >= 0) {
      put("number", number);
      return;
    }
    const punctuator = matchEnd(punctuatorPattern, text, at);
    if (punctuator >= 0) put("punctuator", punctuator);
    else put("other", at + char.length);
  }

  function putQuoted(quote: string, open: number): void {
    const end = quotedEnd(text, open, quote);
    if (end < 0) put("other", open + 1);
    else put(quote === '"' ? "string" : "character", end);
  }
}

function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** End of a string or character constant that opens at `open`; -1 when its line ends first. */
function quotedEnd(text: string, open: number, quote: string): number {
  for (let i = open + 1; i < text.length; i++) {
    const char = text[i];
    if (char === quote) return i + 1;
    if (char === "\n") return -1;
    if (char === "\\") i++;
  }
  return -1;
}

/** The text of tokens, with a space where one stood or where two would merge. */
export function spell(tokens: readonly CToken[]): string {
  let text = "";
  let previous: CToken | undefined;
  for (const item of tokens) {
    if (previous !== undefined && (item.space || wouldMerge(previous, item))) text += " ";
    text += item.text;
    previous = item;
  }
  return text;
}

function wouldMerge(left: CToken, right: CToken): boolean {
  const word = (kind: CTokenKind): boolean => kind === "identifier" || kind === "number";
  if (word(left.kind)) return word(right.kind) || right.kind === "string" || right.kind === "character";
  if (left.kind !== "punctuator") return false;
  if (right.kind === "number") return left.text === ".";
  return right.kind === "punctuator" && matchEnd(punctuatorPattern, left.text + right.text, 0) > left.text.length;
}
