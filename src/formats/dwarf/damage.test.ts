// Damaged debug information is refused with the reader's own error: no other exception, no endless walk.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import vm from "node:vm";
import fc from "fast-check";
import { storedSize, typeName } from "../../types/type.ts";
import { ElfFile } from "../elf/elf.ts";
import { DwarfError } from "./cursor.ts";
import { Dwarf } from "./dwarf.ts";

const source = `
typedef struct node { struct node *next; int kind : 3; union { char tag[6]; long whole; }; enum { A = 1, B = -2 } e; } node_t;
int visit(node_t *n, const char *name, int depth) { return n->kind + name[0] + depth; }
int main(void) { node_t n = { .kind = 1 }; return visit(&n, "x", 3); }
`;

function build(options: readonly string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "bpftrace-damage-"));
  try {
    writeFileSync(join(folder, "a.c"), source);
    const run = spawnSync("gcc", ["-O1", "-c", ...options, "-o", "a.o", "a.c"], { cwd: folder, encoding: "utf8" });
    assert.equal(run.status, 0, run.stderr);
    return readFileSync(join(folder, "a.o"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Places in the file of the sections with debug information. */
function ranges(bytes: Buffer): readonly { readonly start: number; readonly length: number }[] {
  const file = ElfFile.parse(bytes);
  return [".debug_info", ".debug_abbrev", ".debug_line", ".debug_str"].flatMap((name) => {
    const section = file?.section(name);
    return section === undefined ? [] : [{ start: section.bytes.byteOffset - bytes.byteOffset, length: section.bytes.length }];
  });
}

/** Asks for everything there is. */
function use(bytes: Buffer): void {
  const file = ElfFile.parse(bytes);
  if (file === undefined) return;
  try {
    const dwarf = Dwarf.open(file);
    for (const name of ["visit", "main"]) {
      for (const { type } of dwarf?.function(name)?.parameters ?? []) typeName(type);
    }
    for (const key of dwarf?.structNames() ?? []) {
      const [tag = "", name = ""] = key.split(" ");
      const type = dwarf?.struct(tag === "union" ? "union" : "struct", name);
      for (const field of type?.layout.fields() ?? []) storedSize(field.type);
    }
    dwarf?.lineAt(0n);
    for (const path of dwarf?.sourceFiles("a.c") ?? []) dwarf?.addressOf(path, 3, undefined);
  } catch (problem) {
    if (!(problem instanceof DwarfError)) throw problem;
  }
}

const hasGcc = spawnSync("gcc", ["--version"]).status === 0;

describe("damage", { skip: hasGcc ? false : "gcc is not installed" }, () => {
  for (const version of ["-gdwarf-4", "-gdwarf-5"]) {
    test(`of debug information written with ${version}`, () => {
      const whole = build([version]);
      const places = ranges(whole);
      assert.ok(places.length >= 3);
      const edit = fc.record({ section: fc.nat(places.length - 1), at: fc.nat(), byte: fc.nat(255) });
      fc.assert(
        fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
          const bytes = Buffer.from(whole);
          for (const { section, at, byte } of edits) {
            const place = places[section];
            if (place !== undefined) bytes[place.start + (at % place.length)] = byte;
          }
          // Generous: only an endless walk takes that long.
          new vm.Script("run()").runInNewContext({ run: () => use(bytes) }, { timeout: 30_000 });
        }),
        { numRuns: 150, seed: 9 },
      );
    });
  }
});
