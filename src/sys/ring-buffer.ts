// Reading a BPF ring buffer without a copy: positions and records in mapped memory (kernel/bpf/ringbuf.c).
//
//   consumer page | producer page | data | data again, so that a record never wraps
//   record: u32 length (bit 31 busy, bit 30 discarded), u32 page offset, bytes padded to 8

import { native } from "./ffi.ts";
import { mapFile } from "./memory.ts";

const pageSize = 4096;
const headerSize = 8;
const busyBit = 0x8000_0000;
const discardBit = 0x4000_0000;
/** The consumer position is published at least this often, so that the kernel finds room. */
const publishEvery = 256;
/** A drain of this many records or more is followed by others without arming the poll. */
const manyRecords = 32;
const againAfterMs = 2;

/** What a record handler sees: the data area and the place of the record in it. */
export interface RecordArea {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
}

export class RingBufferReader {
  private readonly fd: number;
  private readonly size: number;
  private readonly consumer: { view: ArrayBuffer; unmap(): void };
  private readonly data: { view: ArrayBuffer; unmap(): void };
  private readonly consumerWords: BigUint64Array;
  private readonly producerWords: Int32Array;
  private readonly area: RecordArea;
  private position = 0;
  private polling: { stop(): void } | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(fd: number, size: number) {
    this.fd = fd;
    this.size = size;
    this.consumer = mapFile(fd, 0, pageSize, true);
    this.data = mapFile(fd, pageSize, pageSize + 2 * size, false);
    this.consumerWords = new BigUint64Array(this.consumer.view, 0, 1);
    this.producerWords = new Int32Array(this.data.view, 0, 2);
    this.area = {
      bytes: new Uint8Array(this.data.view, pageSize, 2 * size),
      words: new Uint32Array(this.data.view, pageSize, (2 * size) / 4),
    };
  }

  private producerPosition(): number {
    const low = Atomics.load(this.producerWords, 0) >>> 0;
    const high = Atomics.load(this.producerWords, 1) >>> 0;
    return high * 2 ** 32 + low;
  }

  /** Handles all complete records; gives how many there were. The handler gets the place of the payload. */
  drain(handle: (area: RecordArea, at: number, length: number) => void): number {
    let count = 0;
    let end = this.producerPosition();
    while (this.position < end) {
      const at = this.position % this.size;
      const header = Atomics.load(this.area.words, at >>> 2);
      if ((header & busyBit) !== 0) break;
      const length = header & ~(busyBit | discardBit);
      if ((header & discardBit) === 0) handle(this.area, at + headerSize, length);
      this.position += headerSize + Math.ceil(length / 8) * 8;
      count += 1;
      if (count % publishEvery === 0) this.publish();
      if (this.position >= end) end = this.producerPosition();
    }
    this.publish();
    return count;
  }

  private publish(): void {
    Atomics.store(this.consumerWords, 0, BigInt(this.position));
  }

  /** Calls `drained` whenever there may be records; it drains and says how many there were. */
  start(drained: () => number): void {
    this.stopped = false;
    const arm = () => {
      if (this.stopped) return;
      this.polling = native().poll(this.fd, ready);
    };
    const ready = () => {
      if (this.stopped) return;
      const count = drained();
      if (count < manyRecords || this.stopped) return;
      // Busy: read by the clock, so that the kernel need not wake us for each record.
      this.polling?.stop();
      this.polling = undefined;
      this.timer = setTimeout(again, againAfterMs);
    };
    const again = () => {
      if (this.stopped) return;
      if (drained() > 0) this.timer = setTimeout(again, againAfterMs);
      else arm();
    };
    arm();
  }

  stop(): void {
    this.stopped = true;
    this.polling?.stop();
    this.polling = undefined;
    if (this.timer !== undefined) clearTimeout(this.timer);
  }

  close(): void {
    this.stop();
    this.consumer.unmap();
    this.data.unmap();
  }
}
