// Commands of -c: they wait to be released, keep their process id, and end when asked to.

import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { type Child, resolveCommand, startChild } from "./child.ts";

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, "latin1").trim();
}

function signalMask(pid: number, name: string): bigint {
  return BigInt(`0x${new RegExp(`^${name}:\\s*(\\w+)`, "m").exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? ""}`);
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 60_000;
  while (!condition()) {
    assert.ok(Date.now() < end, "it does not come about");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A command that is ended with its test, whatever becomes of that. */
function startIn(context: TestContext, command: string): Child {
  const child = startChild(command);
  context.after(() => child.terminate());
  return child;
}

test("a command waits until it is released, and keeps its process id and arguments", async (context) => {
  const child = startIn(context, "sleep 1000");
  await until(() => commandOf(child.pid) === "bpftrace");
  child.release();
  // The kernel sets the name before the arguments.
  await until(() => readFileSync(`/proc/${child.pid}/cmdline`, "latin1") === "sleep\x001000\x00");
  assert.equal(commandOf(child.pid), "sleep");
  assert.equal(signalMask(child.pid, "SigIgn"), 0n);
  assert.equal(signalMask(child.pid, "SigBlk"), 0n);
  child.terminate();
  assert.deepEqual(await child.exited, { code: null, signal: "SIGTERM", problem: undefined });
});

test("the status of a command is told", async () => {
  const child = startChild("false");
  child.release();
  assert.deepEqual(await child.exited, { code: 1, signal: null, problem: undefined });
});

test("a command that was never released can be ended", async (context) => {
  const child = startIn(context, "sleep 1000");
  child.terminate();
  assert.equal((await child.exited).signal, "SIGTERM");
});

test("a stopped command can be ended", async (context) => {
  const child = startIn(context, "sleep 1000");
  child.release();
  await until(() => commandOf(child.pid) === "sleep");
  process.kill(child.pid, "SIGSTOP");
  child.terminate();
  assert.equal((await child.exited).signal, "SIGTERM");
});

test("what can't be executed is told before or after", async () => {
  const folder = mkdtempSync(join(tmpdir(), "child-"));
  try {
    const script = join(folder, "script");
    writeFileSync(script, "#!/bin/sh\n");
    assert.match(String(Object.values(resolveCommand(script, ""))), /not exist or is not executable/);
    chmodSync(script, 0o755);
    assert.match(String(Object.values(resolveCommand(script, ""))), /not an ELF executable/);
    const broken = join(folder, "broken");
    writeFileSync(broken, "\x7fELF", { mode: 0o755 });
    const child = startChild(broken);
    child.release();
    const { code, problem } = await child.exited;
    assert.equal(code, 127);
    assert.match(problem ?? "", /broken: /);
  } finally {
    rmSync(folder, { recursive: true });
  }
  assert.throws(() => startChild("no-such-command-at-all"), /does not exist/);
});

describe("at its entry point", { skip: process.arch === "x64" ? false : "for x86-64 only" }, () => {
  const mappedFiles = (pid: number) => readFileSync(`/proc/${pid}/maps`, "latin1");
  const state = (pid: number) => /^State:\s*(\w)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];

  test("a command is held with its libraries mapped, and goes on untraced", async (context) => {
    const child = startIn(context, "sleep 1000");
    child.runToEntry();
    assert.equal(commandOf(child.pid), "sleep");
    assert.match(mappedFiles(child.pid), /libc\.so/);
    assert.equal(state(child.pid), "t");
    // Node does not take the stop for an end.
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(state(child.pid), "t");
    child.release();
    await until(() => state(child.pid) === "S");
    assert.match(readFileSync(`/proc/${child.pid}/status`, "latin1"), /^TracerPid:\s*0$/m);
    child.terminate();
    assert.deepEqual(await child.exited, { code: null, signal: "SIGTERM", problem: undefined });
  });

  test("a held command runs as if nothing had been", async () => {
    const child = startChild("false");
    child.runToEntry();
    child.release();
    assert.deepEqual(await child.exited, { code: 1, signal: null, problem: undefined });
  });

  test("a held command can be ended", async (context) => {
    const child = startIn(context, "sleep 1000");
    child.runToEntry();
    child.terminate();
    assert.equal((await child.exited).signal, "SIGTERM");
  });

  test("what can't be executed is told", async () => {
    const folder = mkdtempSync(join(tmpdir(), "child-"));
    try {
      const broken = join(folder, "broken");
      writeFileSync(broken, "\x7fELF", { mode: 0o755 });
      const child = startChild(broken);
      child.runToEntry();
      child.release();
      const { code, problem } = await child.exited;
      assert.equal(code, 127);
      assert.match(problem ?? "", /broken: /);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("a command that is gone is refused", async (context) => {
    const child = startIn(context, "sleep 1000");
    process.kill(child.pid, "SIGKILL");
    await child.exited;
    assert.throws(() => child.runToEntry(), /trace the command/);
  });
});
