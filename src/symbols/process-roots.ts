// Where the files of processes are for us: many see the same folder as their root, containers have their own.

import { closeSync, constants, openSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { fromByteString } from "../base/byte-string.ts";
import { type Mapping, parseMaps } from "./mappings.ts";

/** Folders of containers that are kept open at most. */
const rootLimit = 256;


export class ProcessRoots {
  /** Descriptors of the folders that processes with other mounts have as their root: they outlive the process. */
  private readonly roots = new Map<string, number>();
  /** Where processes that make code themselves write its names, by process. */
  private readonly jitMaps = new Map<number, string>();
  private own: string | undefined;

  /** What a process has mapped; undefined when it is gone. Its root is remembered. */
  readMaps(pid: number): readonly Mapping[] | undefined {
    try {
      const mappings = parseMaps(readFileSync(`/proc/${pid}/maps`, "latin1"), Date.now());
      const root = mappings.length > 0 ? this.rootOf(pid) : undefined;
      const makesCode = mappings.some(({ path, inode }) => inode === 0 && path === "");
      if (root !== undefined && makesCode) this.jitMaps.set(pid, `${root}/tmp/perf-${ownId(pid)}.map`);
      return mappings;
    } catch {
      // It is gone, or not ours to look at.
      return undefined;
    }
  }

  /** What stands before the paths of a process: "" when it sees the files that we see; undefined when it is gone. */
  rootOf(pid: number): string | undefined {
    this.own ??= identityOfRoot("self");
    const identity = identityOfRoot(pid);
    if (identity === undefined) return undefined;
    if (identity === this.own) return "";
    const known = this.roots.get(identity);
    if (known !== undefined) return folderOf(known);
    if (this.roots.size >= rootLimit) return `/proc/${pid}/root`;
    try {
      const fd = openSync(`/proc/${pid}/root`, constants.O_RDONLY | constants.O_DIRECTORY);
      this.roots.set(identity, fd);
      return folderOf(fd);
    } catch {
      // Gone meanwhile.
      return undefined;
    }
  }

  /** The file of a mapping; undefined when it can't be told from others. `running`: the process may still be asked. */
  find(pid: number, mapping: Mapping, running: boolean): string | undefined {
    const root = running ? this.rootOf(pid) : undefined;
    const place = fromByteString(mapping.path);
    if (root !== undefined) {
      const path = `${root}${place}`;
      if (likeness(path, mapping) !== "other") return path;
      // Of a folder below our root that is the process's root, /proc has the path as we see it.
      return likeness(place, mapping) === "same" ? place : mappedFile(pid, mapping);
    }
    // The numbers of deleted files are used again: what has changed since says nothing of what was mapped.
    const all = ["", ...[...this.roots.values()].map(folderOf)].map((folder) => `${folder}${place}`).filter((path) => isUnchanged(path, mapping));
    const same = all.find((path) => likeness(path, mapping) === "same");
    if (same !== undefined) return same;
    // Some file systems give one number to stat() and another to mappings; then the inode has to do.
    const similar = all.filter((path) => likeness(path, mapping) === "similar");
    return similar.length === 1 ? similar[0] : undefined;
  }

  /** Where a process writes the names of code that it makes. */
  jitMap(pid: number, running: boolean): string {
    const known = this.jitMaps.get(pid);
    if (known !== undefined) return known;
    const root = running ? this.rootOf(pid) : undefined;
    return root === undefined ? `/tmp/perf-${pid}.map` : `${root}/tmp/perf-${ownId(pid)}.map`;
  }

  close(): void {
    for (const fd of this.roots.values()) closeSync(fd);
    this.roots.clear();
  }
}

function folderOf(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/** The id of a process as it knows it itself, in its innermost namespace. */
function ownId(pid: number): number {
  try {
    const line = /^NSpid:\s.*?(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
    return Number(line?.[1] ?? pid);
  } catch {
    // Gone: most processes know themselves by the id that we know.
    return pid;
  }
}

/** Mount namespace and root folder: two processes for which they are the same see the same files. */
function identityOfRoot(pid: number | "self"): string | undefined {
  try {
    const { dev, ino } = statSync(`/proc/${pid}/root/`);
    return `${readlinkSync(`/proc/${pid}/ns/mnt`)} ${dev}:${ino}`;
  } catch {
    // Gone.
    return undefined;
  }
}

/** Whether the file at a path is the one of a mapping: the same inode, on a device of the same number. */
function likeness(path: string, mapping: Mapping): "same" | "similar" | "other" {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined || status.ino !== mapping.inode) return "other";
  return deviceName(status.dev) === mapping.device ? "same" : "similar";
}

/** Whether neither content nor name of a file has changed since the mapping was there. A change in the future is one of another machine's clock. */
function isUnchanged(path: string, mapping: Mapping): boolean {
  const status = statSync(path, { throwIfNoEntry: false });
  return status !== undefined && (status.ctimeMs <= mapping.seen || status.ctimeMs > Date.now() + 1);
}

/** dev_t of the C library as `MAJOR:MINOR` (gnu_dev_major in sys/sysmacros.h). */
function deviceName(device: number): string {
  const low = device % 0x1_0000_0000;
  const high = Math.floor(device / 0x1_0000_0000);
  const major = ((low >>> 8) & 0xfff) + (high & ~0xfff);
  const minor = (low & 0xff) + ((low >>> 12) & 0xf_ff00);
  return `${major}:${minor}`;
}

/** The very file that is mapped, also when it was deleted or replaced since (proc(5), map_files). */
function mappedFile(pid: number, mapping: Mapping): string | undefined {
  const range = `${(BigInt(mapping.start) << 12n).toString(16)}-${(BigInt(mapping.end) << 12n).toString(16)}`;
  const path = `/proc/${pid}/map_files/${range}`;
  return likeness(path, mapping) === "other" ? undefined : path;
}
