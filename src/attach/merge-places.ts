// Many places with one program: of one file, or in the kernel. They are attached by one link, which the kernel lets go as fast as a link for
// a single place.

import type { AttachSpec } from "../define/attach-spec.ts";

type UprobeMultiSpec = AttachSpec & { readonly mechanism: "uprobe-multi" };
type KprobeMultiSpec = AttachSpec & { readonly mechanism: "kprobe-multi" };

interface Attachable {
  readonly probe: { readonly attach: AttachSpec };
  /** The loaded program. */
  readonly fd: number;
}

function belongTogether(a: Attachable, b: Attachable): boolean {
  const [first, second] = [a.probe.attach, b.probe.attach];
  if (a.fd !== b.fd) return false;
  if (first.mechanism === "uprobe-multi") {
    return second.mechanism === "uprobe-multi" && first.path === second.path && first.onReturn === second.onReturn;
  }
  if (first.mechanism !== "kprobe-multi" || second.mechanism !== "kprobe-multi" || first.ends !== second.ends) return false;
  return first.sharedNames !== undefined && second.sharedNames !== undefined;
}

/** Probes in their order, those together that one link can attach. */
export function groupPlaces<T extends Attachable>(probes: readonly T[]): readonly (readonly [T, ...T[]])[] {
  const groups: [T, ...T[]][] = [];
  for (const probe of probes) {
    const group = groups.at(-1);
    if (group !== undefined && belongTogether(group[0], probe)) group.push(probe);
    else groups.push([probe]);
  }
  return groups;
}

/** One specification for all places of a group; undefined when it has one member only. A place is attached once. */
export function mergedSpec(group: readonly Attachable[]): AttachSpec | undefined {
  if (group.length < 2) return undefined;
  const specs = group.map(({ probe }) => probe.attach);
  return mergedUprobes(specs.filter((spec) => spec.mechanism === "uprobe-multi")) ?? mergedKprobes(specs.filter((spec) => spec.mechanism === "kprobe-multi"));
}

function mergedUprobes(specs: readonly UprobeMultiSpec[]): UprobeMultiSpec | undefined {
  const [first] = specs;
  if (first === undefined) return undefined;
  const places = new Map<number, number>();
  for (const { offsets, semaphores } of specs) for (const [i, offset] of offsets.entries()) places.set(offset, semaphores?.[i] ?? 0);
  const semaphores = [...places.values()];
  const counted = semaphores.some((offset) => offset !== 0) ? { semaphores } : {};
  return { mechanism: "uprobe-multi", path: first.path, onReturn: first.onReturn, offsets: [...places.keys()], names: [], ...counted };
}

function mergedKprobes(specs: readonly KprobeMultiSpec[]): KprobeMultiSpec | undefined {
  const [first] = specs;
  if (first === undefined) return undefined;
  const functions = new Set(specs.flatMap((spec) => spec.functions));
  const sharedNames = new Set(specs.flatMap((spec) => spec.sharedNames ?? []));
  return { mechanism: "kprobe-multi", functions: [...functions], sharedNames: [...sharedNames], ends: first.ends };
}
