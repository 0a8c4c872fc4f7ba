// LZMA: literals and copies of what came before, each kind predicted by the kinds before it.

import { MalformedFile } from "../malformed-file.ts";
import type { GrowingBytes } from "./growing-bytes.ts";
import { evenModel, type RangeDecoder } from "./range-decoder.ts";

const states = 12;
/** From this state on the last thing was a copy. */
const firstCopyState = 7;
const positionStates = 16;
const minimumLength = 2;
const lengthStates = 4;
/** Distances from the slot 14 on have an aligned tail of their own model. */
const firstAlignedSlot = 14;
const alignedBits = 4;

interface LengthModel {
  readonly choice: Uint16Array;
  readonly low: Uint16Array;
  readonly middle: Uint16Array;
  readonly high: Uint16Array;
}

function lengthModel(): LengthModel {
  return { choice: evenModel(2), low: evenModel(positionStates * 8), middle: evenModel(positionStates * 8), high: evenModel(256) };
}

function freshModels(literalModels: number) {
  return {
    isMatch: evenModel(states * positionStates),
    isRepeat: evenModel(states),
    isRepeat0: evenModel(states),
    isRepeat1: evenModel(states),
    isRepeat2: evenModel(states),
    isShort: evenModel(states * positionStates),
    slots: evenModel(lengthStates * 64),
    distances: evenModel(128),
    aligned: evenModel(1 << alignedBits),
    lengths: lengthModel(),
    repeatLengths: lengthModel(),
    literals: evenModel(literalModels * 0x300),
  };
}

/** How literals and positions choose their models (one byte: (pb * 5 + lp) * 9 + lc). */
export interface LzmaProperties {
  /** Bits of the byte before. */
  readonly literalContext: number;
  /** Bits of the position, for literals. */
  readonly literalPosition: number;
  /** Bits of the position, for the other things. */
  readonly position: number;
}

export function readProperties(byte: number): LzmaProperties {
  const properties = { literalContext: byte % 9, literalPosition: Math.floor(byte / 9) % 5, position: Math.floor(byte / 45) };
  // The limits of LZMA2.
  if (properties.position > 4 || properties.literalContext + properties.literalPosition > 4) {
    throw new MalformedFile("compressed data has unknown properties");
  }
  return properties;
}

export class LzmaDecoder {
  private readonly properties: LzmaProperties;
  private readonly out: GrowingBytes;
  private models: ReturnType<typeof freshModels>;
  private state = 0;
  /** The last four distances, counted from 0. */
  private distances: [number, number, number, number] = [0, 0, 0, 0];

  constructor(properties: LzmaProperties, out: GrowingBytes) {
    this.properties = properties;
    this.out = out;
    this.models = freshModels(1 << (properties.literalContext + properties.literalPosition));
  }

  /** Forgets what was learnt. */
  reset(): void {
    this.models = freshModels(1 << (this.properties.literalContext + this.properties.literalPosition));
    this.state = 0;
    this.distances = [0, 0, 0, 0];
  }

  /** Decodes exactly `size` bytes; `origin` is where the dictionary begins, from which positions count. */
  run(code: RangeDecoder, size: number, origin: number): void {
    const { out, models } = this;
    out.reserve(size);
    const end = out.length + size;
    const positionMask = (1 << this.properties.position) - 1;
    while (out.length < end) {
      const position = (out.length - origin) & positionMask;
      const place = this.state * positionStates + position;
      if (code.bit(models.isMatch, place) === 0) {
        this.literal(code, out.length - origin);
        continue;
      }
      const length = code.bit(models.isRepeat, this.state) === 0 ? this.newCopy(code, position) : this.repeatedCopy(code, position, place);
      const distance = this.distances[0] + 1;
      if (distance > out.length - origin || out.length + length > end) throw new MalformedFile("compressed data refers to what is not there");
      out.repeat(distance, length);
    }
  }

  private literal(code: RangeDecoder, position: number): void {
    const { literalContext, literalPosition } = this.properties;
    const { out } = this;
    const before = position === 0 ? 0 : out.back(1);
    const place = ((position & ((1 << literalPosition) - 1)) << literalContext) | (before >> (8 - literalContext));
    const offset = place * 0x300;
    const model = this.models.literals;
    let symbol = 1;
    if (this.state >= firstCopyState) {
      // After a copy the byte that would have come next is a hint: as long as the bits agree with it, they have models of their own.
      let hint = out.back(this.distances[0] + 1);
      while (symbol < 0x100) {
        const expected = (hint >> 7) & 1;
        hint <<= 1;
        const bit = code.bit(model, offset + ((1 + expected) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (bit !== expected) break;
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | code.bit(model, offset + symbol);
    out.push(symbol & 0xff);
    this.state = this.state < 4 ? 0 : this.state < 10 ? this.state - 3 : this.state - 6;
  }

  /** A copy from a distance that is given; gives the length. */
  private newCopy(code: RangeDecoder, position: number): number {
    const length = this.length(code, this.models.lengths, position);
    this.state = this.state < firstCopyState ? 7 : 10;
    const [first, second, third] = this.distances;
    this.distances = [this.distance(code, length), first, second, third];
    return length;
  }

  /** A copy from one of the last distances; gives the length. */
  private repeatedCopy(code: RangeDecoder, position: number, place: number): number {
    const { models } = this;
    const [first, second, third, fourth] = this.distances;
    if (code.bit(models.isRepeat0, this.state) === 0) {
      if (code.bit(models.isShort, place) === 0) {
        this.state = this.state < firstCopyState ? 9 : 11;
        return 1;
      }
    } else if (code.bit(models.isRepeat1, this.state) === 0) this.distances = [second, first, third, fourth];
    else if (code.bit(models.isRepeat2, this.state) === 0) this.distances = [third, first, second, fourth];
    else this.distances = [fourth, first, second, third];
    this.state = this.state < firstCopyState ? 8 : 11;
    return this.length(code, models.repeatLengths, position);
  }

  private length(code: RangeDecoder, model: LengthModel, position: number): number {
    if (code.bit(model.choice, 0) === 0) return minimumLength + code.tree(model.low, position * 8, 3);
    if (code.bit(model.choice, 1) === 0) return minimumLength + 8 + code.tree(model.middle, position * 8, 3);
    return minimumLength + 16 + code.tree(model.high, 0, 8);
  }

  private distance(code: RangeDecoder, length: number): number {
    const state = Math.min(length - minimumLength, lengthStates - 1);
    const slot = code.tree(this.models.slots, state * 64, 6);
    if (slot < 4) return slot;
    const tail = (slot >> 1) - 1;
    const start = (2 | (slot & 1)) * 2 ** tail;
    if (slot < firstAlignedSlot) return start + code.reverseTree(this.models.distances, start - slot, tail);
    const middle = code.directBits(tail - alignedBits) * (1 << alignedBits);
    return start + middle + code.reverseTree(this.models.aligned, 0, alignedBits);
  }
}
