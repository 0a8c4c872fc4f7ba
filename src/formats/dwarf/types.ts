// Types of debug information as the language's types.

import {
  type Enumerator,
  type EnumType,
  type Field,
  type IntBytes,
  intType,
  none,
  pointerTo,
  storedSize,
  stringType,
  type StructLayout,
  type StructType,
  type Type,
} from "../../types/type.ts";
import { attributes, encodings, tags } from "./constants.ts";
import { Cursor } from "./cursor.ts";
import { type DebugInfo, type Entry, numberOf, textOf } from "./units.ts";

/** DW_OP_plus_uconst: the only operation of member locations in use (DWARF 2 and 3). */
const plusConstant = 0x23;

/** Tags that stand for the type they refer to. */
const transparent: ReadonlySet<number> = new Set([
  tags.typedef,
  tags.constType,
  tags.volatileType,
  tags.restrictType,
  tags.atomicType,
]);

export class DwarfTypes {
  private readonly info: DebugInfo;
  private readonly bytes: () => Buffer;
  private readonly structs = new Map<number, StructType>();
  private readonly enums = new Map<number, EnumType>();

  /** `bytes`: the section of entries, for blocks. */
  constructor(info: DebugInfo, bytes: () => Buffer) {
    this.info = info;
    this.bytes = bytes;
  }

  /** The type that an entry refers to; nothing means void. */
  typeOf(entry: Entry): Type {
    const reference = entry.values.get(attributes.type);
    if (reference?.kind !== "reference") return none;
    const target = this.info.at(reference.offset);
    return target === undefined ? none : this.type(target);
  }

  type(entry: Entry): Type {
    if (transparent.has(entry.tag)) return this.typeOf(entry);
    switch (entry.tag) {
      case tags.baseType:
        return baseType(entry);
      case tags.pointerType:
      case tags.referenceType:
      case tags.rvalueReferenceType:
        return this.pointer(entry);
      case tags.structureType:
      case tags.classType:
      case tags.unionType:
        return this.struct(entry);
      case tags.enumerationType:
        return this.enumeration(entry);
      case tags.arrayType:
        return this.array(entry);
      default:
        return none;
    }
  }

  /** Chains of pointers to one's own struct end at its layout, which is made when its fields are asked for. */
  private pointer(entry: Entry): Type {
    const reference = entry.values.get(attributes.type);
    const target = reference?.kind === "reference" ? this.info.at(reference.offset) : undefined;
    if (target === undefined || target.tag === tags.subroutineType) return pointerTo(none, "user");
    return pointerTo(this.type(target), "user");
  }

  struct(entry: Entry): StructType {
    const known = this.structs.get(entry.offset);
    if (known !== undefined) return known;
    let fields: readonly Field[] | undefined;
    const declared = numberOf(entry, attributes.declaration) === 1;
    const size = numberOf(entry, attributes.byteSize) ?? 0;
    const layout: StructLayout = {
      tag: entry.tag === tags.unionType ? "union" : "struct",
      name: textOf(entry, attributes.name) ?? "",
      size,
      alignment: size % 8 === 0 ? 8 : size % 4 === 0 ? 4 : size % 2 === 0 ? 2 : 1,
      complete: !declared,
      fields: () => {
        fields ??= this.members(entry, 0);
        return fields;
      },
    };
    const type: StructType = { kind: "struct", layout };
    this.structs.set(entry.offset, type);
    return type;
  }

  /** Members with those of anonymous structs among them. */
  private members(entry: Entry, base: number): readonly Field[] {
    const fields: Field[] = [];
    for (const child of this.info.children(entry)) {
      if (child.tag !== tags.member) continue;
      const name = textOf(child, attributes.name);
      const offset = base + this.memberOffset(child);
      if (name !== undefined) {
        fields.push(this.field(child, name, offset));
        continue;
      }
      const reference = child.values.get(attributes.type);
      const inner = reference?.kind === "reference" ? this.info.at(reference.offset) : undefined;
      if (inner !== undefined && (inner.tag === tags.structureType || inner.tag === tags.unionType)) {
        fields.push(...this.members(inner, offset));
      }
    }
    return fields;
  }

  private memberOffset(member: Entry): number {
    const location = member.values.get(attributes.dataMemberLocation);
    if (location?.kind === "number") return Number(location.value);
    if (location?.kind !== "block") return 0;
    const cursor = new Cursor(this.bytes(), location.start);
    return cursor.u8() === plusConstant ? cursor.uleb() : 0;
  }

  private field(member: Entry, name: string, offset: number): Field {
    const type = this.typeOf(member);
    const width = numberOf(member, attributes.bitSize);
    if (width === undefined) return { name, type, offset, bits: undefined };
    const unit = type.kind === "none" ? 4 : storedSize(type);
    const position = this.bitPosition(member, offset, unit, width);
    const start = Math.floor(position / (unit * 8)) * unit;
    return { name, type, offset: start, bits: { shift: position - start * 8, width } };
  }

  /** Bits from the start of the struct. */
  private bitPosition(member: Entry, offset: number, unit: number, width: number): number {
    const modern = numberOf(member, attributes.dataBitOffset);
    if (modern !== undefined) return modern;
    // Before version 4 bits are counted from the high end of the storage unit.
    const fromHigh = numberOf(member, attributes.bitOffset) ?? 0;
    const storage = numberOf(member, attributes.byteSize) ?? unit;
    return offset * 8 + storage * 8 - fromHigh - width;
  }

  private enumeration(entry: Entry): EnumType {
    const known = this.enums.get(entry.offset);
    if (known !== undefined) return known;
    const enumerators: Enumerator[] = [];
    for (const child of this.info.children(entry)) {
      const value = child.values.get(attributes.constValue);
      const name = textOf(child, attributes.name);
      if (child.tag === tags.enumerator && name !== undefined && value?.kind === "number") enumerators.push({ name, value: value.value });
    }
    const type: EnumType = {
      kind: "enum",
      name: textOf(entry, attributes.name) ?? "",
      bytes: integerBytes(numberOf(entry, attributes.byteSize) ?? 4),
      signed: enumerators.some((e) => e.value < 0n),
      enumerators,
    };
    this.enums.set(entry.offset, type);
    return type;
  }

  private array(entry: Entry): Type {
    const counts: number[] = [];
    for (const child of this.info.children(entry)) if (child.tag === tags.subrange) counts.push(elementCount(child));
    let type = this.typeOf(entry);
    for (const count of counts.reverse()) {
      const isChar = type.kind === "int" && type.bytes === 1 && type.signed;
      type = isChar && count > 0 ? stringType(count) : { kind: "array", element: type, count };
    }
    return type;
  }
}

function elementCount(subrange: Entry): number {
  const count = numberOf(subrange, attributes.count);
  if (count !== undefined) return count;
  const bound = numberOf(subrange, attributes.upperBound);
  return bound === undefined || bound === 0xffff_ffff ? 0 : bound + 1;
}

function integerBytes(size: number): IntBytes {
  return size === 1 ? 1 : size === 2 ? 2 : size === 8 ? 8 : 4;
}

function baseType(entry: Entry): Type {
  const size = numberOf(entry, attributes.byteSize) ?? 0;
  switch (numberOf(entry, attributes.encoding)) {
    case encodings.signed:
    case encodings.signedChar:
      return size <= 8 ? intType(integerBytes(size), true) : none;
    case encodings.float:
      return size <= 8 ? { kind: "opaque", name: "float", size, alignment: size === 8 ? 8 : 4, parameters: [] } : none;
    case encodings.unsigned:
    case encodings.unsignedChar:
    case encodings.boolean:
    case encodings.utf:
      return size <= 8 ? intType(integerBytes(size), false) : none;
    default:
      return none;
  }
}
