// Many places of one file with one program: attached by one link, which the kernel lets go as fast as a link for a single place.

import type { AttachSpec } from "../define/attach-spec.ts";

type UprobeMultiSpec = AttachSpec & { readonly mechanism: "uprobe-multi" };

interface Attachable {
  readonly probe: { readonly attach: AttachSpec };
  /** The loaded program. */
  readonly fd: number;
}

function multiSpec({ probe: { attach } }: Attachable): UprobeMultiSpec | undefined {
  return attach.mechanism === "uprobe-multi" ? attach : undefined;
}

function belongTogether(a: Attachable, b: Attachable): boolean {
  const [first, second] = [multiSpec(a), multiSpec(b)];
  if (first === undefined || second === undefined || a.fd !== b.fd) return false;
  return first.path === second.path && first.onReturn === second.onReturn;
}

/** Probes in their order, those together that one link can attach. */
export function groupUprobes<T extends Attachable>(probes: readonly T[]): readonly (readonly [T, ...T[]])[] {
  const groups: [T, ...T[]][] = [];
  for (const probe of probes) {
    const group = groups.at(-1);
    if (group !== undefined && belongTogether(group[0], probe)) group.push(probe);
    else groups.push([probe]);
  }
  return groups;
}

/** One specification for all places of a group; undefined when it has one member only. A place is attached once. */
export function mergedSpec(group: readonly Attachable[]): UprobeMultiSpec | undefined {
  const specs = group.flatMap((probe) => multiSpec(probe) ?? []);
  const [first] = specs;
  if (first === undefined || specs.length < 2) return undefined;
  const places = new Map<number, number>();
  for (const { offsets, semaphores } of specs) for (const [i, offset] of offsets.entries()) places.set(offset, semaphores?.[i] ?? 0);
  const semaphores = [...places.values()];
  const counted = semaphores.some((offset) => offset !== 0) ? { semaphores } : {};
  return { mechanism: "uprobe-multi", path: first.path, onReturn: first.onReturn, offsets: [...places.keys()], names: [], ...counted };
}
