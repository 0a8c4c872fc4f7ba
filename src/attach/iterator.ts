// Iterators: a link that the tracer reads to its end, or that is pinned for others to read.

import { execFileSync } from "node:child_process";
import { existsSync, readSync, rmSync, statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { IteratorScope } from "../define/attach-spec.ts";
import { createIterator, linkIterator, pinObject } from "../sys/bpf.ts";
import { closeFd } from "../sys/memory.ts";
import { errnoText, SystemError } from "../sys/system-error.ts";
import type { Link } from "./link.ts";

/**
 * The kernel collects up to 32 KiB, and runs the program again for an element that does not fit any more. It stops before when
 * it has what was asked for: so the last element of a piece always has 24 KiB.
 */
const pieceSize = 8192;

const fileSystem = "/sys/fs/bpf";
/** BPF_FS_MAGIC (include/uapi/linux/magic.h). */
const fileSystemType = 0xcafe_4a11;

const errors = { noEntry: 2, tooBig: 7, exists: 17 } as const;

interface IteratorSpec {
  readonly pin: string | undefined;
  readonly scope: IteratorScope;
}

export function attachIterator(name: string, fd: number, { pin, scope }: IteratorSpec, pid: number | undefined): Link {
  const link = linkIterator(fd, scope === "all-cgroups" ? { kind: "all-cgroups" } : pid === undefined ? undefined : { kind: "process", pid });
  if (link < 0) throw new SystemError("attach", name, -link);
  if (pin === undefined) return { fds: [link], afterwards: [], iterate: () => pieces(name, link) };
  const path = resolve(fileSystem, pin);
  try {
    pinLink(name, link, path);
  } catch (problem) {
    closeFd(link);
    throw problem;
  }
  return { fds: [link], afterwards: [], pinned: { path, remove: () => rmSync(path, { force: true }) } };
}

function pinLink(name: string, link: number, path: string): void {
  const folder = dirname(path);
  const fail = (errno: number, why: string): never => {
    throw new SystemError("pin", name, errno, `it can't be pinned at ${path}: ${why}`);
  };
  if (folder === fileSystem) mountFileSystem(fail);
  if (!existsSync(folder)) fail(errors.noEntry, `there is no folder ${folder}`);
  if (statfsSync(folder).type !== fileSystemType) fail(errors.noEntry, `${folder} is not in a bpf file system`);
  const result = pinObject(link, path);
  if (result === -errors.exists) fail(errors.exists, "there is such a file already, remove it first");
  if (result < 0) fail(-result, errnoText(-result));
}

/** Mounts the bpf file system at its usual place, as other tools do, if nobody has. */
function mountFileSystem(fail: (errno: number, why: string) => void): void {
  if (!existsSync(fileSystem) || statfsSync(fileSystem).type === fileSystemType) return;
  try {
    execFileSync("mount", ["-t", "bpf", "bpf", fileSystem], { stdio: "pipe" });
  } catch {
    fail(errors.noEntry, `no bpf file system is mounted, and \`mount -t bpf bpf ${fileSystem}\` fails`);
  }
}

/** What the program wrote, element by element, in pieces. */
function* pieces(name: string, link: number): Generator<Buffer> {
  const iterator = createIterator(link);
  if (iterator < 0) throw new SystemError("iterate", name, -iterator);
  try {
    const bytes = Buffer.alloc(pieceSize);
    for (;;) {
      const length = readPiece(name, iterator, bytes);
      if (length === 0) return;
      yield bytes.subarray(0, length);
    }
  } finally {
    closeFd(iterator);
  }
}

/** The kernel pauses after a million elements without output. */
const pausesAtMost = 100_000;

function readPiece(name: string, iterator: number, bytes: Buffer): number {
  for (let pauses = 0; ; pauses++) {
    try {
      return readSync(iterator, bytes);
    } catch (problem) {
      const code = problem instanceof Error && "code" in problem ? problem.code : undefined;
      if (code === "E2BIG") throw new SystemError("iterate", name, errors.tooBig, "the program writes more than 32 KiB for one element");
      if (code !== "EAGAIN" || pauses >= pausesAtMost) throw problem;
    }
  }
}
