// Every kind of nesting ends in an error with a place, however long; one level less is read.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "./describe-for-tests.ts";

/** A text with `n` parts of a kind, and which of them the error must name, as a pattern of the text from its place on. */
interface Kind {
  readonly what: string;
  readonly text: (n: number) => string;
  /** The largest number that is allowed. */
  readonly most: number;
  readonly message: RegExp;
  /** What stands at the place of the error when there is one part too many. */
  readonly place: string;
}

const many = (part: string, n: number, between = "") => Array.from({ length: n }, () => part).join(between);
const expression = /^syntax: expression is nested too deeply$/;

/** Above the expression: probe, statement, call. */
const kinds: readonly Kind[] = [
  { what: "sums", text: (n) => `begin { f(${many("$x", n, " + ")}); }`, most: 747, message: expression, place: " + $x" },
  { what: "different operators", text: (n) => `begin { f(1${many(" * $x / 2", n)}); }`, most: 373, message: expression, place: " / 2" },
  { what: "comparisons", text: (n) => `begin { f(${many('"a"', n, " == ")}); }`, most: 747, message: expression, place: ' == "a"' },
  { what: "fields", text: (n) => `begin { f($x${many(".a", n)}); }`, most: 746, message: expression, place: ".a" },
  { what: "fields behind pointers", text: (n) => `begin { f($x${many("->a", n)}); }`, most: 746, message: expression, place: "->a" },
  { what: "elements", text: (n) => `begin { f($x${many(".1", n)}); }`, most: 746, message: expression, place: ".1" },
  { what: "indices", text: (n) => `begin { f($x${many("[0]", n)}); }`, most: 746, message: expression, place: "[0]" },
  { what: "conditionals", text: (n) => `begin { f(${many("$x ? 1 : ", n)}2); }`, most: 746, message: expression, place: " ? 1 : 2" },
  { what: "short conditionals", text: (n) => `begin { f(${many("$x ?: ", n)}2); }`, most: 746, message: expression, place: " ?: 2" },
  { what: "else ifs", text: (n) => `begin { if (1) { }${many(" else if (1) { }", n)} }`, most: 747, message: expression, place: "1" },
  { what: "else ifs with values", text: (n) => `begin { f(if (1) { 2 }${many(" else if (1) { 2 }", n)} else { 3 }); }`, most: 745, message: expression, place: "1" },
  { what: "pointers in types", text: (n) => `begin { f((int8 ${many("*", n)})1); }`, most: 745, message: expression, place: "*" },
];

describe("nesting", () => {
  for (const { what, text, most, message, place } of kinds) {
    test(`of ${what}`, () => {
      assert.deepEqual(parse(text(most)).problems, []);
      const over = text(most + 1);
      const [problem = "", ...rest] = parse(over).problems;
      assert.deepEqual(rest, []);
      const [, start = "", end = "", said = ""] = /^1:(\d+)-(\d+) (.*)$/.exec(problem) ?? [];
      assert.match(said, message);
      const named = over.slice(Number(start) - 1, Number(end) - 1);
      assert.ok(named.startsWith(place), `${problem} names '${named}'`);
      assert.ok(named.length <= place.length + 10, `${problem} names '${named}'`);
    });

    test(`of ${what}, far too many`, () => {
      const { problems } = parse(text(30_000));
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? "", /^1:\d+-\d+ syntax: .* nested too deeply$/);
    });
  }

  test("of chains within chains adds up", () => {
    const inner = `(${many("$x", 400, " + ")})`;
    assert.deepEqual(parse(`begin { f(${inner}); f(${many(inner, 300, " * ")}); }`).problems, []);
    assert.match(parse(`begin { f(${many(inner, 400, " * ")}); }`).problems.join(), /^1:\d+-\d+ syntax: expression is nested too deeply$/);
  });

  test("is no matter of how many statements, probes or operands there are", () => {
    assert.deepEqual(parse(`begin { ${many("$x = $x + 1; ", 5000)} }`).problems, []);
    assert.deepEqual(parse(many("begin { } ", 2000)).problems, []);
    assert.deepEqual(parse(`begin { f(${many("(1, 2)", 5000, ", ")}); }`).problems, []);
    assert.deepEqual(parse(`begin /${many("pid == 1", 5000, " || ")}/ { }`).problems, []);
    assert.deepEqual(parse(`begin { $x = ${many("(pid && 1)", 5000, " && ")}; }`).problems, []);
  });
});
