// The command keeps its compiled code beside it, and runs as well without it or with a damaged one.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";

const folder = mkdtempSync(join(tmpdir(), "bpftrace-launcher-"));
after(() => rmSync(folder, { recursive: true, force: true }));
for (const name of ["bpftrace.cjs", "bpftrace.js", "command.cjs", "package.json"]) cpSync(resolve("dist", name), join(folder, name));
symlinkSync(resolve("node_modules"), join(folder, "node_modules"));

function run(file: string, words: readonly string[], environment: Readonly<Record<string, string>> = {}): string {
  const plain = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("NODE_")));
  const env = { ...plain, ...environment };
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, file), ...words], { encoding: "latin1", env });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

function caches(): readonly string[] {
  return readdirSync(folder).filter((name) => name.includes(".cache"));
}

const script = ["-q", "-e", 'begin { printf("%d\\n", 6 * 7); exit(); }'];

test("only a run of a script leaves compiled code behind, and one that may", () => {
  for (const words of [["--version"], ["--fmt", "-e", "begin { }"], ["-d", "ast", ...script], ["--dry-run", ...script], ["-l", "software:*"]]) {
    run("bpftrace.cjs", words);
    assert.deepEqual(caches(), [], words.join(" "));
  }
  assert.equal(run("bpftrace.cjs", script, { NODE_DISABLE_COMPILE_CACHE: "1" }), "42");
  assert.deepEqual(caches(), []);
  assert.equal(run("bpftrace.cjs", script), "42");
  assert.equal(caches().length, 1);
});

test("the kept code serves both names of the command and is not written again", () => {
  const [name = ""] = caches();
  const before = readFileSync(join(folder, name));
  assert.equal(run("bpftrace.cjs", script), "42");
  assert.equal(run("bpftrace.js", script), "42");
  assert.ok(before.equals(readFileSync(join(folder, name))));
});

test("damaged code is replaced", () => {
  const [name = ""] = caches();
  const path = join(folder, name);
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, 1000));
  assert.equal(run("bpftrace.cjs", script), "42");
  assert.ok(readFileSync(path).length > whole.length / 2);
  assert.deepEqual(caches(), [name]);
});

test("a long script does not spoil the kept code", () => {
  const [name = ""] = caches();
  const before = readFileSync(join(folder, name));
  const path = join(folder, "long.bt");
  writeFileSync(path, `begin { ${Array.from({ length: 600 }, (_, i) => `@a[${i}] = ${i};`).join("\n")} clear(@a); printf("42"); exit(); }`);
  assert.equal(run("bpftrace.cjs", ["-q", path]), "42");
  assert.equal(run("bpftrace.cjs", script), "42");
  assert.ok(before.equals(readFileSync(join(folder, name))));
});
