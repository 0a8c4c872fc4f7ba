// Where the maps of a script live: kind, key and value size of the BPF map behind each.

import type { UserMap } from "../define/analysed.ts";
import type { AggregateStorage } from "../define/aggregation.ts";
import { scalarValueOffset } from "../define/internal-names.ts";
import { alignUp, sizeOf } from "../types/type.ts";

export type MapLayoutKind = "scalar" | "scalar-buckets" | "keyed" | "keyed-buckets";

export interface MapLayout {
  readonly map: UserMap;
  /** Name of the BPF map. */
  readonly storage: string;
  readonly kind: MapLayoutKind;
  readonly perCpu: boolean;
  /** enum bpf_map_type. */
  readonly type: number;
  readonly keySize: number;
  /** Bytes of the BPF map's value; of scalar maps with the flag before it. */
  readonly valueSize: number;
  readonly maxEntries: number;
  /** Offset of the value proper. */
  readonly valueOffset: number;
  /** Bytes of the key before the bucket, for bucketed maps. */
  readonly userKeySize: number;
  /** Buckets that are used again and again: their number. */
  readonly ring: number | undefined;
}

const mapTypes = { hash: 1, array: 2, percpuHash: 5, percpuArray: 6, lruHash: 9, lruPercpuHash: 10 } as const;

/** Decides the BPF map behind a map of the script. */
export function layoutMap(map: UserMap): MapLayout {
  const storage = `AT_${map.name.slice(1)}`;
  const aggregate = map.value.kind === "aggregate" ? map.value : undefined;
  if (aggregate !== undefined && map.aggregation !== undefined) {
    const kept = map.aggregation.storage(aggregate);
    if (kept.kind === "buckets") return bucketLayout(map, storage, kept);
    return stateLayout(map, storage, kept.size, true);
  }
  return stateLayout(map, storage, sizeOf(map.value), false);
}

function stateLayout(map: UserMap, storage: string, size: number, perCpu: boolean): MapLayout {
  if (map.scalar) {
    return {
      map,
      storage,
      kind: "scalar",
      perCpu,
      type: perCpu ? mapTypes.percpuArray : mapTypes.array,
      keySize: 4,
      valueSize: scalarValueOffset + alignUp(size, 8),
      maxEntries: 1,
      valueOffset: scalarValueOffset,
      userKeySize: 0,
      ring: undefined,
    };
  }
  const keySize = sizeOf(map.key);
  return {
    map,
    storage,
    kind: "keyed",
    perCpu,
    type: keyedType(map, perCpu),
    keySize,
    valueSize: size,
    maxEntries: map.maxEntries,
    valueOffset: 0,
    userKeySize: keySize,
    ring: undefined,
  };
}

function bucketLayout(map: UserMap, storage: string, { buckets, size, ring }: AggregateStorage & { kind: "buckets" }): MapLayout {
  const common = { map, storage, perCpu: true, valueSize: size, valueOffset: 0, ring: ring ? buckets : undefined } as const;
  if (map.scalar) {
    const type = mapTypes.percpuArray;
    return { ...common, kind: "scalar-buckets", type, keySize: 4, maxEntries: buckets, userKeySize: 0 };
  }
  const userKeySize = alignUp(sizeOf(map.key), 8);
  const type = keyedType(map, true);
  return { ...common, kind: "keyed-buckets", type, keySize: userKeySize + 8, maxEntries: map.maxEntries, userKeySize };
}

function keyedType(map: UserMap, perCpu: boolean): number {
  switch (map.declaredKind) {
    case "lruhash":
      return mapTypes.lruHash;
    case "percpulruhash":
      return mapTypes.lruPercpuHash;
    default:
      return perCpu ? mapTypes.percpuHash : mapTypes.hash;
  }
}
