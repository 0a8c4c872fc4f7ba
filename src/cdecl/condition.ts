// The expression of `#if` (C11 6.10.1): `defined`, `__has_include` and their like, then a constant expression. Pure.

import { type CToken, endToken, tokenAt } from "./c-token.ts";
import { parseConditionExpression } from "./expression.ts";
import { knownAttributes, knownBuiltins } from "./predefined-macros.ts";
import { TokenCursor } from "./token-cursor.ts";

/** A header being looked for. */
export interface HeaderName {
  readonly name: string;
  readonly quoted: boolean;
}

/** What a condition asks the preprocessor. */
export interface ConditionScope {
  isDefined(macro: string): boolean;
  hasHeader(header: HeaderName, next: boolean): boolean;
  headerNameOf(tokens: readonly CToken[]): HeaderName | undefined;
  expand(tokens: readonly CToken[]): readonly CToken[];
}

export type ConditionValue = boolean | { readonly problem: string; readonly at: CToken };

/** Truth of the tokens after `#if`; `directive` is the place to blame for an empty line. */
export function conditionValue(line: readonly CToken[], directive: CToken, scope: ConditionScope): ConditionValue {
  // A macro may give `defined` (gcc allows it), hence the second round.
  const tokens = resolveOperators(scope.expand(resolveOperators(line, scope)), scope);
  if (tokens.length === 0) return { problem: "expression expected", at: directive };
  let failure: { problem: string; at: CToken } | undefined;
  const last = tokens.at(-1) ?? directive;
  const cursor = new TokenCursor(tokens, endToken(last.source), (at, problem) => {
    failure ??= { problem, at: at.kind === "end" ? last : at };
  });
  const value = parseConditionExpression(cursor);
  if (!cursor.atEnd()) cursor.fail(`unexpected '${cursor.peek().text}'`);
  if (failure !== undefined) return failure;
  if (value === undefined) return { problem: "not an integer constant expression", at: tokens[0] ?? directive };
  return value !== 0n;
}

function resolveOperators(line: readonly CToken[], scope: ConditionScope): readonly CToken[] {
  const out: CToken[] = [];
  for (let i = 0; i < line.length; i++) {
    const token = line[i];
    if (token === undefined) continue;
    const end = token.kind === "identifier" ? operatorEnd(line, i) : undefined;
    const value = end === undefined ? undefined : operatorValue(token.text, line.slice(i + 1, end), scope);
    if (end === undefined || value === undefined) {
      out.push(token);
      continue;
    }
    out.push(tokenAt(token, "number", value ? "1" : "0"));
    i = end - 1;
  }
  return out;
}

/** Index after the operand of the operator at `at`. */
function operatorEnd(line: readonly CToken[], at: number): number | undefined {
  const name = line[at]?.text;
  const next = line[at + 1];
  if (name === "defined" && next?.kind === "identifier") return at + 2;
  if ((name !== "defined" && name?.startsWith("__has_") !== true) || next?.text !== "(") return undefined;
  let depth = 0;
  for (let i = at + 1; i < line.length; i++) {
    if (line[i]?.text === "(") depth++;
    else if (line[i]?.text === ")" && --depth === 0) return i + 1;
  }
  return undefined;
}

function operatorValue(name: string, operand: readonly CToken[], scope: ConditionScope): boolean | undefined {
  const inner = operand[0]?.text === "(" ? operand.slice(1, -1) : operand;
  const word = inner[0]?.text ?? "";
  switch (name) {
    case "defined":
      return scope.isDefined(word);
    case "__has_include":
    case "__has_include_next": {
      const header = scope.headerNameOf(inner);
      return header !== undefined && scope.hasHeader(header, name === "__has_include_next");
    }
    case "__has_attribute":
      return knownAttributes.has(word.replace(/^__(.*)__$/, "$1"));
    case "__has_builtin":
      return knownBuiltins.has(word);
    case "__has_c_attribute":
    case "__has_cpp_attribute":
    case "__has_feature":
    case "__has_extension":
      return false;
    default:
      return undefined;
  }
}
