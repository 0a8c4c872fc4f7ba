// Iterators: a link that is read to its end by the tracer, or pinned for others to read.

import { mkdirSync, readSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { createIterator, linkIterator, pinObject } from "../sys/bpf.ts";
import { closeFd } from "../sys/memory.ts";
import { SystemError } from "../sys/system-error.ts";
import type { Link } from "./link.ts";

/** The kernel fills a page or two at a time. */
const pieceSize = 65_536;

const fileSystem = "/sys/fs/bpf";

export interface IteratorLink extends Link {
  /** Runs the program over all elements, again at each call; `take` gets what it wrote into the iterator's file. */
  readonly iterate: (take: (bytes: Buffer) => void) => void;
  /** Where the link was pinned. */
  readonly pinnedAt: string | undefined;
}

export function attachIterator(name: string, fd: number, pin: string | undefined, pid: number | undefined): IteratorLink {
  const link = linkIterator(fd, pid ?? 0);
  if (link < 0) throw new SystemError("attach", name, -link);
  const pinnedAt = pin === undefined ? undefined : resolve(fileSystem, pin);
  if (pinnedAt !== undefined) pinLink(name, link, pinnedAt);
  return {
    fds: [link],
    afterwards: [],
    pinnedAt,
    iterate: (take) => readAll(name, link, take),
  };
}

function pinLink(name: string, link: number, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const result = pinObject(link, path);
  if (result >= 0) return;
  closeFd(link);
  throw new SystemError("pin", `${name} at ${path}`, -result, `${fileSystem} must be a mounted bpf file system`);
}

function readAll(name: string, link: number, take: (bytes: Buffer) => void): void {
  const iterator = createIterator(link);
  if (iterator < 0) throw new SystemError("iterate", name, -iterator);
  try {
    const bytes = Buffer.alloc(pieceSize);
    for (;;) {
      const length = readSync(iterator, bytes);
      if (length === 0) return;
      take(bytes.subarray(0, length));
    }
  } finally {
    closeFd(iterator);
  }
}
