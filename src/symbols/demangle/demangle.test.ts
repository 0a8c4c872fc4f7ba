// Demangling: tables of names, all names of the C++ library against c++filt, hostile and random input.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { openElf } from "../open-elf.ts";
import { demangle, demangleFunctionName } from "./demangle.ts";
import { maxLength } from "./malformed.ts";

/** Rows of a table: a symbol, a blank, and its readable name. */
function table(name: string): readonly (readonly [symbol: string, readable: string])[] {
  const lines = readFileSync(resolve("src/symbols/demangle/tables", name), "utf8").split("\n");
  return lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]);
}

const tables = ["cpp.txt", "cpp-beyond.txt", "rust.txt"];

for (const name of tables) {
  test(`names of ${name} are readable`, () => {
    const rows = table(name);
    assert.ok(rows.length > 20, "the table has rows");
    assert.deepEqual(rows.map(([symbol]) => [symbol, demangle(symbol)]), rows);
  });
}

test("other texts are no mangled names", () => {
  const texts = [
    "", "main", "i", "_", "_Z", "_ZN", "_ZNE", "_R", "_RNv", "Z1fv", "_Z1", "_Z2f", "_Z1fvE", "_Z1fS_", "_Z1fS5_", "_Z1fT_", "_Z1fIi", "_ZN1AIiE1fEPT_",
    "_Z1fPDO1xFivE", "_Z3foov.Foo", "_ZL3foo.0", "_ZC1v", "_ZN1A1BE1", "_ZTW1xv", "_ZTc_", "_ZTh0_n1_1fv", "_Z0v", "_Z1fDtS0_E", "_ZZ1fv", "_Z1fILi1E", "_ZGI1x", "_ZGR",
    "_GLOBAL__sub_I_foo.cpp", "_GLOBAL_OFFSET_TABLE_", "_ZN3fooC1Ev@@GLIBCXX_3.4", "_Z1f v", "_Z999999999999f", "_R3foo", "_RNvC3foo3bar_x", "_RINvC3foo3barL0_E", "_RNvB_3bar",
    "_RNvC3foou3a_8", "_RINvC3foo3barKb2_E", "_RINvC3foo3barKcd800_E", "_RINvC3foo3barKRe616_E", "_ZN3foo17h012300000000000E", "__RNvC3foo3bar",
  ];
  assert.deepEqual(texts.map((text) => [text, demangle(text)]), texts.map((text) => [text, undefined]));
});

test("the name of a function is without result, parameters and qualifiers", () => {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["_Z1fi", "f"],
    ["_ZNK1A1gEv", "A::g"],
    ["_Z1fIiET_S0_", "f<int>"],
    ["_Z1fIPFivEET_S2_", "f<int (*)()>"],
    ["_ZN1AclEi", "A::operator()"],
    ["_ZN12_GLOBAL__N_11fEv", "(anonymous namespace)::f"],
    ["_ZZ1fiENKUlvE_clEv", "f(int)::{lambda()#1}::operator()"],
    ["_ZNK1AcvPT_I1BEEv", "A::operator B*<B>"],
    ["_Z1fIiEvT_Q1CIS0_E", "f<int>"],
    ["_Z3foov.constprop.0.isra.1", "foo"],
    ["_Z3foov.cold", "foo [clone .cold]"],
    ["_ZThn16_N1A1fEv", "non-virtual thunk to A::f"],
    ["_RNvC3foo3bar", "foo::bar"],
    ["_ZN3foo17h05af221e174051e9E", "foo"],
    ["_ZL1x", undefined],
    ["_ZTV1A", undefined],
    ["main", undefined],
  ];
  assert.deepEqual(rows.map(([symbol]) => [symbol, demangleFunctionName(symbol)]), rows);
});

/** The C++ library of this process, or where systems have it. */
function cppLibrary(): string | undefined {
  const mapped = /\/\S*libstdc\+\+\.so\S*/.exec(readFileSync("/proc/self/maps", "latin1"))?.[0];
  const usual = ["x86_64-linux-gnu", "aarch64-linux-gnu"].map((folder) => `/usr/lib/${folder}/libstdc++.so.6`);
  return [mapped, ...usual, "/usr/lib64/libstdc++.so.6"].find((path) => path !== undefined && existsSync(path));
}

function whyNotCompared(library: string | undefined): string | false {
  if (library === undefined) return "libstdc++ is not installed";
  return spawnSync("c++filt", ["--version"]).status === 0 ? false : "c++filt is not installed";
}

const library = cppLibrary();

test("every name of the C++ library is as c++filt prints it", { skip: whyNotCompared(library) }, () => {
  const symbols = (openElf(library ?? "")?.symbols() ?? []).map((symbol) => symbol.name).filter((name) => name.startsWith("_Z"));
  const names = [...new Set(symbols)];
  assert.ok(names.length > 1000, "the library has symbols");
  const run = spawnSync("c++filt", ["-i"], { input: `${names.join("\n")}\n`, encoding: "utf8", maxBuffer: 1 << 28 });
  const expected = run.stdout.split("\n");
  const different = names.flatMap((name, i) => (demangle(name) === expected[i] ? [] : [{ name, ours: demangle(name), expected: expected[i] }]));
  assert.deepEqual(different, []);
});

/** Back references of Rust names, base 62. */
function base62(value: number): string {
  const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  if (value === 0) return "_";
  let text = "";
  let rest = value - 1;
  do {
    text = digits.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  } while (rest > 0);
  return `${text}_`;
}

/** Each part names the one before twice, so that the readable name doubles. */
function doublingRust(parts: number): string {
  let text = "INvC1a1b";
  let last = text.length;
  text += "TuuE";
  for (let i = 0; i < parts; i++) {
    const here = text.length;
    text += `TB${base62(last)}B${base62(last)}E`;
    last = here;
  }
  return `_R${text}E`;
}

function doublingCpp(parts: number): string {
  const more = Array.from({ length: parts }, (_, i) => {
    const last = (i + 1).toString(36).toUpperCase();
    return `S0_IS${last}_S${last}_E`;
  });
  return `_Z1fI1AIiiE${more.join("")}EvT_`;
}

const hostile: readonly (readonly [what: string, symbol: string])[] = [
  ["deep pointers", `_Z1f${"P".repeat(60_000)}i`],
  ["deep functions", `_Z1f${"PF".repeat(20_000)}v`],
  ["deep templates", `_Z1f${"1AI".repeat(20_000)}i`],
  ["deep names", `_Z${"Z1f".repeat(20_000)}`],
  ["deep expressions", `_Z1fIiEDT${"nt".repeat(20_000)}fp_ET_`],
  ["conversions that can be read in two ways", `_ZN1A${"cvT_IXcvT_".repeat(2000)}`],
  ["scopes that can be read in two ways", `_Z1fI${"Xsr1AIiE1xE".repeat(2000)}Evv`],
  ["doubling names", doublingCpp(200)],
  ["packs of packs", `_Z1fIJ${"i".repeat(5000)}EJ${"c".repeat(5000)}EEvDp1AIDpT_DpT0_E`],
  ["many suffixes", `_Z1fv${".a".repeat(30_000)}`],
  ["a long number", `_Z${"9".repeat(60_000)}`],
  ["many parts of a legacy Rust name", `_ZN${"17h0123456789abcdef".repeat(3000)}`],
  ["doubling Rust names", doublingRust(100)],
  ["deep Rust types", `_RINvC1a1b${"R".repeat(60_000)}`],
  ["many lifetimes", `_RINvC1a1b${"FGzzzz_".repeat(1000)}`],
  ["more than a symbol has", `_Z1fv${".a".repeat(1_000_000)}`],
];

for (const [what, symbol] of hostile) {
  test(`gives up on hostile input: ${what}`, () => {
    const readable = demangle(symbol);
    assert.ok(readable === undefined || readable.length <= maxLength);
    const name = demangleFunctionName(symbol);
    assert.ok(name === undefined || name.length <= maxLength);
  });
}

const fragments = [
  "S_", "S0_", "S1_", "T_", "T0_", "Dp", "RK", "PF", "E", "I", "J", "M1A", "A3_", "K", "F", "DTfp_E", "UlvE_", "UlT_E_", "Ut_", "C1", "D2", "cv", "St", "Ss", "N", "X", "L", "Z",
  "Li5E", "sr", "cl", "1A", "Do", "B1b", "_", "GV", "TV", "Dv4_", "nw", "fl", "sZ", "di", "tl", "il", "rq", "Q", "B", "C", "M", "s0_", "G_", "u", "p", "17h", ".", "$",
];

const symbols = tables.flatMap((name) => table(name).map(([symbol]) => symbol));

interface Edit {
  readonly at: number;
  readonly removed: number;
  readonly inserted: string;
}

function edited(symbol: string, edits: readonly Edit[]): string {
  return edits.reduce((text, { at, removed, inserted }) => {
    const place = 2 + (at % Math.max(1, text.length - 1));
    return text.slice(0, place) + inserted + text.slice(place + removed);
  }, symbol);
}

const editOf = fc.record({
  at: fc.nat(200),
  removed: fc.nat(3),
  inserted: fc.oneof(fc.constantFrom(...fragments), fc.string({ maxLength: 3 }), fc.constant("")),
});

test("changed names never throw", () => {
  fc.assert(
    fc.property(fc.constantFrom(...symbols), fc.array(editOf, { minLength: 1, maxLength: 4 }), (symbol, edits) => {
      const text = edited(symbol, edits);
      const readable = demangle(text);
      demangleFunctionName(text);
      return readable === undefined || readable.length <= maxLength;
    }),
    { numRuns: 3000 },
  );
});
