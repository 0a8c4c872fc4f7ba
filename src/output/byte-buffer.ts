// A growing buffer of output bytes that writers fill in place and that keeps its memory between uses.

const firstSize = 4096;
/** Above this length the call of a native function pays. */
const longText = 64;

export class ByteBuffer {
  /** The memory; replaced when it grows, so it must be read again after `reserve`. */
  bytes: Uint8Array = new Uint8Array(firstSize);
  /** Bytes in use. Writers that fill `bytes` themselves set it. */
  length = 0;

  /** Makes room for so many bytes after `length`. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  /** Adds a byte string. */
  append(text: string): void {
    const { length } = text;
    this.reserve(length);
    const { bytes } = this;
    const start = this.length;
    if (length > longText) Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).write(text, start, "latin1");
    else for (let i = 0; i < length; i++) bytes[start + i] = text.charCodeAt(i);
    this.length = start + length;
  }

  /** Forgets the first bytes. */
  drop(count: number): void {
    this.bytes.copyWithin(0, count, this.length);
    this.length -= count;
  }

  /** The content as a byte string. */
  text(): string {
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.length).toString("latin1");
  }
}
