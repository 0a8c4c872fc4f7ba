// Reading numbers and texts of a DWARF section one after the other (little endian).

export class DwarfError extends Error {}

export class Cursor {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  private take(length: number): number {
    const at = this.at;
    if (at + length > this.bytes.length) throw new DwarfError("debug information ends too early");
    this.at = at + length;
    return at;
  }

  u8(): number {
    return this.bytes.readUInt8(this.take(1));
  }

  i8(): number {
    return this.bytes.readInt8(this.take(1));
  }

  u16(): number {
    return this.bytes.readUInt16LE(this.take(2));
  }

  u24(): number {
    return this.bytes.readUIntLE(this.take(3), 3);
  }

  u32(): number {
    return this.bytes.readUInt32LE(this.take(4));
  }

  u64(): bigint {
    return this.bytes.readBigUInt64LE(this.take(8));
  }

  skip(length: number): void {
    this.take(length);
  }

  /** Unsigned LEB128 as a number; larger ones lose precision. */
  uleb(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
  }

  sleb(): bigint {
    let value = 0n;
    let shift = 0n;
    for (;;) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte < 0x80) return (byte & 0x40) === 0 ? value : value - (1n << shift);
    }
  }

  text(): string {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0) throw new DwarfError("debug information ends inside a text");
    const text = this.bytes.toString("latin1", this.at, end);
    this.at = end + 1;
    return text;
  }

  /** An offset of a section: 4 or 8 bytes. */
  offset(size: 4 | 8): number {
    return size === 4 ? this.u32() : Number(this.u64());
  }
}
