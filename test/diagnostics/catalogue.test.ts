// Every kind of mistake that needs no kernel: messages, places to the column, further places and hints.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, test } from "node:test";
import { compilerFor, describeDiagnostic } from "../support/compile.ts";
import { fakeTarget } from "../support/fake-target.ts";

interface Row {
  readonly kind: number;
  readonly program: string;
  readonly expected: readonly string[];
}

function readCatalogue(): readonly Row[] {
  const text = readFileSync(resolve("test/diagnostics/catalogue.txt"), "utf8");
  return text.split(/\n\n(?=\[)/).slice(1).map((part) => {
    const [head = "", ...expected] = part.trimEnd().split("\n");
    const [, kind = "0", program = ""] = /^\[(\d+)\] (.*)$/.exec(head) ?? [];
    return { kind: Number(kind), program: program.replaceAll(" ⏎ ", "\n"), expected };
  });
}

const rows = readCatalogue();

describe("mistakes", () => {
  const compile = compilerFor(fakeTarget());
  for (const { kind, program, expected } of rows) {
    test(`${kind}: ${program.split("\n").join(" ")}`, () => {
      const result = compile(program);
      const lines = result.diagnostics.flatMap(describeDiagnostic);
      assert.deepEqual(result.kind === "compiled" ? [...lines, "compiles"] : lines, expected);
    });
  }
});

test("the catalogue has every kind that needs no kernel, file or command line", () => {
  // 1, 4, 5, 9-12: syntax (src/syntax); 17, 18: imports; 25, 27, 29, 30, 86-90: while running; 34, 65: not reported here.
  const elsewhere = [1, 4, 5, 9, 10, 11, 12, 17, 18, 25, 27, 29, 30, 34, 65];
  const missing = Array.from({ length: 85 }, (_, i) => i + 1).filter(
    (kind) => !elsewhere.includes(kind) && !rows.some((row) => row.kind === kind),
  );
  assert.deepEqual(missing, []);
});

test("all mistakes of a program are told at once, errors first, in the order of the source", () => {
  const program = "begin { 5; print($a); $b = nosuch(1); @x = 1; @x[2] = 3; } badprobe:x { } end { print(\"a\" == 1); }";
  const heads = compilerFor(fakeTarget())(program).diagnostics.map((d) => describeDiagnostic(d)[0]);
  assert.deepEqual(heads, [
    "1:18-20 E Undefined or undeclared variable: $a",
    "1:28-37 E Unknown function: 'nosuch'",
    "1:47-52 E @x is used with an explicit key (non-scalar map), previously used without an explicit key (scalar map)",
    "1:60-70 E Invalid probe type: badprobe",
    "1:87-95 E Type mismatch for '==': comparing string[2] with int8",
    "1:9-10 W Return value discarded.",
  ]);
});
