// Opening ELF files by path.

import { readFileSync } from "node:fs";
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
