// The sections of debug information in an ELF file, decompressed when they are first needed.

import { inflateSync } from "node:zlib";
import { decompress } from "fzstd";
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
/** ELFCOMPRESS_ZLIB and ELFCOMPRESS_ZSTD. */
const compressions = { zlib: 1, zstd: 2 } as const;
const compressionHeader = 24;
/** Before sections could be marked as compressed: "ZLIB", u64 size (big endian), data; the name begins with `.z`. */
const oldHeader = 12;

/** Gives sections by name; an absent one is empty. */
export type Sections = (name: SectionName) => Buffer;

/** `suffix`: `.dwo` in files that have the details of split units. */
export function dwarfSections(file: ElfFile, suffix: "" | ".dwo" = ""): Sections {
  const known = new Map<SectionName, Buffer>();
  return (name) => {
    const cached = known.get(name);
    if (cached !== undefined) return cached;
    const made = readSection(file, name, suffix);
    known.set(name, made);
    return made;
  };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function readSection(file: ElfFile, name: SectionName, suffix: string): Buffer {
  const section = file.section(`.debug_${name}${suffix}`);
  if (section === undefined) {
    const old = file.section(`.zdebug_${name}${suffix}`);
    return old === undefined ? Buffer.alloc(0) : unpack(name, () => inflateSync(old.bytes.subarray(oldHeader)));
  }
  const bytes = bufferOf(section.bytes);
  if ((section.flags & compressed) === 0) return bytes;
  // Elf64_Chdr: u32 type, u32 reserved, u64 size, u64 alignment.
  const kind = bytes.length < compressionHeader ? 0 : bytes.readUInt32LE(0);
  const content = bytes.subarray(compressionHeader);
  if (kind === compressions.zlib) return unpack(name, () => inflateSync(content));
  if (kind === compressions.zstd) return unpack(name, () => bufferOf(decompress(content)));
  throw new DwarfError(`.debug_${name} is compressed in an unknown way`);
}

function unpack(name: SectionName, decompressed: () => Buffer): Buffer {
  try {
    return decompressed();
  } catch (problem) {
    throw new DwarfError(`.debug_${name} can't be decompressed: ${problem instanceof Error ? problem.message : ""}`);
  }
}
