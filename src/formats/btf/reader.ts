// Reading BTF (Documentation/bpf/btf.rst): types are indexed by their offset, names are looked up when they are needed.
//
//   header: u16 magic, u8 version, u8 flags, u32 header length, type offset, type length, string offset, string length
//   type:   u32 name, u32 info (members 0-15, kind 24-28, flag 31), u32 size or type; then what the kind adds

import { MalformedFile } from "../malformed-file.ts";

export const btfKinds = {
  int: 1,
  pointer: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  forward: 7,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  func: 12,
  funcProto: 13,
  variable: 14,
  dataSection: 15,
  float: 16,
  declTag: 17,
  typeTag: 18,
  enum64: 19,
} as const;

/** By kind: words after the common three, and words for each member. */
const fixedWords = new Uint8Array(32);
const memberWords = new Uint8Array(32);
for (const kind of [btfKinds.int, btfKinds.variable, btfKinds.declTag]) fixedWords[kind] = 1;
fixedWords[btfKinds.array] = 3;
for (const kind of [btfKinds.struct, btfKinds.union, btfKinds.dataSection, btfKinds.enum64]) memberWords[kind] = 3;
for (const kind of [btfKinds.enum, btfKinds.funcProto]) memberWords[kind] = 2;

const headerLength = 24;

/** Words in the file itself where they are aligned, else a copy. */
function wordsOf(bytes: Uint8Array, start: number, end: number): Uint32Array {
  const at = bytes.byteOffset + start;
  if (at % 4 === 0) return new Uint32Array(bytes.buffer, at, (end - start) / 4);
  return new Uint32Array(bytes.slice(start, end).buffer);
}

/** Names of a kind that are searched for one by one before all are indexed. */
const fewNames = 8;

export class BtfReader {
  private readonly words: Uint32Array;
  private readonly bytes: Uint8Array;
  private readonly stringStart: number;
  private readonly stringEnd: number;
  /** Word index of each type; type ids begin at 1. */
  private readonly places: Uint32Array;
  readonly count: number;
  /** All strings as one text, once many are asked for: pieces of it cost less than texts of their own. */
  private strings: string | undefined;
  private readonly byName = new Map<number, Map<string, number>>();
  /** What single searches found, by kind; 0: nothing. */
  private readonly searched = new Map<number, Map<string, number>>();

  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < headerLength || view.getUint16(0, true) !== 0xeb9f) throw new MalformedFile("not BTF");
    const base = view.getUint32(4, true);
    const typeStart = base + view.getUint32(8, true);
    const typeEnd = typeStart + view.getUint32(12, true);
    this.stringStart = base + view.getUint32(16, true);
    this.stringEnd = this.stringStart + view.getUint32(20, true);
    if (typeEnd > bytes.length || this.stringEnd > bytes.length || (typeEnd - typeStart) % 4 !== 0) {
      throw new MalformedFile("BTF that is cut off");
    }
    this.bytes = bytes;
    this.words = wordsOf(bytes, typeStart, typeEnd);
    const { words } = this;
    const places = new Uint32Array(words.length / 3 + 1);
    let count = 0;
    for (let at = 0; at < words.length; ) {
      count += 1;
      places[count] = at;
      const info = words[at + 1] ?? 0;
      const kind = (info >>> 24) & 31;
      at += 3 + (fixedWords[kind] ?? 0) + (memberWords[kind] ?? 0) * (info & 0xffff);
    }
    this.places = places;
    this.count = count;
  }

  private word(id: number, index: number): number {
    return this.words[(this.places[id] ?? 0) + index] ?? 0;
  }

  kind(id: number): number {
    return id === 0 ? 0 : (this.word(id, 1) >>> 24) & 31;
  }

  /** Number of members, parameters or enumerators. */
  members(id: number): number {
    return this.word(id, 1) & 0xffff;
  }

  flag(id: number): boolean {
    return this.word(id, 1) >>> 31 === 1;
  }

  /** Size in bytes, or the type referred to. */
  sizeOrType(id: number): number {
    return this.word(id, 2);
  }

  /** Word `index` of what follows the common part. */
  extra(id: number, index: number): number {
    return this.word(id, 3 + index);
  }

  name(id: number): string {
    return this.text(this.word(id, 0));
  }

  text(offset: number): string {
    if (this.strings !== undefined) return this.strings.slice(offset, this.strings.indexOf("\0", offset));
    const start = Math.min(this.stringStart + offset, this.stringEnd);
    let end = start;
    while (end < this.stringEnd && this.bytes[end] !== 0) end += 1;
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, end - start).toString("latin1");
  }

  /** The first type of a kind with a name. The first few names are searched for; an index costs many times as much. */
  find(kind: number, name: string): number | undefined {
    const searched = this.searched.get(kind) ?? new Map<string, number>();
    this.searched.set(kind, searched);
    const known = searched.get(name);
    if (known !== undefined) return known === 0 ? undefined : known;
    if (this.byName.has(kind) || searched.size >= fewNames) return this.index(kind).get(name);
    const id = this.search(kind, name);
    searched.set(name, id);
    return id === 0 ? undefined : id;
  }

  /** The first type of a kind that has the name. */
  private search(kind: number, name: string): number {
    const { words, places, count } = this;
    let first = 0;
    for (const offset of this.offsetsOf(name)) {
      const end = first === 0 ? count : first - 1;
      for (let id = 1; id <= end; id++) {
        const place = places[id] ?? 0;
        if (words[place] !== offset || (((words[place + 1] ?? 0) >>> 24) & 31) !== kind) continue;
        first = id;
        break;
      }
    }
    return first;
  }

  /** Where a text stands among the strings; each is there once. */
  *offsetsOf(text: string): Iterable<number> {
    const strings = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.stringStart, this.stringEnd - this.stringStart);
    const wanted = `\0${text}\0`;
    for (let at = strings.indexOf(wanted, 0, "latin1"); at >= 0; at = strings.indexOf(wanted, at + 1, "latin1")) yield at + 1;
  }

  /** All names of a kind with their ids. */
  index(kind: number): ReadonlyMap<string, number> {
    const known = this.byName.get(kind);
    if (known !== undefined) return known;
    this.strings ??= `${Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.stringStart, this.stringEnd - this.stringStart).toString("latin1")}\0`;
    const made = new Map<string, number>();
    for (let id = 1; id <= this.count; id++) {
      if (this.kind(id) !== kind) continue;
      const name = this.name(id);
      if (name !== "" && !made.has(name)) made.set(name, id);
    }
    this.byName.set(kind, made);
    return made;
  }
}
