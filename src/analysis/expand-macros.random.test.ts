// Macros at random: whatever a script is made of, expansion ends, throws nothing, leaves no call of a macro that it was to
// expand, and makes trees in which no node stands twice.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { parseTable } from "../../test/conformance/table.ts";
import { expand } from "../../test/support/expand-macros.ts";
import { SourceFile } from "../source/source.ts";
import type { CExpansion } from "./context.ts";

const runs = Number(process.env["MACRO_RUNS"] ?? 500);

const cMacros: Readonly<Record<string, CExpansion>> = {
  N: { kind: "text", text: "1 + f(2)" },
  X: { kind: "text", text: "x" },
  BAD: { kind: "text", text: "(1" },
  SELF: { kind: "recursive", chain: ["SELF", "SELF"] },
};

/** Objects of a tree, places and source files left out. */
function* nodes(value: unknown): Generator<object> {
  if (typeof value !== "object" || value === null || value instanceof SourceFile) return;
  if (!Array.isArray(value)) yield value;
  for (const [key, part] of Object.entries(value)) if (!/span$/i.test(key) && key !== "attachPoints") yield* nodes(part);
}

function check(text: string): void {
  const result = expand(text, cMacros);
  if (result === undefined || !result.complete) return;
  const seen = new Set<object>();
  /** nsecs(N): a word for the function to understand. */
  const words = new Set<unknown>();
  for (const probe of result.probes) {
    for (const node of nodes([probe.predicate, probe.body])) {
      assert.ok(!seen.has(node), `a node stands twice (${Object.values(node).filter((v) => typeof v === "string").join(" ")}):\n${text}`);
      seen.add(node);
      if (!("name" in node)) continue;
      if (node.name === "nsecs" && "arguments" in node && Array.isArray(node.arguments)) for (const argument of node.arguments) words.add(argument);
      if ("kind" in node && node.kind === "identifier" && !words.has(node)) assert.notEqual(node.name, "N", text);
    }
  }
}

// ---- scripts from pieces ------------------------------------------------------------------------------------

const { letrec } = fc;

const pieces = letrec((tie) => ({
  leaf: fc.constantFrom("1", "x", "y", "$a", "$b", "@m", "@m[x]", "@m[1, $a]", "f", "g", "N", "X", "pid", '"s"', "SELF", "BAD", "int8"),
  expression: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    tie("leaf"),
    fc.tuple(fc.constantFrom("f", "g", "h", "nsecs", "print", "count"), fc.array(tie("expression"), { maxLength: 3 })).map(([name, args]) => `${name}(${args.join(", ")})`),
    fc.tuple(tie("expression"), fc.constantFrom("+", "&&", "==", "?:"), tie("expression")).map(([a, op, b]) => (op === "?:" ? `(${a} ? ${b} : ${a})` : `(${a} ${op} ${b})`)),
    fc.tuple(tie("expression"), tie("expression")).map(([a, b]) => `(${a}, ${b})`),
    tie("expression").map((a) => `sizeof(${a})`),
    tie("expression").map((a) => `(int8)${a}`),
    tie("block").map((block) => `${block}`),
    fc.tuple(tie("expression"), tie("block"), tie("block")).map(([c, a, b]) => `if (${c}) ${a} else ${b}`),
  ),
  statement: fc.oneof(
    { maxDepth: 4 },
    tie("expression").map((e) => `${e};`),
    fc.tuple(fc.constantFrom("$a", "$b", "@m", "@m[x]"), fc.constantFrom("=", "+="), tie("expression")).map(([t, op, e]) => `${t} ${op} ${e};`),
    fc.constantFrom("$a++;", "--@m;", "break;", "continue;", "return;", "let $b;"),
    tie("expression").map((e) => `let $a: typeof(x) = ${e};`),
    fc.tuple(tie("expression"), tie("block")).map(([e, b]) => `while (${e}) ${b}`),
    fc.tuple(tie("leaf"), tie("block")).map(([e, b]) => `for ($i : ${e}..5) ${b}`),
    tie("block").map((b) => `for ($kv : @m) ${b}`),
    fc.tuple(tie("expression"), tie("block"), tie("block")).map(([c, a, b]) => `if (${c}) ${a} else ${b}`),
  ),
  block: fc.tuple(fc.array(tie("statement"), { maxLength: 3 }), fc.option(tie("expression"), { nil: "" })).map(([s, e]) => `{ ${s.join(" ")} ${e} }`),
  macro: fc
    .tuple(fc.constantFrom("f", "g", "h", "nsecs", "pid"), fc.array(fc.constantFrom("x", "y", "$a", "$b", "@m"), { maxLength: 3 }), tie("block"))
    .map(([name, parameters, body]) => `macro ${name}(${parameters.join(", ")}) ${body}`),
  script: fc
    .tuple(fc.array(tie("macro"), { maxLength: 4 }), tie("expression"), tie("block"))
    .map(([macros, predicate, body]) => `${macros.join("\n")}\nbegin /${predicate}/ ${body}`),
}));

test("scripts from pieces", () => {
  const script = pieces.script.filter((text): text is string => typeof text === "string");
  fc.assert(fc.property(script, check), { numRuns: runs, includeErrorInReport: true });
});

// ---- mutated conformance rows ---------------------------------------------------------------------------------

const tables = resolve("test/conformance/tables");
const corpus = readdirSync(tables)
  .flatMap((file) => parseTable(readFileSync(join(tables, file), "utf8")))
  .map((row) => row.program)
  .filter((program) => /\bmacro\b/.test(program));

function mutate(program: string, changes: readonly (readonly [number, number, number])[]): string {
  const words = program.split(/(\s+|[^\w$@]|(?=[$@]))/).filter((word) => word !== "");
  for (const [kind, at, other] of changes) {
    const to = at % words.length;
    const from = other % words.length;
    const word = words[from] ?? "";
    if (kind === 0) words.splice(to, 1);
    else if (kind === 1) words.splice(to, 0, word);
    else if (kind === 2) words[to] = word;
    else words.splice(to, 0, ...words.slice(from, from + 12));
  }
  return words.join("");
}

test("mutated scripts of the tables", () => {
  assert.ok(corpus.length > 60, "the tables have scripts with macros");
  const change = fc.tuple(fc.nat(3), fc.nat(0xffff), fc.nat(0xffff));
  const script = fc.tuple(fc.constantFrom(...corpus), fc.array(change, { minLength: 1, maxLength: 5 })).map(([program, changes]) => mutate(program, changes));
  fc.assert(fc.property(script, check), { numRuns: runs, includeErrorInReport: true });
});
