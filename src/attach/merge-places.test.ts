import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttachSpec } from "../define/attach-spec.ts";
import { groupPlaces, mergedSpec } from "./merge-places.ts";

function uprobe(fd: number, path: string, offset: number, semaphore = 0, onReturn = false) {
  const counted = semaphore === 0 ? {} : { semaphores: [semaphore] };
  const attach: AttachSpec = { mechanism: "uprobe-multi", path, offsets: [offset], names: [], onReturn, ...counted };
  return { fd, probe: { attach } };
}

const other = { fd: 1, probe: { attach: { mechanism: "tp-btf", event: "x" } } } as const;

test("neighbours with one program and one file are attached together", () => {
  const probes = [uprobe(1, "/a", 10), uprobe(1, "/a", 20), uprobe(1, "/b", 10), uprobe(2, "/b", 10), uprobe(2, "/b", 10, 0, true), other, uprobe(1, "/a", 30)];
  assert.deepEqual(groupPlaces(probes).map((group) => group.length), [2, 1, 1, 1, 1, 1]);
});

test("offsets stay with their semaphores, and each place counts once", () => {
  const group = [uprobe(1, "/a", 10), uprobe(1, "/a", 20, 77), uprobe(1, "/a", 10)];
  assert.deepEqual(mergedSpec(group), { mechanism: "uprobe-multi", path: "/a", onReturn: false, offsets: [10, 20], names: [], semaphores: [0, 77] });
  assert.equal(mergedSpec([uprobe(1, "/a", 10)]), undefined);
});

function kprobe(fd: number, name: string, sharedNames: readonly string[] | undefined, ends: "entry" | "return" | "both" = "entry") {
  const attach: AttachSpec = { mechanism: "kprobe-multi", functions: [name], sharedNames, ends };
  return { fd, probe: { attach } };
}

test("kernel functions with one program are attached together", () => {
  const probes = [kprobe(1, "a", []), kprobe(1, "b", ["b"]), kprobe(1, "a", []), kprobe(1, "c", [], "return"), kprobe(2, "c", []), kprobe(2, "d", undefined), uprobe(2, "/a", 10)];
  const groups = groupPlaces(probes);
  assert.deepEqual(groups.map((group) => group.length), [3, 1, 1, 1, 1]);
  assert.deepEqual(groups.map(mergedSpec)[0], { mechanism: "kprobe-multi", functions: ["a", "b"], sharedNames: ["b"], ends: "entry" });
});
