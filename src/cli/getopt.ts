// Splitting a command line as getopt_long(3) does: options anywhere, short ones combined, long ones abbreviated.

import { type OptionDef, takesArgument } from "./option-table.ts";

/** An option as it was given. */
export interface FoundOption {
  readonly key: string;
  /** Its argument; empty for options without one. */
  readonly value: string;
}

export interface SplitCommandLine {
  /** In the order of the line, up to what is wrong. */
  readonly options: readonly FoundOption[];
  readonly operands: readonly string[];
  /** What is wrong with the option behind the last of `options`. */
  readonly problem: string | undefined;
}

/** Reads an option that may have an argument or not: how much of what follows the letter, or of the next word, is its argument. */
export type OptionalArgument = (key: string, attached: string, next: string | undefined) => OptionalArgumentResult | undefined;

export interface OptionalArgumentResult {
  readonly values: readonly string[];
  readonly usesNext: boolean;
}

interface Step {
  readonly found: readonly FoundOption[];
  /** Words used beyond the first. */
  readonly used: number;
}

/** Splits the words behind the program's name. `optional` handles the options whose argument may be missing. */
export function splitCommandLine(
  words: readonly string[],
  table: readonly OptionDef[],
  optional: OptionalArgument,
): SplitCommandLine {
  const options: FoundOption[] = [];
  const operands: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (word === "--") {
      operands.push(...words.slice(i + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      operands.push(word);
      continue;
    }
    const next = words[i + 1];
    const step = word.startsWith("--") ? longOption(word.slice(2), next, table) : shortOptions(word.slice(1), next, table, optional);
    if (typeof step === "string") return { options, operands, problem: step };
    options.push(...step.found);
    i += step.used;
  }
  return { options, operands, problem: undefined };
}

function longOption(text: string, next: string | undefined, table: readonly OptionDef[]): Step | string {
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  const value = equals < 0 ? undefined : text.slice(equals + 1);
  const exact = table.filter((definition) => definition.long === name);
  const matches = exact.length > 0 ? exact : table.filter((definition) => name !== "" && definition.long?.startsWith(name));
  const [match] = matches;
  if (match === undefined) return `unrecognized option '--${name}'`;
  if (matches.length > 1) {
    return `option '--${name}' is ambiguous; possibilities: ${matches.map((m) => `'--${m.long ?? ""}'`).join(" ")}`;
  }
  if (!takesArgument(match)) {
    return value === undefined ? { found: [{ key: match.key, value: "" }], used: 0 } : `option '--${match.long ?? ""}' doesn't allow an argument`;
  }
  if (value !== undefined) return { found: [{ key: match.key, value }], used: 0 };
  if (next === undefined) return `option '--${match.long ?? ""}' requires an argument`;
  return { found: [{ key: match.key, value: next }], used: 1 };
}

function shortOptions(text: string, next: string | undefined, table: readonly OptionDef[], optional: OptionalArgument): Step | string {
  const found: FoundOption[] = [];
  for (let i = 0; i < text.length; i++) {
    const letter = text.charAt(i);
    const rest = text.slice(i + 1);
    const definition = table.find((d) => d.short === letter);
    if (definition === undefined) return `invalid option -- '${letter}'`;
    const { key } = definition;
    const own = optional(key, rest, next);
    if (own !== undefined) {
      return { found: [...found, ...own.values.map((value) => ({ key, value }))], used: own.usesNext ? 1 : 0 };
    }
    if (!takesArgument(definition)) {
      found.push({ key, value: "" });
      continue;
    }
    if (rest !== "") return { found: [...found, { key, value: rest }], used: 0 };
    if (next === undefined) return `option requires an argument -- '${letter}'`;
    return { found: [...found, { key, value: next }], used: 1 };
  }
  return { found, used: 0 };
}
