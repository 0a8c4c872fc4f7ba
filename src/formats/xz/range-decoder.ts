// The range coder of LZMA: bits whose probabilities adapt to what came before.

import { MalformedFile } from "../malformed-file.ts";

const modelBits = 11;
const moveBits = 5;
const topValue = 2 ** 24;
/** A bit of which nothing is known yet is as likely as its opposite. */
const evenOdds = 1 << (modelBits - 1);

/** Probabilities of bits, all even. */
export function evenModel(bits: number): Uint16Array {
  return new Uint16Array(bits).fill(evenOdds);
}

export class RangeDecoder {
  private readonly bytes: Uint8Array;
  private at: number;
  private readonly end: number;
  private range = 0xffff_ffff;
  private code = 0;

  /** A chunk of `length` bytes: a zero, the first four bytes of the code, the rest. */
  constructor(bytes: Uint8Array, start: number, length: number) {
    if (length < 5 || start + length > bytes.length || bytes[start] !== 0) throw new MalformedFile("a compressed chunk begins in a wrong way");
    this.bytes = bytes;
    this.end = start + length;
    this.at = start + 5;
    for (let i = 1; i <= 4; i++) this.code = ((this.code << 8) | (bytes[start + i] ?? 0)) >>> 0;
  }

  /** Whether the chunk was read to its end, and ends as it has to. */
  get finished(): boolean {
    return this.at === this.end && this.code === 0;
  }

  private normalise(): void {
    if (this.range >= topValue) return;
    if (this.at >= this.end) throw new MalformedFile("a compressed chunk ends too early");
    this.range = (this.range << 8) >>> 0;
    this.code = ((this.code << 8) | (this.bytes[this.at] ?? 0)) >>> 0;
    this.at += 1;
  }

  bit(model: Uint16Array, index: number): 0 | 1 {
    this.normalise();
    const probability = model[index] ?? 0;
    const bound = (this.range >>> modelBits) * probability;
    if (this.code < bound) {
      this.range = bound;
      model[index] = probability + (((1 << modelBits) - probability) >>> moveBits);
      return 0;
    }
    this.range -= bound;
    this.code -= bound;
    model[index] = probability - (probability >>> moveBits);
    return 1;
  }

  /** Bits that are as likely as not, from the highest. */
  directBits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      this.normalise();
      this.range >>>= 1;
      const bit = this.code >= this.range ? 1 : 0;
      if (bit === 1) this.code -= this.range;
      value = value * 2 + bit;
    }
    return value;
  }

  /** A number of `bits` bits from the highest; the model of each bit depends on those before it. */
  tree(model: Uint16Array, offset: number, bits: number): number {
    let node = 1;
    for (let i = 0; i < bits; i++) node = (node << 1) | this.bit(model, offset + node);
    return node - (1 << bits);
  }

  /** As `tree`, but from the lowest bit. */
  reverseTree(model: Uint16Array, offset: number, bits: number): number {
    let node = 1;
    let value = 0;
    for (let i = 0; i < bits; i++) {
      const bit = this.bit(model, offset + node);
      node = (node << 1) | bit;
      value |= bit << i;
    }
    return value;
  }

  /** Ends where the encoder flushed: the last byte may still be due. */
  finish(): boolean {
    this.normalise();
    return this.finished;
  }
}
