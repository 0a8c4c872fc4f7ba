// What code a process has mapped: files, with an identity that does not depend on the path, and everything else.

import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { ElfFile } from "../formats/elf/elf.ts";
import { mapFile } from "../sys/memory.ts";
import { executableLines } from "./maps-file.ts";

export interface ExecutableMapping {
  readonly start: bigint;
  readonly end: bigint;
  readonly offset: bigint;
  /** Device and inode, or a name in brackets that the kernel gives; undefined for memory without a file. */
  readonly identity: string | undefined;
  readonly path: string;
}

/** Executable mappings by address. Throws when the process is gone or not ours to look at. */
export function executableMappings(pid: number): readonly ExecutableMapping[] {
  return parseExecutableMappings(readFileSync(`/proc/${pid}/maps`, "latin1"));
}

/** What /proc/PID/maps says. */
export function parseExecutableMappings(text: string): readonly ExecutableMapping[] {
  return executableLines(text).map(({ start, end, offset, major, minor, inode, path }) => {
    const identity = inode !== "0" ? `${major}:${minor} ${inode}` : path.startsWith("[") ? path : undefined;
    return { start: BigInt(`0x${start}`), end: BigInt(`0x${end}`), offset: BigInt(`0x${offset}`), identity, path };
  });
}

/** The kernel's own library in every process. */
export const kernelLibrary = "[vdso]";

/**
 * Lets `use` read the ELF file behind a mapping, whose bytes are gone afterwards; undefined when there is none that can be read.
 */
export function withMappedElf<T>(pid: number, mapping: ExecutableMapping, use: (file: ElfFile) => T): T | undefined {
  if (mapping.identity === kernelLibrary) {
    const file = readImage(pid, mapping);
    return file === undefined ? undefined : use(file);
  }
  if (mapping.identity === undefined || mapping.identity.startsWith("[")) return undefined;
  const fd = openMapped(pid, mapping);
  if (fd === undefined) return undefined;
  try {
    const status = fstatSync(fd);
    const { size } = status;
    if (!status.isFile() || size === 0) return undefined;
    const { view, unmap } = mapFile(fd, 0, size, false);
    try {
      const file = ElfFile.parse(Buffer.from(view));
      return file === undefined ? undefined : use(file);
    } finally {
      unmap();
    }
  } finally {
    closeSync(fd);
  }
}

/** The very file: by its path, or when that names another one by now, through the mapping itself. */
function openMapped(pid: number, { start, end, identity, path }: ExecutableMapping): number | undefined {
  const below = `/proc/${pid}/root${path}`;
  const link = `/proc/${pid}/map_files/${start.toString(16)}-${end.toString(16)}`;
  for (const candidate of [below, link]) {
    try {
      if (candidate === below && String(statSync(below).ino) !== identity?.split(" ")[1]) continue;
      return openSync(candidate, "r");
    } catch {
      // Deleted, or in a place that is out of reach: the other way may work.
    }
  }
  return undefined;
}

/** An ELF file that is only in memory. */
function readImage(pid: number, { start, end }: ExecutableMapping): ElfFile | undefined {
  const bytes = Buffer.alloc(Number(end - start));
  try {
    const fd = openSync(`/proc/${pid}/mem`, "r");
    try {
      readSync(fd, bytes, 0, bytes.length, Number(start));
    } finally {
      closeSync(fd);
    }
  } catch {
    // Gone, or not ours to read.
    return undefined;
  }
  return ElfFile.parse(bytes);
}
