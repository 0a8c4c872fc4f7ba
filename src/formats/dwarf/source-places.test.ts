// Source lines and inlined functions of addresses, against what addr2line says of the same files.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ElfFile } from "../elf/elf.ts";
import { type FoundPlace, type SourcePlace, SourcePlaces } from "./source-places.ts";

const header = `static inline __attribute__((always_inline)) int deepest(volatile int *p, int a) {
  *p += a;
  if (a & 1) {
    *p ^= a * 3;
  }
  return *p;
}
`;
const source = `#include "deep.h"
static inline __attribute__((always_inline)) int middle(volatile int *p, int a) {
  int r = 0;
  for (int i = 0; i < a; i++) {
    r += deepest(p, i);
  }
  return r;
}
__attribute__((noinline)) int outer(volatile int *p, int a) {
  int r = middle(p, a);
  *p = r;
  return r + middle(p, 3);
}
__attribute__((noinline, cold)) int rare(volatile int *p) { return deepest(p, 5); }
int main(int n, char **v) {
  volatile int x = n;
  if (__builtin_expect(n > 100, 0)) return rare(&x);
  return outer(&x, n) & 1;
}
`;
const other = `#include "deep.h"
int elsewhere(volatile int *p) { return deepest(p, 1) + deepest(p, 2); }
`;

const missing = ["gcc", "addr2line", "objcopy"].find((tool) => spawnSync(tool, ["--version"]).status !== 0);
const hasZstd = spawnSync("objcopy", ["--help"], { encoding: "utf8" }).stdout?.includes("zstd") ?? false;

interface Variant {
  readonly flags: readonly string[];
  readonly compress?: string;
}

const variants: readonly Variant[] = [
  { flags: ["-gdwarf-2", "-O2"] },
  { flags: ["-gdwarf-3", "-O2"] },
  { flags: ["-gdwarf-4", "-O2"] },
  { flags: ["-gdwarf-5", "-O2"] },
  { flags: ["-gdwarf-5", "-O2", "-fno-pie", "-no-pie"] },
  { flags: ["-gdwarf-5", "-O2", "-freorder-blocks-and-partition", "-ffunction-sections"] },
  { flags: ["-gdwarf-5", "-O2"], compress: "zlib" },
  { flags: ["-gdwarf-5", "-O2"], compress: "zlib-gnu" },
  { flags: ["-gdwarf-5", "-O2"], compress: "zstd" },
];

describe("places in the source", { skip: missing === undefined ? false : `${missing} is not installed` }, () => {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "bpftrace-places-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  before(() => {
    writeFileSync(join(folder, "deep.h"), header);
    writeFileSync(join(folder, "main.c"), source);
    writeFileSync(join(folder, "other.c"), other);
  });

  function run(tool: string, ...args: readonly string[]): string {
    const result = spawnSync(tool, args, { cwd: folder, encoding: "utf8" });
    assert.equal(result.status, 0, `${tool} ${args.join(" ")}: ${result.stderr}`);
    return result.stdout;
  }

  function open(path: string): { readonly elf: ElfFile; readonly places: SourcePlaces | undefined } {
    const elf = ElfFile.parse(readFileSync(path));
    assert.ok(elf !== undefined);
    return { elf, places: SourcePlaces.open(elf) };
  }

  for (const { flags, compress } of variants) {
    const skip = compress === "zstd" && !hasZstd ? "objcopy can't compress so" : false;
    test(`${flags.join(" ")} ${compress ?? ""}`, { skip }, () => {
      const path = join(folder, "program");
      run("gcc", ...flags, "main.c", "other.c", "-o", "program");
      const { elf } = open(path);
      let inlined = 0;
      const addresses: number[] = [];
      for (const name of ["outer", "rare", "main", "elsewhere", "outer.cold", "main.cold"]) {
        const symbol = elf.symbols().find((s) => s.name === name);
        for (let i = 0; i < (symbol?.size ?? 0); i++) addresses.push(Number(symbol?.address ?? 0n) + i);
      }
      assert.ok(addresses.length > 50);
      const expected = run("addr2line", "-i", "-f", "-a", "-e", "program", ...addresses.map((a) => a.toString(16)));
      if (compress !== undefined) run("objcopy", `--compress-debug-sections=${compress}`, "program");
      const { places } = open(path);
      assert.ok(places !== undefined);
      const answers = expected.split(/^0x.*\n/m).slice(1);
      for (const [i, address] of addresses.entries()) {
        const lines = (answers[i] ?? "").trim().split("\n");
        // Pairs of lines: name, place; the last is of the function itself.
        const wanted = lines.filter((_, k) => k % 2 === 1).map((line) => line.replace(/ \(discriminator \d+\)$/, "").replace(/^.*\//, ""));
        const names = lines.filter((_, k) => k % 2 === 0);
        const found: FoundPlace | undefined = places.find(address);
        const all: readonly (SourcePlace | undefined)[] = [...(found?.inlined ?? []).map(({ place }) => place), found?.place];
        const got = all.map((place) => (place === undefined ? "??:?" : `${place.file.replace(/^.*\//, "")}:${place.line}`));
        assert.deepEqual(got, wanted, `0x${address.toString(16)}`);
        assert.deepEqual((found?.inlined ?? []).map(({ name }) => name), names.slice(0, -1), `0x${address.toString(16)}`);
        inlined = Math.max(inlined, found?.inlined.length ?? 0);
      }
      assert.ok(inlined >= 2, "deepest stands in middle, which stands in outer");
      assert.equal(places.find(1), undefined);
    });
  }

  test("offsets of eight bytes are as good as those of four", () => {
    const at = (path: string) => {
      const { elf, places } = open(join(folder, path));
      const start = Number(elf.symbols().find((s) => s.name === "outer")?.address ?? 0n);
      return Array.from({ length: 40 }, (_, i) => places?.find(start + i));
    };
    run("gcc", "-gdwarf-5", "-O2", "main.c", "other.c", "-o", "short");
    run("gcc", "-gdwarf-5", "-gdwarf64", "-O2", "main.c", "other.c", "-o", "long");
    assert.deepEqual(at("long"), at("short"));
  });

  test("paths are whole", () => {
    run("gcc", "-gdwarf-5", "-O2", "main.c", "other.c", "-o", "program");
    const { elf, places } = open(join(folder, "program"));
    const symbol = elf.symbols().find((s) => s.name === "rare");
    const found = places?.find(Number(symbol?.address ?? 0n));
    assert.equal(found?.place?.file, join(folder, "main.c"));
  });

  test("a file without debug information has none", () => {
    run("gcc", "-s", "main.c", "other.c", "-o", "program");
    assert.equal(open(join(folder, "program")).places, undefined);
  });
});
