// The line table (.debug_line, versions 2 to 5): which instruction belongs to which line of which file.

import { attributes } from "./constants.ts";
import { Cursor, DwarfError } from "./cursor.ts";
import type { SectionName } from "./sections.ts";
import { type Entry, numberOf, textOf } from "./units.ts";

export interface LineRow {
  readonly address: bigint;
  readonly file: number;
  readonly line: number;
  readonly column: number;
  /** The address after the last instruction of a sequence. */
  readonly end: boolean;
}

export interface LineTable {
  /** Paths by the numbers that rows use. */
  readonly files: readonly string[];
  readonly rows: readonly LineRow[];
}

interface Header {
  readonly minimumLength: number;
  readonly defaultIsStatement: boolean;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  readonly operandCounts: readonly number[];
  readonly files: string[];
}

const contentTypes = { path: 1, directory: 2 } as const;

/** Forms that entry formats use (DWARF 5, 6.2.4.1). */
const entryForms = { string: 0x08, lineStrp: 0x1f, strp: 0x0e, udata: 0x0f, data1: 0x0b, data2: 0x05, data4: 0x06, data8: 0x07, data16: 0x1e, block: 0x09 } as const;

/** The line table of a unit; undefined when it has none. */
export function readLineTable(section: (name: SectionName) => Buffer, root: Entry): LineTable | undefined {
  const offset = numberOf(root, attributes.statementList);
  if (offset === undefined) return undefined;
  const cursor = new Cursor(section("line"), offset);
  const short = cursor.u32();
  const offsetSize = short === 0xffff_ffff ? 8 : 4;
  const end = offsetSize === 8 ? Number(cursor.u64()) + cursor.at : cursor.at + short;
  const version = cursor.u16();
  if (version < 2 || version > 5) throw new DwarfError(`line table of version ${version}`);
  if (version >= 5) cursor.skip(2);
  const headerLength = cursor.offset(offsetSize);
  const program = cursor.at + headerLength;
  const minimumLength = cursor.u8();
  if (version >= 4) cursor.skip(1);
  const defaultIsStatement = cursor.u8() !== 0;
  const lineBase = cursor.i8();
  const lineRange = cursor.u8();
  const opcodeBase = cursor.u8();
  const operandCounts = Array.from({ length: opcodeBase - 1 }, () => cursor.u8());
  const directory = textOf(root, attributes.compilationDirectory) ?? "";
  const files = version >= 5 ? modernFiles(section, cursor, offsetSize) : oldFiles(cursor, directory, textOf(root, attributes.name) ?? "");
  cursor.at = program;
  const header: Header = { minimumLength, defaultIsStatement, lineBase, lineRange, opcodeBase, operandCounts, files };
  return { files, rows: runProgram(cursor, end, header) };
}

function join(directory: string, name: string): string {
  return name.startsWith("/") || directory === "" ? name : `${directory}/${name}`;
}

/** Versions 2 to 4: lists that end in an empty name; numbers of files begin at 1. */
function oldFiles(cursor: Cursor, compilation: string, unit: string): string[] {
  const directories = [compilation];
  for (let name = cursor.text(); name !== ""; name = cursor.text()) directories.push(join(compilation, name));
  const files = [join(compilation, unit)];
  for (let name = cursor.text(); name !== ""; name = cursor.text()) {
    files.push(join(directories[cursor.uleb()] ?? "", name));
    cursor.uleb();
    cursor.uleb();
  }
  return files;
}

interface PathEntry {
  readonly path: string;
  readonly directory: number;
}

/** Version 5: both lists say themselves how they are laid out; numbers begin at 0. */
function modernFiles(section: (name: SectionName) => Buffer, cursor: Cursor, offsetSize: 4 | 8): string[] {
  const directories = readEntries(section, cursor, offsetSize).map(({ path }) => path);
  const [compilation = ""] = directories;
  const full = directories.map((path) => join(path === compilation ? "" : compilation, path));
  return readEntries(section, cursor, offsetSize).map(({ path, directory }) => join(full[directory] ?? "", path));
}

function readEntries(section: (name: SectionName) => Buffer, cursor: Cursor, offsetSize: 4 | 8): readonly PathEntry[] {
  const format = Array.from({ length: cursor.u8() }, () => ({ content: cursor.uleb(), form: cursor.uleb() }));
  return Array.from({ length: cursor.uleb() }, () => {
    let path = "";
    let directory = 0;
    for (const { content, form } of format) {
      const value = readEntryValue(section, cursor, offsetSize, form);
      if (content === contentTypes.path) path = String(value);
      if (content === contentTypes.directory) directory = Number(value);
    }
    return { path, directory };
  });
}

function readEntryValue(section: (name: SectionName) => Buffer, cursor: Cursor, offsetSize: 4 | 8, form: number): string | number {
  switch (form) {
    case entryForms.string:
      return cursor.text();
    case entryForms.lineStrp:
      return new Cursor(section("line_str"), cursor.offset(offsetSize)).text();
    case entryForms.strp:
      return new Cursor(section("str"), cursor.offset(offsetSize)).text();
    case entryForms.udata:
      return cursor.uleb();
    case entryForms.data1:
      return cursor.u8();
    case entryForms.data2:
      return cursor.u16();
    case entryForms.data4:
      return cursor.u32();
    case entryForms.data8:
      return Number(cursor.u64());
    case entryForms.data16:
      cursor.skip(16);
      return 0;
    case entryForms.block:
      cursor.skip(cursor.uleb());
      return 0;
    default:
      throw new DwarfError(`unknown form 0x${form.toString(16)} in a line table`);
  }
}

interface Registers {
  address: bigint;
  file: number;
  line: number;
  column: number;
}

const standard = { copy: 1, advancePc: 2, advanceLine: 3, setFile: 4, setColumn: 5, constAddPc: 8, fixedAdvancePc: 9 } as const;
const extended = { endSequence: 1, setAddress: 2 } as const;

/** The table's program: each row is a place where the source position changes. */
function runProgram(cursor: Cursor, end: number, header: Header): readonly LineRow[] {
  const rows: LineRow[] = [];
  const start = (): Registers => ({ address: 0n, file: 1, line: 1, column: 0 });
  let state = start();
  const emit = (last: boolean) => rows.push({ ...state, end: last });
  const advance = (operations: number) => {
    state.address += BigInt(operations * header.minimumLength);
  };
  while (cursor.at < end) {
    const opcode = cursor.u8();
    if (opcode >= header.opcodeBase) {
      const adjusted = opcode - header.opcodeBase;
      advance(Math.floor(adjusted / header.lineRange));
      state.line += header.lineBase + (adjusted % header.lineRange);
      emit(false);
    } else if (opcode === 0) {
      const length = cursor.uleb();
      const next = cursor.at + length;
      const operation = cursor.u8();
      if (operation === extended.setAddress) state.address = length - 1 === 8 ? cursor.u64() : BigInt(cursor.u32());
      if (operation === extended.endSequence) {
        emit(true);
        state = start();
      }
      cursor.at = next;
    } else runStandard(cursor, opcode, header, state, advance, () => emit(false));
  }
  return rows;
}

function runStandard(
  cursor: Cursor,
  opcode: number,
  header: Header,
  state: Registers,
  advance: (operations: number) => void,
  emit: () => void,
): void {
  switch (opcode) {
    case standard.copy:
      return emit();
    case standard.advancePc:
      return advance(cursor.uleb());
    case standard.advanceLine:
      state.line += Number(cursor.sleb());
      return;
    case standard.setFile:
      state.file = cursor.uleb();
      return;
    case standard.setColumn:
      state.column = cursor.uleb();
      return;
    case standard.constAddPc:
      return advance(Math.floor((255 - header.opcodeBase) / header.lineRange));
    case standard.fixedAdvancePc:
      state.address += BigInt(cursor.u16());
      return;
    default:
      for (let i = 0; i < (header.operandCounts[opcode - 1] ?? 0); i++) cursor.uleb();
  }
}
