// Long and deep scripts: what is long is compiled, what is too deep has its place, and neither is a crash.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SourceFile } from "../../src/source/source.ts";
import { Diagnostics } from "../../src/source/diagnostic.ts";
import { balanceChains } from "../../src/analysis/balance-chains.ts";
import { describeItems, parse } from "../../src/syntax/describe-for-tests.ts";
import { formatProgram } from "../../src/syntax/format/format-program.ts";
import { parseProgram } from "../../src/syntax/parser.ts";
import { compile, describeDiagnostic } from "../support/compile.ts";

const many = (count: number, part: (i: number) => string, between: string) => Array.from({ length: count }, (_, i) => part(i)).join(between);

function problemsOf(text: string): readonly string[] {
  return compile(text).diagnostics.flatMap(describeDiagnostic);
}

describe("long chains", () => {
  for (const operator of ["||", "&&"]) {
    test(`5,000 comparisons of strings joined by ${operator} in a predicate are compiled`, () => {
      const condition = many(5000, (i) => `comm == "program${i}"`, ` ${operator} `);
      assert.deepEqual(problemsOf(`i:s:1 /${condition}/ { @ = count(); }`), []);
    });
  }

  test("20,000 comparisons are compiled as well", () => {
    assert.deepEqual(problemsOf(`i:s:1 { if (${many(20_000, (i) => `comm == "p${i}"`, " || ")}) { @ = count(); } }`), []);
  });

  test("operands keep their order and their groups", () => {
    const operands = many(40, (i) => (i % 10 === 3 ? `(a${i} && b || c)` : `a${i} == ${i} && b`), " || ");
    const { program } = parse(`begin /${operands}/ { $x = ${operands}; }`);
    const [before = ""] = describeItems(program);
    const [after = ""] = describeItems(balanceChains(program));
    assert.notEqual(after, before);
    const flat = (text: string) => text.replaceAll(/[()]/g, "");
    assert.equal(flat(after), flat(before));
    const depth = (text: string) => Math.max(...[...text].map((_, i) => text.slice(0, i).split("(").length - text.slice(0, i).split(")").length));
    assert.ok(depth(before) > 35 && depth(after) < 12, `${depth(before)} ${depth(after)}`);
  });

  test("short ones stay as they are", () => {
    const { program } = parse(`begin { f(${many(15, (i) => `a${i}`, " || ")}); }`);
    assert.equal(balanceChains(program), program);
  });

  test("are formatted as they are written", () => {
    const text = `begin {\n  $x = ${many(3000, () => "pid", " || ")};\n}\n`;
    const formatted = formatProgram(parseProgram(new SourceFile("stdin", text), new Diagnostics()));
    assert.equal(formatted.replaceAll(/\s+/g, " "), text.replaceAll(/\s+/g, " "));
  });
});

describe("deep scripts", () => {
  test("the deepest ones that are read are compiled", () => {
    assert.deepEqual(problemsOf(`begin { $x = 1; print(${many(740, () => "$x", " + ")}); }`), []);
    assert.deepEqual(problemsOf(`begin { $x = 1; print(${many(740, () => "$x == 3 ? 1 : ", "")} 2); }`), []);
    assert.deepEqual(problemsOf(`begin { $x = pid; if ($x == 1) { print(1); } ${many(740, (i) => `else if ($x == ${i}) { print(2); }`, " ")} }`), []);
  });

  test("that macros made so have the place of the call", () => {
    const macro = `macro deep(x) { x${many(300, () => " + 1", "")} }`;
    const [problem = "", ...rest] = problemsOf(`${macro}\nbegin { print(${many(20, () => "deep(", "")}pid${many(20, () => ")", "")}); }`);
    assert.deepEqual(rest, []);
    assert.match(problem, /^2:\d+-\d+ E Macros expand to too much code/);
  });

  test("have a place also where the caller has left little of the stack", () => {
    const inside = <T>(levels: number, run: () => T): T => (levels === 0 ? run() : inside(levels - 1, run));
    const frames = (count: number): number => {
      try {
        return frames(count + 1);
      } catch (problem) {
        assert.ok(problem instanceof RangeError);
        return count;
      }
    };
    const problems = inside(Math.floor(frames(0) * 0.85), () => compile(`begin { $x = 1; print(${many(740, () => "$x", " + ")}); }`)).diagnostics;
    assert.deepEqual(problems.flatMap(describeDiagnostic), ["1:23-25 E The program is nested too deeply to be compiled"]);
  });
});
