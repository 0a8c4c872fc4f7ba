// Reading perf buffers, one for each CPU (include/uapi/linux/perf_event.h): the only way to which some helpers write.
//
//   first page: ..., u64 head @1024 (written by the kernel), u64 tail @1032 (written by us); then the data
//   record: u32 type, u16, u16 size; of a sample u32 length and bytes, of a loss u64 id and u64 count; records wrap

import { updateElement } from "./bpf.ts";
import { closeFd, mapFile } from "./memory.ts";
import { openPerfEvent, perfIoctl } from "./perf.ts";
import { SystemError } from "./system-error.ts";

const pageSize = 4096;
const dataPages = 64;
const dataSize = dataPages * pageSize;
const headAt = 1024 / 8;
const tailAt = 1032 / 8;

/** PERF_TYPE_SOFTWARE, PERF_COUNT_SW_BPF_OUTPUT, PERF_SAMPLE_RAW. */
const bpfOutput = { type: 1, config: 10n, sample: 1n << 10n } as const;
const recordTypes = { lost: 2, sample: 9 } as const;

interface CpuBuffer {
  readonly fd: number;
  readonly positions: BigUint64Array;
  readonly data: Uint8Array;
  unmap(): void;
}

export class PerfBufferReader {
  private readonly buffers: CpuBuffer[] = [];

  /** Puts a buffer for each CPU into a map of type perf_event_array. */
  constructor(map: number, cpus: readonly number[]) {
    try {
      for (const cpu of cpus) this.buffers.push(openBuffer(map, cpu));
    } catch (problem) {
      this.close();
      throw problem;
    }
  }

  /** Hands each sample on, aligned to 8 bytes; gives how many were lost. */
  drain(handle: (sample: Uint8Array) => void): bigint {
    return this.buffers.reduce((lost, buffer) => lost + drainBuffer(buffer, handle), 0n);
  }

  close(): void {
    for (const { fd, unmap } of this.buffers.splice(0)) {
      unmap();
      closeFd(fd);
    }
  }
}

function openBuffer(map: number, cpu: number): CpuBuffer {
  const attributes = {
    ...{ type: bpfOutput.type, config: bpfOutput.config, sampleType: bpfOutput.sample },
    ...{ period: 1n, byFrequency: false, inherit: false, config1: 0n, config2: 0n },
  };
  const fd = openPerfEvent(attributes, -1, cpu, undefined);
  if (fd < 0) throw new SystemError("open", `perf buffer of CPU ${cpu}`, -fd);
  try {
    const { view, unmap } = mapFile(fd, 0, pageSize + dataSize, true);
    const key = Buffer.alloc(4);
    key.writeUInt32LE(cpu);
    const value = Buffer.alloc(4);
    value.writeUInt32LE(fd);
    updateElement(map, key, value);
    perfIoctl(fd, "enable", 0);
    return { fd, positions: new BigUint64Array(view, 0, pageSize / 8), data: new Uint8Array(view, pageSize, dataSize), unmap };
  } catch (problem) {
    closeFd(fd);
    throw problem;
  }
}

/** Copies bytes at a position of the ring. */
function read(data: Uint8Array, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const start = position % dataSize;
  const first = Math.min(length, dataSize - start);
  bytes.set(data.subarray(start, start + first));
  bytes.set(data.subarray(0, length - first), first);
  return bytes;
}

function drainBuffer({ positions, data }: CpuBuffer, handle: (sample: Uint8Array) => void): bigint {
  const head = Number(Atomics.load(positions, headAt));
  let at = Number(positions[tailAt] ?? 0n);
  let lost = 0n;
  while (at < head) {
    const header = new DataView(read(data, at, 16).buffer);
    const size = header.getUint16(6, true);
    const type = header.getUint32(0, true);
    if (type === recordTypes.sample) handle(read(data, at + 12, header.getUint32(8, true)));
    else if (type === recordTypes.lost) lost += new DataView(read(data, at + 16, 8).buffer).getBigUint64(0, true);
    at += size;
  }
  Atomics.store(positions, tailAt, BigInt(at));
  return lost;
}
