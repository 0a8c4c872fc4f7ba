// Call frame information gives the rows that readelf shows, of libraries, of a large program, and of what gcc makes.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import vm from "node:vm";
import fc from "fast-check";
import { ElfFile } from "../elf/elf.ts";
import { DwarfError } from "./cursor.ts";
import type { AddressForm } from "./frame-expressions.ts";
import { FrameInterpreter, type RegisterRule } from "./frame-rules.ts";
import { type FrameSection, frameAddress, readFrameEntries } from "./frames.ts";

/** DWARF numbers of x86-64. */
const registers = ["rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip"];
const tracked = { framePointer: 6, base: 3 };

function sectionOf(path: string, kind: FrameSection["kind"]): FrameSection {
  const section = ElfFile.parse(readFileSync(path))?.section(`.${kind}`);
  assert.ok(section !== undefined, `${path} has .${kind}`);
  const { bytes, address } = section;
  return { kind, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), address: Number(address) };
}

function signed(offset: number): string {
  return offset < 0 ? String(offset) : `+${offset}`;
}

function cfaText(form: AddressForm | undefined): string {
  return form?.form === "sum" ? `${registers[form.register]}${signed(form.offset)}` : "exp";
}

/** As readelf writes it, which does not tell a register that is the same from one that is lost. */
function ruleText(rule: RegisterRule): string {
  switch (rule.kind) {
    case "undefined":
    case "same":
      return "u";
    case "saved":
      return `c${signed(rule.offset)}`;
    case "saved-at":
      return "exp";
    case "register":
      return registers[rule.register] ?? "";
    case "computed":
      return "vexp";
  }
}

/** `address cfa rbp rbx ra` of every row. */
function ownRows(section: FrameSection): readonly string[] {
  const interpreter = new FrameInterpreter(section, tracked);
  const lines: string[] = [];
  for (const entry of readFrameEntries(section)) {
    interpreter.rows(entry, ({ start, cfa, framePointer, base, returnAddress }) => {
      lines.push(`${start.toString(16)} ${cfaText(cfa)} ${ruleText(framePointer)} ${ruleText(base)} ${ruleText(returnAddress)}`);
    });
  }
  return lines;
}

/** The same from readelf, which leaves out rows of functions that add nothing to what they share, and repeats an address that changes twice. */
function readelfRows(path: string, section: FrameSection["kind"]): ReadonlyMap<string, string> {
  const run = spawnSync("readelf", ["-W", "--debug-dump=frames-interp", path], { encoding: "latin1", maxBuffer: 1 << 28 });
  // The status is not 0 when a separate debug file is not there.
  const part = run.stdout.split(/^Contents of the /m).find((text) => text.startsWith(`.${section} section`)) ?? "";
  const rows = new Map<string, string>();
  let columns: readonly string[] | undefined;
  for (const line of part.split("\n")) {
    if (line === "") columns = undefined;
    else if (line.startsWith("   LOC")) columns = line.trim().split(/\s+/);
    else if (columns === undefined) columns = / FDE /.test(line) ? [] : undefined;
    else if (columns.length > 0) {
      const words = line.trim().replace(/\br\d+ \((\w+)\)/g, "$1").split(/\s+/);
      const word = (name: string) => words[columns?.indexOf(name) ?? -1] ?? "u";
      const address = BigInt(`0x${word("LOC")}`).toString(16);
      const rules = ["rbp", "rbx", "ra"].map((name) => word(name).replace(/^s$/, "u"));
      rows.set(address, `${address} ${word("CFA")} ${rules.join(" ")}`);
    }
  }
  return rows;
}

/** Functions of the common entries have a line `LOC` too: they start at 0 and are no rows. */
function compare(path: string, kind: FrameSection["kind"], least: number): void {
  const wanted = readelfRows(path, kind);
  const own = new Map(ownRows(sectionOf(path, kind)).map((line) => [line.split(" ")[0] ?? "", line] as const));
  const different: string[] = [];
  let compared = 0;
  for (const [address, line] of wanted) {
    // The last row of a function may be empty; and readelf also shows functions that the linker left out.
    const mine = own.get(address);
    if (mine === undefined) continue;
    compared += 1;
    if (mine !== line) different.push(`${mine} is not ${line}`);
  }
  assert.deepEqual(different.slice(0, 5), []);
  assert.ok(compared >= least && compared >= wanted.size * 0.999 - 3, `${compared} rows of ${wanted.size} were compared`);
}

const source = `
#include <stdlib.h>
#include <string.h>
int deep(int n, int *v) { int pad[n + 1]; memset(pad, n, sizeof pad); return n == 0 ? v[0] : deep(n - 1, v) + pad[n / 2]; }
double wide(double a, int n) { _Alignas(64) double x[8]; for (int i = 0; i < 8; i++) x[i] = a * i; return n ? x[n & 7] + wide(a, n - 1) : x[1]; }
static int order(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
int main(int argc, char **argv) { int v[3] = { argc, 2, 1 }; qsort(v, 3, 4, order); return deep(argc, v) + (int)wide(1.5, argc); }
`;

const tools = ["gcc", "readelf"].filter((tool) => spawnSync(tool, ["--version"]).status !== 0);
const suitable = process.arch === "x64" && tools.length === 0;

describe("call frame information", { skip: suitable ? false : "needs x86-64, gcc and readelf" }, () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "bpftrace-frames-"));
    writeFileSync(join(folder, "a.c"), source);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function build(options: readonly string[]): string {
    const run = spawnSync("gcc", [...options, "-o", "a.out", "a.c"], { cwd: folder, encoding: "utf8" });
    assert.equal(run.status, 0, run.stderr);
    return join(folder, "a.out");
  }

  const builds: readonly (readonly string[])[] = [
    ["-O2", "-fomit-frame-pointer"],
    ["-O0", "-fno-omit-frame-pointer"],
    ["-O2", "-mstackrealign"],
    ["-O1", "-static"],
  ];
  for (const options of builds) {
    test(`made with ${options.join(" ")}`, () => compare(build(options), "eh_frame", 15));
  }

  test("of .debug_frame", () => {
    compare(build(["-O2", "-g", "-fno-asynchronous-unwind-tables"]), "debug_frame", 10);
  });

  for (const path of ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"]) {
    test(`of ${path}`, { skip: existsSync(path) ? false : "not there" }, () => compare(path, "eh_frame", 1000));
  }

  test("of the node that runs this", () => compare(process.execPath, "eh_frame", 10_000));

  test(".eh_frame_hdr leads to .eh_frame", () => {
    const file = ElfFile.parse(readFileSync(build(["-O2"])));
    const header = file?.section(".eh_frame_hdr");
    assert.ok(header !== undefined);
    const bytes = Buffer.from(header.bytes.buffer, header.bytes.byteOffset, header.bytes.length);
    assert.equal(frameAddress({ bytes, address: Number(header.address) }), Number(file?.section(".eh_frame")?.address));
  });

  test("damage is refused, without another exception or an endless walk", () => {
    const whole = sectionOf(build(["-O2"]), "eh_frame");
    const use = (section: FrameSection) => {
      try {
        ownRows(section);
      } catch (problem) {
        if (!(problem instanceof DwarfError)) throw problem;
      }
    };
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(whole.bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }), (edits) => {
        const bytes = Buffer.from(whole.bytes);
        for (const [at, byte] of edits) bytes[at] = byte;
        // Generous: only an endless walk takes that long.
        new vm.Script("run()").runInNewContext({ run: () => use({ ...whole, bytes }) }, { timeout: 30_000 });
      }),
      { numRuns: 300, seed: 5 },
    );
  });
});
