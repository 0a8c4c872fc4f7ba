// Finding members of structs and unions by name, through anonymous ones. Pure.

import { type CType, withoutAlignment } from "./c-type.ts";

export interface MemberPlace {
  readonly type: CType;
  /** Bytes from the start of the record. */
  readonly offset: number;
}

/** A named member; undefined when the type has none of that name. */
export function memberPlace(type: CType, name: string): MemberPlace | undefined {
  const inner = withoutAlignment(type);
  if (inner.kind === "external") {
    if (inner.type.kind !== "struct") return undefined;
    const field = inner.type.layout.fields().find((f) => f.name === name);
    return field === undefined ? undefined : { type: { kind: "external", type: field.type }, offset: field.offset };
  }
  if (inner.kind !== "record") return undefined;
  for (const member of inner.record.layout?.members ?? []) {
    const offset = Math.floor(member.position / 8);
    if (member.name === name) return { type: member.type, offset };
    if (member.name !== undefined || member.width !== undefined) continue;
    const nested = memberPlace(member.type, name);
    if (nested !== undefined) return { type: nested.type, offset: offset + nested.offset };
  }
  return undefined;
}
