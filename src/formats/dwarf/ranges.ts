// The addresses that an entry of debug information covers: one range, or a list of them (DWARF 5, 2.17.3; before, .debug_ranges).

import { attributes, forms } from "./constants.ts";
import { Cursor, DwarfError } from "./cursor.ts";
import type { Sections } from "./sections.ts";
import { type Entry, numberOf, type Unit } from "./units.ts";

/** Virtual addresses as numbers: those of files are below 2^53. `high` is the first that does not belong to it. */
export interface AddressRange {
  readonly low: number;
  readonly high: number;
}

/** Kinds of entries of a list (DW_RLE_*). */
const kinds = { endOfList: 0, baseIndexed: 1, startEndIndexed: 2, startLengthIndexed: 3, offsetPair: 4, base: 5, startEnd: 6, startLength: 7 } as const;
const largestAddress = 0xffff_ffff_ffff_ffffn;

/** Ranges of an entry without the empty ones; `base`: where its unit begins. */
export function rangesOf(sections: Sections, entry: Entry, base: number): readonly AddressRange[] {
  const list = entry.values.get(attributes.ranges);
  if (list?.kind === "number") {
    const { unit } = entry;
    const found = unit.version >= 5 ? modernList(sections, unit, list, base) : oldList(sections, unit, unit.rangesBase + Number(list.value), base);
    return found.filter(({ low, high }) => low < high);
  }
  const low = numberOf(entry, attributes.lowPc);
  const end = entry.values.get(attributes.highPc);
  if (low === undefined || end?.kind !== "number") return [];
  const high = end.form === forms.address ? Number(end.value) : low + Number(end.value);
  return low < high ? [{ low, high }] : [];
}

function oldList(sections: Sections, unit: Unit, offset: number, unitBase: number): readonly AddressRange[] {
  const cursor = new Cursor(sections("ranges"), offset);
  const address = () => (unit.addressSize === 8 ? cursor.u64() : BigInt(cursor.u32()));
  const ranges: AddressRange[] = [];
  for (let base = unitBase; ; ) {
    const low = address();
    const high = address();
    if (low === 0n && high === 0n) return ranges;
    if (low === largestAddress) base = Number(high);
    else ranges.push({ low: base + Number(low), high: base + Number(high) });
  }
}

function modernList(sections: Sections, unit: Unit, list: { readonly value: bigint; readonly form: number }, unitBase: number): readonly AddressRange[] {
  const bytes = sections("rnglists");
  const cursor = new Cursor(bytes, Number(list.value));
  if (list.form === forms.rnglistx) {
    const table = unit.rangeListsBase;
    cursor.at = table + Number(list.value) * unit.offsetSize;
    cursor.at = table + cursor.offset(unit.offsetSize);
  }
  const address = () => Number(unit.addressSize === 8 ? cursor.u64() : cursor.u32());
  const indexed = () => Number(new Cursor(sections("addr"), unit.addressBase + cursor.uleb() * unit.addressSize).u64());
  const ranges: AddressRange[] = [];
  const add = (low: number, high: number) => ranges.push({ low, high });
  for (let base = unitBase; ; ) {
    const kind = cursor.u8();
    switch (kind) {
      case kinds.endOfList:
        return ranges;
      case kinds.baseIndexed:
        base = indexed();
        break;
      case kinds.base:
        base = address();
        break;
      case kinds.startEndIndexed: {
        const low = indexed();
        add(low, indexed());
        break;
      }
      case kinds.startLengthIndexed: {
        const low = indexed();
        add(low, low + cursor.uleb());
        break;
      }
      case kinds.offsetPair: {
        const low = base + cursor.uleb();
        add(low, base + cursor.uleb());
        break;
      }
      case kinds.startEnd: {
        const low = address();
        add(low, address());
        break;
      }
      case kinds.startLength: {
        const low = address();
        add(low, low + cursor.uleb());
        break;
      }
      default:
        throw new DwarfError(`unknown kind ${kind} in a list of ranges`);
    }
  }
}
