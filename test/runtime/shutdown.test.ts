// How runs end: what is printed, the exit status, and that nothing is left behind in the kernel or among the processes.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { hasEnded, isRunning, kernelObjectsOf, remaining } from "./kernel-objects.ts";
import { startTracer, type Tracer, type TracerEnd } from "./tracer.ts";

const libc = process.report.getReport();
const libraries = typeof libc === "object" && "sharedObjects" in libc && Array.isArray(libc.sharedObjects) ? libc.sharedObjects.map(String) : [];
const libcPath = libraries.find((path) => path.includes("/libc.so")) ?? "libc";

/** Attaches in many ways: single and shared tracepoints, raw ones, timers, functions of a library. */
const probes = [
  "begin { @started = 1; }",
  "tracepoint:sched:sched_switch { @switches = count(); }",
  "tracepoint:syscalls:sys_enter_g* { @calls[probe] = count(); }",
  "rawtracepoint:sched_wakeup { @wakeups = count(); }",
  `uprobe:${libcPath}:malloc /pid == 1/ { @mallocs = count(); }`,
  "profile:hz:50 { @samples = count(); }",
  'interval:ms:20 { printf("tick\\n"); }',
  'end { printf("the end\\n"); }',
].join(" ");

interface Ending {
  readonly name: string;
  readonly script?: string;
  readonly options?: readonly string[];
  /** Brings the end about, once everything is attached and running. */
  end(tracer: Tracer): void | Promise<void>;
  readonly status: number | null;
  readonly signal: string | null;
  /** Whether the end probe ran and the maps were printed. */
  readonly orderly: boolean;
}

const endings: readonly Ending[] = [
  { name: "SIGINT", end: (tracer) => tracer.kill("SIGINT"), status: 0, signal: null, orderly: true },
  { name: "SIGTERM", end: (tracer) => tracer.kill("SIGTERM"), status: 0, signal: null, orderly: true },
  { name: "SIGHUP", end: (tracer) => tracer.kill("SIGHUP"), status: null, signal: "SIGHUP", orderly: false },
  { name: "SIGKILL", end: (tracer) => tracer.kill("SIGKILL"), status: null, signal: "SIGKILL", orderly: false },
  { name: "exit() with a status", script: "interval:ms:200 { exit(7); }", end: () => undefined, status: 7, signal: null, orderly: true },
  { name: "exit() in end", script: "interval:ms:200 { exit(7); } end { exit(8); }", end: () => undefined, status: 8, signal: null, orderly: true },
  {
    name: "a closed stdout",
    end: (tracer) => void tracer.process.stdout?.destroy(),
    status: null,
    signal: "SIGPIPE",
    orderly: false,
  },
];

function checkPrinted({ stdout, stderr }: TracerEnd, orderly: boolean): void {
  assert.ok(stdout.startsWith("tick\n"), stdout);
  if (!orderly) {
    assert.doesNotMatch(stdout, /the end|@started/);
    return;
  }
  const [events = "", maps = ""] = stdout.split("\n\n\n");
  assert.match(events, /^(tick\n)+the end$/);
  assert.match(maps, /^@started: 1$/m);
  assert.match(maps, /^@switches: \d+$/m);
  assert.match(maps, /^@calls\[tracepoint:syscalls:sys_enter_g\w+\]: \d+$/m);
  assert.match(stderr, /^Attached \d+ probes\n$/);
}

for (const { name, script = "", options = [], end, status, signal, orderly } of endings) {
  test(`${name}: ${orderly ? "end runs, maps are printed" : "the run just ends"}, nothing is left`, async () => {
    const tracer = startTracer([...options, "-c", "sleep 1000", "-e", `${probes} ${script}`]);
    await tracer.attached();
    const objects = kernelObjectsOf(tracer.pid);
    for (const kind of ["program", "map", "link"]) assert.ok(objects.some((object) => object.kind === kind), kind);
    const children = tracer.children();
    assert.equal(children.length, 1);
    await tracer.seen("tick\n");
    await end(tracer);
    const result = await tracer.ended;
    assert.deepEqual({ status: result.status, signal: result.signal }, { status, signal }, result.stderr);
    checkPrinted(result, orderly);
    for (const child of children) assert.ok(await hasEnded(child), "the command has ended");
    assert.deepEqual(await remaining(objects), []);
  });
}

test("the end of the command ends the run; its status is not passed on", async () => {
  const { status, stdout } = await startTracer(["-q", "-c", "false", "-e", 'interval:s:1000 { } end { printf("over\\n"); }']).ended;
  assert.equal(status, 0);
  assert.equal(stdout, "over\n\n\n");
});

test("events that the command caused are all there when it has ended", async () => {
  const script = "tracepoint:syscalls:sys_enter_exit_group /pid == cpid/ { print(args.error_code); }";
  const { stdout } = await startTracer(["-q", "-c", "false", "-e", script]).ended;
  assert.equal(stdout, "1\n\n\n");
});

test("the end of the process of -p ends the run, and the process is left alone otherwise", async () => {
  const target = spawn("sleep", ["1000"], { stdio: "ignore" });
  const pid = target.pid ?? 0;
  const script = 'interval:ms:10 { printf("tick\\n"); } end { printf("gone\\n"); }';
  const first = startTracer(["-q", "-p", String(pid), "-e", script]);
  await first.seen("tick");
  first.kill("SIGINT");
  await first.ended;
  assert.ok(isRunning(pid));
  const second = startTracer(["-q", "-p", String(pid), "-e", script]);
  await second.seen("tick");
  target.kill("SIGKILL");
  const { status, stdout } = await second.ended;
  assert.equal(status, 0);
  assert.match(stdout, /^(tick\n)+gone\n\n\n$/);
});

const smallRing = { environment: { BPFTRACE_PERF_RB_PAGES: "64" } };

test("output that waits for its reader does not keep a signal from ending the run, and is not lost", async () => {
  const tracer = startTracer(["-e", 'interval:ms:1 { for ($i : 0..200) { printf("%0900d\\n", $i); } } end { printf("the end\\n"); }'], smallRing);
  await tracer.attached();
  tracer.stall();
  // Then the output is full, and after it the ring buffer.
  await tracer.seen("Lost ");
  tracer.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 100));
  tracer.resume();
  const { status, stdout } = await tracer.ended;
  assert.equal(status, 0);
  assert.ok(stdout.endsWith("the end\n\n\n"));
  assert.ok(stdout.slice(0, -10).split("\n").every((line) => /^(\d{900})?$/.test(line)));
});

test("a second signal, later than the first, ends a run whose output nobody takes", async () => {
  const tracer = startTracer(["-c", "sleep 1000", "-e", 'interval:ms:1 { for ($i : 0..200) { printf("%0900d\\n", $i); } }'], smallRing);
  await tracer.attached();
  const objects = kernelObjectsOf(tracer.pid);
  const children = tracer.children();
  tracer.stall();
  // Then the output is full, and after it the ring buffer.
  await tracer.seen("Lost ");
  const over = { yet: false };
  tracer.process.on("exit", () => {
    over.yet = true;
  });
  while (!over.yet) {
    tracer.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  tracer.resume();
  const { status, signal } = await tracer.ended;
  assert.deepEqual([status, signal], [null, "SIGINT"]);
  for (const child of children) assert.ok(await hasEnded(child));
  assert.deepEqual(await remaining(objects), []);
});

test("a run with begin and end probes alone ends by itself", async () => {
  const { status, stdout, stderr } = await startTracer(["-e", 'begin { printf("a\\n"); } end { printf("b\\n"); }']).ended;
  assert.deepEqual([status, stdout, stderr], [0, "a\nb\n\n\n", "Attached 2 probes\n"]);
});

test("a file for the output that is full ends the run with an error, and nothing is left", async () => {
  const tracer = startTracer(["-o", "/dev/full", "-c", "sleep 1000", "-e", 'interval:ms:50 { printf("tick\\n"); }']);
  await tracer.attached();
  const children = tracer.children();
  const { status, stderr } = await tracer.ended;
  assert.equal(status, 255);
  assert.match(stderr, /ERROR: .*No space left on device/);
  for (const child of children) assert.ok(await hasEnded(child));
});
