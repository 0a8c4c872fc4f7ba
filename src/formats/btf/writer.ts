// Writing BTF: enough types for functions of programs, and the tables that tie instructions to functions and lines.

const magic = 0xeb9f;
const headerSize = 24;

export class BtfWriter {
  private readonly types: number[] = [];
  private readonly text: string[] = ["\0"];
  private textSize = 1;
  private count = 0;
  private readonly strings = new Map<string, number>();

  /** Offset of a string in the table. */
  string(text: string): number {
    const known = this.strings.get(text);
    if (known !== undefined) return known;
    const offset = this.textSize;
    this.text.push(`${text}\0`);
    this.textSize += Buffer.byteLength(text, "latin1") + 1;
    this.strings.set(text, offset);
    return offset;
  }

  private add(name: string, kind: number, members: number, third: number, ...rest: readonly number[]): number {
    this.count += 1;
    this.types.push(name === "" ? 0 : this.string(name), ((kind << 24) | members) >>> 0, third >>> 0, ...rest.map((word) => word >>> 0));
    return this.count;
  }

  int(name: string, bytes: number, signed: boolean): number {
    return this.add(name, 1, 0, bytes, ((signed ? 1 : 0) << 24) | (bytes * 8));
  }

  pointer(to: number): number {
    return this.add("", 2, 0, to);
  }

  functionPrototype(returns: number, parameters: readonly number[]): number {
    const words = parameters.flatMap((type, i) => [this.string(`a${i}`), type]);
    return this.add("", 13, parameters.length, returns, ...words);
  }

  /** A function of a program; the verifier checks a global one by itself, a static one (callbacks are) where it is used. */
  function(name: string, prototype: number, global: boolean): number {
    return this.add(name, 12, global ? 1 : 0, prototype);
  }

  bytes(): Uint8Array {
    const typeBytes = this.types.length * 4;
    const strings = Buffer.from(this.text.join(""), "latin1");
    const bytes = Buffer.alloc(headerSize + typeBytes + strings.length);
    bytes.writeUInt16LE(magic, 0);
    bytes.writeUInt8(1, 2);
    bytes.writeUInt32LE(headerSize, 4);
    bytes.writeUInt32LE(0, 8);
    bytes.writeUInt32LE(typeBytes, 12);
    bytes.writeUInt32LE(typeBytes, 16);
    bytes.writeUInt32LE(strings.length, 20);
    for (const [i, word] of this.types.entries()) bytes.writeUInt32LE(word, headerSize + i * 4);
    strings.copy(bytes, headerSize + typeBytes);
    return bytes;
  }
}
