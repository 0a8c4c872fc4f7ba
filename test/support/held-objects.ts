// Programs, maps and links that a process has open, by /proc/PID/fdinfo.

import { readdirSync, readFileSync } from "node:fs";
import { native } from "../../src/sys/ffi.ts";
import { syscallNumbers } from "../../src/sys/syscall-numbers.ts";

/** Commands of bpf(2) that walk through all objects of a kind and open one by its id, and how fdinfo calls the id. */
export const objectKinds = [
  { kind: "program", field: "prog_id", next: 11, open: 13 },
  { kind: "map", field: "map_id", next: 12, open: 14 },
  { kind: "link", field: "link_id", next: 31, open: 30 },
] as const;
export type ObjectKind = (typeof objectKinds)[number]["kind"];

export interface KernelObject {
  readonly kind: ObjectKind;
  readonly id: number;
}

/** Names in a folder; none when there is no such folder, or no more. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Processes end, file systems are not mounted.
    return [];
  }
}

/** What a file says; nothing when it is not there, or no more. */
export function textOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    // Descriptors are closed meanwhile.
    return "";
  }
}

/** The objects that a descriptor of a process stands for: of a link its program too. */
export function objectsAt(pid: number | string, fd: string): readonly KernelObject[] {
  const text = textOf(`/proc/${pid}/fdinfo/${fd}`);
  return objectKinds.flatMap(({ kind, field }) => {
    const id = new RegExp(`^${field}:\\s*(\\d+)`, "m").exec(text)?.[1];
    return id === undefined ? [] : [{ kind, id: Number(id) }];
  });
}

/** Opens an object, by its id; a negative error number when it is gone. */
export function openObject({ kind, id }: KernelObject): number {
  const attributes = Buffer.alloc(16);
  attributes.writeUInt32LE(id);
  return bpf(objectKinds.find((known) => known.kind === kind)?.open ?? 0, attributes);
}

export function bpf(command: number, attributes: Buffer): number {
  return native().syscall(syscallNumbers.bpf, command, native().addressOf(attributes), attributes.length);
}
