// Events of processes: those of a child of our own, where the kernel lets us listen; records by hand.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, realpathSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { decode, type TaskEvent, TaskEvents } from "./task-events.ts";

function onlineCpus(): readonly number[] {
  const text = readFileSync("/sys/devices/system/cpu/online", "latin1");
  return text.trim().split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

const events = TaskEvents.open(onlineCpus());
const options = events === undefined ? { skip: "perf events are not for us" } : {};

test("a program that is executed maps its file, forks and ends", options, () => {
  assert.ok(events !== undefined && availableParallelism() > 0);
  try {
    events.drain();
    const child = spawnSync("/bin/sh", ["-c", "sleep 0.01; echo $$"], { encoding: "utf8" });
    const pid = Number(child.stdout);
    const { events: all, lost } = events.drain();
    assert.equal(lost, false);
    assert.ok(all.every((event, i) => i === 0 || (all[i - 1]?.time ?? 0) <= event.time), "they come in order");
    const own = all.filter((event) => event.pid === pid);
    const kinds = own.map(({ kind }) => kind);
    assert.equal(kinds.filter((kind) => kind === "exec").length, 1);
    assert.ok(kinds.indexOf("exec") < kinds.indexOf("map") && kinds.at(-1) === "exit", kinds.join());
    assert.ok(all.some((event) => event.kind === "fork" && event.parent === pid), "it started sleep");
    const shell = realpathSync("/bin/sh");
    const mapped = own.find((event): event is TaskEvent & { kind: "map" } => event.kind === "map" && event.path === shell);
    const { ino, size } = statSync(shell);
    assert.equal(mapped?.inode, ino);
    assert.ok(mapped.pages > 0 && (mapped.offset + mapped.pages - 1) * 4096 < size);
    assert.match(mapped.device, /^\d+:\d+$/);
  } finally {
    events.close();
  }
});

test("records are read as the kernel lays them out", () => {
  const record = (type: number, misc: number, words: readonly number[], text: string) => {
    const bytes = Buffer.alloc(8 + words.length * 4 + text.length + 8);
    bytes.writeUInt32LE(type, 0);
    bytes.writeUInt16LE(misc, 4);
    bytes.writeUInt16LE(bytes.length, 6);
    for (const [i, word] of words.entries()) bytes.writeUInt32LE(word, 8 + 4 * i);
    bytes.write(text, 8 + words.length * 4, "latin1");
    bytes.writeBigUInt64LE(77n, bytes.length - 8);
    return bytes;
  };
  const mapping = [5, 6, 0x2000, 0x00ff_1234, 0x2fff, 0, 0x3000, 0, 254, 1, 42, 0, 0, 0, 5, 2];
  assert.deepEqual(decode(record(10, 2, mapping, "/bin/a b\0\0\0\0\0\0\0\0")), {
    ...{ kind: "map", time: 77, pid: 5, start: 0x00ff_1234 * 0x10_0000 + 2, pages: 3, offset: 3 },
    ...{ device: "254:1", inode: 42, path: "/bin/a b" },
  });
  assert.deepEqual(decode(record(3, 0x2000, [5, 5], "name\0\0\0\0")), { kind: "exec", time: 77, pid: 5 });
  assert.equal(decode(record(3, 0, [5, 5], "name\0\0\0\0")), undefined);
  assert.deepEqual(decode(record(7, 0, [9, 5, 9, 5, 0, 0], "")), { kind: "fork", time: 77, pid: 9, parent: 5 });
  assert.equal(decode(record(7, 0, [5, 5, 9, 5, 0, 0], "")), undefined);
  assert.deepEqual(decode(record(4, 0, [9, 5, 9, 5, 0, 0], "")), { kind: "exit", time: 77, pid: 9 });
  assert.equal(decode(record(4, 0, [9, 5, 10, 5, 0, 0], "")), undefined);
});
