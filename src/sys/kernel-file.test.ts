// Files of the kernel are read whole, whatever their size and the pieces that they come in.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { mapKernelFile, readKernelFile } from "./kernel-file.ts";

function inFolder(run: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kernel-file-"));
  return Promise.resolve(run(folder)).finally(() => rmSync(folder, { recursive: true }));
}

/** Bytes that differ from place to place. */
function pattern(length: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4)).map((_, i) => Math.imul(i, 2654435761));
  return Buffer.from(words.buffer, 0, length);
}

test("a file of known size is read, an empty one too", () =>
  inFolder((folder) => {
    for (const length of [0, 1, 4096, 100_001]) {
      const path = join(folder, String(length));
      writeFileSync(path, pattern(length));
      assert.ok(readKernelFile(path).equals(pattern(length)), String(length));
    }
  }));

test("what has no size beforehand is read to its end, in pieces and beyond the first room", () =>
  inFolder((folder) => {
    const [fifo, source] = [join(folder, "fifo"), join(folder, "source")];
    execFileSync("mkfifo", [fifo]);
    writeFileSync(source, pattern(20_000_003));
    spawn("sh", ["-c", 'cat "$0" > "$1"', source, fifo], { stdio: "ignore" });
    assert.ok(readKernelFile(fifo).equals(pattern(20_000_003)));
  }));

test("a file of proc is read whole", () => {
  assert.equal(readKernelFile("/proc/filesystems").toString(), readFileSync("/proc/filesystems", "utf8"));
});

test("a file is mapped where that is allowed", () =>
  inFolder((folder) => {
    const path = join(folder, "file");
    writeFileSync(path, pattern(10_000));
    assert.ok(pattern(10_000).equals(mapKernelFile(path) ?? new Uint8Array()));
    assert.equal(mapKernelFile("/proc/filesystems"), undefined);
  }));

test("what is not there or is a folder is an error", () => {
  assert.throws(() => readKernelFile("/proc/no-such-file"), /ENOENT/);
  assert.throws(() => readKernelFile("/proc/self"), /Is a directory|EISDIR/);
});
