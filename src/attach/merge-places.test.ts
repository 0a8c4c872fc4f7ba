import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttachSpec } from "../define/attach-spec.ts";
import { groupUprobes, mergedSpec } from "./merge-uprobes.ts";

function uprobe(fd: number, path: string, offset: number, semaphore = 0, onReturn = false) {
  const counted = semaphore === 0 ? {} : { semaphores: [semaphore] };
  const attach: AttachSpec = { mechanism: "uprobe-multi", path, offsets: [offset], names: [], onReturn, ...counted };
  return { fd, probe: { attach } };
}

const other = { fd: 1, probe: { attach: { mechanism: "tp-btf", event: "x" } } } as const;

test("neighbours with one program and one file are attached together", () => {
  const probes = [uprobe(1, "/a", 10), uprobe(1, "/a", 20), uprobe(1, "/b", 10), uprobe(2, "/b", 10), uprobe(2, "/b", 10, 0, true), other, uprobe(1, "/a", 30)];
  assert.deepEqual(groupUprobes(probes).map((group) => group.length), [2, 1, 1, 1, 1, 1]);
});

test("offsets stay with their semaphores, and each place counts once", () => {
  const group = [uprobe(1, "/a", 10), uprobe(1, "/a", 20, 77), uprobe(1, "/a", 10)];
  assert.deepEqual(mergedSpec(group), { mechanism: "uprobe-multi", path: "/a", onReturn: false, offsets: [10, 20], names: [], semaphores: [0, 77] });
  assert.equal(mergedSpec([uprobe(1, "/a", 10)]), undefined);
});
