// Bytes that are appended one after the other and copied from earlier ones, as decompression does.

import { MalformedFile } from "../malformed-file.ts";

/** More than this is no table of symbols, but an attack. */
const limit = 1 << 30;

export class GrowingBytes {
  private bytes: Uint8Array;
  length = 0;

  constructor(expected: number) {
    this.bytes = new Uint8Array(Math.max(4096, Math.min(expected, limit)));
  }

  /** Makes room for so many more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed > limit) throw new MalformedFile("compressed data is larger than a gibibyte");
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.min(limit, Math.max(needed, this.bytes.length * 2)));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  /** Appends a byte for which there is room. */
  push(byte: number): void {
    this.bytes[this.length] = byte;
    this.length += 1;
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** The byte so far back; 1 is the last one. */
  back(distance: number): number {
    return this.bytes[this.length - distance] ?? 0;
  }

  /** Appends bytes from so far back, which may be ones that it appends; there is room for them. */
  repeat(distance: number, count: number): void {
    const { bytes } = this;
    let to = this.length;
    for (let from = to - distance; from < this.length - distance + count; from++) {
      bytes[to] = bytes[from] ?? 0;
      to += 1;
    }
    this.length = to;
  }

  whole(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}
