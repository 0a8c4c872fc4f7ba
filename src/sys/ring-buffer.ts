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

/** One drain ends after so many records, so that signals and timers get their turn. */
const drainLimit = 1 << 16;

export interface Drained {
  readonly count: number;
  /** There are more records, or some that are being written. */
  readonly more: boolean;
}

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
  /** Of the position in the data. */
  private offset = 0;
  private polling: { stop(): void } | undefined;
  private timer: NodeJS.Timeout | undefined;
  private drained: () => Drained = () => ({ count: 0, more: false });
  private stopped = true;
  private paused = false;

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

  /**
   * Handles complete records until there are none, or `limit` were handled, or the handler says false. The handler gets
   * the place of the payload.
   */
  drain(handle: (area: RecordArea, at: number, length: number) => boolean, limit = drainLimit): Drained {
    let count = 0;
    let goOn = true;
    let end = this.producerPosition();
    while (goOn && this.position < end && count < limit) {
      const at = this.offset;
      const header = Atomics.load(this.area.words, at >>> 2);
      if ((header & busyBit) !== 0) break;
      const length = header & ~(busyBit | discardBit);
      if ((header & discardBit) === 0) goOn = handle(this.area, at + headerSize, length);
      const step = (headerSize + length + 7) & ~7;
      this.position += step;
      this.offset = (at + step) & (this.size - 1);
      count += 1;
      if (count % publishEvery === 0) this.publish();
      if (this.position >= end) end = this.producerPosition();
    }
    this.publish();
    return { count, more: this.position < this.producerPosition() };
  }

  private publish(): void {
    Atomics.store(this.consumerWords, 0, BigInt(this.position));
  }

  /** Calls `drained` whenever there may be records; it drains and says what it found. */
  start(drained: () => Drained): void {
    this.stopped = false;
    this.drained = drained;
    this.arm();
  }

  /** Leaves records where they are until a promise resolves. */
  pauseUntil(ready: Promise<void>): void {
    this.disarm();
    this.paused = true;
    // A refusal is told to whoever writes next.
    const go = () => {
      this.paused = false;
      this.readAgain();
    };
    ready.then(go, go);
  }

  private arm(): void {
    this.polling = native().poll(this.fd, "readable", () => this.readAgain());
  }

  private disarm(): void {
    this.polling?.stop();
    this.polling = undefined;
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** Drains; then waits for the kernel's word if little is going on, else for the clock, so that the kernel need not call. */
  private readAgain(): void {
    if (this.stopped || this.paused) return;
    const busy = this.polling === undefined;
    const { count, more } = this.drained();
    if (this.stopped || this.paused) return;
    if (count < manyRecords && !more && (!busy || count === 0)) {
      if (busy) this.arm();
      return;
    }
    this.disarm();
    this.timer = setTimeout(() => this.readAgain(), more && count > 0 ? 0 : againAfterMs);
  }

  stop(): void {
    this.stopped = true;
    this.disarm();
  }

  close(): void {
    this.stop();
    this.consumer.unmap();
    this.data.unmap();
  }
}
