// Whether BTF from an unknown source can be followed without getting lost: all references lead to types, none in a circle.

import { MalformedFile } from "../malformed-file.ts";
import { btfKinds as kinds, type BtfReader } from "./reader.ts";

/** Types that a reader goes through without stopping at the name of a struct. */
function referencesOf(btf: BtfReader, id: number): readonly number[] {
  switch (btf.kind(id)) {
    case kinds.pointer:
    case kinds.typedef:
    case kinds.volatile:
    case kinds.const:
    case kinds.restrict:
    case kinds.func:
    case kinds.typeTag:
    case kinds.variable:
      return [btf.sizeOrType(id)];
    case kinds.array:
      return [btf.extra(id, 0)];
    case kinds.funcProto:
      return [btf.sizeOrType(id), ...parameters(btf, id)];
    default:
      return [];
  }
}

function parameters(btf: BtfReader, id: number): readonly number[] {
  return Array.from({ length: btf.members(id) }, (_, i) => btf.extra(id, 2 * i + 1));
}

function membersOf(btf: BtfReader, id: number): readonly { readonly type: number; readonly anonymous: boolean }[] {
  if (btf.kind(id) !== kinds.struct && btf.kind(id) !== kinds.union) return [];
  return Array.from({ length: btf.members(id) }, (_, i) => ({
    type: btf.extra(id, 3 * i + 1),
    anonymous: btf.extra(id, 3 * i) === 0,
  }));
}

/** Throws MalformedFile when something is wrong. */
export function checkBtf(btf: BtfReader): void {
  const done = new Uint8Array(btf.count + 1);
  const [open, closed] = [1, 2];
  for (let first = 1; first <= btf.count; first++) {
    const path: { readonly id: number; readonly next: number[] }[] = [];
    const enter = (id: number) => {
      if (id > btf.count) throw new MalformedFile(`BTF refers to type ${id} of ${btf.count}`);
      if (id === 0 || done[id] === closed) return;
      if (done[id] === open) throw new MalformedFile(`BTF type ${id} refers to itself`);
      done[id] = open;
      const members = membersOf(btf, id);
      if (members.some((member) => member.type > btf.count)) throw new MalformedFile(`BTF type ${id} has members of unknown types`);
      const inside = members.filter((member) => member.anonymous).map((member) => member.type);
      path.push({ id, next: [...referencesOf(btf, id), ...inside] });
    };
    enter(first);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.next.pop();
      if (next !== undefined) enter(next);
      else {
        done[top.id] = closed;
        path.pop();
      }
    }
  }
}
