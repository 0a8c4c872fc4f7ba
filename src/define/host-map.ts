// Maps that programs only read: user space fills them before anything is attached, and keeps them true while the run goes on.

/** What bpf(2) has to know of a map. */
export interface MapShape {
  /** enum bpf_map_type. */
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
}

export interface HostMap extends MapShape {
  /** Name that programs use, and that tells user space what belongs in it. */
  readonly name: string;
  /** Of maps of maps: what its elements are. */
  readonly inner: MapShape | undefined;
}
