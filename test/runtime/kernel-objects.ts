// Kernel objects that a process holds, and whether they are gone: for tests of what a tracer leaves behind. Ids are not
// used again soon, so other tracers on the machine do not disturb.

import { readdirSync, readFileSync } from "node:fs";
import { native } from "../../src/sys/ffi.ts";
import { closeFd } from "../../src/sys/memory.ts";
import { syscallNumbers } from "../../src/sys/syscall-numbers.ts";

/** Commands of bpf(2) that open an object by its id, and how /proc/PID/fdinfo calls the id. */
const kinds = [
  { kind: "program", field: "prog_id", open: 13 },
  { kind: "map", field: "map_id", open: 14 },
  { kind: "link", field: "link_id", open: 30 },
] as const;

export interface KernelObject {
  readonly kind: (typeof kinds)[number]["kind"];
  readonly id: number;
}

/** Programs, maps and links that a process has open now. */
export function kernelObjectsOf(pid: number): readonly KernelObject[] {
  const folder = `/proc/${pid}/fdinfo`;
  const objects = new Map<string, KernelObject>();
  for (const name of readdirSync(folder)) {
    const text = readIfThere(`${folder}/${name}`);
    for (const { kind, field } of kinds) {
      const id = new RegExp(`^${field}:\\s*(\\d+)`, "m").exec(text)?.[1];
      if (id !== undefined) objects.set(`${kind} ${id}`, { kind, id: Number(id) });
    }
  }
  return [...objects.values()];
}

/** Descriptors may be closed meanwhile. */
function readIfThere(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

function exists({ kind, id }: KernelObject): boolean {
  const attributes = Buffer.alloc(16);
  attributes.writeUInt32LE(id);
  const command = kinds.find((known) => known.kind === kind)?.open ?? 0;
  const fd = native().syscall(syscallNumbers.bpf, command, native().addressOf(attributes), attributes.length);
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
