// Named parameters of the command line: `getopt` claims them; what nobody claims is an error.

import type { Literal } from "../define/literal.ts";
import type { Diagnostics } from "../source/diagnostic.ts";
import type { Expression } from "../syntax/ast.ts";
import { parseSignedInteger } from "../syntax/parse-integer.ts";
import { type Context, type OptionClaim, reportError } from "./context.ts";

/** The value of a named parameter, typed by its default; false when there is neither. */
export function claimOption(
  context: Context,
  at: Expression,
  name: string,
  defaultValue: Literal | undefined,
  description: string,
): Literal {
  const known = context.claims.get(name);
  if (known !== undefined) {
    if (!sameLiteral(known.defaultValue, defaultValue)) {
      reportError(context, "option", at.span, `Command line option '${name}' has a different default at an earlier use`);
    }
    return known.value;
  }
  const value = readOption(context, name, defaultValue);
  context.claims.set(name, { name, defaultValue, value, description });
  return value;
}

function sameLiteral(a: Literal | undefined, b: Literal | undefined): boolean {
  return a?.kind === b?.kind && a?.value === b?.value;
}

function readOption(context: Context, name: string, defaultValue: Literal | undefined): Literal {
  const fallback: Literal = defaultValue ?? { kind: "bool", value: false };
  if (!context.options.named.has(name)) return fallback;
  const text = context.options.named.get(name);
  switch (fallback.kind) {
    case "string":
      return { kind: "string", value: text ?? "" };
    case "int": {
      const number = parseSignedInteger(text ?? "");
      if ("value" in number) return { kind: "int", value: number.value };
      badValue(context, name, "integer", text);
      return fallback;
    }
    case "bool": {
      if (text === undefined) return { kind: "bool", value: true };
      const value = readBool(text);
      if (value !== undefined) return { kind: "bool", value };
      badValue(context, name, "bool", text);
      return fallback;
    }
  }
}

/** true/1/on/yes and false/0/off/no in any case. */
export function readBool(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (["true", "1", "on", "yes"].includes(word)) return true;
  return ["false", "0", "off", "no"].includes(word) ? false : undefined;
}

function badValue(context: Context, name: string, what: string, text: string | undefined): void {
  context.diagnostics.error(
    "option",
    undefined,
    `program command line option --${name}: invalid ${what} (value: ${text ?? ""})`,
  );
}

/** Reports words on the command line that no getopt asks for. */
export function reportUnclaimed(
  named: ReadonlyMap<string, string | undefined>,
  claims: ReadonlyMap<string, OptionClaim>,
  diagnostics: Diagnostics,
): void {
  const unknown = [...named.keys()].filter((name) => !claims.has(name));
  if (unknown.length === 0) return;
  if (unknown.includes("help")) {
    diagnostics.error(helpCode, undefined, helpText([...claims.values()]));
    return;
  }
  const known = [...claims.keys()].map((name) => `--${name}`);
  const hint = known.length === 0 ? "no custom program options defined." : `expected program options: ${known.join(": ")}`;
  const words = unknown.map((name) => `--${name}`).join(", ");
  diagnostics.error("option", undefined, `unexpected program command line options: ${words}`, { hint });
}

/** Code of the diagnostic that is the answer to `-- --help`: its message is the whole text. */
const helpCode = "option-help";

function helpText(claims: readonly OptionClaim[]): string {
  if (claims.length === 0) return "The program has no options of its own.";
  const left = claims.map(({ name, defaultValue }) => (defaultValue === undefined || defaultValue.kind === "bool" ? `--${name}` : `--${name}=VALUE`));
  const width = Math.max(...left.map((text) => text.length));
  const lines = claims.map(({ description, defaultValue }, i) => {
    const fallback = `(default: ${defaultValue?.value ?? false})`;
    return `    ${(left[i] ?? "").padEnd(width)}  ${description === "" ? fallback : `${description} ${fallback}`}`;
  });
  return ["PROGRAM OPTIONS:", ...lines].join("\n");
}
