// Split debug information of gcc, in files and in packages: what is read of it is what the same program has whole.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { DwarfError } from "../formats/dwarf/cursor.ts";
import { Dwarf } from "../formats/dwarf/dwarf.ts";
import { SourcePlaces } from "../formats/dwarf/source-places.ts";
import { ElfFile } from "../formats/elf/elf.ts";
import { MalformedFile } from "../formats/malformed-file.ts";
import { typeName } from "../types/type.ts";
import { splitFilesOf } from "./split-files.ts";

const sources: Readonly<Record<string, string>> = {
  "deep.h": `static inline __attribute__((always_inline)) int deepest(volatile int *p, int a) {
  *p += a;
  if (a & 1) *p ^= a * 3;
  return *p;
}
`,
  "main.c": `#include "deep.h"
struct item { int a; struct item *next; enum { FEW, MANY } amount; char tag[6]; };
extern int elsewhere(volatile int *p, struct other *o);
static inline __attribute__((always_inline)) int middle(volatile int *p, int a) {
  int r = 0;
  for (int i = 0; i < a; i++) r += deepest(p, i);
  return r;
}
__attribute__((noinline)) int outer(struct item *it, volatile int *p, const char *name, int a) {
  int r = middle(p, a);
  *p = r;
  return r + middle(p, 3) + it->a + name[0];
}
int main(int n, char **v) {
  volatile int x = n;
  struct item it = { .a = n };
  return (outer(&it, &x, v[0], n) + elsewhere(&x, 0)) & 1;
}
`,
  "other.c": `#include "deep.h"
struct other { unsigned long b; };
int elsewhere(volatile int *p, struct other *o) { return deepest(p, 1) + deepest(p, 2) + (o ? o->b : 0); }
`,
};
const programs = { outer: 4, elsewhere: 2 } as const;

const missing = ["gcc", "objcopy"].find((tool) => spawnSync(tool, ["--version"]).status !== 0);
const packer = spawnSync("dwp", ["--version"]).status === 0;

describe("split debug information", { skip: missing === undefined ? false : `${missing} is not installed` }, () => {
  const top = mkdtempSync(join(realpathSync(tmpdir()), "bpftrace-split-"));
  after(() => rmSync(top, { recursive: true, force: true }));

  function run(folder: string, tool: string, ...args: readonly string[]): void {
    const result = spawnSync(tool, args, { cwd: folder, encoding: "utf8" });
    assert.equal(result.status, 0, `${tool} ${args.join(" ")}: ${result.stderr}`);
  }

  /** A folder with the program built in it. */
  function build(name: string, ...flags: readonly string[]): string {
    const folder = join(top, name);
    mkdirSync(folder);
    run(folder, "gcc", "-O2", "-w", ...flags, "-o", "program", "../main.c", "../other.c");
    return folder;
  }

  before(() => {
    for (const [name, text] of Object.entries(sources)) writeFileSync(join(top, name), text);
  });

  function open(path: string): { readonly elf: ElfFile; readonly dwarf: Dwarf; readonly places: SourcePlaces; readonly warnings: readonly string[] } {
    const warnings: string[] = [];
    const files = splitFilesOf((message) => warnings.push(message));
    const elf = ElfFile.parse(readFileSync(path));
    assert.ok(elf !== undefined);
    const dwarf = Dwarf.open(elf, files(path));
    const places = SourcePlaces.open(elf, files(path));
    assert.ok(dwarf !== undefined && places !== undefined);
    return { elf, dwarf, places, warnings };
  }

  /** All that is asked of debug information, as text. */
  function told(path: string): { readonly text: string; readonly warnings: readonly string[] } {
    const { elf, dwarf, places, warnings } = open(path);
    const lines: string[] = [];
    for (const name of Object.keys(programs)) {
      const found = dwarf.function(name);
      lines.push(`${name}(${found?.parameters.map((p) => `${p.ctype} ${p.name}: ${typeName(p.type)}`).join(", ")}): ${found === undefined ? "" : typeName(found.returns)}`);
      const symbol = elf.symbols().find((s) => s.name === name);
      for (let i = 0; i < (symbol?.size ?? 0); i++) lines.push(`${name}+${i} ${JSON.stringify(places.find(Number(symbol?.address ?? 0n) + i))?.replaceAll(top, "")}`);
    }
    for (const name of dwarf.structNames()) {
      const struct = dwarf.struct("struct", name.replace(/^struct /, ""));
      lines.push(`${name} ${struct?.layout.fields().map((f) => `${f.name}@${f.offset} ${typeName(f.type)}`).join(", ")}`);
    }
    for (const file of dwarf.sourceFiles("main.c")) lines.push(`line 10: ${dwarf.addressOf(file, 10, undefined)}`);
    return { text: lines.join("\n"), warnings };
  }

  for (const version of ["4", "5"] as const) {
    let whole: string | undefined;
    /** The same of the program with everything in it, in a folder of another name. */
    const wanted = (folder: string) => {
      whole ??= told(join(build(`whole${version}`, `-gdwarf-${version}`), "program")).text;
      return whole.replaceAll(`whole${version}`, folder);
    };

    test(`of version ${version} in files where the compiler left them`, () => {
      const folder = build(`split${version}`, `-gdwarf-${version}`, "-gsplit-dwarf");
      const { text, warnings } = told(join(folder, "program"));
      assert.equal(text, wanted(`split${version}`));
      assert.match(text, /^outer\(struct item\* it: struct item \*, volatile int\* p: int32 \*, const char\* name: int8 \*, int a: int32\): int32$/m);
      assert.deepEqual(warnings, []);
    });

    test(`of version ${version} in files that were moved with the program`, () => {
      const folder = build(`built${version}`, `-gdwarf-${version}`, "-gsplit-dwarf");
      const moved = join(top, `moved${version}`);
      renameSync(folder, moved);
      const { text, warnings } = told(join(moved, "program"));
      assert.equal(text, wanted(`built${version}`));
      assert.deepEqual(warnings, []);
    });

    test(`of version ${version} that is compressed`, () => {
      const name = `packed${version}`;
      const folder = build(name, `-gdwarf-${version}`, "-gsplit-dwarf", "-gz=zlib");
      assert.equal(told(join(folder, "program")).text, wanted(name));
    });

    test(`of version ${version} that is not there is missed once, with the names of both files`, () => {
      const name = `without${version}`;
      const folder = build(name, `-gdwarf-${version}`, "-gsplit-dwarf");
      for (const unit of ["program-main.dwo", "program-other.dwo"]) rmSync(join(folder, unit));
      const { elf, dwarf, places, warnings } = open(join(folder, "program"));
      assert.equal(dwarf.function("outer"), undefined);
      const symbol = elf.symbols().find((s) => s.name === "outer");
      // Lines are in the program itself.
      assert.match(places.find(Number(symbol?.address ?? 0n))?.place?.file ?? "", /main\.c$/);
      const program = join(folder, "program");
      assert.deepEqual(warnings, [
        `Details of the debug information of ${program} are missing: neither ${program}-main.dwo nor ${program}.dwp has them`,
      ]);
    });

    test(`of version ${version} of another build is not taken`, () => {
      const folder = build(`older${version}`, `-gdwarf-${version}`, "-gsplit-dwarf");
      copyFileSync(join(folder, "program-other.dwo"), join(folder, "program-main.dwo"));
      const { dwarf, warnings } = open(join(folder, "program"));
      assert.equal(dwarf.function("outer"), undefined);
      assert.equal(dwarf.function("elsewhere")?.parameters.length, 2);
      assert.equal(warnings.length, 1);
    });

    test(`of version ${version} that is damaged is missed with the reason`, () => {
      const folder = build(`damaged${version}`, `-gdwarf-${version}`, "-gsplit-dwarf");
      const unit = join(folder, "program-main.dwo");
      const bytes = readFileSync(unit);
      const info = ElfFile.parse(bytes)?.section(".debug_info.dwo")?.bytes;
      assert.ok(info !== undefined);
      // The version of the unit.
      bytes.writeUInt16LE(77, info.byteOffset - bytes.byteOffset + 4);
      writeFileSync(unit, bytes);
      const { dwarf, warnings } = open(join(folder, "program"));
      assert.equal(dwarf.function("elsewhere")?.parameters.length, 2);
      assert.match(warnings.join("\n"), /program-main\.dwo or .*program\.dwp can't be read: debug information of version 77$/);
    });

    test(`of version ${version} in a package`, () => {
      const name = `package${version}`;
      const folder = build(name, `-gdwarf-${version}`, "-gsplit-dwarf");
      pack(folder, Number(version));
      for (const unit of ["program-main.dwo", "program-other.dwo"]) rmSync(join(folder, unit));
      const { text, warnings } = told(join(folder, "program"));
      assert.equal(text, wanted(name));
      assert.deepEqual(warnings, []);
      symlinkSync("program", join(folder, "link"));
      assert.deepEqual(told(join(folder, "link")).warnings, []);
    });
  }

  for (const version of [4, 5]) {
    test(`of version ${version}, damaged anywhere, is refused or read, and never a crash`, () => {
      const folder = build(`broken${version}`, `-gdwarf-${version}`, "-gsplit-dwarf");
      pack(folder, version);
      const units = ["program-main.dwo", "program-other.dwo"].map((name) => join(folder, name));
      const files = [join(folder, "program.dwp"), units[0] ?? ""];
      const whole = files.map((path) => readFileSync(path));
      let state = 7;
      const random = (below: number) => {
        state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
        return Math.floor((state / 2 ** 31) * below);
      };
      for (const [i, path] of files.entries()) {
        const bytes = whole[i] ?? Buffer.alloc(0);
        // The package is asked first: without it the units are.
        if (i === 1) rmSync(files[0] ?? "");
        for (let run = 0; run < 60; run++) {
          const damaged = Buffer.from(bytes);
          for (let edit = 0; edit < 4; edit++) damaged[64 + random(damaged.length - 64)] = random(256);
          writeFileSync(path, damaged);
          try {
            told(join(folder, "program"));
          } catch (problem) {
            assert.ok(problem instanceof DwarfError || problem instanceof MalformedFile, String(problem));
          }
        }
      }
    });
  }

  test("of version 4 in a package that dwp made", { skip: packer ? false : "dwp is not installed" }, () => {
    const folder = build("dwp", "-gdwarf-4", "-gsplit-dwarf");
    const before = told(join(folder, "program"));
    run(folder, "dwp", "-e", "program");
    for (const unit of ["program-main.dwo", "program-other.dwo"]) rmSync(join(folder, unit));
    assert.deepEqual(told(join(folder, "program")), before);
  });

  /** Makes `program.dwp` of both units, as binutils' dwp does for version 4 only. */
  function pack(folder: string, version: number): void {
    const columns = version === 5 ? { info: 1, abbrev: 3, str_offsets: 6, rnglists: 8 } : { info: 1, abbrev: 3, str_offsets: 6 };
    const program = ElfFile.parse(readFileSync(join(folder, "program")));
    assert.ok(program !== undefined);
    const texts: Buffer[] = [];
    const whole = new Map<string, Buffer[]>();
    const rows = ["program-main.dwo", "program-other.dwo"].map((name) => {
      const file = ElfFile.parse(readFileSync(join(folder, name)));
      const bytes = (section: string) => Buffer.from(file?.section(`.debug_${section}.dwo`)?.bytes ?? new Uint8Array(0));
      const shift = texts.reduce((sum, { length }) => sum + length, 0);
      texts.push(bytes("str"));
      const parts = Object.keys(columns).map((section) => {
        const content = bytes(section);
        // Texts of the second unit stand behind those of the first.
        if (section === "str_offsets") for (let at = version === 5 ? 8 : 0; at < content.length; at += 4) content.writeUInt32LE(content.readUInt32LE(at) + shift, at);
        const known = whole.get(section) ?? [];
        const start = known.reduce((sum, { length }) => sum + length, 0);
        whole.set(section, [...known, content]);
        return { start, size: content.length };
      });
      return { id: unitId(bytes("info"), version), parts };
    });
    const slots = 4;
    const index = Buffer.alloc(16 + slots * 12 + Object.keys(columns).length * 4 * (1 + 2 * rows.length));
    index.writeUInt32LE(version === 5 ? 5 : 2, 0);
    index.writeUInt32LE(Object.keys(columns).length, 4);
    index.writeUInt32LE(rows.length, 8);
    index.writeUInt32LE(slots, 12);
    for (const [i, { id }] of rows.entries()) {
      index.writeBigUInt64LE(id, 16 + (i + 1) * 8);
      index.writeUInt32LE(i + 1, 16 + slots * 8 + (i + 1) * 4);
    }
    let at = 16 + slots * 12;
    const put = (value: number) => {
      at = index.writeUInt32LE(value, at);
    };
    for (const id of Object.values(columns)) put(id);
    for (const { parts } of rows) for (const { start } of parts) put(start);
    for (const { parts } of rows) for (const { size } of parts) put(size);
    const sections: readonly (readonly [string, Buffer])[] = [
      ...[...whole].map(([name, parts]) => [`debug_${name}.dwo`, Buffer.concat(parts)] as const),
      ["debug_str.dwo", Buffer.concat(texts)],
      ["debug_cu_index", index],
    ];
    writeFileSync(join(folder, "empty.s"), "");
    run(folder, "gcc", "-c", "empty.s", "-o", "empty.o");
    for (const [name, bytes] of sections) writeFileSync(join(folder, name), bytes);
    run(folder, "objcopy", ...sections.map(([name]) => `--add-section=.${name}=${name}`), "empty.o", "program.dwp");
  }
});

/** The id that the only unit of a `.dwo` file has. */
function unitId(info: Buffer, version: number): bigint {
  // Version 5: u32 length, u16 version, u8 type, u8 address size, u32 abbreviations, u64 id. Before, it ends the first entry, which
  // has indexes of one byte each: number, producer, language, name, folder.
  return info.readBigUInt64LE(version === 5 ? 12 : 11 + 5);
}
