// perf_event_open(2) and the ioctls of its descriptors (include/uapi/linux/perf_event.h).

import { native } from "./ffi.ts";
import type { Arena } from "./memory.ts";
import { syscallNumbers } from "./syscall-numbers.ts";

export interface PerfAttributes {
  readonly type: number;
  readonly config: bigint;
  readonly period: bigint;
  readonly byFrequency: boolean;
  readonly inherit: boolean;
  readonly config1: bigint;
  readonly config2: bigint;
  /** HW_BREAKPOINT_* bits (1 read, 2 write, 4 execute); address and length are then config1 and config2. */
  readonly breakpoint?: number;
  /** PERF_SAMPLE_* bits. */
  readonly sampleType?: bigint;
  /** More bits of the word of flags. */
  readonly flags?: bigint;
  /** Bytes of records after which readers are woken. */
  readonly wakeUp?: number;
  /** CLOCK_* that records are stamped with. */
  readonly clock?: number;
}

const closeOnExec = 8;

/** Opens an event; descriptor or negative errno. `arena` keeps what config1 points to. */
export function openPerfEvent(attributes: PerfAttributes, pid: number, cpu: number, _arena: Arena | undefined): number {
  const bytes = Buffer.alloc(128);
  bytes.writeUInt32LE(attributes.type, 0);
  bytes.writeUInt32LE(128, 4);
  bytes.writeBigUInt64LE(attributes.config, 8);
  bytes.writeBigUInt64LE(attributes.period, 16);
  bytes.writeBigUInt64LE(attributes.sampleType ?? 0n, 24);
  const flags = (attributes.inherit ? 1n << 1n : 0n) | (attributes.byFrequency ? 1n << 10n : 0n) | (attributes.flags ?? 0n);
  bytes.writeBigUInt64LE(flags, 40);
  bytes.writeUInt32LE(attributes.wakeUp ?? 0, 48);
  bytes.writeUInt32LE(attributes.breakpoint ?? 0, 52);
  bytes.writeBigUInt64LE(attributes.config1, 56);
  bytes.writeBigUInt64LE(attributes.config2, 64);
  bytes.writeInt32LE(attributes.clock ?? 0, 92);
  return native().syscall(syscallNumbers.perfEventOpen, native().addressOf(bytes), pid, cpu, -1, closeOnExec);
}

const ioctls = { enable: 0x2400, disable: 0x2401, setBpf: 0x40042408 } as const;

export function perfIoctl(fd: number, what: keyof typeof ioctls, argument: number): number {
  return native().syscall(syscallNumbers.ioctl, fd, ioctls[what], argument);
}
