// What tracers left behind on the machine: programs, maps and links that no process holds, events of kprobes and uprobes,
// pinned files. For the test runner, which compares before and after each test file; other tracers may run meanwhile.

import { spawnSync } from "node:child_process";
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { native } from "../../src/sys/ffi.ts";
import { closeFd } from "../../src/sys/memory.ts";
import { bpf, namesIn, type ObjectKind, objectKinds, objectsAt, openObject, textOf } from "./held-objects.ts";

const getInfo = 15;
const programInfo = { size: 64, mapCount: 52, maps: 56 };
const linkInfo = { size: 16, program: 8 };

function allIds(next: number): readonly number[] {
  const ids: number[] = [];
  const attributes = Buffer.alloc(16);
  while (bpf(next, attributes) === 0) {
    const id = attributes.readUInt32LE(4);
    ids.push(id);
    attributes.writeUInt32LE(id, 0);
  }
  return ids;
}

/** Object ids by kind, as `program 12`. */
function heldByProcesses(): Set<string> {
  const held = new Set<string>();
  for (const pid of namesIn("/proc").filter((name) => /^\d+$/.test(name))) {
    for (const fd of namesIn(`/proc/${pid}/fd`)) {
      if (!linkOf(`/proc/${pid}/fd/${fd}`).startsWith("anon_inode:bpf")) continue;
      for (const { kind, id } of objectsAt(pid, fd)) held.add(`${kind} ${id}`);
    }
  }
  return held;
}

/** Adds what held objects hold themselves: links their program, programs their maps. */
function addIndirect(held: Set<string>): void {
  const idsOf = (kind: ObjectKind) => [...held].filter((object) => object.startsWith(`${kind} `)).map((object) => Number(object.split(" ")[1]));
  for (const id of idsOf("link")) {
    const info = infoOf("link", id, Buffer.alloc(linkInfo.size));
    if (info !== undefined) held.add(`program ${info.readUInt32LE(linkInfo.program)}`);
  }
  const ids = Buffer.alloc(4 * 256);
  for (const id of idsOf("program")) {
    const asked = Buffer.alloc(programInfo.size);
    asked.writeUInt32LE(ids.length / 4, programInfo.mapCount);
    asked.writeBigUInt64LE(BigInt(native().addressOf(ids)), programInfo.maps);
    const count = infoOf("program", id, asked)?.readUInt32LE(programInfo.mapCount) ?? 0;
    for (let i = 0; i < Math.min(count, ids.length / 4); i++) held.add(`map ${ids.readUInt32LE(4 * i)}`);
  }
}

function infoOf(kind: ObjectKind, id: number, info: Buffer): Buffer | undefined {
  const fd = openObject({ kind, id });
  if (fd < 0) return undefined;
  const request = Buffer.alloc(16);
  request.writeUInt32LE(fd, 0);
  request.writeUInt32LE(info.length, 4);
  request.writeBigUInt64LE(BigInt(native().addressOf(info)), 8);
  const result = bpf(getInfo, request);
  closeFd(fd);
  return result < 0 ? undefined : info;
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return "";
  }
}

function pinnedFiles(folder: string): readonly string[] {
  return namesIn(folder).flatMap((name) => [`file ${join(folder, name)}`, ...pinnedFiles(join(folder, name))]);
}

/** A file system that tracers mount for pinned files. The kernel fills it with iterators of its own, which nobody leaves behind. */
const pinFolder = "/sys/fs/bpf";

/** Mounts it if need be and allowed, before the first look: what the kernel puts there is then always there. */
function mountPinFolder(): void {
  const isMounted = textOf("/proc/self/mounts").split("\n").some((line) => line.split(" ")[1] === pinFolder);
  if (!isMounted) spawnSync("mount", ["-t", "bpf", "bpf", pinFolder], { stdio: "ignore" });
}

function tracingEvents(file: string): readonly string[] {
  return textOf(`/sys/kernel/tracing/${file}`).split("\n").filter((line) => line !== "").map((line) => `${file} ${line}`);
}

/** Everything that would stay if all processes ended now. */
export function unheldObjects(): ReadonlySet<string> {
  mountPinFolder();
  // In this order: what is created in between is held when it is looked for.
  const all = objectKinds.flatMap(({ kind, next }) => allIds(next).map((id) => `${kind} ${id}`));
  const held = heldByProcesses();
  addIndirect(held);
  const objects = all.filter((object) => !held.has(object));
  return new Set([...objects, ...tracingEvents("kprobe_events"), ...tracingEvents("uprobe_events"), ...pinnedFiles(pinFolder)]);
}

/** What is new since `before` and does not go within the time that the kernel needs to free what is closed. */
export async function leftBehind(before: ReadonlySet<string>, waitMs = 30_000): Promise<readonly string[]> {
  const end = Date.now() + waitMs;
  for (;;) {
    const left = [...unheldObjects()].filter((object) => !before.has(object));
    if (left.length === 0 || Date.now() > end) return left;
    await sleep(200);
  }
}
