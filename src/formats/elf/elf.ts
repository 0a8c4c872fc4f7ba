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

/** Bytes of a file, in memory or read when they are asked for. */
export interface ByteSource {
  readonly length: number;
  /** Fewer bytes than asked for where the file ends. */
  read(offset: number, length: number): Buffer;
}

/** A symbol table as it is in the file: records of 24 bytes, and the texts that their names are in. */
export interface SymbolTable {
  readonly records: Buffer;
  readonly names: Buffer;
}

interface Segment {
  readonly offset: bigint;
  readonly address: bigint;
  readonly fileSize: bigint;
  readonly memorySize: bigint;
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
  /** Bytes in the file. */
  readonly size: number;
  readonly memorySize: number;
}

const segmentHeaderSize = 56;
const sectionHeaderSize = 64;
/** Bytes of a record of a symbol table. */
export const symbolSize = 24;
const executableFlag = 1;
const pageSize = 4096n;
const emptySection = 0;
const loadSegment = 1;
const withoutBytes = 8;
const frameHeaderSegment = 0x6474_e550;
const symbolTable = 2;
const dynamicSymbols = 11;

export class ElfFile {
  private readonly source: ByteSource;
  private readonly header: Buffer;
  private readonly segments: readonly Segment[];
  private readonly sections: readonly Section[];
  private sectionNames: Buffer | undefined;
  private table: readonly ElfSymbol[] | undefined;

  private constructor(source: ByteSource, header: Buffer) {
    this.source = source;
    this.header = header;
    this.segments = readSegments(source, header);
    this.sections = readSections(source, header);
  }

  /** Reads a file's bytes; undefined when they are no such ELF file. */
  static parse(bytes: Buffer): ElfFile | undefined {
    return ElfFile.open({ length: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) });
  }

  /** As `parse`, but of the file only what is asked for is read. */
  static open(source: ByteSource): ElfFile | undefined {
    if (source.length <= 64) return undefined;
    const header = source.read(0, 64);
    const isElf = header.length === 64 && header.readUInt32BE(0) === 0x7f454c46 && header[4] === 2 && header[5] === 1;
    return isElf ? new ElfFile(source, header) : undefined;
  }

  /** ET_EXEC 2, ET_DYN 3. */
  get type(): number {
    return this.header.readUInt16LE(16);
  }

  /** Whether a virtual address is in memory when the file is loaded. */
  isLoaded(address: bigint): boolean {
    return this.segments.some((s) => address >= s.address && address < s.address + s.memorySize);
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
    const { table, size } = programHeaders(this.source, this.header);
    for (let start = 0; start < table.length; start += size) {
      if (table.readUInt32LE(start) !== frameHeaderSegment) continue;
      const offset = Number(table.readBigUInt64LE(start + 8));
      return { address: table.readBigUInt64LE(start + 16), bytes: this.content(offset, Number(table.readBigUInt64LE(start + 32))) };
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
    for (const { records, names } of this.symbolTables()) {
      for (let at = 0; at + symbolSize <= records.length; at += symbolSize) {
        const type = (records[at + 4] ?? 0) & 15;
        const address = records.readBigUInt64LE(at + 8);
        if (address === 0n || records.readUInt16LE(at + 6) === 0 || type > 10 || type === 3 || type === 4) continue;
        const name = textAt(names, records.readUInt32LE(at));
        const key = `${name} ${address}`;
        if (name === "" || seen.has(key)) continue;
        seen.add(key);
        symbols.push({ name, address, size: Number(records.readBigUInt64LE(at + 16)), type });
      }
    }
    return symbols.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : b.size - a.size));
  }

  /** .symtab and .dynsym, those that are there. */
  symbolTables(): readonly SymbolTable[] {
    return this.sections.flatMap((section) => {
      const strings = this.sections[section.link];
      if ((section.type !== symbolTable && section.type !== dynamicSymbols) || strings === undefined) return [];
      return [{ records: this.source.read(section.offset, section.size), names: this.source.read(strings.offset, strings.size) }];
    });
  }

  /** Whether symbols were left that a stripped file has not. */
  hasFullSymbols(): boolean {
    return this.sections.some((section) => section.type === symbolTable);
  }

  /** The address after a section, by its number; undefined when it is not in memory. */
  sectionEnd(index: number): bigint | undefined {
    const section = this.sections[index];
    return section === undefined || section.address === 0n ? undefined : section.address + BigInt(section.memorySize);
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
    const names = this.namesOfSections();
    for (const section of this.sections) {
      if (section.type === emptySection || textAt(names, section.name) !== name) continue;
      const { address, flags, offset, size } = section;
      // What takes no place in the file (SHT_NOBITS) is empty: debug files have the code's sections so.
      return { address, flags, bytes: this.source.read(offset, section.type === withoutBytes ? 0 : size) };
    }
    return undefined;
  }

  private namesOfSections(): Buffer {
    const section = this.sections[this.header.readUInt16LE(62)];
    this.sectionNames ??= section === undefined ? Buffer.alloc(0) : this.source.read(section.offset, section.size);
    return this.sectionNames;
  }

  content(offset: number, length: number): Uint8Array {
    return this.source.read(offset, length);
  }
}

/** The bytes up to a NUL. */
export function textAt(bytes: Buffer, at: number): string {
  if (at >= bytes.length) return "";
  const end = bytes.indexOf(0, at);
  return bytes.toString("latin1", at, end < 0 ? bytes.length : end);
}

/** A table of the header: `count` records of `size` bytes; empty when it is not whole. */
function readTable(source: ByteSource, at: number, size: number, count: number): Buffer {
  const table = source.read(at, size * count);
  return table.length < size * count ? Buffer.alloc(0) : table;
}

function programHeaders(source: ByteSource, header: Buffer): { readonly table: Buffer; readonly size: number } {
  const size = header.readUInt16LE(54);
  if (size < segmentHeaderSize) return { table: Buffer.alloc(0), size };
  return { table: readTable(source, Number(header.readBigUInt64LE(32)), size, header.readUInt16LE(56)), size };
}

function readSegments(source: ByteSource, header: Buffer): readonly Segment[] {
  const { table, size } = programHeaders(source, header);
  const segments: Segment[] = [];
  for (let start = 0; start < table.length; start += size) {
    if (table.readUInt32LE(start) !== loadSegment) continue;
    segments.push({
      offset: table.readBigUInt64LE(start + 8),
      address: table.readBigUInt64LE(start + 16),
      fileSize: table.readBigUInt64LE(start + 32),
      memorySize: table.readBigUInt64LE(start + 40),
      executable: (table.readUInt32LE(start + 4) & executableFlag) !== 0,
    });
  }
  return segments;
}

function readSections(source: ByteSource, header: Buffer): readonly Section[] {
  const at = Number(header.readBigUInt64LE(40));
  const size = header.readUInt16LE(58);
  if (at === 0 || size < sectionHeaderSize) return [];
  const table = readTable(source, at, size, header.readUInt16LE(60));
  return Array.from({ length: table.length / size }, (_, i) => {
    const start = i * size;
    // In a damaged file sections may lie beyond its end.
    const offset = Math.min(Number(table.readBigUInt64LE(start + 24)), source.length);
    const memorySize = Number(table.readBigUInt64LE(start + 32));
    return {
      name: table.readUInt32LE(start),
      type: table.readUInt32LE(start + 4),
      flags: Number(table.readBigUInt64LE(start + 8)),
      address: table.readBigUInt64LE(start + 16),
      link: table.readUInt32LE(start + 40),
      offset,
      size: Math.min(memorySize, source.length - offset),
      memorySize,
    };
  });
}
