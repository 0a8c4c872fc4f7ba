// Which symbol of ELF files contains an address: tables of numbers, names are read for what is found.

import { ascendingOrder, countUpTo } from "../../base/ascending-order.ts";
import { type ElfFile, type SymbolTable, symbolSize, textAt } from "./elf.ts";

export interface FoundSymbol {
  readonly name: string;
  /** Virtual address, as in the file. */
  readonly address: number;
}

/** Symbol types (STT_*) and bindings (STB_*) of elf(5). */
const types = { none: 0, object: 1, function: 2, indirectFunction: 10 } as const;
const localBinding = 0;
/** Section numbers from here on mean something else than a section (SHN_LORESERVE). */
const reservedSections = 0xff00;

/** By type: whether such symbols name something. */
const named = Uint8Array.from({ length: 16 }, (_, type) => (Object.values(types).some((known) => known === type) ? 1 : 0));

/** Symbols of a file and of the files that hold what was stripped from it; all have the same virtual addresses. */
export class SymbolIndex {
  private readonly tables: readonly SymbolTable[];
  /** Ascending. */
  private readonly starts: Float64Array;
  /** The first address that is not the symbol's; of symbols without a size the end of their section. */
  private readonly ends: Float64Array;
  /** The largest of the ends up to here. */
  private readonly reaches: Float64Array;
  /** Number of the table, and of the record in it. */
  private readonly places: Float64Array;
  private readonly sized: Uint8Array;

  constructor(files: readonly ElfFile[]) {
    const [tables, found] = collect(files);
    this.tables = tables;
    const order = ascendingOrder(found.starts);
    const empty = () => new Float64Array(order.length);
    [this.starts, this.ends, this.places, this.reaches] = [empty(), empty(), empty(), empty()];
    this.sized = new Uint8Array(order.length);
    for (let i = 0, reach = 0; i < order.length; i++) {
      const from = order[i] ?? 0;
      this.starts[i] = found.starts[from] ?? 0;
      this.ends[i] = found.ends[from] ?? 0;
      this.places[i] = found.places[from] ?? 0;
      this.sized[i] = found.sized[from] ?? 0;
      if (this.sized[i] === 1) reach = Math.max(reach, this.ends[i] ?? 0);
      this.reaches[i] = reach;
    }
  }

  /** The symbol that begins last of those that contain the address; where several begin there, the plainest name. */
  find(address: number): FoundSymbol | undefined {
    const last = countUpTo(this.starts, address) - 1;
    for (let i = last; i >= 0 && (this.reaches[i] ?? 0) > address; i--) {
      if (this.sized[i] === 1 && (this.ends[i] ?? 0) > address) return this.plainest(i, address, 1);
    }
    // A label without a size reaches to the next symbol.
    const start = this.starts[last];
    for (let i = last; i >= 0 && this.starts[i] === start; i--) {
      if (this.sized[i] === 0 && (this.ends[i] ?? 0) > address) return this.plainest(i, address, 0);
    }
    return undefined;
  }

  private plainest(at: number, address: number, sized: 0 | 1): FoundSymbol | undefined {
    let best: { readonly name: string; readonly rank: number } | undefined;
    const start = this.starts[at] ?? 0;
    for (let i = at; i >= 0 && this.starts[i] === start; i--) {
      if (this.sized[i] !== sized || (this.ends[i] ?? 0) <= address) continue;
      const { name, info } = this.record(i);
      const rank = rankOf(name, info);
      const better = best === undefined || rank < best.rank || (rank === best.rank && isPlainer(name, best.name));
      if (name !== "" && better) best = { name, rank };
    }
    return best === undefined ? undefined : { name: best.name, address: start };
  }

  private record(i: number): { readonly name: string; readonly info: number } {
    const place = this.places[i] ?? 0;
    const table = this.tables[place % this.tables.length];
    const at = Math.floor(place / this.tables.length) * symbolSize;
    if (table === undefined) return { name: "", info: 0 };
    return { name: textAt(table.names, table.records.readUInt32LE(at)), info: table.records[at + 4] ?? 0 };
  }
}

interface Found {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  readonly places: Float64Array;
  readonly sized: Uint8Array;
}

function collect(files: readonly ElfFile[]): readonly [readonly SymbolTable[], Found] {
  const tables = files.flatMap((file) => file.symbolTables().map((table) => ({ file, table })));
  const most = tables.reduce((sum, { table }) => sum + Math.floor(table.records.length / symbolSize), 0);
  const [starts, ends, places] = [new Float64Array(most), new Float64Array(most), new Float64Array(most)];
  const sized = new Uint8Array(most);
  let count = 0;
  for (const [number, { file, table: { records } }] of tables.entries()) {
    const sections = new Map<number, number>();
    const endOf = (section: number) => {
      const known = sections.get(section) ?? Number(file.sectionEnd(section) ?? 0n);
      sections.set(section, known);
      return known;
    };
    const view = new DataView(records.buffer, records.byteOffset, records.length);
    for (let at = 0; at + symbolSize <= records.length; at += symbolSize) {
      const section = view.getUint16(at + 6, true);
      if (section === 0 || section >= reservedSections || named[(records[at + 4] ?? 0) & 15] !== 1) continue;
      const start = wordAt(view, at + 8);
      const size = wordAt(view, at + 16);
      const end = size === 0 ? endOf(section) : start + size;
      if (start === 0 || end > Number.MAX_SAFE_INTEGER) continue;
      starts[count] = start;
      ends[count] = end;
      sized[count] = size === 0 ? 0 : 1;
      places[count] = (at / symbolSize) * tables.length + number;
      count += 1;
    }
  }
  const part = (values: Float64Array) => values.subarray(0, count);
  const found = { starts: part(starts), ends: part(ends), places: part(places), sized: sized.subarray(0, count) };
  return [tables.map(({ table }) => table), found];
}

/** 64 bits as a number; above 2^53 it is not exact. */
function wordAt(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
}

/** Functions before other symbols, names for everybody before those of the library's own use. */
function rankOf(name: string, info: number): number {
  const type = info & 15;
  const kind = type === types.function || type === types.indirectFunction ? 0 : type === types.object ? 1 : 2;
  const underscores = Math.min(3, /^_*/.exec(name)?.[0].length ?? 0);
  // The underscore of a mangled name says nothing.
  const hidden = /^_(?:Z|R)/.test(name) ? 0 : underscores;
  return kind * 100 + hidden * 10 + (info >> 4 === localBinding ? 1 : 0);
}

function isPlainer(a: string, b: string): boolean {
  return a.length !== b.length ? a.length < b.length : a < b;
}
