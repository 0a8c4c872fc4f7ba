// Types of BTF as the language's types; structs are laid out when their fields are asked for.

import {
  type AddressSpace,
  type Enumerator,
  type EnumType,
  type Field,
  type IntBytes,
  intType,
  none,
  pointerTo,
  stringType,
  type StructLayout,
  type StructType,
  type Type,
  uint8,
} from "../../types/type.ts";
import { btfKinds as kinds, type BtfReader } from "./reader.ts";

const charEncoding = 2;
const signedEncoding = 1;
const boolEncoding = 4;

/** Enumerators that are searched for one by one before all are indexed. */
const fewSearches = 8;

export class BtfTypes {
  private readonly btf: BtfReader;
  private readonly layouts = new Map<number, StructLayout>();
  private readonly ids = new Map<StructLayout, number>();
  private readonly enums = new Map<number, EnumType>();
  /** Named structs whose fields were asked for. */
  readonly examined: StructType[] = [];
  private enumerators: Map<string, { enum: number; value: bigint }> | undefined;
  private enumeratorSearches = 0;

  private readonly base: BtfTypes | undefined;

  /** `base`: types of the kernel, when `btf` is a module's joined to the kernel's: shared types are then the same objects. */
  constructor(btf: BtfReader, base?: BtfTypes) {
    this.btf = btf;
    this.base = base;
  }

  /** The id of a struct that came from here. */
  idOf(layout: StructLayout): number | undefined {
    return this.ids.get(layout);
  }

  /** Skips typedefs and qualifiers. */
  private strip(id: number): number {
    const { btf } = this;
    let at = id;
    for (;;) {
      const kind = btf.kind(at);
      const modifier = kind === kinds.typedef || kind === kinds.volatile || kind === kinds.const || kind === kinds.restrict || kind === kinds.typeTag;
      if (!modifier) return at;
      at = btf.sizeOrType(at);
    }
  }

  /** The language's type for a BTF id; pointers refer to `space` unless they are tagged as user pointers. */
  type(id: number, space: AddressSpace): Type {
    const { btf } = this;
    const at = this.strip(id);
    switch (btf.kind(at)) {
      case kinds.int:
        return this.integer(at);
      case kinds.pointer: {
        const to = btf.sizeOrType(at);
        const user = btf.kind(to) === kinds.typeTag && btf.name(to) === "user";
        const target = btf.kind(this.strip(to)) === kinds.funcProto ? none : this.type(to, space);
        return pointerTo(target, user ? "user" : space);
      }
      case kinds.array:
        return this.array(at, space);
      case kinds.struct:
      case kinds.union:
        return this.structById(at);
      case kinds.enum:
      case kinds.enum64:
        return this.enumById(at);
      case kinds.float: {
        const size = btf.sizeOrType(at);
        return { kind: "opaque", name: "float", size, alignment: size === 8 ? 8 : 4, parameters: [] };
      }
      default:
        return none;
    }
  }

  private integer(id: number): Type {
    const size = this.btf.sizeOrType(id);
    const encoding = (this.btf.extra(id, 0) >>> 24) & 15;
    if (size > 8) return { kind: "array", element: uint8, count: size };
    return intType(bytesOf(size), (encoding & signedEncoding) !== 0 && (encoding & boolEncoding) === 0);
  }

  /** char arrays are strings. */
  private array(id: number, space: AddressSpace): Type {
    const element = this.btf.extra(id, 0);
    const count = this.btf.extra(id, 2);
    const base = this.strip(element);
    const isChar = this.btf.kind(base) === kinds.int && this.btf.sizeOrType(base) === 1 && this.isPlainChar(element, base);
    if (isChar && count > 0) return stringType(count);
    return { kind: "array", element: this.type(element, space), count };
  }

  private isPlainChar(element: number, base: number): boolean {
    const name = this.btf.name(base);
    const encoding = (this.btf.extra(base, 0) >>> 24) & 15;
    return element !== 0 && (name === "char" || (encoding & charEncoding) !== 0);
  }

  structById(id: number): StructType {
    if (this.base !== undefined && id <= this.base.btf.count) return this.base.structById(id);
    const known = this.layouts.get(id);
    if (known !== undefined) return { kind: "struct", layout: known };
    const { btf } = this;
    let fields: readonly Field[] | undefined;
    const layout: StructLayout = {
      tag: btf.kind(id) === kinds.union ? "union" : "struct",
      name: btf.name(id),
      size: btf.sizeOrType(id),
      alignment: btf.sizeOrType(id) % 8 === 0 ? 8 : btf.sizeOrType(id) % 4 === 0 ? 4 : btf.sizeOrType(id) % 2 === 0 ? 2 : 1,
      complete: true,
      fields: () => {
        if (fields === undefined) {
          fields = this.members(id, 0);
          if (layout.name !== "") this.examined.push({ kind: "struct", layout });
        }
        return fields;
      },
    };
    this.layouts.set(id, layout);
    this.ids.set(layout, id);
    return { kind: "struct", layout };
  }

  /** Members with those of anonymous structs among them; `base`: bits before the struct. */
  private members(id: number, base: number): Field[] {
    const { btf } = this;
    const fields: Field[] = [];
    const packed = btf.flag(id);
    for (let i = 0; i < btf.members(id); i++) {
      const name = btf.text(btf.extra(id, 3 * i));
      const type = btf.extra(id, 3 * i + 1);
      const word = btf.extra(id, 3 * i + 2);
      const bits = base + (packed ? word & 0xff_ffff : word);
      const width = packed ? word >>> 24 : 0;
      const inner = this.strip(type);
      const anonymous = name === "" && (btf.kind(inner) === kinds.struct || btf.kind(inner) === kinds.union);
      if (anonymous) fields.push(...this.members(inner, bits));
      else if (name !== "") fields.push(this.field(name, type, bits, width));
    }
    return fields;
  }

  private field(name: string, id: number, bits: number, width: number): Field {
    const type = this.type(id, "kernel");
    if (width === 0) return { name, type, offset: bits >> 3, bits: undefined };
    const unit = type.kind === "int" || type.kind === "enum" ? type.bytes : 4;
    const offset = Math.floor(bits / (unit * 8)) * unit;
    return { name, type, offset, bits: { shift: bits - offset * 8, width } };
  }

  enumById(id: number): EnumType {
    if (this.base !== undefined && id <= this.base.btf.count) return this.base.enumById(id);
    const known = this.enums.get(id);
    if (known !== undefined) return known;
    const { btf } = this;
    const wide = btf.kind(id) === kinds.enum64;
    const signed = btf.flag(id);
    const enumerators: Enumerator[] = [];
    for (let i = 0; i < btf.members(id); i++) {
      const step = wide ? 3 : 2;
      enumerators.push({ name: btf.text(btf.extra(id, step * i)), value: this.enumValue(id, i) });
    }
    const type: EnumType = { kind: "enum", name: btf.name(id), bytes: bytesOf(btf.sizeOrType(id)), signed, enumerators };
    this.enums.set(id, type);
    return type;
  }

  private enumValue(id: number, index: number): bigint {
    const wide = this.btf.kind(id) === kinds.enum64;
    const low = BigInt(this.btf.extra(id, (wide ? 3 : 2) * index + 1));
    const value = wide ? (BigInt(this.btf.extra(id, 3 * index + 2)) << 32n) | low : low;
    const bits = wide ? 64 : 32;
    return this.btf.flag(id) ? BigInt.asIntN(bits, value) : value;
  }

  struct(tag: "struct" | "union", name: string): StructType | undefined {
    const id = this.btf.find(tag === "union" ? kinds.union : kinds.struct, name);
    return id === undefined ? undefined : this.structById(id);
  }

  enum(name: string): EnumType | undefined {
    const id = this.btf.find(kinds.enum, name) ?? this.btf.find(kinds.enum64, name);
    return id === undefined ? undefined : this.enumById(id);
  }

  /** The id of a struct, union or enum. */
  id(tag: "struct" | "union" | "enum", name: string): number | undefined {
    if (tag === "enum") return this.btf.find(kinds.enum, name) ?? this.btf.find(kinds.enum64, name);
    return this.btf.find(tag === "union" ? kinds.union : kinds.struct, name);
  }

  named(name: string): Type | undefined {
    const id = this.btf.find(kinds.typedef, name) ?? this.btf.find(kinds.int, name);
    return id === undefined ? undefined : this.type(id, "kernel");
  }

  /** The first few names are searched for; an index costs many times as much. */
  enumerator(name: string): { readonly enum: EnumType; readonly value: bigint } | undefined {
    if (this.enumerators === undefined && this.enumeratorSearches < fewSearches) {
      this.enumeratorSearches += 1;
      return this.searchEnumerator(name);
    }
    this.enumerators ??= this.indexEnumerators();
    const found = this.enumerators.get(name);
    return found === undefined ? undefined : { enum: this.enumById(found.enum), value: found.value };
  }

  private searchEnumerator(name: string): { readonly enum: EnumType; readonly value: bigint } | undefined {
    const offsets = new Set(this.btf.offsetsOf(name));
    if (offsets.size === 0) return undefined;
    let found: { readonly enum: EnumType; readonly value: bigint } | undefined;
    this.visitEnumerators((id, index, offset) => {
      if (offsets.has(offset)) found = { enum: this.enumById(id), value: this.enumValue(id, index) };
      return found === undefined;
    });
    return found;
  }

  private indexEnumerators(): Map<string, { enum: number; value: bigint }> {
    const all = new Map<string, { enum: number; value: bigint }>();
    this.visitEnumerators((id, index, offset) => {
      const name = this.btf.text(offset);
      if (!all.has(name)) all.set(name, { enum: id, value: this.enumValue(id, index) });
      return true;
    });
    return all;
  }

  /** Goes through all enumerators by the enum's id, until `visit` says false. `offset`: where its name stands. */
  private visitEnumerators(visit: (id: number, index: number, offset: number) => boolean): void {
    const { btf } = this;
    for (let id = 1; id <= btf.count; id++) {
      const kind = btf.kind(id);
      if (kind !== kinds.enum && kind !== kinds.enum64) continue;
      const step = kind === kinds.enum64 ? 3 : 2;
      for (let i = 0; i < btf.members(id); i++) if (!visit(id, i, btf.extra(id, step * i))) return;
    }
  }

  /** Parameters and result of a function. */
  prototype(name: string): { parameters: { name: string; type: Type }[]; returns: Type } | undefined {
    const { btf } = this;
    const id = btf.find(kinds.func, name);
    if (id === undefined) return undefined;
    const prototype = btf.sizeOrType(id);
    const parameters: { name: string; type: Type }[] = [];
    for (let i = 0; i < btf.members(prototype); i++) {
      parameters.push({ name: btf.text(btf.extra(prototype, 2 * i)), type: this.type(btf.extra(prototype, 2 * i + 1), "kernel") });
    }
    return { parameters, returns: this.type(btf.sizeOrType(prototype), "kernel") };
  }
}

function bytesOf(size: number): IntBytes {
  return size === 1 ? 1 : size === 2 ? 2 : size === 4 ? 4 : 8;
}
