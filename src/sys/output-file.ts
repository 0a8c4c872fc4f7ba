// The file that program output goes to. Pipes, sockets and terminals are written without waiting, and without changing
// the mode of the open file that other processes share: a pipe or terminal is opened once more (pipe(7), proc(5)).

import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { native } from "./ffi.ts";
import { Arena } from "./memory.ts";
import { syscallNumbers } from "./syscall-numbers.ts";

export const errors = { tryAgain: 11, brokenPipe: 32 } as const;

const interrupted = 4;
/** MSG_DONTWAIT and MSG_NOSIGNAL (include/linux/socket.h). */
const sendFlags = 0x40 | 0x4000;

export class OutputFile {
  private readonly fd: number;
  private readonly socket: boolean;
  /** Opened here. */
  private readonly own: boolean;

  constructor(fd: number) {
    const status = fstatSync(fd);
    this.socket = status.isSocket();
    const again = status.isFIFO() || (status.isCharacterDevice() && isTerminal(fd)) ? reopen(fd) : undefined;
    this.fd = again ?? fd;
    this.own = again !== undefined;
  }

  /** Writes the beginning of some bytes; gives how many, or a negative errno: EAGAIN when there is no room now. */
  write(bytes: Uint8Array, count: number): number {
    const address = native().addressOf(bytes);
    for (;;) {
      const result = this.socket
        ? native().syscall(syscallNumbers.sendto, this.fd, address, count, sendFlags, 0, 0)
        : native().syscall(syscallNumbers.write, this.fd, address, count);
      if (result !== -interrupted) return result;
    }
  }

  /** Resolves when there may be room. */
  writable(): Promise<void> {
    return new Promise((resolve) => {
      const poll = native().poll(this.fd, "writable", () => {
        poll.stop();
        resolve();
      });
    });
  }

  close(): void {
    if (this.own) closeSync(this.fd);
  }
}

/** TCGETS (ioctl_tty(2)). Node has a function for it too, beside its network code, which takes milliseconds to load. */
function isTerminal(fd: number): boolean {
  return native().syscall(syscallNumbers.ioctl, fd, 0x5401, new Arena().room(64).address) === 0;
}

/** The same pipe or terminal in a mode where writes do not wait; undefined when it can't be opened: then they wait. */
function reopen(fd: number): number | undefined {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
}
