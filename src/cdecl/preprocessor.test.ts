// The preprocessor: macros, conditionals, inclusion, and how macros reach the language.

import assert from "node:assert/strict";
import { test } from "node:test";
import { describe, read, type ReadOptions, type ReadResult } from "./read-for-tests.ts";

/** Expansion of the macro X at the end of the text. */
function expansionOf(text: string, options: ReadOptions = {}): string {
  const { definitions, problems } = read(text, options);
  assert.deepEqual(problems, []);
  const expansion = definitions.macros.get("X")?.expansion();
  if (expansion === undefined) return "not visible";
  return expansion.kind === "text" ? expansion.text : JSON.stringify(expansion);
}

const expansions: readonly (readonly [string, string, string])[] = [
  ["a number", "#define X 3", "3"],
  ["an expression", "#define X 1+2", "1+2"],
  ["other macros", "#define A (B * 2)\n#define X A\n#define B 4", "(4 * 2)"],
  ["continuation lines", "#define X (1 + \\\n 2)", "(1 + 2)"],
  ["comments", "#define X 1 /* one */ + // two\n", "1 +"],
  [
    "function-like macros inside",
    "#define ADD(a, b) ((a) + (b))\n#define X ADD(1, ADD(2, 3))",
    "((1) + (((2) + (3))))",
  ],
  ["stringify", '#define S(a) #a\n#define X S(x  "y\\n" + 1)', '"x \\"y\\\\n\\" + 1"'],
  ["paste", "#define P(a, b) a ## b\n#define X P(0x, 1F) P(, 2) P(3,)", "0x1F 2 3"],
  ["paste takes arguments as written", "#define A 1\n#define P(a) a ## 2\n#define X P(A) A2\n#define A2 7", "7 7"],
  ["variadic", "#define V(f, ...) f(__VA_ARGS__)\n#define X V(g, 1, 2)", "g(1, 2)"],
  ["GNU comma", "#define V(f, a...) f(0, ## a)\n#define X V(g) V(g, 1, 2)", "g(0) g(0, 1, 2)"],
  ["__VA_OPT__", "#define V(f, ...) f(0 __VA_OPT__(,) __VA_ARGS__)\n#define X V(g) V(g, 1)", "g(0) g(0, 1)"],
  ["a function-like name without call", "#define F(a) a\n#define X F + 1", "F + 1"],
  ["character constants", "#define X 'A' + '\\n' + '\\x41' + '\\0'", "65 + 10 + 65 + 0"],
  ["adjacent strings", '#define A "b"\n#define X "a" A "c"', '"abc"'],
  ["suffixes stay", "#define X 0x10UL", "0x10UL"],
  ["undef", "#define X 1\n#undef X", "not visible"],
  ["empty", "#define X", "not visible"],
  ["function-like", "#define X(a) a", "not visible"],
  [
    "predefined names",
    "#define X __x86_64__ __SIZEOF_LONG__ __BYTE_ORDER__ __INT_MAX__ __CHAR_BIT__",
    "1 8 1234 0x7fffffff 8",
  ],
  ["nested calls in arguments", "#define F(a) <a>\n#define X F(F(F(1)))", "< < <1> > >"],
  ["no merging of tokens", "#define M -\n#define X -M 1", "- - 1"],
  [
    "the standard's example",
    "#define x 3\n#define f(a) f(x * (a))\n#undef x\n#define x 2\n#define g f\n#define z z[0]\n#define h g(~\n#define m(a) a(w)\n#define w 0,1\n#define t(a) a\n#define X f(y+1) + t(t(g)(0) + t)(1);",
    "recursive",
  ],
];

for (const [name, text, expected] of expansions) {
  test(`expansion: ${name}`, () => {
    const actual = expansionOf(text);
    if (expected === "recursive") assert.match(actual, /^\{"kind":"recursive"/);
    else assert.equal(actual, expected);
  });
}

test("a macro that leads to itself tells the way", () => {
  const { definitions } = read("#define X A\n#define A (B + 1)\n#define B A\n");
  assert.deepEqual(definitions.macros.get("X")?.expansion(), { kind: "recursive", chain: ["A", "B", "A"] });
  assert.deepEqual(definitions.macros.get("B")?.expansion(), { kind: "recursive", chain: ["B", "A", "B"] });
});

test("a macro over an enumerator of its name is the enumerator", () => {
  assert.equal(expansionOf("enum { Y = 1 };\n#define Y Y\n#define X (Y)"), "(Y)");
});

test("macros know where they are defined, function-like ones stand apart", () => {
  const { definitions } = read("\n#define A 1\n#define F(x) x\n#include <h.h>\n", {
    headers: { "/inc/h.h": "#define H 1\n" },
  });
  const line = (name: string): number | undefined => {
    const place = definitions.macros.get(name)?.place ?? definitions.functionMacros.get(name);
    return place?.file.position(place.start).line;
  };
  assert.deepEqual([line("A"), line("F"), line("H")], [2, 3, 4]);
  assert.equal(definitions.macros.has("F"), false);
});

const conditions: readonly (readonly [string, boolean])[] = [
  ["1 + 1 == 2", true],
  ["defined X || defined(Y)", true],
  ["defined(Y)", false],
  ["UNKNOWN", false],
  ["-1 > 0u", true],
  ["-1 < 0", true],
  ["(2 - 3) / 2 == 0 && ~0 == -1", true],
  ["1 ? 0 : 1", false],
  ["'A' == 65", true],
  ["0x7fffffffffffffff + 0u > 0", true],
  ["__has_include(<h.h>)", true],
  ['__has_include("nope.h")', false],
  ["defined __has_include && __has_include(<h.h>)", true],
  ["__has_attribute(packed) && !__has_attribute(nonsense)", true],
  ["__has_builtin(__builtin_offsetof)", true],
  ["__GNUC__ >= 12 && defined(__LP64__)", true],
  ["DEF", true],
  ["DEF && !defined NO", true],
  ["!defined(X) /* c */ || 0 // d", false],
  ["010 == 8 && 0b11 == 3 && 1'000 == 1000", true],
  ["1 << 63 < 0", true],
  ["F(1) == 2", true],
];

for (const [condition, expected] of conditions) {
  test(`condition: ${condition}`, () => {
    const text = `#define X 1\n#define DEF defined(X)\n#define F(a) (a + 1)\n#if ${condition}\nstruct yes { int a; };\n#else\nstruct no { int a; };\n#endif\n`;
    const { definitions, problems } = read(text, { headers: { "/inc/h.h": "" } });
    assert.deepEqual(problems, []);
    assert.deepEqual([...definitions.structs.keys()], [expected ? "struct yes" : "struct no"]);
  });
}

test("groups nest, and #elif stops at the first that holds", () => {
  const text =
    "#ifdef NO\n#if 1\nstruct a {int x;};\n#else\nstruct b {int x;};\n#endif\n#elif 0\n'unfinished\n#elif 1\nstruct c {int x;};\n#elif 1\nstruct d {int x;};\n#else\nstruct e {int x;};\n#endif\n";
  const { definitions, problems } = read(text);
  assert.deepEqual(problems, []);
  assert.deepEqual([...definitions.structs.keys()], ["struct c"]);
});

test("defines from outside are seen by conditions, not by the language", () => {
  const { definitions } = read("#ifdef BPFTRACE_HAVE_BTF\n#define X 1\n#endif\n", {
    defines: { BPFTRACE_HAVE_BTF: "1" },
  });
  assert.deepEqual([...definitions.macros.keys()], ["X"]);
});

const headers = {
  "/inc/sub/a.h": '#include "b.h"\nstruct a { struct b b; };\n',
  "/inc/sub/b.h": "#pragma once\nstruct b { int x; };\n",
  "/inc/n.h": "#include_next <n.h>\n#define FIRST 1\n",
  "/inc2/n.h": "#define SECOND 2\n",
  "/inc/self.h": "#include <self.h>\n",
  "/inc/bad.h": "struct broken { nope x; };\n#error no good\n",
  "/inc/guard.h": "#ifndef G\n#define G\nstruct g { int x; };\n#endif\n",
  "extra.h": "struct extra { int x; };\n",
};

test("headers are found beside the includer, in the folders, and further on with include_next", () => {
  const text =
    "#include <sub/a.h>\n#include <sub/b.h>\n#include <n.h>\n#define H <guard.h>\n#include H\n#include H\n#include <stddef.h>\n";
  const { definitions, problems } = read(text, { headers, includes: ["extra.h"] });
  assert.deepEqual(problems, []);
  assert.deepEqual([...definitions.structs.keys()].sort(), ["struct a", "struct b", "struct extra", "struct g"]);
  assert.ok(definitions.macros.has("FIRST") && definitions.macros.has("SECOND"));
  assert.ok(definitions.typedefs.has("size_t"));
});

const failures: readonly (readonly [string, readonly string[]])[] = [
  ["#include <nope.h>", ["1:10 'nope.h' file not found"]],
  ["#include nope", ['1:2 #include needs "FILE" or <FILE>']],
  ["\n#include <bad.h>", ["2:2 /inc/bad.h:2: #error no good", "2:2 /inc/bad.h:1: unknown type name 'nope'"]],
  ["#include <self.h>", ["1:2 /inc/self.h:1: 'self.h': files are included too deeply or too often"]],
  ["#if 1\n", ["1:2 unterminated #if"]],
  ["#endif\n#else\n", ["1:2 #endif without #if", "2:2 #else without #if"]],
  ["#if 1 +\n#endif", ["1:7 expected an expression"]],
  ["#if\n#endif", ["1:2 expression expected"]],
  ["#error stop here", ["1:1 #error stop here"]],
  [
    "#define F(a) a\nstruct s { int x[F(1,2)]; };",
    ["2:18 wrong number of arguments of macro 'F': 2 given, 1 expected"],
  ],
  ["#define 3", ["1:9 macro name expected"]],
  ["#nonsense", ["1:2 unknown preprocessor directive '#nonsense'"]],
];

for (const [text, expected] of failures) {
  test(`problem: ${JSON.stringify(text)}`, () => {
    const { problems } = read(text, { headers });
    const stripped = problems.map((problem) => problem.replace(/#(?:if|elif): /, ""));
    assert.deepEqual(stripped.slice(0, expected.length), expected);
  });
}

test("a kernel header may be missing when BTF stands in, another may not", () => {
  const text = "#include <linux/nope.h>\n#include <net/nope.h>\n#include <nope.h>\n";
  assert.deepEqual(read(text, { missingIncludesAllowed: true }).problems, ["3:10 'nope.h' file not found"]);
  assert.equal(read(text).problems.length, 3);
});

function expansionText({ definitions }: ReadResult, name: string): string | undefined {
  const expansion = definitions.macros.get(name)?.expansion();
  return expansion?.kind === "text" ? expansion.text : undefined;
}

test("constants of kernel headers are known where only the exported headers are installed, or none", () => {
  const text = "#include <linux/sched.h>\n#include <sys/socket.h>\nstruct s { char name[IFNAMSIZ]; };\n";
  const macro = (options: ReadOptions, name: string) => expansionText(read(text, options), name);
  const allowed = { missingIncludesAllowed: true };
  assert.deepEqual(read(text, allowed).problems, []);
  assert.equal(describe(read(text, allowed).definitions.structs.get("struct s")), "16: name string[16]@0");
  assert.equal(macro(allowed, "TASK_RUNNING"), "0x00000000");
  assert.equal(macro({ ...allowed, headers: { "/inc/linux/sched.h": "#define TASK_RUNNING 7" } }, "TASK_RUNNING"), "7");
  assert.equal(macro({ ...allowed, headers: { "/inc/linux/kconfig.h": "", "/inc/linux/sched.h": "" } }, "TASK_RUNNING"), undefined);
  assert.equal(expansionText(read("", allowed), "TASK_RUNNING"), undefined);
});

test("a header that redefines such a constant, or uses its name, is right", () => {
  const headers = { "/inc/linux/sched.h": "", "/inc/own.h": "#define AF_INET 99\n" };
  const options = { missingIncludesAllowed: true, headers };
  const text = "#include <linux/sched.h>\n#include <own.h>\n#define PF_KTHREAD 1\n";
  const result = read(text, options);
  assert.deepEqual(result.problems, []);
  assert.deepEqual(["AF_INET", "PF_KTHREAD"].map((name) => expansionText(result, name)), ["99", "1"]);
});

test("--include that is not there has no place in the script", () => {
  assert.deepEqual(read("", { includes: ["gone.h"] }).problems, ["- 'gone.h' file not found"]);
});
