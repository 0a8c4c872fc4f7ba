// Which names a C text gives functions.

import assert from "node:assert/strict";
import { test } from "node:test";
import { declaredFunctions } from "./c-functions.ts";

const cases: readonly (readonly [string, readonly string[]])[] = [
  ["int f(void) { return g(1); }", ["f"]],
  ["static __always_inline int f(int (*callback)(int), char *b)\n{\n}", ["f"]],
  ["int f(int); extern void g();", ["f", "g"]],
  ["int f(int x) __attribute__((weak, section(\"x\"))) __ksym;", ["f"]],
  ['SEC("kprobe/x") int probe(struct pt_regs *ctx) { if (ctx) { inner(); } return 0; }', ["probe"]],
  ["/* int a(); */ // int b();\n#define c() 1 \\\n  int d();\nint e();", ["e"]],
  ['const char *s = "int a() {"; int b() { char c = \'}\'; } int d();', ["b", "d"]],
  ["struct s { int (*member)(int); }; int array[3] = { f(1) }; enum e { A };", []],
  ["int f(", []],
  ["} int f() {", ["f"]],
  ["_Static_assert(sizeof(int) == 4, \"x\"); typeof(1) x;", []],
  ["", []],
];

for (const [text, names] of cases) {
  test(JSON.stringify(text), () => {
    assert.deepEqual([...declaredFunctions(text)], names);
  });
}

test("a long text takes no time to speak of", () => {
  assert.equal(declaredFunctions("f(".repeat(100_000)).size, 0);
  assert.equal(declaredFunctions("int f (int a, int b) __x ".repeat(20_000)).size, 0);
  assert.equal(declaredFunctions(`${"{".repeat(50_000)}f();`).size, 0);
});
