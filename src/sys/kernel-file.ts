// Files that the kernel makes up when they are read. A read gives a page of them at most, and their size is often unknown: node's own
// way takes up to two and a half times as long.

import { closeSync, fstatSync, openSync } from "node:fs";
import { native } from "./ffi.ts";
import { SystemError } from "./system-error.ts";
import { syscallNumbers } from "./syscall-numbers.ts";

/** Room for a file of unknown size: memory that is not written to costs nothing. */
const firstRoom = 8 << 20;
const interrupted = -4;

/** All that a file has now. Throws when it can't be opened or read. */
export function readKernelFile(path: string): Buffer {
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    // One byte more: the last read finds the end.
    return readAll(fd, path, Buffer.allocUnsafeSlow(size > 0 ? size + 1 : firstRoom));
  } finally {
    closeSync(fd);
  }
}

function readAll(fd: number, path: string, room: Buffer): Buffer {
  let buffer = room;
  let address = native().addressOf(buffer);
  for (let length = 0; ; ) {
    if (length === buffer.length) {
      buffer = Buffer.concat([buffer], 2 * length);
      address = native().addressOf(buffer);
    }
    const got = native().syscall(syscallNumbers.read, fd, address + BigInt(length), buffer.length - length);
    if (got === interrupted) continue;
    if (got < 0) throw new SystemError("read", path, -got);
    if (got === 0) return buffer.subarray(0, length);
    length += got;
  }
}

const readable = 1;
const privately = 2;

/** A file as it stands in the kernel's memory, until the process ends; undefined when the kernel does not allow that for this file. */
export function mapKernelFile(path: string): Uint8Array | undefined {
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    const address = native().syscall(syscallNumbers.mmap, 0, size, readable, privately, fd, 0);
    return address < 0 ? undefined : new Uint8Array(native().view(BigInt(address), size));
  } finally {
    closeSync(fd);
  }
}
