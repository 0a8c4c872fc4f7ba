// The map types that programs use (enum bpf_map_type in include/uapi/linux/bpf.h).

export interface MapType {
  readonly name: string;
  readonly id: number;
  /** Kernel release that brought it. */
  readonly since: string;
  /** One value for each CPU: user space reads and writes them all, each rounded up to 8 bytes. */
  readonly perCpu: boolean;
}

function mapType(name: string, id: number, since: string, options: { readonly perCpu: boolean } = { perCpu: false }): MapType {
  return { name, id, since, perCpu: options.perCpu };
}

export const mapTypes = {
  hash: mapType("hash", 1, "3.19"),
  array: mapType("array", 2, "3.19"),
  programArray: mapType("prog_array", 3, "4.2"),
  perfEventArray: mapType("perf_event_array", 4, "4.3"),
  perCpuHash: mapType("percpu_hash", 5, "4.6", { perCpu: true }),
  perCpuArray: mapType("percpu_array", 6, "4.6", { perCpu: true }),
  stackTrace: mapType("stack_trace", 7, "4.6"),
  cgroupArray: mapType("cgroup_array", 8, "4.8"),
  lruHash: mapType("lru_hash", 9, "4.10"),
  lruPerCpuHash: mapType("lru_percpu_hash", 10, "4.10", { perCpu: true }),
  lpmTrie: mapType("lpm_trie", 11, "4.11"),
  arrayOfMaps: mapType("array_of_maps", 12, "4.12"),
  hashOfMaps: mapType("hash_of_maps", 13, "4.12"),
  queue: mapType("queue", 22, "4.20"),
  stack: mapType("stack", 23, "4.20"),
  ringBuffer: mapType("ringbuf", 27, "5.8"),
  taskStorage: mapType("task_storage", 29, "5.11"),
  bloomFilter: mapType("bloom_filter", 30, "5.16"),
  userRingBuffer: mapType("user_ringbuf", 31, "6.1"),
  cgroupStorage: mapType("cgrp_storage", 32, "6.2"),
  arena: mapType("arena", 33, "6.9"),
} as const satisfies Record<string, MapType>;

const byId = new Map<number, MapType>(Object.values(mapTypes).map((type) => [type.id, type]));

/** The map type with this number, when the table has it. */
export function mapTypeById(id: number): MapType | undefined {
  return byId.get(id);
}

/** Flags of BPF_MAP_CREATE. */
export const mapFlags = {
  noPreallocation: 1 << 0,
  noCommonLru: 1 << 1,
  readOnly: 1 << 3,
  writeOnly: 1 << 4,
  /** Programs may only read. */
  readOnlyProgram: 1 << 7,
  writeOnlyProgram: 1 << 8,
  mmapable: 1 << 10,
} as const;

/** Flags of map updates. */
export const updateFlags = { any: 0, noExist: 1, exist: 2, lock: 4 } as const;
