// Debug information as gcc writes it, in all versions: parameters, structs, source lines.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { storedSize, type Type, typeName } from "../../types/type.ts";
import { ElfFile } from "../elf/elf.ts";
import { Dwarf } from "./dwarf.ts";

const source = `
typedef unsigned int word;
enum color { RED = 1, BLUE = -5 };
struct inner { short kind; word qty[4]; char tag[6]; };
struct bits { unsigned a : 3; int b : 9; unsigned long c : 40; unsigned char d; };
union both { long whole; char parts[8]; };
struct outer {
  struct inner in; struct outer *next; union both both; struct bits bits;
  union { int x; struct { short y, z; }; };
  enum color color; const volatile _Bool flag; int grid[2][3]; void (*call)(int);
};
__attribute__((noinline)) long work(struct outer *o, const char *name, word n, unsigned char c) {
  o->in.kind += n;
  return o->in.kind + name[0] + c;
}
int main(int argc, char **argv) {
  struct outer o = { .color = BLUE };
  return (int)work(&o, argv[0], argc, 1);
}
`;

const hasGcc = spawnSync("gcc", ["--version"]).status === 0;
const variants: readonly (readonly string[])[] = [
  ["-gdwarf-2", "-gstrict-dwarf"],
  ["-gdwarf-3"],
  ["-gdwarf-4"],
  ["-gdwarf-5"],
  ["-gdwarf-5", "-gdwarf64"],
  ["-gdwarf-5", "-gz=zlib", "-O2"],
  ["-gdwarf-4", "-O2"],
];

describe("debug information", { skip: hasGcc ? false : "gcc is not installed" }, () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "bpftrace-dwarf-"));
    writeFileSync(join(folder, "fixture.c"), source);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function build(options: readonly string[]): { dwarf: Dwarf; elf: ElfFile } {
    const output = join(folder, "fixture");
    const run = spawnSync("gcc", [...options, "-o", output, "fixture.c"], { cwd: folder, encoding: "utf8" });
    assert.equal(run.status, 0, run.stderr);
    const elf = ElfFile.parse(readFileSync(output));
    assert.ok(elf !== undefined);
    const dwarf = Dwarf.open(elf);
    assert.ok(dwarf !== undefined);
    return { dwarf, elf };
  }

  function fieldsOf(type: Type | undefined): Record<string, string> {
    if (type?.kind !== "struct") return {};
    const text = (f: { offset: number; type: Type; bits: { shift: number; width: number } | undefined }) =>
      `${f.offset}${f.bits === undefined ? "" : `.${f.bits.shift}:${f.bits.width}`} ${typeName(f.type)}`;
    return Object.fromEntries(type.layout.fields().map((field) => [field.name, text(field)]));
  }

  for (const options of variants) {
    test(`written with ${options.join(" ")}`, () => {
      const { dwarf, elf } = build(options);
      const work = dwarf.function("work");
      assert.deepEqual(
        work?.parameters.map((p) => `${typeName(p.type)} ${p.name}`),
        ["struct outer * o", "int8 * name", "uint32 n", "uint8 c"],
      );
      assert.equal(work === undefined ? "" : typeName(work.returns), "int64");

      const outer = dwarf.struct("struct", "outer");
      const fields = fieldsOf(outer);
      assert.equal(outer === undefined ? 0 : storedSize(outer), 104);
      assert.deepEqual(Object.keys(fields), ["in", "next", "both", "bits", "x", "y", "z", "color", "flag", "grid", "call"]);
      assert.deepEqual(
        [fields["in"], fields["next"], fields["both"], fields["x"], fields["y"], fields["z"], fields["color"], fields["flag"], fields["grid"]],
        [
          "0 struct inner",
          "32 struct outer *",
          "40 union both",
          "56 int32",
          "56 int16",
          "58 int16",
          "60 enum color",
          "64 uint8",
          // Two arrays of three.
          "68 int32[3][2]",
        ],
      );
      assert.deepEqual(fieldsOf(dwarf.struct("struct", "inner")), { kind: "0 int16", qty: "4 uint32[4]", tag: "20 string[6]" });
      const bits = fieldsOf(dwarf.struct("struct", "bits"));
      assert.deepEqual([bits["a"], bits["b"], bits["c"], bits["d"]], ["0.0:3 uint32", "0.3:9 int32", "0.12:40 uint64", "7 uint8"]);

      const symbol = elf.symbols().find((s) => s.name === "work");
      assert.ok(symbol !== undefined);
      const line = dwarf.lineAt(symbol.address);
      // With optimisation the first statement may begin at the same address.
      assert.ok(line?.line === 12 || (options.includes("-O2") && line?.line === 13));
      assert.match(line?.file ?? "", /fixture\.c$/);
      const [file = ""] = dwarf.sourceFiles("fixture.c");
      assert.equal(dwarf.addressOf(file, 12, undefined), symbol.address);
      assert.deepEqual(dwarf.sourceFiles("other.c"), []);
      assert.equal(dwarf.addressOf(file, 99, undefined), undefined);
    });
  }

  test("a file without debug information has none", () => {
    const output = join(folder, "plain");
    spawnSync("gcc", ["-s", "-o", output, "fixture.c"], { cwd: folder });
    const elf = ElfFile.parse(readFileSync(output));
    assert.ok(elf !== undefined);
    assert.equal(Dwarf.open(elf), undefined);
  });
});
