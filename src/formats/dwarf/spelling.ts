// Types of debug information as listings spell them: `const char* name`, `struct item* it`.

import { attributes, tags } from "./constants.ts";
import { type DebugInfo, type Entry, textOf } from "./units.ts";

const named: ReadonlyMap<number, string> = new Map([
  [tags.structureType, "struct "],
  [tags.classType, "struct "],
  [tags.unionType, "union "],
  [tags.enumerationType, "enum "],
  [tags.baseType, ""],
  [tags.typedef, ""],
]);

const qualifiers: ReadonlyMap<number, string> = new Map([
  [tags.constType, "const"],
  [tags.volatileType, "volatile"],
  [tags.restrictType, "restrict"],
]);

/** The type that an entry refers to. */
export function spellType(info: DebugInfo, entry: Entry): string {
  const target = targetOf(info, entry);
  return target === undefined ? "void" : spell(info, target);
}

function targetOf(info: DebugInfo, entry: Entry): Entry | undefined {
  const reference = entry.values.get(attributes.type);
  return reference?.kind === "reference" ? info.at(reference.offset) : undefined;
}

function spell(info: DebugInfo, entry: Entry): string {
  const prefix = named.get(entry.tag);
  if (prefix !== undefined) return `${prefix}${textOf(entry, attributes.name) ?? "<anonymous>"}`;
  if (entry.tag === tags.pointerType) return `${spellType(info, entry)}*`;
  const qualifier = qualifiers.get(entry.tag);
  if (qualifier === undefined) return "<unknown type>";
  const behind = targetOf(info, entry)?.tag === tags.pointerType;
  return behind ? `${spellType(info, entry)} ${qualifier}` : `${qualifier} ${spellType(info, entry)}`;
}
