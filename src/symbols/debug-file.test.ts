// Separate debug files, by build id and by link. The files are made with gcc and objcopy where those are installed.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { crc32 } from "../formats/crc32.ts";
import { buildId } from "../formats/elf/debug-link.ts";
import { ElfFile } from "../formats/elf/elf.ts";
import { openDebugFile } from "./debug-file.ts";

const tools = ["gcc", "objcopy", "strip"];
const missing = tools.find((tool) => spawnSync(tool, ["--version"], { stdio: "ignore" }).status !== 0);
const options = missing === undefined ? {} : { skip: `${missing} is not installed` };

const folder = mkdtempSync(join(tmpdir(), "debug-file-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const program = join(folder, "bin/program");
const separate = join(folder, "program.dbg");

function run(tool: string, ...args: readonly string[]): void {
  const result = spawnSync(tool, args, { encoding: "utf8", cwd: folder });
  assert.equal(result.status, 0, `${tool}: ${result.stderr}`);
}

before(() => {
  mkdirSync(join(folder, "bin/.debug"), { recursive: true });
  if (missing !== undefined) return;
  writeFileSync(join(folder, "program.c"), "static __attribute__((noinline)) int hidden(int a) { return a * 3; }\nint main(int n, char **v) { (void)v; return hidden(n); }\n");
  run("gcc", "-O1", "-Wl,--build-id", "program.c", "-o", program);
  run("objcopy", "--only-keep-debug", program, separate);
  run("strip", program);
  run("objcopy", `--add-gnu-debuglink=${separate}`, program);
});

function parse(path: string): ElfFile {
  const file = ElfFile.parse(readFileSync(path));
  assert.ok(file !== undefined);
  return file;
}

function hasHidden(file: ElfFile | undefined): boolean {
  return file?.symbols().some(({ name }) => name === "hidden") ?? false;
}

/** Puts the debug file to a place for the time of a check. */
function at(place: string, check: () => void): void {
  mkdirSync(dirname(place), { recursive: true });
  copyFileSync(separate, place);
  try {
    check();
  } finally {
    rmSync(place);
  }
}

test("a checksum is that of zip", () => assert.equal(crc32(Buffer.from("123456789")), 0xcbf4_3926));

test("without a debug file there are no symbols", options, () => {
  assert.equal(openDebugFile(program, parse(program), []), undefined);
});

test("a debug file is found by its link, beside the program and below it", options, () => {
  for (const place of ["bin/program.dbg", "bin/.debug/program.dbg"]) {
    at(join(folder, place), () => assert.ok(hasHidden(openDebugFile(program, parse(program), [])), place));
  }
});

test("a debug file is found by its build id in a folder that is given", options, () => {
  const id = buildId(parse(program)) ?? "";
  assert.match(id, /^[0-9a-f]{40}$/);
  const place = join(folder, "given/.build-id", id.slice(0, 2), `${id.slice(2)}.debug`);
  at(place, () => {
    assert.ok(hasHidden(openDebugFile(program, parse(program), [join(folder, "given")])));
    assert.ok(hasHidden(openDebugFile(program, parse(program), [`+${join(folder, "given")}`])));
    assert.equal(openDebugFile(program, parse(program), []), undefined);
  });
});

test("a file that is another one than the link means is not taken", options, () => {
  const place = join(folder, "bin/program.dbg");
  copyFileSync(separate, place);
  writeFileSync(place, "changed", { flag: "a" });
  assert.equal(openDebugFile(program, parse(program), []), undefined);
  renameSync(place, join(folder, "other"));
});
