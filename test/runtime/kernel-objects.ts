// Kernel objects that a process holds, and whether they are gone: for tests of what a tracer leaves behind. Ids are not
// used again soon, so other tracers on the machine do not disturb.

import { readdirSync, readFileSync } from "node:fs";
import { closeFd } from "../../src/sys/memory.ts";
import { type KernelObject, objectsAt, openObject } from "../support/held-objects.ts";

/** Programs, maps and links that a process has open now. */
export function kernelObjectsOf(pid: number): readonly KernelObject[] {
  const all = readdirSync(`/proc/${pid}/fdinfo`).flatMap((fd) => objectsAt(pid, fd));
  return [...new Map(all.map((object) => [`${object.kind} ${object.id}`, object])).values()];
}

function exists(object: KernelObject): boolean {
  const fd = openObject(object);
  if (fd >= 0) closeFd(fd);
  return fd >= 0;
}

/** The objects that are still there after the kernel had time to free them. */
export async function remaining(objects: readonly KernelObject[], waitMs = 30_000): Promise<readonly KernelObject[]> {
  const end = Date.now() + waitMs;
  for (;;) {
    const left = objects.filter(exists);
    if (left.length === 0 || Date.now() > end) return left;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether a process is there and runs; one that nobody has waited for has ended too. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return false;
  }
}

/** Resolves when a process has ended; false when it still runs after a long time. */
export async function hasEnded(pid: number, waitMs = 30_000): Promise<boolean> {
  const end = Date.now() + waitMs;
  while (isRunning(pid)) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}
