// Symbols that some distributions leave in stripped files: .gnu_debugdata is a small ELF file, compressed with xz.

import { MalformedFile } from "../malformed-file.ts";
import { decompressXz } from "../xz/xz.ts";
import { ElfFile } from "./elf.ts";

/** Undefined when there is none, or when it is damaged. */
export function miniDebugFile(file: ElfFile): ElfFile | undefined {
  const section = file.section(".gnu_debugdata");
  if (section === undefined || section.bytes.length === 0) return undefined;
  try {
    const bytes = decompressXz(Buffer.from(section.bytes.buffer, section.bytes.byteOffset, section.bytes.length));
    return ElfFile.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  } catch (problem) {
    // The other symbols of the file are as good as they were.
    if (problem instanceof MalformedFile) return undefined;
    throw problem;
  }
}
