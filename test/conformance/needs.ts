// What a row needs of the machine beyond its kernel: an installed file, or hardware that works, which virtual machines may lack.

import { existsSync, readSync } from "node:fs";
import { lazy } from "../../src/kernel/lazy.ts";
import { native } from "../../src/sys/ffi.ts";
import { closeFd } from "../../src/sys/memory.ts";
import { openPerfEvent } from "../../src/sys/perf.ts";

/** Name of the need for breakpoints of the processor. */
const breakpoints = "breakpoints";

/** Why a need is not met; undefined when it is. */
export function reasonAgainst(need: string): string | undefined {
  if (need !== breakpoints) return existsSync(need) ? undefined : `${need} is not installed`;
  return breakpointsFire() ? undefined : "the processor's breakpoints do not fire here: a perf event counts no write";
}

/** Whether a guest, which has this machine's files and a processor of its own, meets the need. */
export function isMetInGuests(need: string): boolean {
  return need === breakpoints || existsSync(need);
}

/** Watches a word of this process with a perf event, without any program, and writes to it. */
const breakpointsFire = lazy(() => {
  const memory = new ArrayBuffer(8);
  const watched = new Uint32Array(memory);
  const address = BigInt(native().addressOf(Buffer.from(memory)));
  const attributes = { type: 5, config: 0n, period: 0n, byFrequency: false, inherit: false, breakpoint: 2, config1: address, config2: 4n };
  const fd = openPerfEvent(attributes, 0, -1, undefined);
  if (fd < 0) return false;
  try {
    for (let i = 1; i <= 10; i++) Atomics.store(watched, 0, i);
    const count = Buffer.alloc(8);
    readSync(fd, count);
    return count.readBigUInt64LE(0) > 0n;
  } finally {
    closeFd(fd);
  }
});
