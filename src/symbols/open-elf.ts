// Opening ELF files by path.

import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { ElfFile } from "../formats/elf/elf.ts";

/** Undefined when the file is not there, not readable or not ELF: the caller says what that means. */
export function openElf(path: string): ElfFile | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    // Not readable.
    return undefined;
  }
  return ElfFile.parse(bytes);
}

/** Bytes at an offset of a file; none when it can't be read. */
export function readBytes(path: string, offset: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  try {
    const fd = openSync(path, "r");
    try {
      return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
    } finally {
      closeSync(fd);
    }
  } catch {
    // Not readable.
    return new Uint8Array(0);
  }
}

/** Type of an ELF file (ET_EXEC 2, ET_DYN 3), read from its first bytes; undefined as above. */
export function elfType(path: string): number | undefined {
  const head = Buffer.from(readBytes(path, 0, 64));
  return head.length === 64 && head.readUInt32BE(0) === 0x7f454c46 ? head.readUInt16LE(16) : undefined;
}
