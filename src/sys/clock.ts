// Clocks of the kernel, and the name of this process.

import { native } from "./ffi.ts";
import { Arena } from "./memory.ts";
import { syscallNumbers } from "./syscall-numbers.ts";

const ids = { realtime: 0, monotonic: 1, boot: 7, tai: 11 } as const;

/** Nanoseconds of a clock. */
export function readClock(clock: keyof typeof ids): bigint {
  const { address, bytes } = new Arena().room(16);
  native().syscall(syscallNumbers.clockGettime, ids[clock], address);
  return bytes.readBigInt64LE(0) * 1_000_000_000n + bytes.readBigInt64LE(8);
}

/** A clock minus boot clock: the best of five sandwich readings. */
export function measureFromBoot(clock: "realtime" | "tai"): bigint {
  let best: { readonly width: bigint; readonly offset: bigint } | undefined;
  for (let i = 0; i < 5; i++) {
    const before = readClock("boot");
    const other = readClock(clock);
    const after = readClock("boot");
    const width = after - before;
    if (best === undefined || width < best.width) best = { width, offset: other - (before + after) / 2n };
  }
  return best?.offset ?? 0n;
}

const setName = 15;

/** Sets the name of this thread, as `comm` shows it. */
export function nameThread(name: string): void {
  const arena = new Arena();
  native().syscall(syscallNumbers.prctl, setName, arena.text(name));
}
