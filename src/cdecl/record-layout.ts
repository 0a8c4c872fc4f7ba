// The layout of structs and unions as gcc makes it for the System V ABI (x86-64) and AAPCS64, bit-fields included.

import { alignUp } from "../types/type.ts";
import { alignmentOfC, type CType, maximumSize, type PlacedMember, type RecordLayout, sizeOfC } from "./c-type.ts";

/** A member as declared. */
export interface MemberDeclaration {
  /** Undefined for anonymous structs and unions and for unnamed bit-fields. */
  readonly name: string | undefined;
  readonly type: CType;
  /** Bits of a bit-field. */
  readonly width: number | undefined;
  readonly packed: boolean;
  /** From `aligned` and `_Alignas`. */
  readonly aligned: number | undefined;
}

export interface RecordOptions {
  readonly tag: "struct" | "union";
  readonly packed: boolean;
  /** `aligned(N)` of the record itself. */
  readonly aligned: number | undefined;
  /** `#pragma pack(N)`; undefined: none. */
  readonly pack: number | undefined;
  /** AAPCS64: unnamed bit-fields align the record too. */
  readonly alignUnnamed: boolean;
}

/** Places all members. A member whose type has no size is the caller's error; undefined when the record gets too large. */
export function layoutRecord(members: readonly MemberDeclaration[], options: RecordOptions): RecordLayout | undefined {
  const placed: PlacedMember[] = [];
  let alignment = 1;
  let end = 0;
  let at = 0;
  for (const member of members) {
    if (options.tag === "union") at = 0;
    const place = member.width === undefined ? placePlain(member, at, options) : placeBits(member, at, options);
    alignment = Math.max(alignment, place.alignment);
    at = place.end;
    end = Math.max(end, at);
    if (end > maximumSize * 8) return undefined;
    const { name, type, width } = member;
    if (width !== 0) placed.push({ name, type, position: place.position, width });
  }
  if (options.aligned !== undefined) alignment = Math.max(alignment, options.aligned);
  return { size: alignUp(Math.ceil(end / 8), alignment), alignment, members: placed };
}

interface Place {
  /** Bits. */
  readonly position: number;
  readonly end: number;
  /** Bytes that the record has to be aligned to. */
  readonly alignment: number;
}

function placePlain(member: MemberDeclaration, at: number, options: RecordOptions): Place {
  const packed = member.packed || options.packed;
  const natural = packed ? 1 : alignmentOfC(member.type);
  const alignment = limited(Math.max(natural, member.aligned ?? 1), options);
  const position = alignUp(at, alignment * 8);
  return { position, end: position + (sizeOfC(member.type) ?? 0) * 8, alignment };
}

function placeBits(member: MemberDeclaration, at: number, options: RecordOptions): Place {
  const width = member.width ?? 0;
  const typeAlignment = alignmentOfC(member.type);
  const counts = member.name !== undefined || options.alignUnnamed;
  if (width === 0) {
    // Closes the unit, also in packed records and under #pragma pack (gcc: layout_decl, zero_bitfield).
    const position = alignUp(at, typeAlignment * 8);
    return { position, end: position, alignment: counts ? typeAlignment : 1 };
  }
  const packed = member.packed || options.packed;
  const own = member.aligned === undefined ? 1 : limited(member.aligned, options);
  let position = member.aligned === undefined ? at : alignUp(at, own * 8);
  // A bit-field may not cross more units of its type's alignment than the type itself has (gcc: excess_unit_span).
  // One that is as wide as an integer and aligned like one is no bit-field to gcc (layout_decl), so it stays.
  const whole = [8, 16, 32, 64].includes(width) && at % width === 0;
  if (!packed && !whole && options.pack === undefined) {
    const unit = typeAlignment * 8;
    const bits = (sizeOfC(member.type) ?? 0) * 8;
    if (Math.floor(((position % unit) + width + unit - 1) / unit) > bits / unit) position = alignUp(position, unit);
  }
  // Under #pragma pack the type of a bit-field counts even where `packed` stands (gcc: update_alignment_for_field).
  const implied = packed && options.pack === undefined ? 1 : limited(typeAlignment, options);
  return { position, end: position + width, alignment: counts ? Math.max(own, implied) : 1 };
}

function limited(alignment: number, options: RecordOptions): number {
  return options.pack === undefined ? alignment : Math.min(alignment, options.pack);
}
