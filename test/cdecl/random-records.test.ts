// Random structs with bit-fields, packing and alignment: gcc's program tells where every bit is, and we have to agree.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { present } from "../../src/base/invariant.ts";
import { storedSize } from "../../src/types/type.ts";
import { gccIsInstalled, readWithSystemHeaders } from "./gcc-agreement.ts";

const skip = process.arch !== "x64" ? "needs x86-64" : gccIsInstalled() ? false : "gcc is not installed";

const integerTypes: readonly (readonly [string, number])[] = [
  ["char", 8],
  ["unsigned char", 8],
  ["short", 16],
  ["unsigned int", 32],
  ["int", 32],
  ["long", 64],
  ["unsigned long long", 64],
  ["enum zz_e", 32],
  ["_Bool", 1],
  ["zz_low", 32],
  ["zz_high", 32],
];

const attribute = fc.constantFrom("", "", "", "", " __attribute__((packed))", " __attribute__((aligned(4)))");

const plainMember = fc
  .tuple(
    fc.constantFrom("char", "short", "int", "long", "void *", "_Bool", "zz_low", "zz_high", "__int128", "long double"),
    fc.constantFrom("", "", "[3]", "[2][2]"),
    attribute,
  )
  // gcc refuses arrays of what is aligned to more than its size.
  .map(
    ([type, array, attributes]) =>
      (name: string) =>
        `${type} ${name}${type === "zz_high" ? "" : array}${attributes};`,
  );

const bitMember = fc
  .tuple(
    fc.constantFrom(...integerTypes),
    fc.nat(100),
    fc.constantFrom("named", "named", "named", "unnamed", "zero"),
    attribute,
  )
  .map(([[type, bits], random, form, attributes]) => (name: string) => {
    const width = 1 + (random % bits);
    if (form === "zero") return `${type} : 0;`;
    return form === "unnamed" ? `${type} : ${width};` : `${type} ${name} : ${width}${attributes};`;
  });

const members = fc.array(fc.oneof(plainMember, bitMember, bitMember), { minLength: 1, maxLength: 7 });

const record = fc
  .tuple(
    fc.constantFrom("struct", "struct", "struct", "union"),
    members,
    members,
    attribute,
    fc.constantFrom("", "", "", "1", "2", "4"),
    fc.nat(3),
  )
  .map(([tag, list, inner, attributes, pack, nested]) => (name: string) => {
    const own = list.map((member, i) => member(`m${i}`)).join(" ");
    const anonymous = nested === 0 ? ` struct { ${inner.map((member, i) => member(`n${i}`)).join(" ")} };` : "";
    return `#pragma pack(${pack})\n${tag} ${name} { ${own}${anonymous} }${attributes};\n#pragma pack()\n`;
  });

test("sizes and the bits of every member agree with gcc's", { skip }, (t) => {
  const records = fc.sample(record, { numRuns: 400, seed: 20240607 }).map((make, i) => make(`zz${i}`));
  const types =
    "enum zz_e { ZZ_A, ZZ_B };\ntypedef int zz_low __attribute__((aligned(1)));\ntypedef int zz_high __attribute__((aligned(8)));\n";
  const text = types + records.join("");
  const { definitions, diagnostics } = readWithSystemHeaders(text);
  assert.deepEqual(
    diagnostics.all().map((d) => d.message),
    [],
  );
  const expected = gccLayouts(text, definitions.structs);
  let fields = 0;
  for (const [key, { layout }] of definitions.structs) {
    const declaration = records[Number(key.replace(/\D/g, ""))];
    assert.equal(expected.get(key), layout.size, declaration);
    for (const field of layout.fields()) {
      fields++;
      const start = field.offset * 8 + (field.bits?.shift ?? 0);
      const width = field.bits?.width ?? storedSize(field.type) * 8;
      const bits = present(expected.get(`${key}.${field.name}`), `${key}.${field.name}`);
      assert.deepEqual([start, width], bits, `${field.name} of ${declaration}`);
    }
  }
  t.diagnostic(`${definitions.structs.size} records, ${fields} members`);
});

/** Sizes by record, and [first bit, bits] by member, from a program that sets one member at a time. */
function gccLayouts(
  text: string,
  structs: ReturnType<typeof readWithSystemHeaders>["definitions"]["structs"],
): ReadonlyMap<string, number | readonly number[]> {
  const lines: string[] = [];
  for (const [key, { layout }] of structs) {
    lines.push(`printf("${key}\\t%zu\\n", sizeof(${key}));`);
    for (const field of layout.fields()) {
      const set =
        field.bits === undefined ? `memset(&x.${field.name}, 255, sizeof x.${field.name});` : `x.${field.name} = -1;`;
      lines.push(`{ ${key} x; memset(&x, 0, sizeof x); ${set} show("${key}.${field.name}", &x, sizeof x); }`);
    }
  }
  const program = `#include <stdio.h>\n#include <string.h>\n${text}
static void show(const char *name, void *at, unsigned long size) {
  long first = -1, count = 0;
  for (unsigned long bit = 0; bit < size * 8; bit++)
    if (((unsigned char *)at)[bit / 8] >> (bit % 8) & 1) { if (first < 0) first = bit; count++; }
  printf("%s\\t%ld,%ld\\n", name, first, count);
}
int main(void) { ${lines.join("\n")} return 0; }\n`;
  const folder = mkdtempSync(join(tmpdir(), "random-records-"));
  try {
    writeFileSync(join(folder, "p.c"), program);
    const built = spawnSync("gcc", ["-w", "-O0", "-o", join(folder, "p"), join(folder, "p.c")], { encoding: "utf8" });
    assert.equal(built.status, 0, built.stderr);
    const output = spawnSync(join(folder, "p"), { encoding: "utf8" }).stdout;
    return new Map(
      output
        .trimEnd()
        .split("\n")
        .map((line): [string, number | readonly number[]] => {
          const [name = "", value = ""] = line.split("\t");
          return [name, value.includes(",") ? value.split(",").map(Number) : Number(value)];
        }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
