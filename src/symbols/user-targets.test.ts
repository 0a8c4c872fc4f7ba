// Executables whose debug information is damaged: said once, and the rest of the file is as good as before.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { ElfFile } from "../formats/elf/elf.ts";
import { splitFilesOf } from "./split-files.ts";
import { hostUserTargets } from "./user-targets.ts";

const missing = spawnSync("gcc", ["--version"]).status === 0 ? undefined : "gcc";

describe("a program with damaged debug information", { skip: missing === undefined ? false : `${missing} is not installed` }, () => {
  const folder = mkdtempSync(join(tmpdir(), "bpftrace-targets-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "program");

  function open(): { readonly targets: ReturnType<typeof hostUserTargets>; readonly warnings: readonly string[] } {
    const warnings: string[] = [];
    const warn = (message: string) => warnings.push(message);
    return { targets: hostUserTargets({ debugFolders: [], splitFiles: splitFilesOf(warn), warn }), warnings };
  }

  test("has its symbols, and a warning", () => {
    writeFileSync(join(folder, "program.c"), "int work(int *a) { return *a; }\nint main(int n, char **v) { return work(&n); }\n");
    const built = spawnSync("gcc", ["-g", "-o", path, "program.c"], { cwd: folder, encoding: "utf8" });
    assert.equal(built.status, 0, built.stderr);
    const sound = open();
    assert.deepEqual(sound.targets.parameters(path, "work")?.map(({ ctype, name }) => `${ctype} ${name}`), ["int* a"]);
    assert.equal(sound.targets.sourceLine(path, "program.c", 1, undefined).kind, "address");
    assert.deepEqual(sound.warnings, []);

    const bytes = readFileSync(path);
    const table = ElfFile.parse(bytes)?.section(".debug_abbrev")?.bytes;
    assert.ok(table !== undefined);
    bytes.fill(0, table.byteOffset - bytes.byteOffset, table.byteOffset - bytes.byteOffset + table.length);
    writeFileSync(path, bytes);
    const { targets, warnings } = open();
    assert.equal(targets.parameters(path, "work"), undefined);
    assert.equal(targets.sourceLine(path, "program.c", 1, undefined).kind, "no-debug-information");
    assert.equal(targets.symbol(path, "work")?.name, "work");
    const [warning = "", ...more] = warnings;
    assert.deepEqual(more, []);
    assert.match(warning, /^The debug information of .*program can't be read: abbreviation \d+ is not defined$/);
  });
});
