// What is known of processes that execute, fork, map and end, as events and /proc tell it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TaskEvent } from "../sys/task-events.ts";
import type { Mapping } from "./mappings.ts";
import { ProcessMaps } from "./process-maps.ts";

function mapping(start: number, path: string, offset = 0): Mapping {
  return { start, end: start + 10, offset, path, device: "8:1", inode: path.length, seen: 5 };
}

/** Late enough that reading /proc does not seem newer. */
const later = Number(process.hrtime.bigint()) + 1e15;

function mapEvent(pid: number, start: number, path: string, offset = 0, time = later): TaskEvent {
  return { kind: "map", time, pid, start, pages: 10, offset, device: "8:1", inode: path.length, path };
}

function started(running: Readonly<Record<number, readonly Mapping[]>> = {}): { readonly maps: ProcessMaps; readonly reads: number[] } {
  const reads: number[] = [];
  const read = (pid: number) => {
    reads.push(pid);
    return running[pid];
  };
  return { maps: new ProcessMaps(read, true), reads };
}

describe("events", () => {
  test("tell all of a program that was executed, also when it has ended", () => {
    const { maps, reads } = started({ 1: [mapping(500, "/sh")] });
    const events: readonly TaskEvent[] = [
      { kind: "fork", time: later, pid: 2, parent: 1 },
      { kind: "exec", time: later, pid: 2 },
      mapEvent(2, 100, "/program", 3),
      { kind: "exit", time: later, pid: 2 },
    ];
    for (const event of events) maps.apply(event);
    const found = maps.find(2, 105);
    assert.deepEqual({ ...found, seen: 5 }, mapping(100, "/program", 3));
    assert.ok(Math.abs((found?.seen ?? 0) - Date.now() - 1e9) < 1e8, "the time of the event, from the clock that events have");
    assert.equal(maps.find(2, 500)?.path, "/sh", "before it was executed");
    assert.equal(maps.find(2, 110), undefined);
    assert.deepEqual(reads, [1]);
    assert.equal(maps.isRunning(2), false);
  });

  test("a process that ran before is read once, and again for a page that nobody knows", () => {
    const { maps, reads } = started({ 7: [mapping(100, "/a")] });
    for (let i = 0; i < 3; i++) assert.equal(maps.find(7, 100)?.path, "/a");
    assert.deepEqual(reads, [7]);
    for (let i = 0; i < 3; i++) assert.equal(maps.find(7, 300), undefined);
    assert.deepEqual(reads, [7, 7]);
  });

  test("a library that is loaded later is known", () => {
    const { maps } = started({ 7: [mapping(100, "/a")] });
    assert.equal(maps.find(7, 200), undefined);
    maps.apply(mapEvent(7, 200, "/library"));
    assert.equal(maps.find(7, 205)?.path, "/library");
    assert.equal(maps.find(7, 100)?.path, "/a");
  });

  test("what was loaded before /proc was read is no news", () => {
    const { maps } = started({ 7: [mapping(100, "/new")] });
    assert.equal(maps.find(7, 100)?.path, "/new");
    maps.apply(mapEvent(7, 100, "/older", 0, 1));
    assert.equal(maps.find(7, 100)?.path, "/new");
  });

  test("an address at which different files were is not named", () => {
    const { maps } = started({ 7: [mapping(100, "/a")] });
    maps.capture(7);
    maps.apply(mapEvent(7, 105, "/b"));
    assert.equal(maps.find(7, 107), undefined, "one or the other");
    assert.equal(maps.find(7, 101)?.path, "/a");
    assert.equal(maps.find(7, 112)?.path, "/b");
    maps.apply({ kind: "exec", time: later, pid: 7 });
    maps.apply(mapEvent(7, 100, "/a"));
    assert.equal(maps.find(7, 102)?.path, "/a", "both programs have the same there");
  });

  test("an id that is used again means both processes", () => {
    const { maps } = started();
    for (const [start, path] of [[100, "/first"], [200, "/second"]] as const) {
      maps.apply({ kind: "exec", time: later, pid: 9 });
      maps.apply(mapEvent(9, start, path));
      maps.apply({ kind: "exit", time: later, pid: 9 });
      maps.apply({ kind: "fork", time: later, pid: 9, parent: 1 });
    }
    assert.equal(maps.find(9, 100)?.path, "/first");
    assert.equal(maps.find(9, 200)?.path, "/second");
  });

  test("after a loss only what has ended is certain", () => {
    const { maps, reads } = started();
    for (const pid of [3, 4]) {
      maps.apply({ kind: "exec", time: later, pid });
      maps.apply(mapEvent(pid, 100, "/a"));
    }
    maps.apply({ kind: "exit", time: later, pid: 3 });
    maps.forgetRunning();
    assert.equal(maps.find(3, 100)?.path, "/a");
    assert.equal(reads.length, 0);
    assert.equal(maps.find(4, 100), undefined);
    assert.ok(reads.includes(4));
  });

  test("memory without a file is the same wherever it begins", () => {
    const { maps } = started();
    maps.apply({ kind: "exec", time: later, pid: 3 });
    const anonymous = (start: number): TaskEvent => ({ kind: "map", time: later, pid: 3, start, pages: 10, offset: start, device: "0:0", inode: 0, path: "//anon" });
    maps.apply(anonymous(100));
    maps.apply(anonymous(105));
    assert.equal(maps.find(3, 107)?.path, "");
  });

  test("thousands of processes that ended are kept, not all", () => {
    const { maps } = started();
    for (let pid = 10; pid < 20_010; pid++) {
      maps.apply({ kind: "exec", time: later, pid });
      maps.apply(mapEvent(pid, pid, "/a"));
      maps.apply({ kind: "exit", time: later, pid });
    }
    assert.equal(maps.find(20_009, 20_009)?.path, "/a");
    assert.equal(maps.find(10, 10), undefined);
  });
});

test("without events a process that could not be read is tried again", () => {
  let mapped: readonly Mapping[] | undefined;
  const maps = new ProcessMaps(() => mapped, false);
  assert.equal(maps.find(5, 100), undefined);
  mapped = [mapping(100, "/a")];
  assert.equal(maps.find(5, 100)?.path, "/a");
});
