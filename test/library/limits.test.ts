// Programs near and above the kernel's limits: they run, with variables moved out of the stack, or are refused with the reason.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CompileError, trace } from "../../src/index.ts";

function repeat(count: number, piece: (i: number) => string, separator = " "): string {
  return Array.from({ length: count }, (_, i) => piece(i)).join(separator);
}

async function outputOf(program: string): Promise<string> {
  const lines: string[] = [];
  for await (const event of trace(program)) {
    if (event.type === "output" || event.type === "value") lines.push(event.text);
    if (event.type === "message") assert.fail(event.text);
  }
  return lines.join("|");
}

const programs: readonly { readonly name: string; readonly program: string; readonly output: string }[] = [
  {
    name: "three hundred variables that live to the end",
    program: `begin { ${repeat(300, (i) => `$v${i} = nsecs * 0 + ${i};`)} print(${repeat(300, (i) => `$v${i}`, "+")}); }`,
    output: "44850",
  },
  {
    name: "eighty variables shared with a loop body",
    program: `begin { ${repeat(80, (i) => `$v${i} = ${i};`)} for $k : 0..10 { ${repeat(80, (i) => `$v${i} += $k;`)} } print(${repeat(80, (i) => `$v${i}`, "+")}); }`,
    output: `${(79 * 80) / 2 + 45 * 80}`,
  },
  {
    name: "sixty tuples shared with a loop body",
    program: `begin { ${repeat(60, (i) => `$t${i} = ("abcdefgh", ${i}, pid);`)} $s = 0; for $k : 0..2 { ${repeat(60, (i) => `$s += $t${i}.1;`)} } print($s); }`,
    output: `${59 * 60}`,
  },
  {
    name: "an expression a hundred levels deep",
    program: `begin { print(${"(".repeat(100)}1${repeat(100, (i) => ` + rand * 0 + ${i})`, "")}); }`,
    output: `${(99 * 100) / 2 + 1}`,
  },
  {
    name: "a chain of eighty ternaries",
    program: `begin { $x = nsecs * 0 + 70; print(${repeat(80, (i) => `($x == ${i} ? ${i * 2} : `, "")}7${")".repeat(80)}); }`,
    output: "140",
  },
  {
    name: "six loops inside each other",
    program:
      "begin { for $a : 0..3 { for $b : 0..3 { for $c : 0..3 { for $d : 0..3 { for $e : 0..2 { for $f : 0..2 { @[$a,$b,$c,$d,$e,$f] = 1; } } } } } } print(len(@)); clear(@); }",
    output: "324",
  },
  {
    name: "strings of 64 KiB as values, keys and in tuples",
    program:
      'config = { max_strlen = 65536 } begin { $a = str("abc"); @k[$a] = 1; $t = (1, $a, "x"); if ($a == "abc") { print(strlen($t.1)); } print(@k["abc"]); clear(@k); }',
    output: "3|1",
  },
  {
    name: "two thousand conditions",
    program: `begin { $x = nsecs * 0 + 1234; ${repeat(2000, (i) => `if ($x == ${i}) { printf("%d", ${i}); }`)} }`,
    output: "1234",
  },
];

for (const { name, program, output } of programs) {
  test(`${name}`, async () => {
    assert.equal(await outputOf(program), output);
  });
}

test("too many probes are refused with the setting to change", () => {
  const program = `config = { max_probes = 3 } ${repeat(4, (i) => `interval:s:${i + 1} { }`)}`;
  assert.throws(() => trace(program), (problem) => problem instanceof CompileError && /limit of 3 probes/.test(problem.message));
});
