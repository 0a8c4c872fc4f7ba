// Where in the source an address is: the line, and the functions that were inlined there.

import type { ElfFile } from "../elf/elf.ts";
import { attributes, tags } from "./constants.ts";
import { type LineTable, readLineTable } from "./lines.ts";
import { type AddressRange, rangesOf } from "./ranges.ts";
import { dwarfSections, type Sections } from "./sections.ts";
import { noSplitFiles, type SplitFiles, SplitUnits } from "./split-units.ts";
import { type AttributeValue, DebugInfo, type Entry, numberOf, textOf, type Unit } from "./units.ts";

export interface SourcePlace {
  readonly file: string;
  readonly line: number;
}

/** A function whose body stands in another one, and the place in it that the address means. */
export interface InlinedFunction {
  /** Linkage name where there is one, else the name in the source. */
  readonly name: string;
  readonly place: SourcePlace | undefined;
}

export interface FoundPlace {
  /** From the innermost to the outermost. */
  readonly inlined: readonly InlinedFunction[];
  /** The place in the function that the symbol names. */
  readonly place: SourcePlace | undefined;
}

interface Span extends AddressRange {
  /** Number of the thing that the range belongs to. */
  readonly owner: number;
}

interface UnitCode {
  /** Where its entries are. */
  readonly info: DebugInfo;
  readonly base: number;
  /** Offsets of functions with a body. */
  readonly functions: readonly number[];
  readonly spans: readonly Span[];
  readonly lines: LineIndex | undefined;
}

export class SourcePlaces {
  private readonly section: Sections;
  private readonly info: DebugInfo;
  private readonly split: SplitUnits;
  private spans: readonly Span[] | undefined;
  private readonly codes = new Map<number, UnitCode>();

  private constructor(file: ElfFile, files: SplitFiles) {
    this.section = dwarfSections(file);
    this.info = new DebugInfo(this.section);
    this.split = new SplitUnits(this.section, files);
  }

  /** Undefined when the file has no debug information. `files`: where the details of split units are. */
  static open(file: ElfFile, files: SplitFiles = noSplitFiles): SourcePlaces | undefined {
    const places = new SourcePlaces(file, files);
    return places.section("info").length === 0 ? undefined : places;
  }

  /** Undefined when nothing is known of the address. Throws DwarfError. */
  find(address: number): FoundPlace | undefined {
    const index = ownerAt(this.unitSpans(), address);
    const unit = index === undefined ? undefined : this.info.units()[index];
    if (index === undefined || unit === undefined) return undefined;
    const code = this.codeOf(index, unit);
    const inlined: InlinedFunction[] = [];
    let place = code.lines?.find(address);
    for (const entry of this.inlinedAt(code, address).reverse()) {
      inlined.push({ name: nameOf(code.info, entry), place });
      place = code.lines?.place(numberOf(entry, attributes.callFile), numberOf(entry, attributes.callLine));
    }
    return { inlined, place };
  }

  private unitSpans(): readonly Span[] {
    this.spans ??= sorted(
      this.info.units().flatMap((unit, owner) => {
        const root = this.info.root(unit);
        if (root === undefined) return [];
        const base = numberOf(root, attributes.lowPc) ?? 0;
        return rangesOf(this.section, root, base).map((range) => ({ ...range, owner }));
      }),
    );
    return this.spans;
  }

  private codeOf(index: number, unit: Unit): UnitCode {
    const known = this.codes.get(index);
    if (known !== undefined) return known;
    const made = this.readCode(unit);
    this.codes.set(index, made);
    return made;
  }

  private readCode(unit: Unit): UnitCode {
    const root = this.info.root(unit);
    if (root === undefined) return { info: this.info, base: 0, functions: [], spans: [], lines: undefined };
    const details = this.split.detailsOf(root) ?? { info: this.info, root };
    const { info } = details;
    const base = numberOf(root, attributes.lowPc) ?? 0;
    const functions: number[] = [];
    const spans: Span[] = [];
    const visit = (entry: Entry) => {
      for (const child of info.children(entry)) {
        if (scopes.has(child.tag)) visit(child);
        if (child.tag !== tags.subprogram) continue;
        const ranges = rangesOf(info.section, child, base);
        if (ranges.length === 0) continue;
        spans.push(...ranges.map((range) => ({ ...range, owner: functions.length })));
        functions.push(child.offset);
      }
    };
    visit(details.root);
    const table = readLineTable(this.section, root);
    return { info, base, functions, spans: sorted(spans), lines: table === undefined ? undefined : new LineIndex(table) };
  }

  /** Inlined functions at an address, from the outermost to the innermost. */
  private inlinedAt(code: UnitCode, address: number): Entry[] {
    const owner = ownerAt(code.spans, address);
    const offset = owner === undefined ? undefined : code.functions[owner];
    let entry = offset === undefined ? undefined : code.info.at(offset);
    const found: Entry[] = [];
    while (entry !== undefined) {
      entry = childAt(code.info, entry, code.base, address);
      if (entry?.tag === tags.inlinedSubroutine) found.push(entry);
    }
    return found;
  }
}

/** The block or inlined function in an entry that contains an address. */
function childAt(info: DebugInfo, parent: Entry, base: number, address: number): Entry | undefined {
  for (const child of info.children(parent)) {
    if (child.tag !== tags.inlinedSubroutine && child.tag !== tags.lexicalBlock) continue;
    const ranges = rangesOf(info.section, child, base);
    if (ranges.some(({ low, high }) => address >= low && address < high)) return child;
    // A block without addresses of its own may have inlined functions in it.
    const inside = child.tag === tags.lexicalBlock && ranges.length === 0 ? childAt(info, child, base, address) : undefined;
    if (inside !== undefined) return inside;
  }
  return undefined;
}

function nameOf(info: DebugInfo, entry: Entry): string {
  let current: Entry | undefined = entry;
  let name: string | undefined;
  // The way from a copy to what it was made from is short; damaged files may have circles.
  for (let i = 0; i < 8 && current !== undefined; i++) {
    const linkage = textOf(current, attributes.linkageName);
    if (linkage !== undefined) return linkage;
    name ??= textOf(current, attributes.name);
    const reference: AttributeValue | undefined = current.values.get(attributes.abstractOrigin) ?? current.values.get(attributes.specification);
    current = reference?.kind === "reference" ? info.at(reference.offset) : undefined;
  }
  return name ?? "[unknown]";
}

/** Entries that may hold functions with a body. */
const scopes: ReadonlySet<number> = new Set([tags.namespace, tags.structureType, tags.classType, tags.unionType]);

function sorted(spans: Span[]): readonly Span[] {
  return spans.sort((a, b) => a.low - b.low);
}

/** Spans of code do not overlap, except in damaged files. */
function ownerAt(spans: readonly Span[], address: number): number | undefined {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.low ?? 0) <= address) low = middle + 1;
    else high = middle;
  }
  const found = spans[low - 1];
  return found !== undefined && address < found.high ? found.owner : undefined;
}

/** Rows of a line table by address. */
class LineIndex {
  private readonly files: readonly string[];
  private readonly rows: readonly { readonly low: number; readonly high: number; readonly file: number; readonly line: number }[];

  constructor({ files, rows }: LineTable) {
    this.files = files;
    const spans = rows.flatMap((row, i) => {
      const next = rows[i + 1];
      // Line 0: code that belongs to no line.
      if (row.end || next === undefined || next.address <= row.address) return [];
      return [{ low: Number(row.address), high: Number(next.address), file: row.file, line: row.line }];
    });
    this.rows = spans.sort((a, b) => a.low - b.low);
  }

  find(address: number): SourcePlace | undefined {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.rows[middle]?.low ?? 0) <= address) low = middle + 1;
      else high = middle;
    }
    const row = this.rows[low - 1];
    return row !== undefined && address < row.high ? this.place(row.file, row.line) : undefined;
  }

  place(file: number | undefined, line: number | undefined): SourcePlace | undefined {
    const name = file === undefined ? undefined : this.files[file];
    return name === undefined || line === undefined || line === 0 ? undefined : { file: name, line };
  }
}
