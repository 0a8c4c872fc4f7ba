// `bpftrace --fmt`, run as a command: where the script comes from, where the text goes, and the exit status.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";

const command = process.env["BPFTRACE_COMMAND"] ?? resolve("dist/bpftrace.js");
const folder = mkdtempSync(join(tmpdir(), "bpftrace-fmt-"));
after(() => rmSync(folder, { recursive: true }));

const script = "begin{print( 1 );@x=count()} // \u00e4\n";
const formatted = "begin {\n  print(1);\n  @x = count();\n} // \u00e4\n";

function run(args: readonly string[], input = "") {
  const { stdout, stderr, status } = spawnSync(process.execPath, [command, ...args], { cwd: folder, encoding: "utf8", input });
  return { stdout, stderr, status };
}

function file(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, script);
  return path;
}

test("a script of the command line, of a file and of stdin", () => {
  const expected = { stdout: formatted, stderr: "", status: 0 };
  assert.deepEqual(run(["--fmt", "-e", script]), expected);
  assert.deepEqual(run([file("a.bt"), "--fmt"]), expected);
  assert.deepEqual(run(["--fmt", "-"], script), expected);
});

test("an empty script is fine", () => {
  assert.deepEqual(run(["--fmt", "-e", ""]), { stdout: "", stderr: "", status: 0 });
});

test("syntax errors are reported, nothing is printed and no file is touched", () => {
  const path = join(folder, "bad.bt");
  writeFileSync(path, "begin { print(1 }\n");
  const { stdout, stderr, status } = run(["--fmt", "bad.bt", "-o", "bad.bt"]);
  assert.deepEqual([stdout, status], ["", 1]);
  assert.match(stderr, /^bad\.bt:1:17-18: ERROR: syntax: expected '\)'\n/);
  assert.equal(readFileSync(path, "utf8"), "begin { print(1 }\n");
});

test("programs that would not compile are formatted all the same", () => {
  assert.equal(run(["--fmt", "-e", "nope:x{nope( $y )}"]).stdout, "nope:x {\n  nope($y)\n}\n");
});

test("-o may name the script itself: its mode stays, also behind a link", () => {
  const path = file("b.bt");
  chmodSync(path, 0o750);
  symlinkSync("b.bt", join(folder, "link.bt"));
  assert.deepEqual(run(["--fmt", "link.bt", "-o", "link.bt"]), { stdout: "", stderr: "", status: 0 });
  assert.equal(readFileSync(path, "utf8"), formatted);
  assert.equal(statSync(path).mode & 0o777, 0o750);
  assert.deepEqual(readdirSync(folder).filter((name) => name.endsWith(".tmp")), []);
});

test("-o may name what is no file", () => {
  assert.equal(run(["--fmt", "-e", script, "-o", "/dev/null"]).status, 0);
  assert.ok(statSync("/dev/null").isCharacterDevice());
});

test("a file that can't be written is reported", () => {
  const { stderr, status } = run(["--fmt", "-e", script, "-o", join(folder, "none/x.bt")]);
  assert.match(stderr, /^ERROR: Failed to write ".*none\/x\.bt": /);
  assert.equal(status, 1);
});
