// Events from the kernel to the output: all are printed in order, or counted as lost, whatever the reader does.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startTracer, type TracerEnd } from "./tracer.ts";

/** Sum of what was reported as lost. */
function lostIn({ stdout, stderr }: TracerEnd): number {
  const reports = [...stderr.matchAll(/^Lost (\d+) events$/gm), ...stdout.matchAll(/"lost_events", "count": (\d+)/g)];
  const total = Number(/^WARNING: Total lost event count: (\d+)$/m.exec(stderr)?.[1] ?? 0);
  assert.equal(reports.reduce((sum, match) => sum + Number(match[1]), 0), total, stderr);
  return total;
}

test("a burst that fits the ring buffer is printed completely and in order", async () => {
  const count = 100_000;
  const end = await startTracer(["-e", `begin { for ($i : 0..${count}) { printf("%d\\n", $i); } }`]).ended;
  assert.equal(lostIn(end), 0);
  assert.ok(end.stdout === `${Array.from({ length: count }, (_, i) => i).join("\n")}\n\n\n`);
});

const smallRing = { BPFTRACE_PERF_RB_PAGES: "1" };

for (const format of ["text", "json"]) {
  test(`what does not fit the ring buffer is counted (${format})`, async () => {
    const script = 'begin { for ($i : 0..5000) { printf("%d\\n", $i); } }';
    const end = await startTracer(["-f", format, "-e", script], { environment: smallRing }).ended;
    const printed = [...end.stdout.matchAll(format === "text" ? /^(\d+)$/gm : /"printf", "data": "(\d+)\\n"/g)].map((match) => Number(match[1]));
    assert.ok(printed.length > 0 && printed.length < 5000);
    assert.ok(printed.every((value, i) => i === 0 || value > (printed[i - 1] ?? 0)), "in order");
    assert.equal(printed.length + lostIn(end), 5000);
  });
}

test("with a reader that is too slow, every event is printed or counted", async () => {
  const script = `interval:ms:1 {
    @rounds++;
    for ($i : 0..500) { printf("%d %0200d\\n", @rounds, $i); }
    if (@rounds == 100) { exit(); }
  }`;
  const tracer = startTracer(["-e", script], { environment: { BPFTRACE_PERF_RB_PAGES: "256" } });
  await tracer.attached();
  for (let i = 0; i < 10; i++) {
    tracer.stall();
    await new Promise((resolve) => setTimeout(resolve, 30));
    tracer.resume();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const end = await tracer.ended;
  const lines = end.stdout.slice(0, end.stdout.indexOf("\n\n\n")).split("\n");
  const keys = lines.map((line) => {
    const match = /^(\d+) (\d{200})$/.exec(line);
    assert.ok(match !== null, `a whole line: ${line}`);
    return Number(match[1]) * 500 + Number(match[2]);
  });
  assert.ok(keys.every((key, i) => i === 0 || key > (keys[i - 1] ?? 0)), "in order, none twice");
  // The event of exit() itself may be among the lost ones.
  const missing = 50_000 - keys.length;
  assert.ok(lostIn(end) === missing || lostIn(end) === missing + 1, `${lostIn(end)} of ${missing}`);
  assert.match(end.stdout, /\n\n\n@rounds: 100\n$/);
});

test("the event of exit() may be lost: the run ends with its status all the same", async () => {
  const script = 'interval:ms:20 { for ($i : 0..1000) { printf("%d\\n", $i); } exit(9); }';
  const end = await startTracer(["-e", script], { environment: smallRing }).ended;
  assert.equal(end.status, 9);
  assert.ok(lostIn(end) > 0);
});

test("what comes after exit() in the ring buffer is dropped, what comes before is printed", async () => {
  const script = 'begin { printf("a\\n"); exit(); } begin { printf("b\\n"); } end { printf("c\\n"); }';
  const { stdout } = await startTracer(["-q", "-e", script]).ended;
  assert.equal(stdout, "a\nc\n\n\n");
});

test("sparse events are printed at once with line buffering, and at the end with full buffering", async () => {
  for (const buffering of ["line", "none"]) {
    const tracer = startTracer(["-B", buffering, "-e", 'interval:ms:10 { printf("tick\\n"); } interval:s:1000 { }']);
    await tracer.seen("tick");
    tracer.kill("SIGINT");
    await tracer.ended;
  }
  const tracer = startTracer(["-B", "full", "-e", 'begin { printf("early\\n"); } interval:ms:10 { errorf("now"); } end { printf("late\\n"); }']);
  await tracer.seen("ERROR: now");
  tracer.kill("SIGINT");
  assert.match((await tracer.ended).stdout, /^early\nlate\n\n\n$/);
});

test("output of printf keeps its place among that of other actions", async () => {
  const script = 'begin { printf("1 "); print("2"); printf("3 "); @a = 4; print(@a); printf("%s", "5"); print((6, "x")); clear(@a); }';
  const { stdout } = await startTracer(["-q", "-e", script]).ended;
  assert.equal(stdout, "1 2\n3 @a: 4\n5(6, x)\n\n\n");
});
