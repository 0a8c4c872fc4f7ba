// Unwind tables of real files: every row of the call frame information is found in them by its addresses.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { FrameInterpreter } from "../formats/dwarf/frame-rules.ts";
import { readFrameEntries } from "../formats/dwarf/frames.ts";
import { ElfFile } from "../formats/elf/elf.ts";
import { executableMappings, kernelLibrary, withMappedElf } from "./executable-mappings.ts";
import { RecipeTable, trackedRegisters, unknownRecipe } from "./unwind-recipes.ts";
import { readUnwindTable, type UnwindTable } from "./unwind-table.ts";

/** The recipe of an address; undefined outside of the table. */
function recipeAt(table: UnwindTable, address: number): number | undefined {
  let [low, high] = [0, table.addresses.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((table.addresses[middle] ?? 0) <= address) low = middle + 1;
    else high = middle;
  }
  return address < table.end ? table.recipes[low - 1] : undefined;
}

const libraries = ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/libcrypto.so.3"];

describe("unwind tables", { skip: process.arch === "x64" ? false : "for x86-64 only" }, () => {
  for (const path of libraries) {
    test(`of ${path}`, { skip: existsSync(path) ? false : "not there" }, () => {
      const file = ElfFile.parse(readFileSync(path));
      const section = file?.section(".eh_frame");
      assert.ok(file !== undefined && section !== undefined);
      const recipes = new RecipeTable();
      const table = readUnwindTable(file, recipes);
      const bytes = Buffer.from(section.bytes.buffer, section.bytes.byteOffset, section.bytes.length);
      const frames = { kind: "eh_frame", bytes, address: Number(section.address) } as const;
      const interpreter = new FrameInterpreter(frames, trackedRegisters);
      const entries = readFrameEntries(frames);
      let before = 0;
      let compared = 0;
      for (const [i, entry] of entries.entries()) {
        interpreter.rows(entry, (row) => {
          // Where entries overlap the first one counts.
          if (row.start < before) return;
          const wanted = recipes.numberOf(row, entry.common.signal);
          assert.equal(recipeAt(table, row.start), wanted, `at ${row.start.toString(16)}`);
          assert.equal(recipeAt(table, row.end - 1), wanted, `before ${row.end.toString(16)}`);
          compared += 1;
        });
        before = Math.max(before, entry.start + entry.length);
        const next = entries[i + 1]?.start ?? before;
        if (next >= before + 16) assert.equal(recipeAt(table, before), unknownRecipe, `after ${before.toString(16)}`);
      }
      assert.ok(compared > 2000);
      assert.equal(recipeAt(table, table.end), undefined);
      assert.ok(table.addresses.every((address, at) => at === 0 || address > (table.addresses[at - 1] ?? 0)), "rows are sorted");
    });
  }

  test("of the library that the kernel brings", () => {
    const mapping = executableMappings(process.pid).find(({ identity }) => identity === kernelLibrary);
    assert.ok(mapping !== undefined);
    const table = withMappedElf(process.pid, mapping, (file) => readUnwindTable(file, new RecipeTable()));
    assert.ok((table?.addresses.length ?? 0) > 5);
  });

  test("a file without a table of sections is read by its program headers", () => {
    const bytes = readFileSync("/lib64/ld-linux-x86-64.so.2");
    const whole = ElfFile.parse(bytes);
    const stripped = Buffer.from(bytes);
    // e_shoff, e_shnum and e_shstrndx
    stripped.fill(0, 40, 48);
    stripped.fill(0, 60, 64);
    const file = ElfFile.parse(stripped);
    assert.ok(whole !== undefined && file !== undefined);
    assert.equal(file.section(".eh_frame"), undefined);
    assert.deepEqual(readUnwindTable(file, new RecipeTable()), readUnwindTable(whole, new RecipeTable()));
  });

  test("a file without call frame information has no rows", () => {
    const bytes = Buffer.alloc(256);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    const file = ElfFile.parse(bytes);
    assert.ok(file !== undefined);
    assert.equal(readUnwindTable(file, new RecipeTable()).addresses.length, 0);
  });
});
