// The reference page: every definition of the language with its signature, meaning and example, as Markdown. Pure.

import type { AggregationDef } from "../define/aggregation.ts";
import type { BuiltinDef } from "../define/builtin.ts";
import { capabilityProbes } from "../define/probe.ts";
import type { ProbeDef } from "../define/probe.ts";
import type { Definitions } from "../define/registry.ts";
import { configDefinitions, defaultConfig } from "./config/index.ts";

const introduction = `# Reference

Everything that the language has, by name. How scripts are written is in [language.md](language.md), attach points are in
[probes.md](probes.md). This page is made from the definitions in \`src/language\` by \`node scripts/reference.mjs\`.

In signatures \`const\` stands before arguments that are known while compiling: literals, and what is computed of them.
Brackets enclose what may be left out. \`sizeof\`, \`offsetof\`, \`typeof\` and \`typeinfo\` belong to the language itself.
`;

/** The whole page. */
export function renderReference(definitions: Definitions): string {
  const { builtins, aggregations, probes } = definitions;
  const variables = builtins.filter((definition) => isVariable(definition));
  const functions = builtins.filter((definition) => !isVariable(definition));
  return [
    introduction,
    section("Variables", "They may also be written with parentheses: `pid()`.", byName(variables).map(builtinEntry)),
    section("Functions", undefined, byName(functions).map(builtinEntry)),
    section(
      "Aggregations",
      "Assigned to a map, which they own from then on; each CPU adds to a value of its own, so that nothing is lost.",
      [...aggregations].sort((a, b) => compare(a.name, b.name)).map(aggregationEntry),
    ),
    section("Probes", undefined, probes.map(probeEntry)),
    configSection(),
  ].join("\n");
}

/** Used without arguments as a rule. */
function isVariable(definition: BuiltinDef): boolean {
  return definition.form !== "function";
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function byName(definitions: readonly BuiltinDef[]): readonly BuiltinDef[] {
  return [...definitions].sort((a, b) => compare(a.names[0] ?? "", b.names[0] ?? ""));
}

function section(title: string, text: string | undefined, entries: readonly string[]): string {
  return [`## ${title}\n`, ...(text === undefined ? [] : [`${text}\n`]), ...entries].join("\n");
}

/** Very many names stand for a series: the first and the last are shown. */
function title(names: readonly string[]): string {
  const [first = ""] = names;
  const last = names.at(-1) ?? first;
  if (names.length > 4) return `\`${first}\` … \`${last}\``;
  return names.map((name) => `\`${name}\``).join(", ");
}

function code(text: string): string {
  return `\`\`\`\n${text}\n\`\`\``;
}

function entry(heading: string, signature: string, doc: string, notes: readonly string[], example: string): string {
  const note = notes.length === 0 ? [] : ["", notes.join(" ")];
  return [`### ${heading}\n`, code(signature), "", doc, ...note, "", code(example), ""].join("\n");
}

function builtinEntry(definition: BuiltinDef): string {
  const { names, signature, doc, unsafe, needs, usesContext, example } = definition;
  const notes = [
    ...(unsafe ? ["Only with `--unsafe`."] : []),
    ...(needs === undefined ? [] : [`In ${capabilityProbes[needs]}.`]),
    ...(usesContext ? ["Not inside `for` loops: assign it to a variable before."] : []),
  ];
  return entry(title(names), signature, doc, notes, example);
}

function aggregationEntry({ name, signature, doc, castable, example }: AggregationDef): string {
  const note = castable ? "A cast to an integer, and comparisons, use the value over all CPUs." : "Its maps are printed, not computed with.";
  return entry(`\`${name}\``, signature, doc, [note], example);
}

function probeEntry({ names, doc, syntax, example }: ProbeDef): string {
  return [`### ${title(names)}\n`, code(syntax.join("\n")), "", doc, "", code(example), ""].join("\n");
}

function configSection(): string {
  const rows = [...configDefinitions].sort((a, b) => compare(a.key, b.key)).map(({ key, property, doc }) => {
    const value = defaultConfig[property];
    return `| \`${key}\` | ${value === "" ? "" : `\`${value}\``} | ${doc} |`;
  });
  const text = "Set by `config = { key = value }` at the start of a script, or by the environment: `BPFTRACE_KEY=value`.";
  return [`## Configuration\n`, `${text}\n`, "| Key | Default | Meaning |", "|---|---|---|", ...rows, ""].join("\n");
}
