// Which parts of a kernel struct the verifier lets programs load through a pointer to it, by its rules for walking types (btf_struct_walk() in
// kernel/bpf/btf.c, Linux 5.5 to 6.18; where releases differ, the strictest).

import { btfKinds as kinds, type BtfReader } from "./reader.ts";

/** What a load gives: a number, or a pointer to the struct or union with a BTF id. */
export type PlainLoad = { readonly pointee: number | undefined };

/** Undefined when the verifier refuses the load. */
export function plainLoad(btf: BtfReader, struct: number, offset: number, size: number): PlainLoad | undefined {
  let id = struct;
  let at = offset;
  for (;;) {
    const step = walk(btf, id, at, size);
    if (step === undefined || step.kind === "load") return step;
    id = step.id;
    at = step.offset;
  }
}

type Step =
  | { readonly kind: "load"; readonly pointee: number | undefined }
  /** Goes on in an embedded struct. */
  | { readonly kind: "inside"; readonly id: number; readonly offset: number };

const number: Step = { kind: "load", pointee: undefined };

function walk(btf: BtfReader, struct: number, offset: number, size: number): Step | undefined {
  if (!isStruct(btf, struct) || offset < 0) return undefined;
  // Behind its end a struct may have a flexible array, but which kernels allow what there is too varied.
  if (offset + size > btf.sizeOrType(struct)) return undefined;
  const packed = btf.flag(struct);
  for (let i = 0; i < btf.members(struct); i++) {
    const word = btf.extra(struct, 3 * i + 2);
    const bits = packed ? word & 0xff_ffff : word;
    const width = packed ? word >>> 24 : 0;
    const start = bits >>> 3;
    if (offset + size <= start) return undefined;
    if (width > 0) {
      if (offset <= start && Math.ceil((bits + width) / 8) <= offset + size) return number;
      continue;
    }
    if (offset < start) return undefined;
    const step = member(btf, btf.extra(struct, 3 * i + 1), start, offset, size);
    if (step !== "behind") return step;
  }
  return undefined;
}

/** A member that begins at or before `offset`; `behind`: it ends before. */
function member(btf: BtfReader, type: number, start: number, offset: number, size: number): Step | undefined | "behind" {
  const extent = measure(btf, type);
  if (extent === undefined) return undefined;
  const end = start + extent.size * extent.count;
  if (offset >= end) return "behind";
  // An element of an array counts like a member of its own.
  const own = start + Math.floor((offset - start) / extent.size) * extent.size;
  if (isStruct(btf, extent.id)) return { kind: "inside", id: extent.id, offset: offset - own };
  if (btf.kind(extent.id) === kinds.pointer) {
    return offset === own && size === extent.size ? { kind: "load", pointee: pointee(btf, extent.id) } : undefined;
  }
  // Arrays of numbers may be read in any pieces.
  return offset + size <= end ? number : undefined;
}

/** Pointers into user and per-CPU memory are none that programs may follow. */
function pointee(btf: BtfReader, pointer: number): number | undefined {
  let to = btf.sizeOrType(pointer);
  while (isModifier(btf.kind(to))) {
    if (btf.kind(to) === kinds.typeTag && ["user", "percpu"].includes(btf.name(to))) return undefined;
    to = btf.sizeOrType(to);
  }
  return isStruct(btf, to) ? to : undefined;
}

/** Element type without qualifiers and typedefs, its size, and how many there are (1 but for arrays; of several dimensions all). */
function measure(btf: BtfReader, type: number): { readonly id: number; readonly size: number; readonly count: number } | undefined {
  let id = type;
  let count = 1;
  for (;;) {
    const kind = btf.kind(id);
    if (isModifier(kind)) id = btf.sizeOrType(id);
    else if (kind === kinds.array) {
      count *= btf.extra(id, 2);
      id = btf.extra(id, 0);
    } else break;
  }
  const kind = btf.kind(id);
  if (kind === kinds.pointer) return { id, size: 8, count };
  const sized = kind === kinds.int || kind === kinds.enum || kind === kinds.enum64 || kind === kinds.float || isStruct(btf, id);
  return sized ? { id, size: btf.sizeOrType(id), count } : undefined;
}

function isModifier(kind: number): boolean {
  return kind === kinds.typedef || kind === kinds.volatile || kind === kinds.const || kind === kinds.restrict || kind === kinds.typeTag;
}

function isStruct(btf: BtfReader, id: number): boolean {
  const kind = btf.kind(id);
  return kind === kinds.struct || kind === kinds.union;
}
