// System call tracepoints that share a raw tracepoint count what single tracepoints count.

import assert from "node:assert/strict";
import { test } from "node:test";
import { kernelObjectsOf } from "./kernel-objects.ts";
import { startTracer } from "./tracer.ts";

/** Value of each printed element of a map. */
function elements(stdout: string, map: string): ReadonlyMap<string, number> {
  return new Map([...stdout.matchAll(new RegExp(`^${map}\\[(.*)\\]: (\\d+)$`, "gm"))].map((match) => [match[1] ?? "", Number(match[2])]));
}

const calls = ["mmap", "mprotect", "munmap", "openat", "close", "read", "exit_group", "execve", "newfstatat"];

test("shared and single tracepoints see the same calls, numbers and results", async () => {
  const single = calls.flatMap((call) => [
    `tracepoint:syscalls:sys_enter_${call} /pid == cpid/ { @enter[probe, args.__syscall_nr] = count(); }`,
    ...(call === "exit_group" ? [] : [`tracepoint:syscalls:sys_exit_${call} /pid == cpid/ { @exit[probe, args.__syscall_nr, args.ret >= 0] = count(); }`]),
  ]);
  const shared = [
    "tracepoint:syscalls:sys_enter_* /pid == cpid/ { @enters[probe, args.__syscall_nr] = count(); }",
    "tracepoint:syscalls:sys_exit_* /pid == cpid/ { @exits[probe, args.__syscall_nr, args.ret >= 0] = count(); }",
  ];
  const script = [...single, ...shared].join("\n");
  const { stdout, stderr } = await startTracer(["-c", "ls /", "-e", script], { environment: { BPFTRACE_MAX_PROBES: "2000" } }).ended;
  const enters = elements(stdout, "@enters");
  const exits = elements(stdout, "@exits");
  const enter = elements(stdout, "@enter");
  const exit = elements(stdout, "@exit");
  assert.ok(enter.size === calls.length, stdout + stderr);
  // The command waits in read() when probes are attached, one after the other.
  const comparable = ([key]: readonly [string, number]) => !key.includes("_read,");
  for (const [key, count] of [...enter].filter(comparable)) assert.equal(enters.get(key), count, key);
  for (const [key, count] of [...exit].filter(comparable)) assert.equal(exits.get(key), count, key);
  assert.ok(enters.size > enter.size && exits.size > 0);
});

test("several bodies on the same shared calls run in the order of the source", async () => {
  const body = (n: number) => `tracepoint:syscalls:sys_enter_e* /pid == cpid && probe == "tracepoint:syscalls:sys_enter_execve"/ { printf("${n}"); }`;
  const { stdout } = await startTracer(["-q", "-c", "true", "-e", [1, 2, 3].map(body).join("\n")]).ended;
  assert.equal(stdout, "123\n\n");
});

test("shared calls take one link for entries and one for exits", async () => {
  const script = `tracepoint:syscalls:sys_enter_g* { @[probe] = count(); }
    tracepoint:syscalls:sys_exit_g* { @r[probe] = count(); }`;
  const tracer = startTracer(["-e", script]);
  await tracer.attached();
  const links = kernelObjectsOf(tracer.pid).filter(({ kind }) => kind === "link");
  assert.equal(links.length, 2);
  tracer.kill("SIGINT");
  await tracer.ended;
});
