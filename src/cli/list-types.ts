// -l 'struct NAME': types of the kernel by pattern; with -v their definitions.

import { wildcardPattern } from "../define/points.ts";
import { defineC } from "../formats/btf/c-spelling.ts";
import { btfKinds } from "../formats/btf/reader.ts";
import { vmlinuxBtf } from "../kernel/module-btf.ts";

const kindsOfTag: ReadonlyMap<string, readonly number[]> = new Map([
  ["struct", [btfKinds.struct]],
  ["union", [btfKinds.union]],
  ["enum", [btfKinds.enum, btfKinds.enum64]],
]);

const typePattern = /^(struct|union|enum)\s+(\S+)$/;

export function isTypePattern(text: string): boolean {
  return typePattern.test(text);
}

/** Lines for the types that a pattern `struct NAME` means. */
export function listTypes(text: string, verbose: boolean): readonly string[] {
  const [, tag = "", name = ""] = typePattern.exec(text) ?? [];
  const btf = vmlinuxBtf()?.reader;
  if (btf === undefined) return [];
  const pattern = wildcardPattern(name);
  const exact = !name.includes("*");
  const found = (kindsOfTag.get(tag) ?? []).flatMap((kind): readonly (readonly [string, number])[] => {
    if (!exact) return [...btf.index(kind)].filter(([candidate]) => pattern.test(candidate));
    const id = btf.find(kind, name);
    return id === undefined ? [] : [[name, id]];
  });
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([candidate, id]) => (verbose ? `${defineC(btf, id)};\n` : `${tag} ${candidate}`));
}
