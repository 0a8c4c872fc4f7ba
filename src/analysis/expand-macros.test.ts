// Expansion of macros: the tree that comes out, and where problems are reported.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CExpansion } from "./context.ts";
import { expand, show } from "../../test/support/expand-macros.ts";

/** The macro definitions, the body of a probe, and the body after expansion. */
const expansions: readonly (readonly [string, string, string, string])[] = [
  ["an expression for a parameter", "macro f(x) { x + 1 }", "print(f(2));", "{ print((2 + 1)); }"],
  ["an argument is one operand, whatever is in it", "macro f(x) { x * 2 }", "print(f(1 + 2));", "{ print(((1 + 2) * 2)); }"],
  ["a variable for a parameter", "macro f($v) { $v = 1; }", "f($a);", "{ { $a = 1; }; }"],
  ["a map for a parameter", "macro f(@m, k) { @m[k]++ }", "f(@a, 5);", "{ { @a[5]++ }; }"],
  ["assigned variables are the expansion's own", "macro f() { $t = 1; $t }", "$x = f() + f();", "{ $x = ({ $t#1 = 1; $t#1 } + { $t#2 = 1; $t#2 }); }"],
  ["so are declared ones and those of loops", "macro f() { let $d; for ($i : 0..2) { $i; } }", "f;", "{ { let $d#1; for $i#1 : 0..2 { $i#1; } }; }"],
  ["and incremented ones", "macro f() { $n++; }", "f();", "{ { $n#1++; }; }"],
  ["variables that are only read are the caller's", "macro f() { $t }", "print(f);", "{ print($t); }"],
  ["the nearest caller's", "macro f() { $t = 1; g() } macro g() { $t }", "print(f);", "{ print({ $t#1 = 1; $t#1 }); }"],
  ["also when it is a parameter there", "macro f($t) { g() } macro g() { $t }", "print(f($z));", "{ print($z); }"],
  ["variables of arguments stay the caller's", "macro f(x) { $a = x; $a }", "$b = f($a);", "{ $b = { $a#1 = $a; $a#1 }; }"],
  ["a value alone needs no block", "macro f() { (1, 2) }", "print(f.0);", "{ print((1, 2).0); }"],
  ["a statement keeps its block", "macro f() { 1 }", "f;", "{ { 1 }; }"],
  ["the last if is the value", "macro f(x) { if (x) { 1 } else { 2 } }", "$a = f(1); f(2);", "{ $a = if 1 { 1 } else { 2 }; { if 2 { 1 } else { 2 } }; }"],
  ["an if without values is none", "macro f(x) { if (x) { 1 } else { 2; } }", "$a = f(1);", "{ $a = { if 1 { 1 } else { 2; } }; }"],
  ["a block as an argument: a statement or a value", "macro f(x) { x; $r = x; $r }", "$a = f({ if (1) { 1 } else { 2 } });", "{ $a = { { if 1 { 1 } else { 2 } }; $r#1 = { if 1 { 1 } else { 2 } }; $r#1 }; }"],
  ["names of parameters hide all others", "macro f(g, pidx) { g + pidx } macro g() { 1 }", "print(f(2, 3));", "{ print((2 + 3)); }"],
  ["names in arguments are looked up by the caller", "macro f(x) { g(x) } macro g(y) { y * x } macro x() { 9 }", "print(f(1));", "{ print((1 * 9)); }"],
  ["builtin words come before macros", "macro pid() { 1 } macro nsecs(a) { 2 }", "print(pid); print(nsecs(boot));", "{ print(pid); print(nsecs(boot)); }"],
  ["a function stays what it is with other arguments", "macro strlen(a, b) { 0 }", 'print(strlen("a")); print(strlen(1, 2));', '{ print(strlen("a")); print(0); }'],
  ["exact kinds win", "macro f(x) { 1 } macro f($x) { 2 } macro f(@x) { 3 }", "print((f(1), f($v), f(@m), f(@m[1])));", "{ print((1, 2, 3, 1)); }"],
  ["types by parameters", "macro f(T, x) { let $t: T = (T)x; sizeof(T) }", "print(f(int8, 3));", "{ print({ let $t#1: int8 = (int8)3; sizeof(name int8) }); }"],
  ["a lone word that is a macro, a type, neither", "macro f() { 5 } macro int8() { 6 }", "print((sizeof(f), sizeof(int8), sizeof(g)));", "{ print((sizeof(5), sizeof(type int8), sizeof(name g))); }"],
  ["parameters in every place", "macro f(x, @m, $v) { for ($i : x..x) { @m[x] = x[x].a ? &$v : -x; } while (x) { ++@m; } unroll (x) { _ = (a=x); } delete(@m, x) }", "f(1, @o, $w);", "{ { for $i#1 : 1..1 { @o[1] = (1[1].a ? &$w : -1); } while 1 { ++@o; } unroll 1 { _ = (a=1); } delete(@o, 1) }; }"],
  ["C macros are one node", "", "print(SUM * SUM);", "{ print(((1 + 2) * (1 + 2))); }"],
  ["C macros do not see parameters", "macro f(x) { X }", "print(f(1));", "{ print(x); }"],
  ["C macros stand for words of a function", "", "print(nsecs(CLOCK)); print(nsecs(boot));", "{ print(nsecs(monotonic)); print(nsecs(boot)); }"],
  ["macros of the language in the text of C macros", "macro f(x) { x + SUM }", "print(CALL);", "{ print((4 + (1 + 2))); }"],
];

const cMacros: Readonly<Record<string, CExpansion>> = {
  SUM: { kind: "text", text: "1 + 2" },
  X: { kind: "text", text: "x" },
  CALL: { kind: "text", text: "f(4)" },
  CLOCK: { kind: "text", text: "monotonic" },
  boot: { kind: "text", text: "5" },
  HALF: { kind: "text", text: "1 +" },
  TWO: { kind: "text", text: "1 2" },
  LOOP: { kind: "recursive", chain: ["LOOP", "BACK", "LOOP"] },
  HUGE: { kind: "too-large" },
};

describe("expansion", () => {
  for (const [name, macros, body, expected] of expansions) {
    test(name, () => {
      const [probe, ...more] = expand(`${macros} begin { ${body} }`, cMacros)?.probes ?? [];
      assert.equal(probe === undefined ? "" : show(probe.body), expected);
      assert.equal(more.length, 0);
    });
  }

  test("predicates are expanded", () => {
    const [probe] = expand("macro ours() { pid == 5 } begin /ours || ours()/ { }")?.probes ?? [];
    assert.equal(probe?.predicate?.condition.kind, "binary");
  });
});

const problems: readonly (readonly [string, string, readonly string[]])[] = [
  ["recursion", "macro f(x) { g(x) } macro g(x) { f(x) } begin { f(1); }", ["1:34 Recursive macro call: f > g > f <- 1:14 <- 1:49"]],
  ["a foreign map", "macro f() { @m[1] } begin { f; }", ["1:13 Unhygienic access to map: @m <- 1:29"]],
  ["a foreign map in an argument is the caller's", "macro f(x) { x } begin { f(@m); }", []],
  ["no definition fits", "macro f($a) { } macro f(@a, b) { } begin { f(5); }", [
    "1:44 The arguments of macro f do not match any definition; 1:46 Expected a variable, found an expression.; 1:9 The parameter is defined here.; 1:17 This definition takes 2 arguments, found 1.",
  ]],
  ["the second definition of the same kinds", "macro f($a, b) { } macro f($c, d) { } begin { }", [
    "1:20 Redefinition of macro: f; 1:1 The first definition with these parameters.",
  ]],
  ["text that is no expression", "begin { print(HALF); print(TWO); }", [
    "1:15 unable to expand macro as an expression: 1 +; HALF:1:4 syntax: expected expression",
    "1:28 unable to expand macro as an expression: 1 2; TWO:1:3 syntax: expected end of expression",
  ]],
  ["recursive and endless text", "begin { print(LOOP); print(HUGE); }", [
    "1:15 unable to expand macro as an expression: recursion: LOOP > BACK > LOOP",
    "1:28 unable to expand macro as an expression: the text of HUGE is too long",
  ]],
];

describe("problems", () => {
  for (const [name, text, expected] of problems) {
    test(name, () => {
      assert.deepEqual(expand(text, cMacros)?.problems, expected);
    });
  }

  test("growth without end is stopped, at the call in the script", () => {
    const macros = Array.from({ length: 40 }, (_, i) => `macro m${i + 1}(x) { m${i}(x) + m${i}(x) }`).join(" ");
    const result = expand(`macro m0(x) { x } ${macros}\nbegin { print(m40(1)); }`);
    assert.equal(result?.complete, false);
    assert.match(result?.problems.join("\n") ?? "", /^2:15 Macros expand to too much code[^\n]*$/);
  });

  test("so is nesting", () => {
    const macros = Array.from({ length: 3000 }, (_, i) => `macro m${i + 1}(x) { { if (x) { m${i}(x + 1); } } }`).join(" ");
    const result = expand(`macro m0(x) { x } ${macros}\nbegin { m3000(1); }`);
    assert.match(result?.problems.join("\n") ?? "", /^2:9 Macros expand to too much code[^\n]*$/);
  });

  test("places inside a macro know the calls", () => {
    const [probe] = expand("macro f(x) { g(x) } macro g(x) { -x }\nbegin { print(f(5)); }")?.probes ?? [];
    const [statement] = probe?.body.statements ?? [];
    const call = statement?.kind === "expression-statement" ? statement.expression : undefined;
    const [argument] = call?.kind === "call" ? call.arguments : [];
    assert.equal(argument?.span.start, 33);
    assert.equal(argument?.span.expandedFrom?.start, 13);
    assert.equal(argument?.span.expandedFrom?.expandedFrom?.start, 52);
    // The argument itself is at its place in the script.
    const operand = argument?.kind === "unary" ? argument.operand : undefined;
    assert.equal(operand?.span.start, 54);
    assert.equal(operand?.span.expandedFrom, undefined);
  });
});
