// The code that the kernel gives every process (vdso(7)): its file is in the tracer's own memory.

import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { ElfFile } from "../formats/elf/elf.ts";
import { parseMaps } from "./mappings.ts";

export const vdsoName = "[vdso]";

export interface Vdso {
  readonly file: ElfFile;
  readonly pages: number;
}

/** Undefined where there is none. 32-bit processes have another one, of another size. */
export function readVdso(): Vdso | undefined {
  const mapping = parseMaps(readFileSync("/proc/self/maps", "latin1"), Date.now()).find(({ path }) => path === vdsoName);
  if (mapping === undefined) return undefined;
  const pages = mapping.end - mapping.start;
  const bytes = Buffer.alloc(pages * 4096);
  const fd = openSync("/proc/self/mem", "r");
  try {
    readSync(fd, bytes, 0, bytes.length, BigInt(mapping.start) << 12n);
  } finally {
    closeSync(fd);
  }
  const file = ElfFile.parse(bytes);
  return file === undefined ? undefined : { file, pages };
}
