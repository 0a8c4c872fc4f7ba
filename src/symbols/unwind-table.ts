// The unwind table of an ELF file: sorted rows of addresses and recipes, made from its call frame information.

import { DwarfError } from "../formats/dwarf/cursor.ts";
import { FrameInterpreter } from "../formats/dwarf/frame-rules.ts";
import { type FrameEntry, type FrameSection, frameAddress, readFrameEntries } from "../formats/dwarf/frames.ts";
import { dwarfSections } from "../formats/dwarf/sections.ts";
import type { ElfFile } from "../formats/elf/elf.ts";
import { type RecipeTable, trackedRegisters, unknownRecipe } from "./unwind-recipes.ts";

export interface UnwindTable {
  /** Virtual addresses of the file, sorted; each row holds up to the next one. */
  readonly addresses: Float64Array;
  readonly recipes: Uint16Array;
  /** Where the last row ends. */
  readonly end: number;
}

/** Functions are padded to this size: what is between them is no code, and not worth a row. */
const padding = 16;

class RowWriter {
  private addresses = new Float64Array(1 << 14);
  private recipes = new Uint16Array(1 << 14);
  private count = 0;
  private end = 0;

  /** Rows come in the order of addresses; where two overlap, the first one holds. */
  add(start: number, end: number, recipe: number): void {
    const from = Math.max(start, this.end);
    if (from >= end) return;
    if (this.count > 0 && from >= this.end + padding) this.push(this.end, unknownRecipe);
    this.push(from, recipe);
    this.end = end;
  }

  table(): UnwindTable {
    return { addresses: this.addresses.slice(0, this.count), recipes: this.recipes.slice(0, this.count), end: this.end };
  }

  private push(address: number, recipe: number): void {
    if (this.count > 0 && this.recipes[this.count - 1] === recipe) return;
    if (this.count === this.addresses.length) this.grow();
    this.addresses[this.count] = address;
    this.recipes[this.count] = recipe;
    this.count += 1;
  }

  private grow(): void {
    const addresses = new Float64Array(this.count * 2);
    const recipes = new Uint16Array(this.count * 2);
    addresses.set(this.addresses);
    recipes.set(this.recipes);
    this.addresses = addresses;
    this.recipes = recipes;
  }
}

/** The table of a file; without rows when it has no call frame information. Throws DwarfError when that is damaged. */
export function readUnwindTable(file: ElfFile, recipes: RecipeTable): UnwindTable {
  const rows = new RowWriter();
  const section = frameSection(file);
  if (section !== undefined) {
    const interpreter = new FrameInterpreter(section, trackedRegisters);
    for (const entry of readFrameEntries(section)) addEntry(interpreter, entry, rows, recipes);
  }
  return rows.table();
}

function addEntry(interpreter: FrameInterpreter, entry: FrameEntry, rows: RowWriter, recipes: RecipeTable): void {
  const { signal } = entry.common;
  try {
    interpreter.rows(entry, (row) => rows.add(row.start, row.end, recipes.numberOf(row, signal)));
  } catch (problem) {
    if (!(problem instanceof DwarfError)) throw problem;
    // One function that can't be read is no reason to do without the others.
    rows.add(entry.start, entry.start + entry.length, unknownRecipe);
  }
}

function frameSection(file: ElfFile): FrameSection | undefined {
  const eh = file.section(".eh_frame");
  if (eh !== undefined && eh.bytes.length > 0) return { kind: "eh_frame", bytes: asBuffer(eh.bytes), address: Number(eh.address) };
  const header = file.frameHeader();
  if (header !== undefined) {
    const address = frameAddress({ bytes: asBuffer(header.bytes), address: Number(header.address) });
    const offset = file.fileOffset(BigInt(address));
    if (offset !== undefined) return { kind: "eh_frame", bytes: asBuffer(file.content(offset, Number.MAX_SAFE_INTEGER)), address };
  }
  const debug = dwarfSections(file)("frame");
  return debug.length === 0 ? undefined : { kind: "debug_frame", bytes: debug, address: 0 };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
