// Opening ELF files by path: what is asked for is read, not the whole file.

import { closeSync, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { type ByteSource, ElfFile } from "../formats/elf/elf.ts";
import { MalformedFile } from "../formats/malformed-file.ts";
import { reasonOf } from "../sys/system-error.ts";

/** A file as it was when it was opened. */
export interface OpenedFile {
  readonly file: ElfFile;
  /** Device, inode, size and time of the last change: another file, or a changed one, has other ones. */
  readonly identity: string;
}

export function identityOf({ dev, ino, size, mtimeMs }: Stats): string {
  return `${dev}:${ino}:${size}:${mtimeMs}`;
}

/** Undefined when the file is not there, not readable or not ELF: the caller says what that means. */
export function openElf(path: string): ElfFile | undefined {
  return openIdentified(path)?.file;
}

/** As `openElf`. Reading later throws MalformedFile when the file has changed since. */
export function openIdentified(path: string): OpenedFile | undefined {
  let status: Stats;
  try {
    status = withFile(path, (fd) => fstatSync(fd));
  } catch {
    // Not readable.
    return undefined;
  }
  if (!status.isFile()) return undefined;
  const identity = identityOf(status);
  const file = ElfFile.open(fileSource(path, status.size, identity));
  return file === undefined ? undefined : { file, identity };
}

/** O_NONBLOCK: a pipe at that place does not stop us. */
const nonBlocking = 0o4000;

function withFile<T>(path: string, use: (fd: number) => T): T {
  const fd = openSync(path, nonBlocking);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

function fileSource(path: string, length: number, identity: string): ByteSource {
  return {
    length,
    read: (offset, wanted) => {
      const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(wanted, length - offset)));
      if (bytes.length === 0) return bytes;
      const read = (fd: number) => (identityOf(fstatSync(fd)) === identity ? readWhole(fd, bytes, offset) : undefined);
      let found: Buffer | undefined;
      try {
        found = withFile(path, read);
      } catch (problem) {
        throw new MalformedFile(`${path} can't be read any more: ${reasonOf(problem)}`);
      }
      if (found === undefined) throw new MalformedFile(`${path} has changed while it was read`);
      return found;
    },
  };
}

/** Reads until the buffer is full or the file ends. */
function readWhole(fd: number, bytes: Buffer, offset: number): Buffer {
  let done = 0;
  while (done < bytes.length) {
    const count = readSync(fd, bytes, done, bytes.length - done, offset + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

/** Bytes at an offset of a file; none when it can't be read. */
export function readBytes(path: string, offset: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  try {
    return withFile(path, (fd) => bytes.subarray(0, readSync(fd, bytes, 0, length, offset)));
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
