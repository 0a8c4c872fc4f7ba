// The object-like macros of the C definitions as the language sees them: names with expanded text. Pure.

import type { Span } from "../source/source.ts";
import type { CReports } from "./c-reports.ts";
import { type CToken, spell } from "./c-token.ts";
import { characterValue } from "./literals.ts";
import type { Macro } from "./macro.ts";
import { expandList, newExpansionState } from "./macro-expander.ts";

export type MacroExpansion =
  | { readonly kind: "text"; readonly text: string }
  /** The macro leads to itself: the names on the way, first and last the same. */
  | { readonly kind: "recursive"; readonly chain: readonly string[] }
  | { readonly kind: "too-large" };

export interface CMacro {
  readonly name: string;
  /** Its name in the script, or the `#include` that brought it; undefined when it came by --include. */
  readonly place: Span | undefined;
  /**
   * The fully expanded replacement. Character constants are written as integers and adjacent strings as one, as the
   * language has neither. Made on first use: headers define thousands.
   */
  expansion(): MacroExpansion;
}

export interface VisibleMacros {
  readonly macros: Map<string, CMacro>;
  /** Function-like macros: not usable in the language. */
  readonly functionMacros: Map<string, Span | undefined>;
}

const expansionLimit = 20_000;

/** Macros that texts define; predefined ones are not visible, nor are those without replacement. */
export function visibleMacros(
  table: ReadonlyMap<string, Macro>,
  reports: CReports,
  isEnumerator: (name: string) => boolean,
): VisibleMacros {
  const macros = new Map<string, CMacro>();
  const functionMacros = new Map<string, Span | undefined>();
  for (const [name, macro] of table) {
    if (macro.definedAt.source.origin === "built-in") continue;
    const place = reports.placeOf(macro.definedAt);
    if (macro.parameters !== undefined) functionMacros.set(name, place);
    else if (macro.body.length > 0) {
      let made: MacroExpansion | undefined;
      const expansion = (): MacroExpansion => {
        made ??= expand(macro, table, isEnumerator);
        return made;
      };
      macros.set(name, { name, place, expansion });
    }
  }
  return { macros, functionMacros };
}

function expand(
  macro: Macro,
  table: ReadonlyMap<string, Macro>,
  isEnumerator: (name: string) => boolean,
): MacroExpansion {
  const state = newExpansionState(table, undefined);
  state.budget = expansionLimit;
  state.disabled.add(macro.name);
  const tokens = expandList(macro.body, state);
  if (state.budget < 0) return { kind: "too-large" };
  // A name that its own expansion gives again stays as it is; an enumerator of the same name is what is meant.
  const again = tokens.find((token) => token.painted && !isEnumerator(token.text));
  if (again !== undefined) return { kind: "recursive", chain: cycleFrom(macro.name, table) };
  return { kind: "text", text: spell(joinStrings(tokens.map(plain))) };
}

function plain(token: CToken): CToken {
  if (token.kind !== "character") return token;
  return { ...token, kind: "number", text: characterValue(token.text).toString() };
}

function joinStrings(tokens: readonly CToken[]): readonly CToken[] {
  const out: CToken[] = [];
  for (const token of tokens) {
    const previous = out.at(-1);
    if (token.kind === "string" && previous?.kind === "string" && token.text.startsWith('"')) {
      out[out.length - 1] = { ...previous, text: previous.text.slice(0, -1) + token.text.slice(1) };
    } else out.push(token);
  }
  return out;
}

/** Names from a macro along replacement lists until one stands there twice. */
function cycleFrom(name: string, table: ReadonlyMap<string, Macro>): readonly string[] {
  const done = new Set<string>();
  const open: { readonly name: string; at: number }[] = [{ name, at: 0 }];
  for (let step = open.at(-1); step !== undefined; step = open.at(-1)) {
    const body = table.get(step.name)?.body ?? [];
    const token = body[step.at++];
    if (token === undefined) {
      done.add(step.name);
      open.pop();
      continue;
    }
    const next = token.text;
    const index = open.findIndex((other) => other.name === next);
    if (index >= 0) return [...open.slice(index).map((other) => other.name), next];
    if (token.kind === "identifier" && table.has(next) && !done.has(next)) open.push({ name: next, at: 0 });
  }
  return [name, name];
}
