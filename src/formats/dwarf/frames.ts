// Call frame information of an ELF file (.eh_frame, or .debug_frame): which functions are described, and by what. The format is that of
// DWARF 5 section 6.4 with the changes of the Linux Standard Base (Exception Frames).
//
//   entry: u32 length (0xffffffff: u64 follows) | u32 or u64 id | CIE or FDE
//   CIE:   version | augmentation text | code and data factors | return address column | augmentation data | instructions
//   FDE:   first address | number of bytes | augmentation data | instructions

import { Cursor, DwarfError } from "./cursor.ts";

export interface FrameSection {
  readonly kind: "eh_frame" | "debug_frame";
  readonly bytes: Buffer;
  /** Virtual address of the section, which pointers may be relative to. */
  readonly address: number;
}

/** What the entries of several functions share. */
export interface CommonEntry {
  readonly codeFactor: number;
  readonly dataFactor: number;
  /** Number of the column that stands for the return address. */
  readonly returnColumn: number;
  /** The frame is that of a signal handler's return: its caller was interrupted, not calling. */
  readonly signal: boolean;
  /** How addresses are written (DW_EH_PE). */
  readonly encoding: number;
  /** Function entries have augmentation data. */
  readonly augmented: boolean;
  /** Offsets in the section. */
  readonly instructions: number;
  readonly end: number;
}

/** A function, or a part of one. Addresses are virtual ones. */
export interface FrameEntry {
  readonly common: CommonEntry;
  readonly start: number;
  readonly length: number;
  readonly instructions: number;
  readonly end: number;
}

/** DW_EH_PE: the low four bits say how wide a pointer is, the next three what it is relative to. */
const pointer = { absolute: 0x00, uleb: 0x01, u16: 0x02, u32: 0x03, u64: 0x04, sleb: 0x09, i16: 0x0a, i32: 0x0b, i64: 0x0c, relative: 0x10, toData: 0x30, omit: 0xff } as const;
const longLength = 0xffff_ffff;

/** All entries in the order of their addresses. Throws DwarfError when the section is damaged. */
export function readFrameEntries(section: FrameSection): readonly FrameEntry[] {
  const commons = new Map<number, CommonEntry>();
  const entries: FrameEntry[] = [];
  const cursor = new Cursor(section.bytes);
  while (cursor.at + 4 <= section.bytes.length) {
    const at = cursor.at;
    const head = readHead(section, cursor);
    if (head === "end") break;
    if (!head.common) {
      const common = commons.get(head.commonAt) ?? readCommonAt(section, head.commonAt);
      commons.set(head.commonAt, common);
      const entry = readEntry(section, cursor, common, head.end);
      // A function that the linker left out keeps an entry without an address.
      if (entry.start !== 0 && entry.length > 0) entries.push(entry);
    }
    if (head.end <= at) throw new DwarfError("a frame entry has no length");
    cursor.at = head.end;
  }
  const sorted = entries.every((entry, i) => i === 0 || entry.start >= (entries[i - 1]?.start ?? 0));
  return sorted ? entries : entries.sort((a, b) => a.start - b.start);
}

interface Head {
  readonly end: number;
  readonly common: boolean;
  /** Of function entries. */
  readonly commonAt: number;
}

/** Reads length and id; `end` at the terminator. */
function readHead(section: FrameSection, cursor: Cursor): Head | "end" {
  let length = cursor.u32();
  if (length === 0) return "end";
  const wide = length === longLength;
  if (wide) length = Number(cursor.u64());
  const idAt = cursor.at;
  const end = idAt + length;
  if (end > section.bytes.length) throw new DwarfError("a frame entry is longer than its section");
  if (section.kind === "eh_frame") {
    const distance = cursor.u32();
    return { end, common: distance === 0, commonAt: idAt - distance };
  }
  const id = wide ? cursor.u64() : BigInt(cursor.u32());
  return { end, common: id === (wide ? 0xffff_ffff_ffff_ffffn : 0xffff_ffffn), commonAt: Number(id) };
}

function readCommonAt(section: FrameSection, at: number): CommonEntry {
  if (at < 0 || at >= section.bytes.length) throw new DwarfError("a frame entry refers beyond its section");
  const cursor = new Cursor(section.bytes, at);
  const head = readHead(section, cursor);
  if (head === "end" || !head.common) throw new DwarfError("a frame entry does not refer to a common one");
  const version = cursor.u8();
  const augmentation = cursor.text();
  // Version 4: size of addresses and of segment selectors.
  if (version >= 4) cursor.skip(2);
  const codeFactor = cursor.uleb();
  const dataFactor = Number(cursor.sleb());
  const returnColumn = version === 1 ? cursor.u8() : cursor.uleb();
  let encoding: number = pointer.absolute;
  const augmented = augmentation.startsWith("z");
  if (augmented) {
    const size = cursor.uleb();
    const instructions = cursor.at + size;
    for (const letter of augmentation.slice(1)) {
      if (letter === "R") encoding = cursor.u8();
      else if (letter === "L") cursor.skip(1);
      else if (letter === "P") readPointer(section, cursor, cursor.u8());
      else if (letter !== "S" && letter !== "B") break;
    }
    cursor.at = instructions;
  } else if (augmentation !== "") {
    throw new DwarfError(`frame entries with the augmentation '${augmentation}' can't be read`);
  }
  const { end } = head;
  return { codeFactor, dataFactor, returnColumn, signal: augmentation.includes("S"), encoding, augmented, instructions: cursor.at, end };
}

function readEntry(section: FrameSection, cursor: Cursor, common: CommonEntry, end: number): FrameEntry {
  const start = readPointer(section, cursor, common.encoding);
  const length = readPointer(section, cursor, common.encoding & 0x0f);
  if (common.augmented) cursor.skip(cursor.uleb());
  return { common, start, length, instructions: cursor.at, end };
}

/** A pointer that is written in one of the ways of DW_EH_PE. */
export function readPointer(section: Pick<FrameSection, "address">, cursor: Cursor, encoding: number): number {
  if (encoding === pointer.omit) return 0;
  const at = cursor.at;
  const value = readNumber(cursor, encoding & 0x0f);
  switch (encoding & 0x70) {
    case 0:
      return value;
    case pointer.relative:
      return section.address + at + value;
    case pointer.toData:
      // Relative to .eh_frame_hdr in that section itself.
      return section.address + value;
    default:
      throw new DwarfError(`pointers of the encoding ${encoding} can't be read`);
  }
}

function readNumber(cursor: Cursor, format: number): number {
  switch (format) {
    case pointer.absolute:
    case pointer.u64:
      return Number(cursor.u64());
    case pointer.i64:
      return Number(BigInt.asIntN(64, cursor.u64()));
    case pointer.uleb:
      return cursor.uleb();
    case pointer.sleb:
      return Number(cursor.sleb());
    case pointer.u16:
      return cursor.u16();
    case pointer.i16:
      return (cursor.u16() << 16) >> 16;
    case pointer.u32:
      return cursor.u32();
    case pointer.i32:
      return cursor.u32() | 0;
    default:
      throw new DwarfError(`pointers of the encoding ${format} can't be read`);
  }
}

/** Virtual address of .eh_frame by .eh_frame_hdr, for files without a table of sections. */
export function frameAddress(header: { readonly bytes: Buffer; readonly address: number }): number {
  const cursor = new Cursor(header.bytes);
  const version = cursor.u8();
  if (version !== 1) throw new DwarfError(`.eh_frame_hdr of version ${version} can't be read`);
  const encoding = cursor.u8();
  // Encodings of the number of entries and of the sorted table, which follow the pointer.
  cursor.skip(2);
  return readPointer(header, cursor, encoding);
}
