// Diagnostics as text: columns, tabs, several lines, parts, expansions, hints, colours.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toByteString } from "../base/byte-string.ts";
import { type Diagnostic, Diagnostics } from "./diagnostic.ts";
import { renderDiagnostic } from "./render.ts";
import { SourceFile, type Span, span } from "./source.ts";

function at(file: SourceFile, text: string, occurrence = 0): Span {
  let start = file.text.indexOf(text);
  for (let n = 0; n < occurrence; n++) start = file.text.indexOf(text, start + 1);
  assert.ok(start >= 0, `the source has ${JSON.stringify(text)}`);
  return span(file, start, start + text.length);
}

function error(place: Span | undefined, message: string, more: Partial<Diagnostic> = {}): Diagnostic {
  return { severity: "error", code: "x", message, span: place, parts: [], hint: undefined, ...more };
}

function rendered(diagnostic: Diagnostic): readonly string[] {
  const text = renderDiagnostic(diagnostic, false);
  assert.ok(text.endsWith("\n"), "the last line is ended");
  return text.slice(0, -1).split("\n");
}

describe("place and underline", () => {
  const file = new SourceFile("x.bt", "begin {\n\tprint(\"a\" == 1);\n}\n");

  test("a place inside a line is underlined", () => {
    const one = new SourceFile("stdin", "begin { print($nope); }");
    assert.deepEqual(rendered(error(at(one, "$nope"), "Undefined")), [
      "stdin:1:15-20: ERROR: Undefined",
      "begin { print($nope); }",
      "              ~~~~~",
    ]);
  });

  test("tabs count one column in the place and four in the line", () => {
    assert.deepEqual(rendered(error(at(file, '"a" == 1'), "mismatch")), [
      "x.bt:2:8-16: ERROR: mismatch",
      '    print("a" == 1);',
      "          ~~~~~~~~",
    ]);
  });

  test("tabs below the underline are four wide", () => {
    const tabs = new SourceFile("x.bt", "f(a\tb);");
    assert.deepEqual(rendered(error(at(tabs, "a\tb"), "m")), ["x.bt:1:3-6: ERROR: m", "f(a    b);", "  ~~~~~~"]);
  });

  test("a place over several lines shows them without underline", () => {
    assert.deepEqual(rendered(error(span(file, 6, file.text.length - 1), "whole")), [
      "x.bt:1-3: ERROR: whole",
      "begin {",
      "\tprint(\"a\" == 1);",
      "}",
    ]);
  });

  test("the end of the text is a place without width", () => {
    const open = new SourceFile("stdin", "begin {");
    assert.deepEqual(rendered(error(span(open, 7, 7), "expected '}'")), ["stdin:1:8-8: ERROR: expected '}'", "begin {", "       "]);
  });

  test("an empty text has a place, too", () => {
    assert.deepEqual(rendered(error(span(new SourceFile("stdin", ""), 0, 0), "empty")), ["stdin:1:1-1: ERROR: empty", "", ""]);
  });

  test("a line feed at the end of the place belongs to its line", () => {
    assert.deepEqual(rendered(error(span(file, 0, 7), "m"))[0], "x.bt:1:1-8: ERROR: m");
  });

  test("columns count bytes, text comes out as text", () => {
    const utf8 = new SourceFile("x.bt", toByteString('print("ö", x);'));
    const [head, line] = rendered(error(at(utf8, "x"), toByteString("größe")));
    assert.equal(head, "x.bt:1:13-14: ERROR: größe");
    assert.equal(line, 'print("ö", x);');
  });

  test("without a place there is the message alone", () => {
    assert.deepEqual(rendered(error(undefined, "no BTF")), ["ERROR: no BTF"]);
  });

  test("warnings say so", () => {
    assert.deepEqual(rendered(error(undefined, "m", { severity: "warning" })), ["WARNING: m"]);
  });
});

describe("more lines", () => {
  const file = new SourceFile("x.bt", "a == b");

  test("parts follow in the same form and severity, then the hint", () => {
    const parts = [
      { span: at(file, "a"), message: "left" },
      { span: at(file, "b"), message: "right" },
    ];
    assert.deepEqual(rendered(error(span(file, 0, 6), "differ", { parts, hint: "cast one", severity: "warning" })), [
      "x.bt:1:1-7: WARNING: differ",
      "a == b",
      "~~~~~~",
      "x.bt:1:1-2: WARNING: left",
      "a == b",
      "~",
      "x.bt:1:6-7: WARNING: right",
      "a == b",
      "     ~",
      "HINT: cast one",
    ]);
  });

  test("expansions are listed from the innermost call outwards", () => {
    const outer = new SourceFile("main.bt", "f(1)");
    const middle = new SourceFile("f", "g(x)");
    const inner = { ...span(file, 0, 1), expandedFrom: { ...span(middle, 0, 4), expandedFrom: span(outer, 0, 4) } };
    assert.deepEqual(rendered(error(inner, "m")).filter((line) => line.includes("ERROR")), [
      "x.bt:1:1-2: ERROR: m",
      "f:1:1-5: ERROR: expanded from",
      "main.bt:1:1-5: ERROR: expanded from",
    ]);
  });

  test("colours end with the line that has them", () => {
    const text = renderDiagnostic(error(at(file, "a"), "m"), true);
    assert.equal(text, "\u001b[31mx.bt:1:1-2: ERROR: m\u001b[0m\na == b\n~\n");
    assert.ok(renderDiagnostic(error(undefined, "m", { severity: "warning" }), true).startsWith("\u001b[33m"));
  });
});

describe("collected diagnostics", () => {
  const file = new SourceFile("x.bt", "abcdef");
  const other = new SourceFile("y.bt", "abcdef");

  test("errors lead, each group is in the order of the source, those without place first", () => {
    const all = new Diagnostics();
    all.warn("w", span(file, 0, 1), "warning at 0");
    all.error("e", span(file, 4, 5), "error at 4");
    all.error("e", span(other, 0, 1), "error in the second file");
    all.error("e", span(file, 2, 3), "error at 2");
    all.error("e", undefined, "error without place");
    all.warn("w", undefined, "warning without place");
    assert.deepEqual(all.all().map((d) => d.message), [
      "error without place",
      "error at 2",
      "error at 4",
      "error in the second file",
      "warning without place",
      "warning at 0",
    ]);
  });

  test("one message at one place counts once; other severities, places and messages count", () => {
    const all = new Diagnostics();
    for (let i = 0; i < 3; i++) all.error("e", span(file, 0, 1), "m");
    all.error("e", span(file, 0, 2), "m");
    all.error("e", span(file, 0, 1), "n");
    all.error("e", span(other, 0, 1), "m");
    all.warn("e", span(file, 0, 1), "m");
    assert.equal(all.all().length, 5);
  });

  test("warnings are no errors", () => {
    const all = new Diagnostics();
    all.warn("w", undefined, "m");
    assert.equal(all.hasErrors(), false);
    all.error("e", undefined, "m");
    assert.equal(all.hasErrors(), true);
  });
});

describe("positions in a file", () => {
  const file = new SourceFile("x", "ab\n\ncde\n");
  const rows: readonly (readonly [number, number, number])[] = [
    [0, 1, 1],
    [2, 1, 3],
    [3, 2, 1],
    [4, 3, 1],
    [7, 3, 4],
    [8, 4, 1],
  ];
  for (const [offset, line, column] of rows) {
    test(`offset ${offset} is ${line}:${column}`, () => {
      assert.deepEqual(file.position(offset), { line, column });
    });
  }

  test("lines come without their line feed, those beyond the end are empty", () => {
    assert.deepEqual([0, 1, 2, 3, 4, 5].map((line) => file.line(line)), ["", "ab", "", "cde", "", ""]);
  });
});
