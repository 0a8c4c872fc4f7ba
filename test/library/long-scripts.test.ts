// Scripts of thousands of lines: they compile, the kernel takes them, and they do what they say. What can't be done is said at its line.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { test } from "node:test";
import { compile, describeDiagnostic } from "../support/compile.ts";

function run(script: string): string {
  const words = [resolve("dist/bpftrace.js"), "-q", "-"];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { input: script, encoding: "latin1" });
  assert.equal(stderr, "");
  assert.equal(status, 0);
  return stdout.replaceAll(/\n+/g, "\n").trim();
}

function lines(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join("\n");
}

const last = 2999;

test("3,000 assignments to elements", () => {
  const body = lines(3000, (i) => `@a[${i % 7}, comm] = pid - pid + ${i};`);
  const expected = lines(7, (i) => `@a[${i}, bpftrace]: ${last - ((last - i) % 7)}`);
  const sorted = (text: string) => text.split("\n").sort();
  assert.deepEqual(sorted(run(`begin { ${body} exit(); }`)), sorted(expected));
});

test("3,000 assignments to variables, kept in many branches", () => {
  const body = lines(3000, (i) => `if ($x % ${(i % 5) + 2} == 1) { $x += ${i}; } else { $x += 1; }`);
  let x = 5n;
  for (let i = 0n; i < 3000n; i += 1n) x += x % ((i % 5n) + 2n) === 1n ? i : 1n;
  assert.equal(run(`begin { $x = (uint64)pid - pid + 5; ${body} printf("%d", $x); exit(); }`), `${x}`);
});

// The verifier follows the path of each value that a test may find, unless the compiler keeps it from learning.
for (const operator of ["==", "<", ">="]) {
  test(`2,000 tests of one value by ${operator}`, () => {
    const body = lines(2000, (i) => `if ($x ${operator} ${i}) { @n += ${i}; }`);
    const sum = Array.from({ length: 2000 }, (_, i) => i).filter((i) =>
      operator === "==" ? i === 1500 : operator === "<" ? 1500 < i : 1500 >= i,
    );
    const total = sum.reduce((a, b) => a + b, 0);
    assert.equal(run(`begin { $x = (uint64)pid - pid + 1500; ${body} exit(); }`), `@n: ${total}`);
  });
}

test("1,000 variables read after 500 branches", () => {
  const declared = lines(1000, (i) => `$v${i} = pid - pid + ${i};`);
  const branches = lines(500, (i) => `if (pid == ${i} - 1) { @never = 1; }`);
  const read = lines(1000, (i) => `@sum += $v${i};`);
  assert.equal(run(`begin { ${declared} ${branches} ${read} exit(); }`), "@sum: 499500");
});

test("failures of map updates are reported at their lines, however many there are", () => {
  const body = lines(1500, (i) => `@a[${i}] = 1;`);
  const words = [resolve("dist/bpftrace.js"), "-q", "-"];
  const script = `config = { max_map_keys = 1498 }\nbegin {\n${body}\nclear(@a); exit(); }`;
  const { stderr } = spawnSync(process.execPath, words, { input: script, encoding: "latin1" });
  assert.match(stderr, /^stdin:1501:.*WARNING: Map full/m);
  assert.match(stderr, /^stdin:1502:.*WARNING: Map full/m);
  assert.equal(stderr.match(/WARNING/g)?.length, 2);
});

test("more maps in one probe than the kernel allows are refused at the first line that has one too many", () => {
  const result = compile(`begin {\n${lines(100, (i) => `@m${i} = 1;`)}\n}`);
  assert.equal(result.kind, "failed");
  const [text = ""] = result.diagnostics.flatMap(describeDiagnostic);
  assert.match(text, /^6\d:1-\d+ E The probe uses 1\d\d maps, those for events and the like included; the kernel allows 64 in one program$/);
});
