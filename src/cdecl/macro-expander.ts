// Expansion of macros in a stream of tokens (C11 6.10.3). Needs a stream of raw tokens and the table of macros.

import type { CReports } from "./c-reports.ts";
import { type CToken, lineOf, tokenAt } from "./c-token.ts";
import { type Macro, type MacroArgument, substitute } from "./macro.ts";

export interface RawTokens {
  next(): CToken | undefined;
}

/** What all expansions of one run share. */
export interface ExpansionState {
  readonly macros: ReadonlyMap<string, Macro>;
  /** Names being expanded now. */
  readonly disabled: Set<string>;
  readonly reports: CReports | undefined;
  /** Tokens that macros may still give: stops exponential growth. */
  budget: number;
  /** The same for the outermost call being expanded. */
  callBudget: number;
  /** Nesting of calls inside arguments. */
  depth: number;
  counter: number;
}

const maximumExpansion = 4_000_000;
const maximumCallExpansion = 300_000;
const maximumDepth = 200;

export function newExpansionState(macros: ReadonlyMap<string, Macro>, reports: CReports | undefined): ExpansionState {
  return { macros, disabled: new Set(), reports, budget: maximumExpansion, callBudget: 0, depth: 0, counter: 0 };
}

/** Raw tokens from a list. */
export function listTokens(tokens: readonly CToken[]): RawTokens {
  let at = 0;
  return { next: () => tokens[at++] };
}

/** All tokens of a list, expanded. */
export function expandList(tokens: readonly CToken[], state: ExpansionState): readonly CToken[] {
  const expander = new MacroExpander(listTokens(tokens), state);
  const out: CToken[] = [];
  for (let token = expander.next(); token !== undefined; token = expander.next()) out.push(token);
  return out;
}

/** The tokens of an `#if` line, expanded, but for the operands of `defined`. */
export function expandCondition(tokens: readonly CToken[], state: ExpansionState): readonly CToken[] {
  const expander = new MacroExpander(listTokens(tokens), state);
  const out: CToken[] = [];
  for (let token = expander.next(); token !== undefined; token = expander.next()) {
    out.push(token);
    if (token.kind !== "identifier" || token.text !== "defined") continue;
    const operand = expander.nextUnexpanded();
    if (operand === undefined) break;
    out.push(operand);
    const name = operand.text === "(" ? expander.nextUnexpanded() : undefined;
    if (name !== undefined) out.push(name);
  }
  return out;
}

interface Level {
  readonly tokens: readonly CToken[];
  at: number;
  readonly macro: Macro;
}

/** Gives the expanded tokens of a stream, one by one. */
export class MacroExpander {
  private readonly raw: RawTokens;
  private readonly state: ExpansionState;
  private readonly levels: Level[] = [];
  private pushedBack: CToken | undefined;

  constructor(raw: RawTokens, state: ExpansionState) {
    this.raw = raw;
    this.state = state;
  }

  next(): CToken | undefined {
    for (let token = this.take(); token !== undefined; token = this.take()) {
      if (token.kind !== "identifier" || token.painted) return token;
      const macro = this.state.macros.get(token.text);
      if (macro === undefined) {
        const dynamic = dynamicMacro(token, this.state);
        return dynamic ?? token;
      }
      if (this.state.disabled.has(macro.name)) return { ...token, painted: true };
      if (macro.parameters !== undefined && !this.takeOpening()) return token;
      if (!this.enter(macro, token)) return undefined;
    }
    return undefined;
  }

  nextUnexpanded(): CToken | undefined {
    return this.take();
  }

  /** Replaces a call by its replacement list; false when the growth limit is reached. */
  private enter(macro: Macro, call: CToken): boolean {
    if (this.levels.length === 0 && this.state.depth === 0) this.state.callBudget = maximumCallExpansion;
    const args = macro.parameters === undefined ? [] : this.takeArguments(macro, call);
    if (args === undefined) return true;
    const tokens = substitute(macro, args, call);
    this.state.budget -= tokens.length + 1;
    this.state.callBudget -= tokens.length + 1;
    if (this.state.budget < 0 || this.state.callBudget < 0) {
      this.state.reports?.error("c-macro", call, `expansion of macro '${macro.name}' is too large`);
      this.leaveAll();
      return false;
    }
    this.levels.push({ tokens: tokens.map((t, i) => (i === 0 ? { ...t, space: call.space } : t)), at: 0, macro });
    this.state.disabled.add(macro.name);
    return true;
  }

  private take(): CToken | undefined {
    for (let level = this.levels.at(-1); level !== undefined; level = this.levels.at(-1)) {
      const token = level.tokens[level.at];
      if (token !== undefined) {
        level.at++;
        return token;
      }
      this.leave();
    }
    const token = this.pushedBack ?? this.raw.next();
    this.pushedBack = undefined;
    return token;
  }

  private leave(): void {
    const level = this.levels.pop();
    if (level !== undefined) this.state.disabled.delete(level.macro.name);
  }

  private leaveAll(): void {
    while (this.levels.length > 0) this.leave();
  }

  /** Takes a `(` if it is next. */
  private takeOpening(): boolean {
    for (let level = this.levels.at(-1); level !== undefined; level = this.levels.at(-1)) {
      const token = level.tokens[level.at];
      if (token !== undefined) {
        if (token.text === "(") level.at++;
        return token.text === "(";
      }
      this.leave();
    }
    const token = this.pushedBack ?? this.raw.next();
    this.pushedBack = token?.text === "(" ? undefined : token;
    return token?.text === "(";
  }

  private takeArguments(macro: Macro, call: CToken): readonly MacroArgument[] | undefined {
    const parameters = macro.parameters ?? [];
    const lists: CToken[][] = [[]];
    for (let depth = 1; ; ) {
      const token = this.take();
      if (token === undefined) {
        this.state.reports?.error("c-macro", call, `unterminated argument list of macro '${macro.name}'`);
        return undefined;
      }
      if (token.kind === "punctuator") {
        if (token.text === "(") depth++;
        else if (token.text === ")" && --depth === 0) break;
        const takesRest = macro.variadic && lists.length >= parameters.length;
        if (token.text === "," && depth === 1 && !takesRest) {
          lists.push([]);
          continue;
        }
      }
      const hidden = token.kind === "identifier" && this.state.disabled.has(token.text);
      lists.at(-1)?.push(hidden ? { ...token, painted: true } : token);
    }
    if (macro.variadic && lists.length === parameters.length - 1) lists.push([]);
    if (lists.length !== parameters.length && !(parameters.length === 0 && lists[0]?.length === 0)) {
      const given = `${lists.length} given, ${parameters.length} expected`;
      this.state.reports?.error("c-macro", call, `wrong number of arguments of macro '${macro.name}': ${given}`);
      return undefined;
    }
    return lists.map((raw) => this.argument(raw, call));
  }

  private argument(raw: readonly CToken[], call: CToken): MacroArgument {
    const { state } = this;
    let made: readonly CToken[] | undefined;
    const expanded = (): readonly CToken[] => {
      if (made !== undefined) return made;
      if (state.depth >= maximumDepth) {
        state.reports?.error("c-macro", call, "macro calls are nested too deeply");
        made = raw;
        return raw;
      }
      state.depth++;
      made = expandList(raw, state);
      state.depth--;
      return made;
    };
    return { raw, expanded };
  }
}

/** Names whose value depends on the place. Dates are fixed: a program depends on its text only. */
function dynamicMacro(token: CToken, state: ExpansionState): CToken | undefined {
  switch (token.text) {
    case "__LINE__":
      return tokenAt(token, "number", String(lineOf(token)));
    case "__FILE__":
    case "__BASE_FILE__":
      return tokenAt(token, "string", JSON.stringify(token.source.path));
    case "__COUNTER__":
      return tokenAt(token, "number", String(state.counter++));
    case "__INCLUDE_LEVEL__":
      return tokenAt(token, "number", token.source.origin === "script" ? "0" : "1");
    case "__DATE__":
      return tokenAt(token, "string", '"Jan  1 1970"');
    case "__TIME__":
      return tokenAt(token, "string", '"00:00:00"');
    default:
      return undefined;
  }
}
