// What the kernel tells of all processes: which executable code they map, when they fork, execute a program and end
// (records of perf events, include/uapi/linux/perf_event.h). Nothing wakes us for them; they wait until they are drained.
//
//   header:  u32 type, u16 misc, u16 size; every record ends in a u64 time
//   mapping: u32 pid, tid, u64 address, length, offset, u32 major, minor, u64 inode, generation, u32 protection, flags, path
//   comm:    u32 pid, tid, name; misc says whether a program was executed
//   fork, exit: u32 pid, parent, tid, parent's tid, u64 time

import { closeFd, mapFile } from "./memory.ts";
import { openPerfEvent } from "./perf.ts";

export type TaskEvent =
  | { readonly kind: "fork"; readonly time: number; readonly pid: number; readonly parent: number }
  | { readonly kind: "exec"; readonly time: number; readonly pid: number }
  | { readonly kind: "exit"; readonly time: number; readonly pid: number }
  | {
      readonly kind: "map";
      readonly time: number;
      readonly pid: number;
      /** In pages of 4096 bytes: where it begins, how long it is, where in the file it begins. */
      readonly start: number;
      readonly pages: number;
      readonly offset: number;
      /** `MAJOR:MINOR` of the file system. */
      readonly device: string;
      readonly inode: number;
      /** As the process sees it; `//anon`, `[vdso]` and the like for what is no file. A byte string. */
      readonly path: string;
    };

export interface Drained {
  /** In the order in which they happened. */
  readonly events: readonly TaskEvent[];
  /** Some found no room. */
  readonly lost: boolean;
}

/** PERF_TYPE_SOFTWARE, PERF_COUNT_SW_DUMMY, PERF_SAMPLE_TIME. */
const dummy = { type: 1, config: 9n, sample: 1n << 2n } as const;
/** Bits of perf_event_attr: mmap, comm, task, watermark, sample_id_all, mmap2, comm_exec, use_clockid. */
const flags = [8n, 9n, 13n, 14n, 18n, 23n, 24n, 25n].reduce((all, bit) => all | (1n << bit), 0n);
const monotonicClock = 1;
const neverWake = 0x7fff_ffff;
const recordTypes = { lost: 2, comm: 3, exit: 4, fork: 7, mapping: 10 } as const;
const executed = 0x2000;

const pageSize = 4096;
const headAt = 1024 / 8;
const tailAt = 1032 / 8;

interface CpuBuffer {
  readonly fd: number;
  readonly positions: BigUint64Array;
  readonly data: Uint8Array;
  unmap(): void;
}

export class TaskEvents {
  private readonly buffers: readonly CpuBuffer[];
  /** Later than the moment at which the last drain began: others may still come before them. */
  private pending: TaskEvent[] = [];

  private constructor(buffers: readonly CpuBuffer[]) {
    this.buffers = buffers;
  }

  /** Listens from now on; undefined where the kernel does not let us. */
  static open(cpus: readonly number[]): TaskEvents | undefined {
    const buffers: CpuBuffer[] = [];
    // Room for what busy machines do in a tenth of a second, and not too much on those with many processors.
    const pages = cpus.length <= 16 ? 64 : 16;
    for (const cpu of cpus) {
      const buffer = openBuffer(cpu, pages);
      if (buffer === undefined) {
        for (const open of buffers) closeBuffer(open);
        return undefined;
      }
      buffers.push(buffer);
    }
    return new TaskEvents(buffers);
  }

  drain(): Drained {
    const now = Number(process.hrtime.bigint());
    const all = this.pending;
    let lost = false;
    for (const buffer of this.buffers) lost = drainBuffer(buffer, all) || lost;
    if (all.length === 0) return { events: all, lost };
    all.sort((a, b) => a.time - b.time);
    const due = all.filter((event) => event.time <= now);
    this.pending = all.slice(due.length);
    return { events: due, lost };
  }

  close(): void {
    for (const buffer of this.buffers) closeBuffer(buffer);
  }
}

function closeBuffer({ fd, unmap }: CpuBuffer): void {
  unmap();
  closeFd(fd);
}

function openBuffer(cpu: number, pages: number): CpuBuffer | undefined {
  const attributes = {
    ...{ type: dummy.type, config: dummy.config, sampleType: dummy.sample, flags, wakeUp: neverWake, clock: monotonicClock },
    ...{ period: 0n, byFrequency: false, inherit: false, config1: 0n, config2: 0n },
  };
  const fd = openPerfEvent(attributes, -1, cpu, undefined);
  if (fd < 0) return undefined;
  try {
    const { view, unmap } = mapFile(fd, 0, pageSize * (1 + pages), true);
    return { fd, positions: new BigUint64Array(view, 0, pageSize / 8), data: new Uint8Array(view, pageSize, pages * pageSize), unmap };
  } catch {
    // No memory may be locked for it.
    closeFd(fd);
    return undefined;
  }
}

/** Copies bytes at a position of the ring. */
function read(data: Uint8Array, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  const start = position % data.length;
  const first = Math.min(length, data.length - start);
  bytes.set(data.subarray(start, start + first));
  if (first < length) bytes.set(data.subarray(0, length - first), first);
  return bytes;
}

/** Whether records were lost. */
function drainBuffer({ positions, data }: CpuBuffer, to: TaskEvent[]): boolean {
  const head = Number(Atomics.load(positions, headAt));
  const tail = Number(positions[tailAt] ?? 0n);
  if (head === tail) return false;
  const bytes = read(data, tail, head - tail);
  Atomics.store(positions, tailAt, BigInt(head));
  let lost = false;
  for (let at = 0; at + 8 <= bytes.length; ) {
    const size = bytes.readUInt16LE(at + 6);
    if (size < 8) break;
    if (bytes.readUInt32LE(at) === recordTypes.lost) lost = true;
    else {
      const event = decode(bytes.subarray(at, at + size));
      if (event !== undefined) to.push(event);
    }
    at += size;
  }
  return lost;
}

/** 64 bits as a number. */
function wordAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 0x1_0000_0000;
}

/** 64 bits in pages: exact for all addresses. */
function pagesAt(bytes: Buffer, at: number): number {
  return (bytes.readUInt32LE(at) >>> 12) + bytes.readUInt32LE(at + 4) * 0x10_0000;
}

/** A record as an event; undefined for one that says nothing here. */
export function decode(record: Buffer): TaskEvent | undefined {
  const type = record.readUInt32LE(0);
  const time = wordAt(record, record.length - 8);
  const pid = record.readUInt32LE(8);
  switch (type) {
    case recordTypes.comm:
      return (record.readUInt16LE(4) & executed) === 0 ? undefined : { kind: "exec", time, pid };
    case recordTypes.fork: {
      const parent = record.readUInt32LE(12);
      // A new thread.
      return parent === pid ? undefined : { kind: "fork", time, pid, parent };
    }
    case recordTypes.exit:
      return record.readUInt32LE(16) === pid ? { kind: "exit", time, pid } : undefined;
    case recordTypes.mapping: {
      const start = pagesAt(record, 16);
      const pages = Math.ceil(wordAt(record, 24) / pageSize);
      const device = `${record.readUInt32LE(40)}:${record.readUInt32LE(44)}`;
      const end = record.indexOf(0, 72);
      const path = record.toString("latin1", 72, end < 0 ? record.length - 8 : end);
      return { kind: "map", time, pid, start, pages, offset: pagesAt(record, 32), device, inode: wordAt(record, 48), path };
    }
    default:
      return undefined;
  }
}
