// Names of addresses in other processes, running ones and ones that have ended: programs made with gcc tell where their functions are.

import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parseCpuList } from "../kernel/target.ts";
import { buildId } from "../formats/elf/debug-link.ts";
import { openElf } from "./open-elf.ts";
import { splitFilesOf } from "./split-files.ts";
import { type UserSymbolOptions, UserSymbols } from "./user-symbols.ts";

const source = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
int shared_counter = 7;
__attribute__((noinline)) static int hidden(int a) { return a * 3 + shared_counter; }
__attribute__((noinline)) int visible(int a) { return hidden(a) + 1; }
int main(int n, char **v) {
  if (n > 2 && !strcmp(v[1], "exec")) { execv(v[2], v + 2); return 1; }
  void *library = n > 2 && !strcmp(v[1], "load") ? dlopen(v[2], RTLD_NOW) : 0;
  char *made = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  printf("%d hidden=%p visible=%p data=%p made=%p loaded=%p result=%d\\n", getpid(), (void *)hidden, (void *)visible, (void *)&shared_counter,
         (void *)made, library ? dlsym(library, "loaded") : 0, visible(n));
  fflush(stdout);
  char byte;
  return read(0, &byte, 1) < 0;
}
`;
const librarySource = "__attribute__((noinline)) int before(int a) { return a + 1; }\nint loaded(int a) { return before(a) * 2; }\n";

const missing = ["gcc", "objcopy", "strip", "xz", "nm", "unshare"].find((tool) => spawnSync(tool, ["--version"], { stdio: "ignore" }).status !== 0);
const options = missing === undefined ? {} : { skip: `${missing} is not installed` };
const plain: UserSymbolOptions = { demangles: true, debugFolders: [], splitFiles: splitFilesOf(() => undefined), cache: "PER_PID", showsSource: false };

const folder = mkdtempSync(join(realpathSync(tmpdir()), "processes-"));
const file = (name: string) => join(folder, name);

function run(tool: string, ...args: readonly string[]): void {
  const result = spawnSync(tool, args, { encoding: "utf8", cwd: folder });
  assert.equal(result.status, 0, `${tool} ${args.join(" ")}: ${result.stderr}`);
}

interface Started {
  readonly pid: number;
  readonly addresses: ReadonlyMap<string, bigint>;
  /** Lets it end, and waits for that. */
  end(): Promise<void>;
}

const running = new Set<ChildProcess>();

async function start(command: string, ...args: readonly string[]): Promise<Started> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  running.add(child);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (bytes: Buffer) => {
      text += bytes.toString();
      if (text.includes("\n")) resolve(text);
    });
    child.once("error", reject);
    void exited.then(() => reject(new Error(`it ended: ${text}`)));
  });
  const addresses = new Map([...line.matchAll(/(\w+)=0x([0-9a-f]+)/g)].map((m) => [m[1] ?? "", BigInt(`0x${m[2] ?? "0"}`)]));
  return {
    pid: Number(line.split(" ")[0]),
    addresses,
    end: async () => {
      child.stdin.end();
      await exited;
      running.delete(child);
    },
  };
}

function at(process: Started, name: string): bigint {
  const found = process.addresses.get(name);
  assert.ok(found !== undefined, name);
  return found;
}

const cpus = parseCpuList(readFileSync("/sys/devices/system/cpu/online", "latin1"));

/** Watches processes as a run of the tracer does. */
async function watching(change: Partial<UserSymbolOptions>, use: (symbols: UserSymbols) => Promise<void>): Promise<void> {
  const symbols = new UserSymbols({ ...plain, ...change });
  symbols.listen(cpus, []);
  try {
    await use(symbols);
  } finally {
    symbols.close();
  }
}

/** `NAME+OFFSET (FILE)`. */
function shown(symbols: UserSymbols, process: Started, name: string, plus = 1n): string {
  const frame = symbols.frame(process.pid, at(process, name) + plus, false);
  return `${frame.name ?? "?"}+${frame.offset} (${frame.module ?? ""})`;
}

before(() => {
  if (missing !== undefined) return;
  writeFileSync(file("a.c"), source);
  writeFileSync(file("library.c"), librarySource);
  run("gcc", "-g", "-O1", "-fPIE", "-pie", "a.c", "-o", "pie", "-ldl");
  run("gcc", "-O1", "-no-pie", "a.c", "-o", "fixed", "-ldl");
  run("gcc", "-O1", "-static-pie", "a.c", "-o", "static", "-ldl");
  run("gcc", "-O1", "-shared", "-fPIC", "library.c", "-o", "library.so");
  copyFileSync(file("pie"), file("stripped"));
  run("strip", "stripped");
  run("objcopy", "--only-keep-debug", "pie", "pie.debug");
});

after(() => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

describe("addresses of other processes", options, () => {
  for (const program of ["pie", "fixed", "static"]) {
    test(`of a program that runs, and after it has ended: ${program}`, async () => {
      await watching({}, async (symbols) => {
        const first = await start(file(program));
        const second = await start(file(program));
        assert.equal(shown(symbols, first, "hidden"), `hidden+1 (${file(program)})`);
        await first.end();
        await second.end();
        for (const process of [first, second]) {
          assert.equal(shown(symbols, process, "hidden"), `hidden+1 (${file(program)})`);
          assert.equal(shown(symbols, process, "visible", 0n), `visible+0 (${file(program)})`);
          assert.equal(symbols.name(process.pid, at(process, "data")), "shared_counter");
        }
      });
    });
  }

  test("of a program that ran before, and of a library that it loads", async () => {
    const process = await start(file("pie"), "load", file("library.so"));
    try {
      for (const cache of ["PER_PID", "PER_PROGRAM", "NONE"] as const) {
        await watching({ cache }, async (symbols) => {
          assert.equal(shown(symbols, process, "loaded"), `loaded+1 (${file("library.so")})`);
          assert.equal(shown(symbols, process, "hidden"), `hidden+1 (${file("pie")})`);
          await Promise.resolve();
        });
      }
    } finally {
      await process.end();
    }
  });

  test("of a program that ran before and has ended since", async () => {
    const process = await start(file("pie"));
    await watching({}, async (symbols) => {
      for (let i = 0; i < 2000; i++) symbols.poll();
      await process.end();
      assert.equal(shown(symbols, process, "hidden"), `hidden+1 (${file("pie")})`);
    });
  });

  test("of a program that executed another one", async () => {
    await watching({}, async (symbols) => {
      const process = await start(file("pie"), "exec", file("static"), "load", file("library.so"));
      await process.end();
      assert.equal(shown(symbols, process, "hidden"), `hidden+1 (${file("static")})`);
    });
  });

  test("of code that a program made itself", async () => {
    await watching({}, async (symbols) => {
      const process = await start(file("pie"));
      const map = `/tmp/perf-${process.pid}.map`;
      try {
        const made = at(process, "made");
        assert.equal(symbols.frame(process.pid, made, false).name, undefined);
        writeFileSync(map, `${made.toString(16)} 40 first\n${(made + 0x40n).toString(16)} 20 a name with blanks\n`);
        // Answers are kept as long as the process does nothing: another address is asked for.
        assert.equal(shown(symbols, process, "made"), `first+1 (${map})`);
        assert.equal(shown(symbols, process, "made", 0x41n), `a name with blanks+1 (${map})`);
        assert.equal(shown(symbols, process, "made", 0x61n), "?+0 ()");
        await process.end();
        assert.equal(shown(symbols, process, "made", 0x42n), `a name with blanks+2 (${map})`);
      } finally {
        rmSync(map, { force: true });
      }
    });
  });

  test("of a file that was deleted or replaced: never by another file's names", async () => {
    copyFileSync(file("pie"), file("changing"));
    await watching({}, async (symbols) => {
      const process = await start(file("changing"));
      // The function is at another place in the new file.
      writeFileSync(file("other.c"), `int filler(int a) { return a + 9; }\n${source}`);
      run("gcc", "-O1", "other.c", "-o", "new", "-ldl");
      renameSync(file("new"), file("changing"));
      assert.equal(shown(symbols, process, "hidden"), `hidden+1 (${file("changing")})`, "the running program has the old file");
      await process.end();
    });
    await watching({}, async (symbols) => {
      const process = await start(file("changing"));
      await process.end();
      rmSync(file("changing"));
      writeFileSync(file("changing"), readFileSync(file("pie")));
      assert.equal(shown(symbols, process, "hidden"), `?+0 (${file("changing")})`);
    });
  });

  test("in another file system, also after the end", async () => {
    const inside = file("root");
    mkdirSync(join(inside, "bin"), { recursive: true });
    copyFileSync(file("static"), join(inside, "bin/program"));
    const probe = spawnSync("unshare", ["--mount", "chroot", inside, "/bin/program"], { input: "" });
    if (probe.status !== 0) return;
    const keeper = await start("unshare", "--mount", "chroot", inside, "/bin/program");
    try {
      await watching({}, async (symbols) => {
        assert.match(shown(symbols, keeper, "hidden"), /^hidden\+1 \(.*\/bin\/program\)$/);
        const process = await start("unshare", "--mount", "chroot", inside, "/bin/program");
        await process.end();
        assert.equal(shown(symbols, process, "hidden"), "hidden+1 (/bin/program)");
      });
    } finally {
      await keeper.end();
    }
  });
});

describe("a stripped program", options, () => {
  async function hiddenOf(program: string, change: Partial<UserSymbolOptions> = {}): Promise<string | undefined> {
    let name: string | undefined;
    await watching(change, async (symbols) => {
      const process = await start(file(program));
      await process.end();
      name = symbols.frame(process.pid, at(process, "hidden"), false).name;
    });
    return name;
  }

  test("has the names that others may call only", async () => assert.equal(await hiddenOf("stripped"), undefined));

  test("with a link to its debug file", async () => {
    copyFileSync(file("stripped"), file("linked"));
    run("objcopy", "--add-gnu-debuglink=pie.debug", "linked");
    assert.equal(await hiddenOf("linked"), "hidden");
    writeFileSync(file("pie.debug"), "x", { flag: "a" });
    assert.equal(await hiddenOf("linked"), undefined, "the checksum is another one");
    run("objcopy", "--only-keep-debug", "pie", "pie.debug");
  });

  test("with a debug file by its build id", async () => {
    const elf = openElf(file("stripped"));
    const id = elf === undefined ? "" : (buildId(elf) ?? "");
    const place = file(`given/.build-id/${id.slice(0, 2)}`);
    mkdirSync(place, { recursive: true });
    copyFileSync(file("pie.debug"), join(place, `${id.slice(2)}.debug`));
    assert.equal(await hiddenOf("stripped", { debugFolders: [file("given")] }), "hidden");
    assert.equal(await hiddenOf("stripped", { debugFolders: [`+${file("given")}`] }), "hidden");
  });

  test("with small compressed debug information", async () => {
    // As find-debuginfo does it: the symbols alone, compressed, in a section.
    run("objcopy", "-S", "--remove-section=.gnu_debuglink", "--remove-section=.comment", "--keep-symbol=hidden", "pie.debug", "mini");
    run("xz", "--keep", "--force", "mini");
    copyFileSync(file("stripped"), file("with_mini"));
    run("objcopy", "--add-section", ".gnu_debugdata=mini.xz", "with_mini");
    assert.equal(await hiddenOf("with_mini"), "hidden");
    writeFileSync(file("mini.xz"), "no such data");
    copyFileSync(file("stripped"), file("with_damage"));
    run("objcopy", "--add-section", ".gnu_debugdata=mini.xz", "with_damage");
    assert.equal(await hiddenOf("with_damage"), undefined);
  });
});
