// What C declarations have declared so far: tags, typedefs, enumerators; and who is asked for what they have not.

import type { Type } from "../types/type.ts";
import type { CToken } from "./c-token.ts";
import { type CEnum, type CRecord, type CType, cBool, cInt, integer } from "./c-type.ts";

export type ExternalTag = "struct" | "union" | "enum" | "typedef";

/** Types known elsewhere (kernel BTF); undefined when there is none of that name. */
export type ExternalTypes = (tag: ExternalTag, name: string) => Type | undefined;

/** A tag, typedef or enumerator with the place of its definition. */
export interface Declared<T> {
  readonly value: T;
  readonly at: CToken;
}

export interface CEnumeratorEntry {
  readonly value: bigint;
  readonly enumeration: CEnum;
}

/** The file scope of all texts read. */
export class CScope {
  /** Keys `struct x` and `union x`. */
  readonly records = new Map<string, CRecord>();
  readonly enums = new Map<string, CEnum>();
  readonly typedefs = new Map<string, Declared<CType>>();
  readonly enumerators = new Map<string, Declared<CEnumeratorEntry>>();
  readonly definitionPlaces = new Map<CRecord | CEnum, CToken>();
  private readonly external: ExternalTypes;

  constructor(external: ExternalTypes) {
    this.external = external;
  }

  /** The record of a tag, made when it is first named. */
  record(tag: "struct" | "union", name: string): CRecord {
    const key = `${tag} ${name}`;
    let record = this.records.get(key);
    if (record === undefined) {
      record = { tag, name, layout: undefined };
      this.records.set(key, record);
    }
    return record;
  }

  enumeration(name: string): CEnum {
    let found = this.enums.get(name);
    if (found === undefined) {
      found = { name, body: undefined };
      this.enums.set(name, found);
    }
    return found;
  }

  /** The type a name stands for: declared, of fixed meaning on Linux, or known elsewhere. */
  typedef(name: string): CType | undefined {
    const known = this.typedefs.get(name)?.value ?? linuxTypes.get(name);
    if (known !== undefined) return known;
    const type = this.external("typedef", name);
    return type === undefined ? undefined : { kind: "external", type };
  }

  /** The type elsewhere of a struct, union or enum that is only declared here. */
  externalOf(type: CType): Type | undefined {
    if (type.kind === "record" && type.record.layout === undefined && type.record.name !== "") {
      return this.external(type.record.tag, type.record.name);
    }
    if (type.kind === "enum" && type.enumeration.body === undefined) {
      return this.external("enum", type.enumeration.name);
    }
    return undefined;
  }

  /** The type with its size: that of elsewhere when it is only declared here. */
  completed(type: CType): CType {
    const found = this.externalOf(type);
    if (found === undefined || (found.kind === "struct" && !found.layout.complete)) return type;
    return { kind: "external", type: found };
  }
}

/** Typedefs that every kernel and libc for LP64 Linux defines alike: usable without a header, as with BTF. */
const linuxTypes: ReadonlyMap<string, CType> = new Map<string, CType>([
  ...[8, 16, 32, 64].flatMap((bits): [string, CType][] => {
    const size = bits === 8 ? 1 : bits === 16 ? 2 : bits === 32 ? 4 : 8;
    const signed = integer(size, true);
    const unsigned = integer(size, false);
    const swapped: [string, CType][] =
      bits === 8
        ? []
        : [
            [`__le${bits}`, unsigned],
            [`__be${bits}`, unsigned],
          ];
    return [
      [`s${bits}`, signed],
      [`u${bits}`, unsigned],
      [`__s${bits}`, signed],
      [`__u${bits}`, unsigned],
      [`int${bits}_t`, signed],
      [`uint${bits}_t`, unsigned],
      [`int${bits}`, signed],
      [`uint${bits}`, unsigned],
      ...swapped,
    ];
  }),
  ["size_t", integer(8, false)],
  ["ssize_t", integer(8, true)],
  ["ptrdiff_t", integer(8, true)],
  ["intptr_t", integer(8, true)],
  ["uintptr_t", integer(8, false)],
  ["off_t", integer(8, true)],
  ["loff_t", integer(8, true)],
  ["pid_t", cInt],
  ["uid_t", integer(4, false)],
  ["gid_t", integer(4, false)],
  ["mode_t", integer(4, false)],
  ["bool", cBool],
]);
