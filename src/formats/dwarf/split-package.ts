// A package of split units (`.dwp`): their sections one after the other, and an index by the id of the unit
// (DWARF 5, 7.3.5; version 2 of the index is what gcc's and LLVM's tools wrote for DWARF 4).
//
//   u32 version (5: u16 and padding) | u32 columns | u32 units | u32 slots
//   u64 id of each slot | u32 row of each slot, from 1; 0: free
//   u32 section of each column | u32 offset of each unit and column | u32 size of each unit and column

import type { ElfFile } from "../elf/elf.ts";
import { Cursor, DwarfError } from "./cursor.ts";
import { dwarfSections, type SectionName, type Sections } from "./sections.ts";

/** DW_SECT_*: the columns that are read. */
const columnSections: Readonly<Record<2 | 5, ReadonlyMap<number, SectionName>>> = {
  2: new Map([[1, "info"], [3, "abbrev"], [6, "str_offsets"]]),
  5: new Map([[1, "info"], [3, "abbrev"], [6, "str_offsets"], [8, "rnglists"]]),
};

interface Part {
  readonly start: number;
  readonly size: number;
}

type Parts = ReadonlyMap<SectionName, Part>;

export class SplitPackage {
  private readonly section: Sections;
  private readonly units: ReadonlyMap<bigint, Parts>;

  /** Throws DwarfError when the index is damaged. */
  constructor(file: ElfFile) {
    this.section = dwarfSections(file, ".dwo");
    const index = file.section(".debug_cu_index")?.bytes ?? new Uint8Array(0);
    this.units = index.length === 0 ? new Map() : readIndex(Buffer.from(index.buffer, index.byteOffset, index.length));
  }

  /** The sections of one unit; texts are common to all. */
  sectionsOf(id: bigint): Sections | undefined {
    const parts = this.units.get(id);
    if (parts === undefined) return undefined;
    return (name) => {
      const part = parts.get(name);
      const whole = this.section(name);
      return part === undefined ? whole : whole.subarray(part.start, part.start + part.size);
    };
  }
}

function readIndex(bytes: Buffer): ReadonlyMap<bigint, Parts> {
  const cursor = new Cursor(bytes);
  const version = cursor.u16();
  cursor.skip(2);
  if (version !== 2 && version !== 5) throw new DwarfError(`a package of version ${version}`);
  const [columns, rows, slots] = [cursor.u32(), cursor.u32(), cursor.u32()];
  // Before lists of that length are made: is there so much at all?
  if (slots * 12 + columns * 4 + rows * columns * 8 > bytes.length) throw new DwarfError("the index of a package ends too early");
  const ids = Array.from({ length: slots }, () => cursor.u64());
  const rowOf = Array.from({ length: slots }, () => cursor.u32());
  const sections = Array.from({ length: columns }, () => columnSections[version].get(cursor.u32()));
  const table = () => Array.from({ length: rows }, () => Array.from({ length: columns }, () => cursor.u32()));
  const [starts, sizes] = [table(), table()];
  const units = new Map<bigint, Parts>();
  for (const [slot, id] of ids.entries()) {
    const row = (rowOf[slot] ?? 0) - 1;
    if (row < 0) continue;
    const parts = new Map<SectionName, Part>();
    for (const [column, name] of sections.entries()) {
      if (name !== undefined) parts.set(name, { start: starts[row]?.[column] ?? 0, size: sizes[row]?.[column] ?? 0 });
    }
    units.set(id, parts);
  }
  return units;
}
