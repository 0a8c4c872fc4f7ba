// C macros: their definition, and the substitution of arguments with `#` and `##` (C11 6.10.3). Pure.

import { type CSource, type CToken, makeSource, spell, tokenAt, tokenize } from "./c-token.ts";

export interface Macro {
  readonly name: string;
  /** Undefined for an object-like macro. */
  readonly parameters: readonly string[] | undefined;
  /** The last parameter takes the rest of the arguments. */
  readonly variadic: boolean;
  readonly body: readonly CToken[];
  /** The name in its definition. */
  readonly definedAt: CToken;
}

/** What a `#define` line (after the word `define`) says, or what is wrong with it. */
export function parseMacroDefinition(line: readonly CToken[]): Macro | { readonly problem: string } {
  const name = line[0];
  if (name === undefined || name.kind !== "identifier") return { problem: "macro name expected" };
  if (name.text === "defined") return { problem: "'defined' cannot be a macro name" };
  const open = line[1];
  if (open === undefined || open.text !== "(" || open.space) {
    return { name: name.text, parameters: undefined, variadic: false, body: line.slice(1), definedAt: name };
  }
  const parameters: string[] = [];
  let variadic = false;
  let at = 2;
  for (; at < line.length && line[at]?.text !== ")"; at++) {
    const word = line[at];
    if (word === undefined || word.text === ",") continue;
    if (word.text === "...") {
      variadic = true;
      if (line[at - 1]?.kind !== "identifier") parameters.push("__VA_ARGS__");
    } else if (word.kind === "identifier") parameters.push(word.text);
    else return { problem: `'${word.text}' in the parameters of macro '${name.text}'` };
  }
  if (line[at]?.text !== ")") return { problem: `missing ')' in the parameters of macro '${name.text}'` };
  return { name: name.text, parameters, variadic, body: line.slice(at + 1), definedAt: name };
}

/** One argument of a call: as written, and fully expanded (made on demand). */
export interface MacroArgument {
  readonly raw: readonly CToken[];
  expanded(): readonly CToken[];
}

/** The replacement of a macro call, at the place of the call; not yet rescanned. */
export function substitute(macro: Macro, args: readonly MacroArgument[], call: CToken): readonly CToken[] {
  const out: CToken[] = [];
  const { body } = macro;
  for (let i = 0; i < body.length; i++) {
    const token = body[i];
    if (token === undefined) continue;
    const next = body[i + 1];
    if (token.text === "#" && macro.parameters !== undefined && next !== undefined) {
      const argument = argumentOf(macro, args, next);
      if (argument !== undefined) {
        out.push(stringify(argument.raw, call));
        i++;
        continue;
      }
    }
    if (token.text === "##" && token.kind === "punctuator" && next !== undefined && i > 0) {
      i++;
      pasteNext(macro, { args, call, left: body[i - 2] }, next, out);
      continue;
    }
    if (token.text === "__VA_OPT__" && macro.variadic) {
      const close = closing(body, i + 1);
      const rest = args[args.length - 1]?.expanded() ?? [];
      if (rest.length > 0) {
        out.push(...substitute({ ...macro, body: body.slice(i + 2, close) }, args, call));
      }
      i = close;
      continue;
    }
    const argument = argumentOf(macro, args, token);
    if (argument === undefined) out.push(placed(token, call));
    else {
      // An operand of ## is not expanded first; an empty one leaves a mark to paste onto.
      const list = next?.text === "##" ? argument.raw : argument.expanded();
      if (next?.text === "##" && list.length === 0) out.push(placemarker(call));
      for (let k = 0; k < list.length; k++) {
        const item = list[k];
        if (item !== undefined) out.push(placed(k === 0 ? { ...item, space: token.space } : item, call));
      }
    }
  }
  return out.filter((token) => token.text !== "");
}

function argumentOf(macro: Macro, args: readonly MacroArgument[], token: CToken): MacroArgument | undefined {
  if (token.kind !== "identifier" || macro.parameters === undefined) return undefined;
  const index = macro.parameters.indexOf(token.text);
  return index < 0 ? undefined : args[index];
}

interface PasteSite {
  readonly args: readonly MacroArgument[];
  readonly call: CToken;
  /** The token of the body before the `##`. */
  readonly left: CToken | undefined;
}

function pasteNext(macro: Macro, site: PasteSite, right: CToken, out: CToken[]): void {
  const argument = argumentOf(macro, site.args, right);
  const isRest = macro.variadic && right.text === macro.parameters?.[macro.parameters.length - 1];
  if (isRest && argument !== undefined && site.left?.text === ",") {
    // GNU: `, ## rest` drops the comma when there is nothing, else both stand side by side.
    if (argument.raw.length === 0) out.pop();
    else out.push(...argument.expanded().map((token) => placed(token, site.call)));
    return;
  }
  const list = argument === undefined ? [right] : argument.raw;
  const first = list[0];
  const left = out.pop();
  if (left === undefined || first === undefined) {
    if (left !== undefined) out.push(left);
    else out.push(placemarker(site.call));
    return;
  }
  out.push(...paste(left, first, site.call));
  for (const token of list.slice(1)) out.push(placed(token, site.call));
}

function paste(left: CToken, right: CToken, call: CToken): readonly CToken[] {
  const text = left.text + right.text;
  if (text === "") return [placemarker(call)];
  const tokens = tokenize(makeSource("", text, "built-in", undefined));
  const only = tokens[0];
  if (tokens.length === 1 && only !== undefined) return [{ ...placed(only, call), space: left.space }];
  return [left, placed(right, call)];
}

function placemarker(call: CToken): CToken {
  return { ...tokenAt(call, "other", ""), space: false };
}

function placed(token: CToken, call: CToken): CToken {
  return { ...token, source: call.source, offset: call.offset, lineStart: false };
}

function stringify(tokens: readonly CToken[], call: CToken): CToken {
  const inner = tokens.map((token) =>
    token.kind === "string" || token.kind === "character"
      ? { ...token, text: token.text.replace(/["\\]/g, "\\$&") }
      : token,
  );
  return tokenAt(call, "string", `"${spell(inner).trim()}"`);
}

/** Index of the `)` that closes the `(` at `open`. */
function closing(tokens: readonly CToken[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    const text = tokens[i]?.text;
    if (text === "(") depth++;
    else if (text === ")" && --depth === 0) return i;
  }
  return tokens.length;
}

/** The same replacement: such a redefinition is allowed. */
export function sameMacro(a: Macro, b: Macro): boolean {
  return a.variadic === b.variadic && a.parameters?.join() === b.parameters?.join() && spell(a.body) === spell(b.body);
}

/** A macro made of text, for --include like definitions and predefined names. */
export function definitionSource(name: string, text: string): CSource {
  return makeSource(name, text, "built-in", undefined);
}
