// USDT probes of an ELF file: the notes of section .note.stapsdt (SystemTap's sys/sdt.h, version 3).
//
//   u32 name size (8), u32 descriptor size, u32 type (3), "stapsdt\0"
//   u64 location, u64 base, u64 semaphore, "provider\0", "name\0", "arguments\0", padded to 4 bytes

import type { ElfFile } from "./elf.ts";

export interface UsdtLocation {
  readonly provider: string;
  readonly name: string;
  /** Virtual address of the probe's instruction. */
  readonly address: bigint;
  /** Its offset in the file. */
  readonly fileOffset: number;
  /** Offset in the file of the semaphore that switches the probe on; 0 without one. */
  readonly semaphoreOffset: number;
  /** Where the arguments are, as text. */
  readonly arguments: string;
}

const noteType = 3;

/** All locations, in the order of the file; those that cannot be found in the file are left out. */
export function readUsdtLocations(file: ElfFile): readonly UsdtLocation[] {
  const section = file.section(".note.stapsdt");
  if (section === undefined) return [];
  const bytes = Buffer.from(section.bytes.buffer, section.bytes.byteOffset, section.bytes.length);
  // The linker may have moved the file's addresses (prelink): the base tells by how much.
  const base = file.section(".stapsdt.base")?.address;
  const locations: UsdtLocation[] = [];
  for (let at = 0; at + 12 <= bytes.length; ) {
    const nameSize = bytes.readUInt32LE(at);
    const size = bytes.readUInt32LE(at + 4);
    const start = at + 12 + padded(nameSize);
    const owner = bytes.subarray(at + 12, at + 12 + Math.max(0, nameSize - 1)).toString("latin1");
    if (bytes.readUInt32LE(at + 8) === noteType && owner === "stapsdt" && start + size <= bytes.length) {
      const location = readNote(file, bytes.subarray(start, start + size), base);
      if (location !== undefined) locations.push(location);
    }
    at = start + padded(size);
  }
  return locations;
}

function padded(size: number): number {
  return Math.ceil(size / 4) * 4;
}

function readNote(file: ElfFile, note: Buffer, base: bigint | undefined): UsdtLocation | undefined {
  if (note.length < 24) return undefined;
  const [location, noteBase, semaphore] = [note.readBigUInt64LE(0), note.readBigUInt64LE(8), note.readBigUInt64LE(16)];
  const moved = base === undefined || noteBase === 0n ? 0n : base - noteBase;
  const [provider = "", name = "", text = ""] = note.subarray(24).toString("latin1").split("\0");
  const address = location + moved;
  const fileOffset = file.fileOffset(address);
  const semaphoreOffset = semaphore === 0n ? 0 : file.fileOffset(semaphore + moved);
  if (fileOffset === undefined || semaphoreOffset === undefined) return undefined;
  return { provider, name, address, fileOffset, semaphoreOffset, arguments: text.startsWith(":") ? "" : text };
}
