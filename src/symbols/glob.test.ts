// File names by pattern.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { globFiles } from "./glob.ts";

const folder = mkdtempSync(join(tmpdir(), "glob-"));
after(() => rmSync(folder, { recursive: true, force: true }));
for (const name of ["bin", "sbin", "lib"]) mkdirSync(join(folder, name));
for (const name of ["bin/cat", "bin/cut", "bin/.cot", "bin/c]t", "sbin/cat", "lib/c.t"]) writeFileSync(join(folder, name), "");

const cases: readonly (readonly [string, readonly string[]])[] = [
  ["bin/cat", ["bin/cat"]],
  ["bin/c*t", ["bin/c]t", "bin/cat", "bin/cut"]],
  ["*/cat", ["bin/cat", "sbin/cat"]],
  ["*bin/c[au]t", ["bin/cat", "bin/cut", "sbin/cat"]],
  ["bin/c[!a]t", ["bin/c]t", "bin/cut"]],
  ["bin/c[]]t", ["bin/c]t"]],
  ["bin/.c*", ["bin/.cot"]],
  ["lib/c.?", ["lib/c.t"]],
  ["none/*", []],
  ["bin/dog", []],
];

for (const [pattern, expected] of cases) {
  test(`${pattern} finds ${expected.length} files`, () => {
    assert.deepEqual(globFiles(`${folder}/${pattern}`), expected.map((name) => `${folder}/${name}`));
  });
}
