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

/** Type of an ELF file (ET_EXEC 2, ET_DYN 3), read from its first bytes; undefined as above. */
export function elfType(path: string): number | undefined {
  const head = Buffer.alloc(64);
  try {
    const fd = openSync(path, "r");
    try {
      readSync(fd, head, 0, head.length, 0);
    } finally {
      closeSync(fd);
    }
  } catch {
    // Not readable.
    return undefined;
  }
  return head.readUInt32BE(0) === 0x7f454c46 ? head.readUInt16LE(16) : undefined;
}
