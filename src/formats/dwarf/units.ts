// Units of .debug_info and their entries: abbreviations, attributes, the tree by nesting.

import { attributes, forms, tags, unitTypes } from "./constants.ts";
import { Cursor, DwarfError } from "./cursor.ts";
import type { Sections } from "./sections.ts";

interface AttributeSpec {
  readonly attribute: number;
  readonly form: number;
  readonly implicit: bigint;
}

interface Abbreviation {
  readonly tag: number;
  readonly children: boolean;
  readonly specs: readonly AttributeSpec[];
}

export type AttributeValue =
  /** `form` says what the number means: of the end of a range for instance whether it is an address or a length. */
  | { readonly kind: "number"; readonly value: bigint; readonly form: number }
  | { readonly kind: "text"; readonly value: string }
  /** Offset in .debug_info. */
  | { readonly kind: "reference"; readonly offset: number }
  | { readonly kind: "block"; readonly start: number; readonly length: number }
  /** Something in another file, or of a kind that is not read. */
  | { readonly kind: "other" };

export interface Unit {
  /** Offset of the header in .debug_info. */
  readonly offset: number;
  readonly end: number;
  readonly version: number;
  readonly offsetSize: 4 | 8;
  readonly addressSize: number;
  /** Offset of the first entry. */
  readonly first: number;
  readonly abbreviations: ReadonlyMap<number, Abbreviation>;
  /** What a skeleton and the split unit with its details have in common. */
  splitId: bigint | undefined;
  stringOffsetsBase: number;
  addressBase: number;
  rangeListsBase: number;
  /** Where the lists of .debug_ranges begin that the entries of this unit count from. */
  rangesBase: number;
}

/** The places of a split unit's addresses, which its skeleton says. */
export interface SkeletonBases {
  readonly addressBase: number;
  readonly rangesBase: number;
}

/** A debugging information entry. */
export interface Entry {
  readonly unit: Unit;
  readonly offset: number;
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly values: ReadonlyMap<number, AttributeValue>;
  /** Where the next entry starts: the first child, if there are any. */
  readonly next: number;
}

export class DebugInfo {
  readonly section: Sections;
  /** Of split units; undefined for others. */
  private readonly skeleton: SkeletonBases | undefined;
  private readonly abbreviationTables = new Map<number, ReadonlyMap<number, Abbreviation>>();
  private list: readonly Unit[] | undefined;

  constructor(section: Sections, skeleton?: SkeletonBases) {
    this.section = section;
    this.skeleton = skeleton;
  }

  units(): readonly Unit[] {
    this.list ??= this.readUnits();
    return this.list;
  }

  private readUnits(): readonly Unit[] {
    const info = this.section("info");
    const units: Unit[] = [];
    for (let at = 0; at + 11 < info.length; ) {
      const unit = this.readUnit(info, at);
      at = unit.end;
      units.push(unit);
    }
    return units;
  }

  private readUnit(info: Buffer, offset: number): Unit {
    const cursor = new Cursor(info, offset);
    const short = cursor.u32();
    const offsetSize = short === 0xffff_ffff ? 8 : 4;
    const length = offsetSize === 8 ? Number(cursor.u64()) : short;
    const end = cursor.at + length;
    const version = cursor.u16();
    if (version < 2 || version > 5) throw new DwarfError(`debug information of version ${version}`);
    const type = version >= 5 ? cursor.u8() : unitTypes.compile;
    const early = version >= 5 ? cursor.u8() : 0;
    const table = cursor.offset(offsetSize);
    const addressSize = version >= 5 ? early : cursor.u8();
    const splitId = type === unitTypes.skeleton || type === unitTypes.splitCompile ? cursor.u64() : undefined;
    if (type === unitTypes.type || type === unitTypes.splitType) cursor.skip(8 + offsetSize);
    const header = offsetSize === 8 ? 16 : 8;
    const unit: Unit = {
      offset,
      end,
      version,
      offsetSize,
      addressSize,
      first: cursor.at,
      abbreviations: this.abbreviations(table),
      splitId,
      // A split unit does not say where its own tables begin: right behind their headers, which version 4 did not have.
      stringOffsetsBase: this.skeleton !== undefined && version < 5 ? 0 : header,
      addressBase: this.skeleton?.addressBase ?? header,
      rangeListsBase: this.skeleton === undefined ? 0 : header + 4,
      rangesBase: this.skeleton?.rangesBase ?? 0,
    };
    this.readBases(unit);
    return unit;
  }

  /** The unit's own entry says where its tables of strings and addresses begin. */
  private readBases(unit: Unit): void {
    const root = this.entry(unit, unit.first, true);
    const base = (attribute: number, otherwise: number) => {
      const value = root?.values.get(attribute);
      return value?.kind === "number" ? Number(value.value) : otherwise;
    };
    unit.stringOffsetsBase = base(attributes.stringOffsetsBase, unit.stringOffsetsBase);
    unit.addressBase = base(attributes.addressBase, base(attributes.gnuAddressBase, unit.addressBase));
    unit.rangeListsBase = base(attributes.rangeListsBase, unit.rangeListsBase);
    const id = root?.values.get(attributes.gnuSplitId);
    if (id?.kind === "number") unit.splitId = id.value;
  }

  private abbreviations(offset: number): ReadonlyMap<number, Abbreviation> {
    const known = this.abbreviationTables.get(offset);
    if (known !== undefined) return known;
    const cursor = new Cursor(this.section("abbrev"), offset);
    const table = new Map<number, Abbreviation>();
    for (;;) {
      const code = cursor.uleb();
      if (code === 0) break;
      const tag = cursor.uleb();
      const children = cursor.u8() !== 0;
      const specs: AttributeSpec[] = [];
      for (;;) {
        const attribute = cursor.uleb();
        const form = cursor.uleb();
        const implicit = form === forms.implicitConst ? cursor.sleb() : 0n;
        if (attribute === 0 && form === 0) break;
        specs.push({ attribute, form, implicit });
      }
      table.set(code, { tag, children, specs });
    }
    this.abbreviationTables.set(offset, table);
    return table;
  }

  /** The entry at an offset; undefined for the null entry that ends a list of children. `plain`: texts are not looked up. */
  entry(unit: Unit, offset: number, plain = false): Entry | undefined {
    const cursor = new Cursor(this.section("info"), offset);
    const code = cursor.uleb();
    if (code === 0) return undefined;
    const abbreviation = unit.abbreviations.get(code);
    if (abbreviation === undefined) throw new DwarfError(`abbreviation ${code} is not defined`);
    const values = new Map<number, AttributeValue>();
    for (const { attribute, form, implicit } of abbreviation.specs) {
      values.set(attribute, this.value(cursor, unit, form, implicit, plain));
    }
    return { unit, offset, tag: abbreviation.tag, hasChildren: abbreviation.children, values, next: cursor.at };
  }

  /** The entry that a reference leads to. */
  at(offset: number): Entry | undefined {
    const units = this.units();
    let low = 0;
    let high = units.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((units[middle]?.offset ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    const unit = units[low - 1];
    return unit === undefined || offset >= unit.end ? undefined : this.entry(unit, offset);
  }

  /** The children of an entry, one after the other. */
  *children(parent: Entry): Generator<Entry> {
    if (!parent.hasChildren) return;
    for (let at = parent.next; at < parent.unit.end; ) {
      const child = this.entry(parent.unit, at);
      if (child === undefined) return;
      yield child;
      at = this.after(child);
    }
  }

  /** Where the sibling of an entry begins. */
  private after(entry: Entry): number {
    if (!entry.hasChildren) return entry.next;
    const sibling = entry.values.get(attributes.sibling);
    if (sibling?.kind === "reference") return sibling.offset;
    let at = entry.next;
    while (at < entry.unit.end) {
      const child = this.entry(entry.unit, at, true);
      if (child === undefined) return new Cursor(this.section("info"), at).at + 1;
      at = this.after(child);
    }
    return at;
  }

  root(unit: Unit): Entry | undefined {
    const root = this.entry(unit, unit.first);
    return root?.tag === tags.compileUnit || root?.tag === tags.skeletonUnit ? root : undefined;
  }

  private value(cursor: Cursor, unit: Unit, form: number, implicit: bigint, plain: boolean): AttributeValue {
    const number = (value: number | bigint): AttributeValue => ({ kind: "number", value: BigInt(value), form });
    const local = (offset: number): AttributeValue => ({ kind: "reference", offset: unit.offset + offset });
    const block = (length: number): AttributeValue => {
      const start = cursor.at;
      cursor.skip(length);
      return { kind: "block", start, length };
    };
    switch (form) {
      case forms.address:
        return number(unit.addressSize === 8 ? cursor.u64() : cursor.u32());
      case forms.data1:
      case forms.flag:
        return number(cursor.u8());
      case forms.data2:
        return number(cursor.u16());
      case forms.data4:
        return number(cursor.u32());
      case forms.data8:
        return number(cursor.u64());
      case forms.sdata:
        return number(cursor.sleb());
      case forms.udata:
        return number(cursor.uleb());
      case forms.implicitConst:
        return number(implicit);
      case forms.flagPresent:
        return number(1);
      case forms.secOffset:
        return number(cursor.offset(unit.offsetSize));
      case forms.rnglistx:
      case forms.loclistx:
        return number(cursor.uleb());
      case forms.string:
        return { kind: "text", value: cursor.text() };
      case forms.strp:
        return this.text("str", cursor.offset(unit.offsetSize), plain);
      case forms.lineStrp:
        return this.text("line_str", cursor.offset(unit.offsetSize), plain);
      case forms.strx:
      case forms.gnuStringIndex:
        return this.indexedText(unit, cursor.uleb(), plain);
      case forms.strx1:
        return this.indexedText(unit, cursor.u8(), plain);
      case forms.strx2:
        return this.indexedText(unit, cursor.u16(), plain);
      case forms.strx3:
        return this.indexedText(unit, cursor.u24(), plain);
      case forms.strx4:
        return this.indexedText(unit, cursor.u32(), plain);
      case forms.addrx:
      case forms.gnuAddressIndex:
        return this.indexedAddress(unit, cursor.uleb(), plain);
      case forms.addrx1:
        return this.indexedAddress(unit, cursor.u8(), plain);
      case forms.addrx2:
        return this.indexedAddress(unit, cursor.u16(), plain);
      case forms.addrx3:
        return this.indexedAddress(unit, cursor.u24(), plain);
      case forms.addrx4:
        return this.indexedAddress(unit, cursor.u32(), plain);
      case forms.ref1:
        return local(cursor.u8());
      case forms.ref2:
        return local(cursor.u16());
      case forms.ref4:
        return local(cursor.u32());
      case forms.ref8:
        return local(Number(cursor.u64()));
      case forms.refUdata:
        return local(cursor.uleb());
      case forms.refAddr:
        return { kind: "reference", offset: unit.version <= 2 ? cursor.offset(unit.addressSize === 8 ? 8 : 4) : cursor.offset(unit.offsetSize) };
      case forms.block1:
        return block(cursor.u8());
      case forms.block2:
        return block(cursor.u16());
      case forms.block4:
        return block(cursor.u32());
      case forms.block:
      case forms.exprloc:
        return block(cursor.uleb());
      case forms.data16:
        return block(16);
      case forms.indirect:
        return this.value(cursor, unit, cursor.uleb(), 0n, plain);
      default:
        return this.foreign(cursor, unit, form);
    }
  }

  /** Values in other files. */
  private foreign(cursor: Cursor, unit: Unit, form: number): AttributeValue {
    const sizes: ReadonlyMap<number, number> = new Map([
      [forms.refSig8, 8],
      [forms.refSup4, 4],
      [forms.refSup8, 8],
      [forms.strpSup, unit.offsetSize],
      [forms.gnuRefAlt, unit.offsetSize],
      [forms.gnuStrpAlt, unit.offsetSize],
    ]);
    const size = sizes.get(form);
    if (size === undefined) throw new DwarfError(`unknown form 0x${form.toString(16)}`);
    cursor.skip(size);
    return { kind: "other" };
  }

  private text(section: "str" | "line_str", offset: number, plain: boolean): AttributeValue {
    return plain ? { kind: "other" } : { kind: "text", value: new Cursor(this.section(section), offset).text() };
  }

  private indexedText(unit: Unit, index: number, plain: boolean): AttributeValue {
    if (plain) return { kind: "other" };
    const cursor = new Cursor(this.section("str_offsets"), unit.stringOffsetsBase + index * unit.offsetSize);
    return this.text("str", cursor.offset(unit.offsetSize), false);
  }

  private indexedAddress(unit: Unit, index: number, plain: boolean): AttributeValue {
    if (plain) return { kind: "other" };
    const cursor = new Cursor(this.section("addr"), unit.addressBase + index * unit.addressSize);
    return { kind: "number", value: cursor.u64(), form: forms.address };
  }
}

export function textOf(entry: Entry, attribute: number): string | undefined {
  const value = entry.values.get(attribute);
  return value?.kind === "text" ? value.value : undefined;
}

export function numberOf(entry: Entry, attribute: number): number | undefined {
  const value = entry.values.get(attribute);
  return value?.kind === "number" ? Number(value.value) : undefined;
}
