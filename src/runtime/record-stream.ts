// Records that come through a file: pieces of bytes that end anywhere are put together again.

import type { RecordView } from "../define/action.ts";

/** Records begin at multiples of this. */
const alignment = 8;

export class RecordStream {
  private readonly sizeOf: (id: number) => number;
  private bytes = new Uint8Array(0);
  private length = 0;

  /** `sizeOf`: bytes of a record by the id at its start, a multiple of 8. */
  constructor(sizeOf: (id: number) => number) {
    this.sizeOf = sizeOf;
  }

  /** Takes the next piece, and hands over the records that are complete now. */
  read(piece: Uint8Array, handle: (view: RecordView, at: number) => void): void {
    this.append(piece);
    const view = { bytes: this.bytes, words: new Uint32Array(this.bytes.buffer) };
    let at = 0;
    while (at + alignment <= this.length) {
      const size = this.sizeOf(view.words[at >>> 2] ?? 0);
      if (size === 0) throw new Error("a record of an unknown action");
      if (at + size > this.length) break;
      handle(view, at);
      at += size;
    }
    this.bytes.copyWithin(0, at, this.length);
    this.length -= at;
  }

  private append(piece: Uint8Array): void {
    const needed = this.length + piece.length;
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(Math.ceil(needed / alignment) * alignment * 2);
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    this.bytes.set(piece, this.length);
    this.length = needed;
  }
}
