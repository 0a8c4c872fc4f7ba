// From C types to types of the language: one StructLayout per definition, fields made on first use. Pure.

import {
  type AddressSpace,
  type EnumType,
  type Field,
  intType,
  none,
  pointerTo,
  stringType,
  type StructType,
  type Type,
  uint32,
  uint8,
  int8,
} from "../types/type.ts";
import type { CScope } from "./c-scope.ts";
import {
  type CEnum,
  type CInteger,
  type CRecord,
  type CType,
  integerOf,
  type PlacedMember,
  sizeOfC,
  withoutAlignment,
} from "./c-type.ts";

/** Converts C types, each record and enum once. */
export class TypeProjection {
  private readonly scope: CScope;
  private readonly space: AddressSpace;
  private readonly records = new Map<CRecord, Type>();
  private readonly enums = new Map<CEnum, Type>();
  private readonly others = new Map<CType, Type>();

  /** `space`: which memory the pointers in the declarations refer to. */
  constructor(scope: CScope, space: AddressSpace) {
    this.scope = scope;
    this.space = space;
  }

  type(type: CType): Type {
    let made = this.others.get(type);
    if (made === undefined) {
      made = this.convert(type);
      this.others.set(type, made);
    }
    return made;
  }

  /** A defined record. */
  struct(record: CRecord): StructType {
    const made = this.record(record);
    if (made.kind === "struct") return made;
    return this.ownRecord(record);
  }

  private convert(type: CType): Type {
    switch (type.kind) {
      case "void":
      case "function":
        return none;
      case "int":
        return integerType(type);
      case "opaque": {
        const { name, size, alignment } = type;
        const narrow = alignment >= 8 ? 8 : alignment >= 4 ? 4 : alignment >= 2 ? 2 : 1;
        return { kind: "opaque", name, size, alignment: narrow, parameters: [] };
      }
      case "pointer":
        return pointerTo(this.type(type.to), this.space);
      case "aligned":
        return this.type(type.type);
      case "array": {
        const element = withoutAlignment(type.element);
        // Only plain char makes a string; without a bound it is an array, as its size is not known.
        const isString = element.kind === "int" && element.flavour === "char" && type.count > 0;
        if (isString) return stringType(type.count);
        return { kind: "array", element: this.type(element), count: type.count };
      }
      case "record":
        return this.record(type.record);
      case "enum":
        return this.enumeration(type.enumeration) ?? uint32;
      case "external":
        return type.type;
    }
  }

  private record(record: CRecord): Type {
    let made = this.records.get(record);
    if (made === undefined) {
      made = this.scope.externalOf({ kind: "record", record }) ?? this.ownRecord(record);
      this.records.set(record, made);
    }
    return made;
  }

  private ownRecord(record: CRecord): StructType {
    const { tag, name, layout } = record;
    let fields: readonly Field[] | undefined;
    return {
      kind: "struct",
      layout: {
        tag,
        name,
        size: layout?.size ?? 0,
        alignment: layout?.alignment ?? 1,
        complete: layout !== undefined,
        fields: () => {
          fields ??= this.fieldsOf(layout?.members ?? [], 0, layout?.size ?? 0);
          return fields;
        },
      },
    };
  }

  /** Members in order, those of anonymous records in their place. `position`: bits before the record. */
  private fieldsOf(members: readonly PlacedMember[], position: number, size: number): readonly Field[] {
    return members.flatMap((member) => {
      const at = position + member.position;
      const inner = withoutAlignment(member.type);
      if (member.width !== undefined) return member.name === undefined ? [] : [this.bitField(member, at, size)];
      if (member.name !== undefined) {
        return [{ name: member.name, type: this.type(member.type), offset: at / 8, bits: undefined }];
      }
      return inner.kind === "record" ? this.fieldsOf(inner.record.layout?.members ?? [], at, size) : [];
    });
  }

  private bitField(member: PlacedMember, position: number, size: number): Field {
    const width = member.width ?? 0;
    const own = sizeOfC(member.type) ?? 8;
    const unit = storageUnit(position, width, { own, size });
    const declared = this.type(member.type);
    const signed = integerOf(member.type)?.signed ?? false;
    const type = unit.bytes === own ? declared : intType(unit.bytes, signed);
    return { name: member.name ?? "", type, offset: unit.offset, bits: { shift: position - unit.offset * 8, width } };
  }

  /** Enumerations that are only declared have the type of elsewhere, if any. */
  enumeration(enumeration: CEnum): Type | undefined {
    const known = this.enums.get(enumeration);
    if (known !== undefined) return known;
    const { name, body } = enumeration;
    const made: EnumType | Type | undefined =
      body === undefined
        ? this.scope.externalOf({ kind: "enum", enumeration })
        : { kind: "enum", name, bytes: body.size, signed: body.signed, enumerators: body.enumerators };
    if (made !== undefined) this.enums.set(enumeration, made);
    return made;
  }
}

function integerType(type: CInteger): Type {
  if (type.flavour === "bool") return uint8;
  if (type.flavour === "char") return int8;
  if (type.size !== 16) return intType(type.size, type.signed);
  return { kind: "opaque", name: type.signed ? "int128" : "uint128", size: 16, alignment: 8, parameters: [] };
}

interface StorageUnit {
  readonly offset: number;
  readonly bytes: 1 | 2 | 4 | 8;
}

/**
 * The integer to read for a bit-field: of the declared size where that lies inside the record and holds all bits,
 * else (packed records) the smallest that does, even if unaligned. A packed field of more than 57 bits may need
 * 9 bytes: then the unit is too small for it and no reader can get all bits at once.
 */
function storageUnit(
  position: number,
  width: number,
  limits: { readonly own: number; readonly size: number },
): StorageUnit {
  const first = Math.floor(position / 8);
  const sizes = [limits.own, 1, 2, 4, 8].filter((size): size is 1 | 2 | 4 | 8 => [1, 2, 4, 8].includes(size));
  const holds = (offset: number, bytes: number): boolean =>
    position >= offset * 8 && position + width <= (offset + bytes) * 8;
  const candidates = sizes.flatMap((bytes) => [
    { offset: Math.floor(first / bytes) * bytes, bytes },
    { offset: Math.max(0, Math.min(first, limits.size - bytes)), bytes },
  ]);
  return (
    candidates.find((unit) => holds(unit.offset, unit.bytes) && unit.offset + unit.bytes <= limits.size) ??
    candidates.find((unit) => holds(unit.offset, unit.bytes)) ?? { offset: first, bytes: 8 }
  );
}
