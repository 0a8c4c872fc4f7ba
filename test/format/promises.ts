// For the tests of the formatter: texts to trees without places, and the promises that must hold for every script.

import assert from "node:assert/strict";
import { Diagnostics } from "../../src/source/diagnostic.ts";
import { SourceFile } from "../../src/source/source.ts";
import type { Program } from "../../src/syntax/ast.ts";
import { parseProgram } from "../../src/syntax/parser.ts";
import { formatProgram } from "../../src/syntax/format/format-program.ts";

/** The tree of a text, or undefined when it has errors. */
export function parse(text: string): Program | undefined {
  const diagnostics = new Diagnostics();
  const program = parseProgram(new SourceFile("test", text), diagnostics);
  return diagnostics.hasErrors() ? undefined : program;
}

export function format(text: string): string {
  const program = parse(text);
  assert.ok(program !== undefined, `no errors in:\n${text}`);
  return formatProgram(program);
}

/** A tree without its places; C text without blanks at the end; comments word by word. */
function withoutPlaces(program: Program): unknown {
  return {
    ...plainObject(program),
    shebang: program.shebang?.trimEnd(),
    comments: program.comments.map(({ text }) => text.split(/\s+/).filter((word) => word !== "")),
    cDefinitions: program.cDefinitions.map(({ kind, text }) => [kind, text.trimEnd()]),
  };
}

function plainObject(node: object): Record<string, unknown> {
  const kept = Object.entries(node).filter(([key]) => !/span$/i.test(key));
  return Object.fromEntries(kept.map(([key, value]) => [key, plain(value)]));
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === "object" && value !== null ? plainObject(value) : value;
}

/** Checks that formatting keeps the tree and all comments in their order, and is stable. */
export function checkPromises(text: string): void {
  const program = parse(text);
  assert.ok(program !== undefined, `no errors in:\n${text}`);
  const once = formatProgram(program);
  const again = parse(once);
  assert.ok(again !== undefined, `no errors in the formatted:\n${once}\nof:\n${text}`);
  assert.deepEqual(withoutPlaces(again), withoutPlaces(program), `another tree for:\n${once}\nof:\n${text}`);
  assert.equal(formatProgram(again), once, `not stable:\n${text}`);
  assert.ok(once === "" || (once.endsWith("\n") && !once.endsWith("\n\n")), `end of the file:\n${once}`);
}
