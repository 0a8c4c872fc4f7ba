// Memory that the kernel is given addresses of: buffers that live as long as the process, mapped files, closing.

import { native } from "./ffi.ts";
import { SystemError } from "./system-error.ts";
import { syscallNumbers } from "./syscall-numbers.ts";

/** Memory of the last calls: an address inside a struct does not keep its buffer alive. */
const recent: Uint8Array[][] = [];
const recentLimit = 256;

/**
 * Buffers whose address may stand inside a struct; they are held beyond the call that uses them.
 */
export class Arena {
  private readonly held: Uint8Array[] = [];

  constructor() {
    recent.push(this.held);
    if (recent.length > recentLimit) recent.shift();
  }

  /** Copies bytes to memory that stays; gives the address. */
  place(bytes: Uint8Array): bigint {
    if (bytes.length === 0) return 0n;
    const buffer = Buffer.alloc(bytes.length);
    buffer.set(bytes);
    this.held.push(buffer);
    return native().addressOf(buffer);
  }

  /** A NUL-terminated string. */
  text(text: string): bigint {
    return this.place(Buffer.from(`${text}\0`, "latin1"));
  }

  /** Zeroed memory to be written by the kernel. */
  room(length: number): { readonly address: bigint; readonly bytes: Buffer } {
    const bytes = Buffer.alloc(Math.max(length, 8));
    this.held.push(bytes);
    return { address: native().addressOf(bytes), bytes };
  }

  get size(): number {
    return this.held.length;
  }
}

const readable = 1;
const writable = 2;
const shared = 1;

/** Maps a file; the view is valid until `unmap`. */
export function mapFile(fd: number, offset: number, length: number, write: boolean): { view: ArrayBuffer; unmap(): void } {
  const protection = write ? readable | writable : readable;
  const address = native().syscall(syscallNumbers.mmap, 0, length, protection, shared, fd, offset);
  if (address < 0) throw new SystemError("mmap", `fd ${fd}`, -address);
  const view = native().view(BigInt(address), length);
  return {
    view,
    unmap: () => {
      native().syscall(syscallNumbers.munmap, address, length);
    },
  };
}

/** Flags of memfd_create(2): close on exec, executable (the latter is unknown before Linux 6.3). */
const closeOnExec = 1;
const executable = 0x10;

/** A file in memory that can be executed; undefined when the kernel has none. */
export function memoryFile(name: string, content: Uint8Array): number | undefined {
  const arena = new Arena();
  const title = arena.text(name);
  const modern = native().syscall(syscallNumbers.memfdCreate, title, closeOnExec | executable);
  const fd = modern >= 0 ? modern : native().syscall(syscallNumbers.memfdCreate, title, closeOnExec);
  if (fd < 0) return undefined;
  const written = native().syscall(syscallNumbers.write, fd, arena.place(content), content.length);
  if (written === content.length) return fd;
  closeFd(fd);
  return undefined;
}

export function closeFd(fd: number): void {
  native().syscall(syscallNumbers.close, fd);
}
