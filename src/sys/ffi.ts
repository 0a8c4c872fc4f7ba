// The native layer: raw system calls through koffi, the only file that knows it. Needs Linux on x86-64 or arm64.

import { InternalError } from "../base/invariant.ts";
import { loadKoffi } from "./load-koffi.ts";
import { syscallNumbers } from "./syscall-numbers.ts";

/** What the rest of sys/ needs of a foreign function interface. */
export interface Native {
  /** A system call with up to six arguments; gives its result, negative errno on failure. */
  syscall(number: number, ...args: readonly (number | bigint)[]): number;
  /** Address of a buffer's first byte; valid while the buffer lives. */
  addressOf(buffer: Uint8Array): bigint;
  /** Memory at an address, without a copy. */
  view(address: bigint, length: number): ArrayBuffer;
  /** Calls back whenever the descriptor is ready, until `stop`. */
  poll(fd: number, ready: "readable" | "writable", callback: () => void): { stop(): void };
  /** Closes descriptors, several at a time and beside this thread: some take the kernel long. */
  closeAll(fds: readonly number[]): Promise<void>;
}

type Long = number | bigint;

interface SystemCall {
  (...args: readonly Long[]): number;
  async(...args: readonly (Long | ((problem: unknown, result: number) => void))[]): void;
}

interface Koffi {
  load(path: string): { func(name: string, result: string, args: readonly string[]): SystemCall };
  errno(): number;
  address(value: unknown): bigint;
  view(pointer: bigint, length: number): ArrayBuffer;
  node: { poll(fd: number, options: object, callback: (status: number, events: unknown) => void): { close(): void } };
}

function isKoffi(value: unknown): value is Koffi {
  return typeof value === "object" && value !== null && "load" in value && "view" in value;
}

/** More than there are threads for it, and fewer calls than koffi keeps at a time (256). */
const closingAtATime = 16;

function openNative(): Native {
  const koffi = loadKoffi();
  if (!isKoffi(koffi)) throw new InternalError("koffi has an unexpected shape");
  const libc = koffi.load("libc.so.6");
  const call = libc.func("syscall", "long", ["long", "long", "long", "long", "long", "long", "long"]);
  const handles = new Set<object>();
  return {
    syscall: (number, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0) => {
      const result = Number(call(number, a, b, c, d, e, f));
      return result === -1 ? -koffi.errno() : result;
    },
    addressOf: (buffer) => BigInt(koffi.address(buffer)),
    view: (address, length) => koffi.view(address, length),
    closeAll: async (fds) => {
      const close = (fd: number) =>
        new Promise<void>((resolve) => call.async(syscallNumbers.close, fd, 0, 0, 0, 0, 0, () => resolve()));
      const left = fds.values();
      const closeRest = async () => {
        for (const fd of left) await close(fd);
      };
      await Promise.all(Array.from({ length: closingAtATime }, closeRest));
    },
    poll: (fd, ready, callback) => {
      const handle = koffi.node.poll(fd, { [ready]: true }, callback);
      handles.add(handle);
      return {
        stop: () => {
          if (handles.delete(handle)) handle.close();
        },
      };
    },
  };
}

const cache = new Map<"native", Native>();

/** The native layer, opened on first use. */
export function native(): Native {
  const known = cache.get("native");
  if (known !== undefined) return known;
  const made = openNative();
  cache.set("native", made);
  return made;
}
