// Programs that rows trace: small C and C++ sources, compiled once for a test run into a folder of its own.

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { makeZip } from "../support/zip.ts";

/** An archive with the program at a page of its own, and what can't be probed. */
function zipOf(program: Buffer): Buffer {
  return makeZip(
    [
      { name: "readme.txt", bytes: Buffer.from("no program\n") },
      { name: "lib/program.so", bytes: program, alignment: 4096 },
      { name: "lib/packed.so", bytes: program, method: 8 },
    ],
    "a comment",
  );
}

interface Fixture {
  readonly compiler: "gcc" | "g++";
  readonly source: string;
  readonly flags: readonly string[];
  /** The program is stored in a ZIP archive `NAME.zip` beside it as well. */
  readonly archived?: true;
  /** Details of its debug information, which stood in a file of its own, are lost. */
  readonly detailsAreLost?: true;
}

/** Functions then begin with an instruction of four bytes. */
const landingPads = process.arch === "x64" ? ["-fcf-protection=branch"] : [];

/** Code that only its unwind tables lead through. */
const noFramePointers = ["-O2", "-fomit-frame-pointer", "-fno-optimize-sibling-calls"];

/** Programs by the names that rows give them; `{folder}` in flags is where they are built. */
const fixtures: ReadonlyMap<string, Fixture> = new Map([
  ["loop", { compiler: "gcc", source: "loop.c", flags: ["-g", "-O1", ...landingPads] }],
  ["loop_nodwarf", { compiler: "gcc", source: "loop.c", flags: ["-O1"] }],
  ["loop_static", { compiler: "gcc", source: "loop.c", flags: ["-O1", "-static"] }],
  ["loop_stripped", { compiler: "gcc", source: "loop.c", flags: ["-O1", "-s"] }],
  ["libcrate.so", { compiler: "gcc", source: "loop.c", flags: ["-O1", "-shared", "-fPIC"] }],
  ["libcrate_zip.so", { compiler: "gcc", source: "loop.c", flags: ["-g", "-O1", "-shared", "-fPIC"], archived: true }],
  ["libshop_zip.so", { compiler: "gcc", source: "shop.c", flags: ["-O1", "-shared", "-fPIC"], archived: true }],
  ["callzip", { compiler: "gcc", source: "callzip.c", flags: ["-O1"] }],
  ["shop", { compiler: "gcc", source: "shop.c", flags: ["-O1", "-no-pie"] }],
  ["stock", { compiler: "gcc", source: "stock.c", flags: ["-g", "-O1", "-fno-omit-frame-pointer"] }],
  ["stock_fixed", { compiler: "gcc", source: "stock.c", flags: ["-O1", "-no-pie", "-fno-omit-frame-pointer"] }],
  ["calls", { compiler: "gcc", source: "calls.c", flags: ["-O1"] }],
  ["crowd", { compiler: "gcc", source: "crowd.c", flags: ["-O1", "-pthread"] }],
  ["talk", { compiler: "gcc", source: "talk.c", flags: ["-O1"] }],
  ["poke", { compiler: "gcc", source: "poke.c", flags: ["-O1"] }],
  ["libshaft.so", { compiler: "gcc", source: "shaft.c", flags: [...noFramePointers, "-shared", "-fPIC"] }],
  ["libpit.so", { compiler: "gcc", source: "shaft.c", flags: [...noFramePointers, "-shared", "-fPIC"] }],
  ["cave", { compiler: "gcc", source: "cave.c", flags: [...noFramePointers, "-pthread", "-Wl,--no-as-needed", "{folder}/libshaft.so", "-Wl,-rpath,{folder}"] }],
  ["garden", { compiler: "g++", source: "garden.cc", flags: ["-O1"] }],
  ["nest", { compiler: "gcc", source: "nest.c", flags: ["-g", "-O1", "-fno-omit-frame-pointer"] }],
  ["nest_fixed", { compiler: "gcc", source: "nest.c", flags: ["-g", "-O1", "-no-pie", "-fno-omit-frame-pointer"] }],
  ["nest_split", { compiler: "gcc", source: "nest.c", flags: ["-gdwarf-5", "-gsplit-dwarf", "-O1", "-fno-omit-frame-pointer"] }],
  ["nest_split4", { compiler: "gcc", source: "nest.c", flags: ["-gdwarf-4", "-gsplit-dwarf", "-O1", "-fno-omit-frame-pointer"] }],
  ["nest_lost", { compiler: "gcc", source: "nest.c", flags: ["-gdwarf-5", "-gsplit-dwarf", "-O1", "-fno-omit-frame-pointer"], detailsAreLost: true }],
  ["over", { compiler: "g++", source: "over.cc", flags: ["-g", "-O1"] }],
]);

export interface FixtureFolder {
  readonly path: string;
  /** Why a fixture can't be had on this machine; undefined when it is there. */
  problem(name: string): string | undefined;
  remove(): void;
}

function isInstalled(compiler: string): boolean {
  return spawnSync(compiler, ["--version"], { stdio: "ignore" }).status === 0;
}

/** Builds the named fixtures. A missing compiler is the machine's matter, a source that does not compile is a defect. */
export function buildFixtures(names: ReadonlySet<string>): FixtureFolder {
  const path = mkdtempSync(join(tmpdir(), "bpftrace-rows-"));
  const problems = new Map<string, string>();
  const compilers = new Map<string, boolean>();
  const sources = resolve("test/conformance/fixtures");
  for (const name of names) {
    const fixture = fixtures.get(name);
    if (fixture === undefined) throw new Error(`no fixture is called ${name}`);
    const { compiler, source, flags } = fixture;
    const installed = compilers.get(compiler) ?? isInstalled(compiler);
    compilers.set(compiler, installed);
    if (!installed) {
      problems.set(name, `${compiler} is not installed`);
      continue;
    }
    const run = spawnSync(compiler, [...flags.map((flag) => flag.replace("{folder}", path)), join(sources, source), "-o", join(path, name)], { encoding: "utf8", cwd: sources });
    if (run.status !== 0) throw new Error(`${compiler} fails on ${source}:\n${run.stderr}`);
    if (fixture.detailsAreLost) rmSync(join(path, `${name}-${source.replace(/\.cc?$/, ".dwo")}`));
    if (fixture.archived) writeFileSync(join(path, `${name}.zip`), zipOf(readFileSync(join(path, name))));
  }
  mkdirSync(join(path, "rows"));
  cpSync(resolve("test/conformance/imports"), join(path, "imports"), { recursive: true });
  writeFileSync(join(path, "loop.c"), "/* A source file is no program. */\n");
  writeFileSync(join(path, "cat.txt"), "line one\nline two\n");
  return {
    path,
    problem: (name) => problems.get(name),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
