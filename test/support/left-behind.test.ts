// What is left behind is found, and what a live tracer holds is not taken for it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, existsSync } from "node:fs";
import { once } from "node:events";
import { test } from "node:test";
import { leftBehind, unheldObjects } from "./left-behind.ts";

const events = "/sys/kernel/tracing/uprobe_events";

test("what a live tracer holds is not left behind", async () => {
  const before = unheldObjects();
  const script = 'BEGIN { @a[1] = count(); printf("on\\n"); } interval:s:100 { @b = hist(1); }';
  const tracer = spawn(process.execPath, ["dist/bpftrace.js", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await once(tracer.stdout, "data");
    assert.deepEqual(await leftBehind(before), []);
  } finally {
    tracer.kill("SIGKILL");
    await once(tracer, "close");
  }
  assert.deepEqual(await leftBehind(before), []);
});

test("an event that nobody removed is left behind", { skip: existsSync(events) ? false : "no uprobe_events" }, async () => {
  const before = unheldObjects();
  const name = `left_${process.pid}`;
  appendFileSync(events, `p:testing/${name} ${process.execPath}:0x1000\n`);
  try {
    const left = await leftBehind(before, 0);
    assert.equal(left.length, 1);
    assert.match(left[0] ?? "", new RegExp(`^uprobe_events p:testing/${name} `));
  } finally {
    appendFileSync(events, `-:testing/${name}\n`);
  }
  assert.deepEqual(await leftBehind(before, 0), []);
});
