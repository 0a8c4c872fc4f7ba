// Output to files and pipes: what is written when, slow readers, readers that go away.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { SystemError } from "../sys/system-error.ts";
import { type Buffering, OutputWriter } from "./writer.ts";

function inFolder<T>(run: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "writer-"));
  return Promise.resolve(run(folder)).finally(() => rmSync(folder, { recursive: true }));
}

/** Both ends of a pipe, the reading end without waiting. */
function openPipe(folder: string): { readonly reader: number; readonly writer: number } {
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { reader, writer: openSync(path, "w") };
}

/** All that is in a pipe now. */
function readAvailable(reader: number): string {
  const piece = Buffer.alloc(1 << 16);
  let text = "";
  for (;;) {
    try {
      const count = readSync(reader, piece);
      if (count === 0) return text;
      text += piece.toString("latin1", 0, count);
    } catch (problem) {
      assert.equal(problem instanceof Error && "code" in problem && problem.code, "EAGAIN");
      return text;
    }
  }
}

test("what a burst of events leaves is written at its end, unless the whole buffer is waited for", () =>
  inFolder((folder) => {
    const expected: Readonly<Record<Buffering, readonly string[]>> = {
      none: ["x", "x\n", "x\n", "x\n"],
      line: ["", "", "x\n", "x\n"],
      full: ["", "", "", "x\n"],
    };
    for (const buffering of ["none", "line", "full"] as const) {
      const path = join(folder, buffering);
      const fd = openSync(path, "w");
      const writer = new OutputWriter(fd, buffering);
      const seen: string[] = [];
      for (const step of [() => writer.write("x"), () => writer.write("\n"), () => writer.endOfBurst(), () => writer.flush()]) {
        step();
        seen.push(readFileSync(path, "latin1"));
      }
      assert.deepEqual(seen, expected[buffering], buffering);
      closeSync(fd);
    }
  }));

test("a full pipe does not stop the writer, and loses nothing", () =>
  inFolder(async (folder) => {
    const { reader, writer: fd } = openPipe(folder);
    const writer = new OutputWriter(fd, "line");
    let sent = "";
    while (!writer.full) {
      const line = `${sent.length} ${"-".repeat(sent.length % 97)}\n`;
      sent += line;
      writer.write(line);
    }
    const finished = writer.finish();
    let got = "";
    const state = { over: false };
    void finished.then(() => {
      state.over = true;
    });
    while (!state.over) {
      got += readAvailable(reader);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    got += readAvailable(reader);
    assert.ok(got === sent, `${got.length} of ${sent.length} bytes`);
    assert.equal(writer.full, false);
    closeSync(fd);
    closeSync(reader);
  }));

test("a pipe's mode stays as others that write to it know it", () =>
  inFolder((folder) => {
    const { reader, writer: fd } = openPipe(folder);
    const flags = () => readFileSync(`/proc/self/fdinfo/${fd}`, "latin1");
    const before = flags();
    new OutputWriter(fd, "none").write("x");
    assert.equal(flags(), before);
    closeSync(fd);
    closeSync(reader);
  }));

test("when nobody reads a pipe any more, the output is given up", () =>
  inFolder(async (folder) => {
    const { reader, writer: fd } = openPipe(folder);
    const writer = new OutputWriter(fd, "line");
    closeSync(reader);
    assert.equal(writer.abandoned, false);
    writer.write("x\n");
    writer.endOfBurst();
    assert.equal(writer.abandoned, true);
    writer.write("y\n");
    await writer.finish();
    closeSync(fd);
  }));

test("a reader that goes away while the writer waits for it ends the waiting", () =>
  inFolder(async (folder) => {
    const { reader, writer: fd } = openPipe(folder);
    const writer = new OutputWriter(fd, "line");
    while (!writer.full) writer.write("0123456789\n");
    closeSync(reader);
    await writer.ready();
    assert.equal(writer.abandoned, true);
    await writer.finish();
    closeSync(fd);
  }));

test("a file that can't be written is an error", () => {
  const fd = openSync("/dev/full", "w");
  const writer = new OutputWriter(fd, "line");
  writer.write("x\n");
  assert.throws(() => writer.endOfBurst(), (problem) => problem instanceof SystemError && /No space left/.test(problem.message));
  closeSync(fd);
});
