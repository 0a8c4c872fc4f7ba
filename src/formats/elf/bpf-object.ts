// Writing compiled programs as a relocatable eBPF object (ELF 64, little endian, machine 247), for tools that show such files.
//
//   0    header      64 …  section contents, each 8-aligned      then  the section table
//   sections: .strtab, .symtab, one program section each with its .rel section, maps, license
//   maps: {u32 type, u32 key size, u32 value size, u32 entries, u32 flags} for each map

const bpfMachine = 247;
const headerSize = 64;
const sectionHeaderSize = 64;
const symbolSize = 24;

/** R_BPF_64_64: a load of a 64-bit immediate gets the address of a symbol. */
const relocation64 = 1;

const sectionTypes = { programBits: 1, symbols: 2, strings: 3, relocations: 9 } as const;
const flags = { alloc: 2n, write: 1n, executable: 4n } as const;
const globalFunction = (1 << 4) | 2;
const globalObject = (1 << 4) | 1;

export interface ObjectProgram {
  readonly section: string;
  readonly name: string;
  readonly code: Uint8Array;
  /** Instructions (in units of 8 bytes) that load a map. */
  readonly maps: readonly { readonly at: number; readonly map: string }[];
}

export interface ObjectMap {
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
}

export interface BpfObject {
  readonly license: string;
  readonly programs: readonly ObjectProgram[];
  readonly maps: readonly ObjectMap[];
}

interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags: bigint;
  readonly content: Uint8Array;
  readonly link: number;
  readonly info: number;
  readonly entrySize: number;
}

class StringTable {
  private text = "\0";

  place(name: string): number {
    const at = this.text.length;
    this.text += `${name}\0`;
    return at;
  }

  bytes(): Uint8Array {
    return Buffer.from(this.text, "latin1");
  }
}

function symbol(name: number, info: number, section: number, value: number, size: number): Uint8Array {
  const bytes = Buffer.alloc(symbolSize);
  bytes.writeUInt32LE(name, 0);
  bytes.writeUInt8(info, 4);
  bytes.writeUInt16LE(section, 6);
  bytes.writeBigUInt64LE(BigInt(value), 8);
  bytes.writeBigUInt64LE(BigInt(size), 16);
  return bytes;
}

const mapRecordSize = 20;

function mapRecord(map: ObjectMap): Uint8Array {
  const bytes = Buffer.alloc(mapRecordSize);
  for (const [i, word] of [map.type, map.keySize, map.valueSize, map.maxEntries, map.flags].entries()) bytes.writeUInt32LE(word, i * 4);
  return bytes;
}

function relocations(program: ObjectProgram, symbolOf: ReadonlyMap<string, number>): Uint8Array {
  const bytes = Buffer.alloc(program.maps.length * 16);
  for (const [i, { at, map }] of program.maps.entries()) {
    bytes.writeBigUInt64LE(BigInt(at * 8), i * 16);
    bytes.writeBigUInt64LE((BigInt(symbolOf.get(map) ?? 0) << 32n) | BigInt(relocation64), i * 16 + 8);
  }
  return bytes;
}

/** The bytes of an object file. */
export function writeBpfObject(object: BpfObject): Uint8Array {
  const names = new StringTable();
  const plain = { link: 0, info: 0, entrySize: 0 } as const;
  // Sections 1 and 2 are the strings and the symbols; then license, maps, and two for each program.
  const mapSection = 4;
  const firstProgram = 5;
  const symbols = [Buffer.alloc(symbolSize), ...object.maps.map((map, i) => symbol(names.place(map.name), globalObject, mapSection, i * mapRecordSize, mapRecordSize))];
  const symbolOf = new Map(object.maps.map((map, i) => [map.name, i + 1]));
  for (const [i, program] of object.programs.entries()) {
    symbols.push(symbol(names.place(program.name), globalFunction, firstProgram + 2 * i, 0, program.code.length));
  }
  const { programBits } = sectionTypes;
  const rest: Section[] = [
    { ...plain, name: "license", type: programBits, flags: flags.alloc | flags.write, content: Buffer.from(`${object.license}\0`, "latin1") },
    { ...plain, name: "maps", type: programBits, flags: flags.alloc | flags.write, content: Buffer.concat(object.maps.map(mapRecord)) },
    ...object.programs.flatMap((program, i): readonly Section[] => [
      { ...plain, name: program.section, type: programBits, flags: flags.alloc | flags.executable, content: program.code },
      {
        name: `.rel${program.section}`,
        type: sectionTypes.relocations,
        flags: 0n,
        content: relocations(program, symbolOf),
        link: 2,
        info: firstProgram + 2 * i,
        entrySize: 16,
      },
    ]),
  ];
  const nameOf = [".strtab", ".symtab", ...rest.map(({ name }) => name)].map((name) => names.place(name));
  const sections: readonly Section[] = [
    { ...plain, name: ".strtab", type: sectionTypes.strings, flags: 0n, content: names.bytes() },
    { name: ".symtab", type: sectionTypes.symbols, flags: 0n, content: Buffer.concat(symbols), link: 1, info: 1, entrySize: symbolSize },
    ...rest,
  ];
  return layOut(sections, nameOf);
}

function layOut(sections: readonly Section[], names: readonly number[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  const table = [Buffer.alloc(sectionHeaderSize)];
  let at = headerSize;
  for (const [i, { type, flags: bits, content, link, info, entrySize }] of sections.entries()) {
    const padding = (8 - (at % 8)) % 8;
    pieces.push(new Uint8Array(padding), content);
    at += padding;
    const header = Buffer.alloc(sectionHeaderSize);
    header.writeUInt32LE(names[i] ?? 0, 0);
    header.writeUInt32LE(type, 4);
    header.writeBigUInt64LE(bits, 8);
    header.writeBigUInt64LE(BigInt(at), 24);
    header.writeBigUInt64LE(BigInt(content.length), 32);
    header.writeUInt32LE(link, 40);
    header.writeUInt32LE(info, 44);
    header.writeBigUInt64LE(8n, 48);
    header.writeBigUInt64LE(BigInt(entrySize), 56);
    table.push(header);
    at += content.length;
  }
  const padding = (8 - (at % 8)) % 8;
  const head = Buffer.alloc(headerSize);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  head.writeUInt16LE(1, 16);
  head.writeUInt16LE(bpfMachine, 18);
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(BigInt(at + padding), 40);
  head.writeUInt16LE(headerSize, 52);
  head.writeUInt16LE(sectionHeaderSize, 58);
  head.writeUInt16LE(table.length, 60);
  // The names of the sections are in section 1.
  head.writeUInt16LE(1, 62);
  return Buffer.concat([head, ...pieces, new Uint8Array(padding), ...table]);
}
