// Iterators over very many elements: nothing is lost, nothing is done twice, and their reader may be slow or go away.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { startTracer } from "./tracer.ts";

/** Far more output than the ring buffer could hold. */
const smallRing = { BPFTRACE_PERF_RB_PAGES: "2" };

test("every element's line comes out once, and the program runs once for each", async () => {
  const script = 'iter:ksym { @calls = count(); printf("%d %s\\n", @number, ctx.ksym.name); @number++; }';
  const { status, stdout, stderr } = await startTracer(["-e", script], { environment: smallRing }).ended;
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(stderr, /lost/i);
  const numbers = [...stdout.matchAll(/^(\d+) \S+$/gm)].map((match) => Number(match[1]));
  assert.ok(numbers.length > 10_000);
  assert.ok(numbers.every((number, i) => number === i), "in order, each once");
  assert.equal(Number(/^@calls: (\d+)$/m.exec(stdout)?.[1]), numbers.length);
});

test("a signal ends an iteration whose reader is stuck", async () => {
  const tracer = startTracer(["-e", 'iter:ksym { printf("%s\\n", ctx.ksym.name); }']);
  tracer.stall();
  await tracer.attached();
  tracer.kill("SIGINT");
  tracer.resume();
  const { status } = await tracer.ended;
  assert.equal(status, 0);
});

test("a pin does not outlive a run that could not be attached", async () => {
  const pin = `/sys/fs/bpf/test_${process.pid}`;
  const { status, stderr } = await startTracer(["-e", `iter:task:${pin} { printf("a"); } iter:task_file:${pin} { printf("b"); }`]).ended;
  assert.equal(status, 255);
  assert.match(stderr, /there is such a file already/);
  assert.equal(existsSync(pin), false);
});
