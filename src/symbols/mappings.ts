// The executable mappings of a process, as /proc/PID/maps (proc(5)) shows them or as events tell them.

import { executableLines } from "./maps-file.ts";

/** Addresses and offsets are in pages of 4096 bytes: as numbers they are exact. */
export interface Mapping {
  readonly start: number;
  /** The page after the last one. */
  readonly end: number;
  /** Where in the file it begins. */
  readonly offset: number;
  /** As the process sees it, without the mark of a deleted file; "" for memory without a name. A byte string. */
  readonly path: string;
  /** `MAJOR:MINOR` of the file system, and the inode: 0 for what is no file. */
  readonly device: string;
  readonly inode: number;
  /** When it was there, in milliseconds since the epoch. */
  readonly seen: number;
}

const pageBits = 12n;

export function pageOf(address: bigint): number {
  return Number(address >> pageBits);
}

/** Where in the file the byte at an address of a mapping is. */
export function fileOffsetOf(mapping: Mapping, address: bigint): bigint {
  return address - (BigInt(mapping.start - mapping.offset) << pageBits);
}

/** /proc/PID/maps as it is at the time `seen`: executable mappings in ascending order. */
export function parseMaps(text: string, seen: number): readonly Mapping[] {
  const page = (digits: string) => pageOf(BigInt(`0x${digits}`));
  return executableLines(text).map(({ start, end, offset, major, minor, inode, path }) => ({
    start: page(start),
    end: page(end),
    offset: page(offset),
    path: plainPath(path),
    device: `${Number.parseInt(major, 16)}:${Number.parseInt(minor, 16)}`,
    inode: Number(inode),
    seen,
  }));
}

/** The names that the kernel gives to memory without a file differ: none in one place, `//anon` in the other. */
export function plainPath(path: string): string {
  if (path.startsWith("//anon")) return "";
  // Line feeds are written as octal digits; a file that is gone is marked.
  const whole = path.replaceAll("\\012", "\n");
  return whole.endsWith(deletedMark) ? whole.slice(0, -deletedMark.length) : whole;
}

const deletedMark = " (deleted)";

/** Whether both show the same bytes at the pages that they share; memory without a file is told apart by its name only. */
export function showSame(a: Mapping, b: Mapping): boolean {
  if (a.inode === 0 && b.inode === 0) return a.path === b.path;
  // The path depends on who asks: one that looks from outside of a container has another one than the process.
  return a.inode === b.inode && a.device === b.device && a.offset - a.start === b.offset - b.start;
}

/** The mapping that contains a page. */
export function mappingAt(mappings: readonly Mapping[], page: number): Mapping | undefined {
  let low = 0;
  let high = mappings.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((mappings[middle]?.start ?? 0) <= page) low = middle + 1;
    else high = middle;
  }
  const found = mappings[low - 1];
  return found !== undefined && page < found.end ? found : undefined;
}

/** Puts a mapping into an ascending list; what it covers of others is gone. Says whether that was something else. */
export function insertMapping(mappings: readonly Mapping[], added: Mapping): { readonly mappings: readonly Mapping[]; readonly replaced: boolean } {
  const covered = mappings.filter((m) => m.start < added.end && m.end > added.start);
  const before = mappings.filter((m) => m.end <= added.start);
  const after = mappings.filter((m) => m.start >= added.end);
  const left = covered.filter((m) => m.start < added.start).map((m) => ({ ...m, end: added.start }));
  const right = covered.filter((m) => m.end > added.end).map((m) => ({ ...m, start: added.end, offset: m.offset + added.end - m.start }));
  return { mappings: [...before, ...left, added, ...right, ...after], replaced: covered.some((m) => !showSame(m, added)) };
}
