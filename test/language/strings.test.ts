// Random strings compared and searched in the kernel, against a model: short ones, which loops in the program handle, and long ones,
// whose loops are callbacks. STRING_RUNS=n makes more.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { test } from "node:test";
import { Random } from "../fuzz/random.ts";

const command = process.env["BPFTRACE_COMMAND"] ?? resolve("dist/bpftrace.js");
const runs = Number(process.env["STRING_RUNS"] ?? 2);
const cases = 25;

interface Sizes {
  readonly haystack: number;
  readonly needle: number;
}

/** Of two letters, so that there are many near misses. */
function randomText(random: Random, longest: number): string {
  return Array.from({ length: random.below(longest + 1) }, () => (random.once(4) ? "b" : "a")).join("");
}

/** What the needle is made of is often in the haystack. */
function randomPair(random: Random, { haystack, needle }: Sizes): readonly [string, string] {
  const hay = randomText(random, haystack - 1);
  if (random.once(3)) return [hay, randomText(random, needle - 1)];
  const start = random.below(hay.length + 1);
  const piece = hay.slice(start, start + random.below(needle));
  return [hay, random.once(3) ? `${piece.slice(0, -1)}c` : piece];
}

function compare(a: string, b: string, n: number): number {
  return a.slice(0, n) === b.slice(0, n) ? 0 : 1;
}

function firstDifference(a: string, b: string, n: number): number {
  for (let i = 0; i < n; i++) {
    const difference = (a.charCodeAt(i) || 0) - (b.charCodeAt(i) || 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

interface Case {
  readonly statement: string;
  readonly expected: string;
}

function makeCase(a: string, b: string, sizes: Sizes): Case {
  const n = Math.min(sizes.haystack, sizes.needle);
  const prefix = Math.min(a.length, b.length);
  const values = [
    ["strlen($a)", a.length],
    ["strlen($b)", b.length],
    ["strstr($a, $b)", a.indexOf(b)],
    ["strstr($b, $a)", b.indexOf(a)],
    ["strcontains($a, $b)", a.includes(b)],
    ["$a == $b", a === b],
    ["$a != $b", a !== b],
    [`strncmp($a, $b, ${n})`, compare(a, b, n)],
    [`strncmp($a, $b, ${prefix})`, compare(a, b, prefix)],
    [`memcmp($a, $b, ${n})`, firstDifference(a, b, n)],
    ["strlen(str_concat($a, $b))", a.length + b.length],
  ] as const;
  return {
    statement: `$a = "${a}"; $b = "${b}"; print((${values.map(([text]) => text).join(", ")}));`,
    expected: `(${values.map(([, value]) => String(value)).join(", ")})`,
  };
}

function output(program: string): Promise<string> {
  return new Promise((done, fail) => {
    execFile(process.execPath, [command, "-q", "--no-warnings", "-e", program], (problem, stdout, stderr) => {
      if (problem === null) done(stdout);
      else fail(new Error(`${stderr}\n${program}`));
    });
  });
}

const shapes: readonly Sizes[] = [
  { haystack: 20, needle: 6 },
  { haystack: 32, needle: 33 },
  { haystack: 130, needle: 9 },
  { haystack: 300, needle: 70 },
];

for (const sizes of shapes) {
  for (let seed = 1; seed <= runs; seed++) {
    test(`strings of ${sizes.haystack} and ${sizes.needle} bytes, program ${seed}`, async () => {
      const random = new Random(seed * 1000 + sizes.haystack);
      const list = Array.from({ length: cases }, () => makeCase(...randomPair(random, sizes), sizes));
      // One probe for each case: the verifier looks at them apart.
      const program = list
        .map(({ statement }) => `begin { let $a: string[${sizes.haystack}] = ""; let $b: string[${sizes.needle}] = ""; ${statement} }`)
        .join("\n");
      const lines = (await output(program)).split("\n").filter((line) => line !== "");
      for (const [i, { statement, expected }] of list.entries()) assert.equal(lines[i], expected, statement);
    });
  }
}
