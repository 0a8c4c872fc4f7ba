// How an ELF file names the file with its debug information: by its build id, or by a link with a checksum.
//
//   .note.gnu.build-id: u32 name size (4), u32 id size, u32 type (3), "GNU\0", id
//   .gnu_debuglink:     file name, "\0", padding to 4 bytes, u32 CRC of that file

import type { ElfFile } from "./elf.ts";

const buildIdType = 3;

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The build id in hex. */
export function buildId(file: ElfFile): string | undefined {
  const section = file.section(".note.gnu.build-id");
  if (section === undefined || section.bytes.length < 16) return undefined;
  const bytes = bufferOf(section.bytes);
  const size = bytes.readUInt32LE(4);
  if (bytes.readUInt32LE(0) !== 4 || bytes.readUInt32LE(8) !== buildIdType || size > bytes.length - 16) return undefined;
  return bytes.subarray(16, 16 + size).toString("hex");
}

export interface DebugLink {
  readonly name: string;
  readonly crc: number;
}

export function debugLink(file: ElfFile): DebugLink | undefined {
  const section = file.section(".gnu_debuglink");
  if (section === undefined) return undefined;
  const bytes = bufferOf(section.bytes);
  const end = bytes.indexOf(0);
  if (end < 1 || bytes.length < 8) return undefined;
  return { name: bytes.subarray(0, end).toString("latin1"), crc: bytes.readUInt32LE(bytes.length - 4) };
}
