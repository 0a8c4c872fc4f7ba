// Reading ELF files (64-bit, little endian; man 5 elf): segments, sections, function symbols.

export interface ElfSymbol {
  readonly name: string;
  readonly address: bigint;
  readonly size: number;
  /** STT_FUNC 2, STT_GNU_IFUNC 10, STT_OBJECT 1. */
  readonly type: number;
}

export interface ElfSection {
  readonly address: bigint;
  readonly flags: number;
  readonly bytes: Uint8Array;
}

interface Segment {
  readonly offset: bigint;
  readonly address: bigint;
  readonly fileSize: bigint;
  readonly executable: boolean;
}

interface Section {
  /** Offset in the table of section names. */
  readonly name: number;
  readonly type: number;
  readonly flags: number;
  readonly address: bigint;
  readonly link: number;
  readonly offset: number;
  readonly size: number;
  readonly entrySize: number;
}

const segmentHeaderSize = 56;
const sectionHeaderSize = 64;
const emptySection = 0;
const loadSegment = 1;
const frameHeaderSegment = 0x6474_e550;
const pageSize = 4096n;
const symbolTable = 2;
const dynamicSymbols = 11;

export class ElfFile {
  private readonly bytes: Buffer;
  private readonly segments: readonly Segment[];
  private readonly sections: readonly Section[];
  private table: readonly ElfSymbol[] | undefined;

  private constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.segments = readSegments(bytes);
    this.sections = readSections(bytes);
  }

  /** Reads a file's bytes; undefined when they are no such ELF file. */
  static parse(bytes: Buffer): ElfFile | undefined {
    const isElf = bytes.length > 64 && bytes.readUInt32BE(0) === 0x7f454c46 && bytes[4] === 2 && bytes[5] === 1;
    return isElf ? new ElfFile(bytes) : undefined;
  }

  /** ET_EXEC 2, ET_DYN 3. */
  get type(): number {
    return this.bytes.readUInt16LE(16);
  }

  /** Offset in the file of a virtual address. */
  fileOffset(address: bigint): number | undefined {
    const segment = this.segments.find((s) => address >= s.address && address < s.address + s.fileSize);
    return segment === undefined ? undefined : Number(address - segment.address + segment.offset);
  }

  /** Virtual address of an offset in the file. */
  addressOf(offset: bigint): bigint | undefined {
    const segment = this.segments.find((s) => offset >= s.offset && offset < s.offset + s.fileSize);
    return segment === undefined ? undefined : offset - segment.offset + segment.address;
  }

  /**
   * Gives the virtual address of an offset that a process has mapped as code: mappings begin at pages, where segments need not. Without the
   * file's bytes.
   */
  codeAddresses(): (offset: bigint) => bigint | undefined {
    const segments = this.segments.filter((segment) => segment.executable);
    return (offset) => {
      const segment = segments.find((s) => offset >= s.offset - (s.offset % pageSize) && offset < s.offset + s.fileSize);
      return segment === undefined ? undefined : offset - segment.offset + segment.address;
    };
  }

  /** .eh_frame_hdr by the program header (PT_GNU_EH_FRAME), which is there when the table of sections is not. */
  frameHeader(): { readonly address: bigint; readonly bytes: Uint8Array } | undefined {
    const { bytes } = this;
    for (const start of segmentHeaders(bytes)) {
      if (bytes.readUInt32LE(start) !== frameHeaderSegment) continue;
      const offset = Number(bytes.readBigUInt64LE(start + 8));
      return { address: bytes.readBigUInt64LE(start + 16), bytes: this.content(offset, Number(bytes.readBigUInt64LE(start + 32))) };
    }
    return undefined;
  }

  /** All defined symbols by address. */
  symbols(): readonly ElfSymbol[] {
    this.table ??= this.readSymbols();
    return this.table;
  }

  private readSymbols(): readonly ElfSymbol[] {
    const symbols: ElfSymbol[] = [];
    const seen = new Set<string>();
    for (const section of this.sections) {
      if (section.type !== symbolTable && section.type !== dynamicSymbols) continue;
      const strings = this.sections[section.link];
      if (strings === undefined) continue;
      for (let at = section.offset; at + 24 <= section.offset + section.size; at += 24) {
        const nameAt = strings.offset + this.bytes.readUInt32LE(at);
        const type = (this.bytes[at + 4] ?? 0) & 15;
        const address = this.bytes.readBigUInt64LE(at + 8);
        if (address === 0n || this.bytes.readUInt16LE(at + 6) === 0 || type > 10 || type === 3 || type === 4) continue;
        const name = this.text(nameAt);
        const key = `${name} ${address}`;
        if (name === "" || seen.has(key)) continue;
        seen.add(key);
        symbols.push({ name, address, size: Number(this.bytes.readBigUInt64LE(at + 16)), type });
      }
    }
    return symbols.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : b.size - a.size));
  }

  /** The bytes up to a NUL. */
  private text(at: number): string {
    const end = this.bytes.indexOf(0, at);
    return this.bytes.subarray(at, end < 0 ? this.bytes.length : end).toString("latin1");
  }

  /** The function that contains a virtual address. */
  symbolAt(address: bigint): ElfSymbol | undefined {
    const all = this.symbols();
    let low = 0;
    let high = all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((all[middle]?.address ?? 0n) <= address) low = middle + 1;
      else high = middle;
    }
    for (let i = low - 1; i >= Math.max(0, low - 8); i--) {
      const symbol = all[i];
      if (symbol !== undefined && address < symbol.address + BigInt(symbol.size)) return symbol;
    }
    // Labels without a size reach to the next symbol.
    const nearest = all[low - 1];
    return nearest?.size === 0 ? nearest : undefined;
  }

  /** A section by name; `flags` are those of the header (SHF_COMPRESSED 0x800). */
  section(name: string): ElfSection | undefined {
    const names = this.sections[this.bytes.readUInt16LE(62)];
    if (names === undefined) return undefined;
    for (const section of this.sections) {
      if (section.type === emptySection || this.text(names.offset + section.name) !== name) continue;
      const { address, flags, offset, size } = section;
      return { address, flags, bytes: this.bytes.subarray(offset, offset + size) };
    }
    return undefined;
  }

  content(offset: number, length: number): Uint8Array {
    return this.bytes.subarray(offset, offset + length);
  }
}

/** Where the program headers are. */
function segmentHeaders(bytes: Buffer): readonly number[] {
  const at = Number(bytes.readBigUInt64LE(32));
  const size = bytes.readUInt16LE(54);
  const count = bytes.readUInt16LE(56);
  if (size < segmentHeaderSize || at + count * size > bytes.length) return [];
  return Array.from({ length: count }, (_, i) => at + i * size);
}

function readSegments(bytes: Buffer): readonly Segment[] {
  const segments: Segment[] = [];
  for (const start of segmentHeaders(bytes)) {
    if (bytes.readUInt32LE(start) !== loadSegment) continue;
    segments.push({
      offset: bytes.readBigUInt64LE(start + 8),
      address: bytes.readBigUInt64LE(start + 16),
      fileSize: bytes.readBigUInt64LE(start + 32),
      executable: (bytes.readUInt32LE(start + 4) & 1) !== 0,
    });
  }
  return segments;
}

function readSections(bytes: Buffer): readonly Section[] {
  const at = Number(bytes.readBigUInt64LE(40));
  const size = bytes.readUInt16LE(58);
  const count = bytes.readUInt16LE(60);
  if (at === 0 || size < sectionHeaderSize || at + count * size > bytes.length) return [];
  return Array.from({ length: count }, (_, i) => {
    const start = at + i * size;
    // In a damaged file sections may lie beyond its end.
    const offset = Math.min(Number(bytes.readBigUInt64LE(start + 24)), bytes.length);
    return {
      name: bytes.readUInt32LE(start),
      type: bytes.readUInt32LE(start + 4),
      flags: Number(bytes.readBigUInt64LE(start + 8)),
      address: bytes.readBigUInt64LE(start + 16),
      link: bytes.readUInt32LE(start + 40),
      offset,
      size: Math.min(Number(bytes.readBigUInt64LE(start + 32)), bytes.length - offset),
      entrySize: Number(bytes.readBigUInt64LE(start + 56)),
    };
  });
}
