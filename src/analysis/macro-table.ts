// The macros of a program: what is wrong with their definitions, and which definition a call means.

import type { DiagnosticPart, Diagnostics } from "../source/diagnostic.ts";
import type { Expression, Item, MacroDefinition, MacroParameter } from "../syntax/ast.ts";
import { isBuiltinWord } from "../syntax/builtin-words.ts";

/** Definitions by name, in the order of the program. */
export type MacroTable = ReadonlyMap<string, readonly MacroDefinition[]>;

/** Collects the macros and reports definitions that can't be. */
export function collectMacros(items: readonly Item[], diagnostics: Diagnostics): MacroTable {
  const table = new Map<string, MacroDefinition[]>();
  for (const item of items) {
    if (item.kind !== "macro") continue;
    checkParameters(item, diagnostics);
    if (isBuiltinWord(item.name)) {
      diagnostics.warn("macro-name", item.nameSpan, `Macro ${item.name} is never used: '${item.name}' is a builtin word`);
    }
    const known = table.get(item.name) ?? [];
    const twin = known.find((other) => signature(other) === signature(item));
    if (twin !== undefined) {
      diagnostics.error("macro-redefined", item.nameSpan, `Redefinition of macro: ${item.name}`, {
        parts: [{ span: twin.nameSpan, message: "The first definition with these parameters." }],
      });
    }
    table.set(item.name, [...known, item]);
  }
  return table;
}

function signature(macro: MacroDefinition): string {
  return macro.parameters.map((parameter) => parameter.kind).join();
}

function checkParameters(macro: MacroDefinition, diagnostics: Diagnostics): void {
  const names = new Set<string>();
  for (const { kind, name, span } of macro.parameters) {
    if (kind === "expression" && isBuiltinWord(name)) {
      diagnostics.error("macro-parameter", span, `builtin '${name}' can't be the name of a macro parameter`);
    }
    if (names.has(name)) diagnostics.error("macro-parameter", span, `Macro ${macro.name} has a parameter ${name} already`);
    names.add(name);
  }
}

/** The definition that fits best: the one with the most parameters that take just this kind of argument. */
export function chooseMacro(definitions: readonly MacroDefinition[], args: readonly Expression[]): MacroDefinition | undefined {
  let best: MacroDefinition | undefined;
  for (const macro of definitions) {
    const fits = macro.parameters.length === args.length && firstMismatch(macro, args) === undefined;
    if (fits && (best === undefined || exactness(macro) > exactness(best))) best = macro;
  }
  return best;
}

function exactness(macro: MacroDefinition): number {
  return macro.parameters.filter((parameter) => parameter.kind !== "expression").length;
}

interface Mismatch {
  readonly parameter: MacroParameter;
  readonly argument: Expression;
}

function firstMismatch(macro: MacroDefinition, args: readonly Expression[]): Mismatch | undefined {
  for (const [i, parameter] of macro.parameters.entries()) {
    const argument = args[i];
    if (argument !== undefined && !accepts(parameter, argument)) return { parameter, argument };
  }
  return undefined;
}

function accepts(parameter: MacroParameter, argument: Expression): boolean {
  switch (parameter.kind) {
    case "expression":
      return true;
    case "variable":
      return argument.kind === "variable";
    case "map":
      return argument.kind === "map" && argument.keys === undefined;
  }
}

/** Definitions that one message lists at most. */
const listed = 4;

/** Why each definition does not fit the arguments. */
export function mismatchParts(definitions: readonly MacroDefinition[], args: readonly Expression[]): readonly DiagnosticPart[] {
  return definitions.slice(0, listed).flatMap((macro): readonly DiagnosticPart[] => {
    const wanted = macro.parameters.length;
    if (wanted !== args.length) {
      return [{ span: macro.nameSpan, message: `This definition takes ${some(wanted)}, found ${args.length}.` }];
    }
    const mismatch = firstMismatch(macro, args);
    if (mismatch === undefined) return [];
    const { parameter, argument } = mismatch;
    return [
      { span: argument.span, message: `Expected ${words[parameter.kind]}, found ${describe(argument)}.` },
      { span: parameter.span, message: "The parameter is defined here." },
    ];
  });
}

const words: Readonly<Record<MacroParameter["kind"], string>> = {
  expression: "an expression",
  variable: "a variable",
  map: "a map without keys",
};

function describe(argument: Expression): string {
  if (argument.kind === "variable") return words.variable;
  if (argument.kind === "map") return argument.keys === undefined ? words.map : "an element of a map";
  return words.expression;
}

function some(count: number): string {
  return count === 0 ? "no arguments" : count === 1 ? "1 argument" : `${count} arguments`;
}
