// Probes that are defined in tracefs: they are gone after the run, however it ends.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { tracefsPath } from "../../src/kernel/tracefs.ts";
import { startTracer } from "./tracer.ts";

const file = `${tracefsPath()}/uprobe_events`;

/** Events that a tracer has defined. */
function eventsOf(pid: number): readonly string[] {
  return readFileSync(file, "latin1").split("\n").filter((line) => line.includes(`/bpftrace_${pid}_`));
}

/** Waits for the guard, which tries ten times a second. */
async function untilGone(pid: number): Promise<void> {
  for (let tries = 0; tries < 300 && eventsOf(pid).length > 0; tries++) await sleep(100);
  assert.deepEqual(eventsOf(pid), []);
}

const args = ["--no-feature", "uprobe_multi,uprobe_pmu", "-e", "uprobe:libc:getenv { @ = count(); } uretprobe:libc:getenv { @r = count(); }"];

describe("events of tracefs", existsSync(file) ? {} : { skip: "this kernel has no uprobe_events" }, () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const) {
    test(`after ${signal}`, async () => {
      const tracer = startTracer(args);
      await tracer.attached();
      assert.equal(eventsOf(tracer.pid).length, 2);
      tracer.kill(signal);
      await tracer.ended;
      if (signal === "SIGINT" || signal === "SIGTERM") assert.deepEqual(eventsOf(tracer.pid), []);
      await untilGone(tracer.pid);
    });
  }

  test("after a probe that can't be attached", async () => {
    const tracer = startTracer([...args.slice(0, 3), "uprobe:libc:getenv { } kprobe:no_such_function_at_all { }", "--unsafe"]);
    const { status } = await tracer.ended;
    assert.equal(status, 255);
    assert.deepEqual(eventsOf(tracer.pid), []);
  });
});
