// Symbols by address, in a program that is written in assembly so that they lie as they should.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ElfFile } from "./elf.ts";
import { SymbolIndex } from "./symbol-index.ts";

const source = `
.text
.globl _start, write, __write
.weak __libc_write
.macro symbol name, offset, length, type
  .set \\name, base + \\offset
  .type \\name, \\type
  .size \\name, \\length
.endm
base:
  .skip 0x100, 0x90
symbol _start, 0x00, 0x10, @function
symbol outer, 0x20, 0x40, @function
symbol inner, 0x30, 0x08, @function
symbol __libc_write, 0x60, 0x10, @function
symbol __write, 0x60, 0x10, @function
symbol write, 0x60, 0x10, @function
symbol table, 0x70, 0x08, @object
symbol run, 0x70, 0x08, @function
symbol label, 0x80, 0, @notype
symbol after, 0xa0, 0x10, @function
symbol last, 0xc0, 0, @function
`;

const missing = spawnSync("gcc", ["--version"]).status !== 0 || process.arch !== "x64";

test("the innermost symbol that contains an address, by its plainest name", { skip: missing ? "gcc for x86-64 is not installed" : false }, () => {
  const folder = mkdtempSync(join(tmpdir(), "symbol-index-"));
  try {
    writeFileSync(join(folder, "a.s"), source);
    const run = spawnSync("gcc", ["-nostdlib", "-static", "-no-pie", "-o", "a", "a.s"], { cwd: folder, encoding: "utf8" });
    assert.equal(run.status, 0, run.stderr);
    const file = ElfFile.parse(readFileSync(join(folder, "a")));
    assert.ok(file !== undefined);
    const start = Number(file.symbols().find(({ name }) => name === "_start")?.address ?? 0n);
    const index = new SymbolIndex([file]);
    const at = (offset: number) => {
      const found = index.find(start + offset);
      return found === undefined ? undefined : `${found.name}+${start + offset - found.address}`;
    };
    const rows: readonly (readonly [number, string | undefined])[] = [
      [-1, undefined],
      [0x00, "_start+0"],
      [0x0f, "_start+15"],
      // A label at the same place does not reach over a function that begins there.
      [0x10, "base+16"],
      [0x20, "outer+0"],
      [0x2f, "outer+15"],
      [0x30, "inner+0"],
      [0x37, "inner+7"],
      [0x38, "outer+24"],
      [0x5f, "outer+63"],
      [0x61, "write+1"],
      [0x70, "run+0"],
      [0x78, undefined],
      [0x80, "label+0"],
      [0x9f, "label+31"],
      [0xa5, "after+5"],
      [0xb0, undefined],
      [0xc0, "last+0"],
      [0xff, "last+63"],
      [0x100, undefined],
    ];
    for (const [offset, expected] of rows) assert.equal(at(offset), expected, `0x${offset.toString(16)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
