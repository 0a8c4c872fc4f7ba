// The sections of debug information in an ELF file, decompressed when they are first needed.

import { inflateSync } from "node:zlib";
import type { ElfFile } from "../elf/elf.ts";
import { DwarfError } from "./cursor.ts";

export type SectionName =
  | "info"
  | "abbrev"
  | "str"
  | "line_str"
  | "str_offsets"
  | "addr"
  | "line"
  | "frame"
  | "ranges"
  | "rnglists";

const compressed = 0x800;
const compressionZlib = 1;

/** Gives sections by name; an absent one is empty. */
export function dwarfSections(file: ElfFile): (name: SectionName) => Buffer {
  const known = new Map<SectionName, Buffer>();
  return (name) => {
    const cached = known.get(name);
    if (cached !== undefined) return cached;
    const made = readSection(file, name);
    known.set(name, made);
    return made;
  };
}

function readSection(file: ElfFile, name: SectionName): Buffer {
  const section = file.section(`.debug_${name}`);
  if (section === undefined) return Buffer.alloc(0);
  const bytes = Buffer.from(section.bytes.buffer, section.bytes.byteOffset, section.bytes.length);
  if ((section.flags & compressed) === 0) return bytes;
  // Elf64_Chdr: u32 type, u32 reserved, u64 size, u64 alignment.
  if (bytes.readUInt32LE(0) !== compressionZlib) throw new DwarfError(`.debug_${name} is compressed in an unknown way`);
  return inflateSync(bytes.subarray(24));
}
