// Names that lowering, loader and runtime share: maps of the compiler's own and numbers filled in later.

export const internalMaps = {
  /** Ring buffer of events. */
  events: "events",
  /** Per-CPU array: events lost because the ring buffer was full. */
  lost: "lost",
  /** Perf buffers that packets are sent to, if some are. */
  packets: "packets",
  /** One-entry array: whether the run has ended (see endedFlag), for programs that are still attached. */
  ended: "ended",
  /** One-entry array, if programs could run inside others: for each CPU a word that says whether one runs, so many bytes apart. */
  running: "running",
  /** One-entry array: temporary memory of all programs, a stride for each CPU. */
  scratch: "scratch",
  /** One-entry array: long string literals. */
  constants: "constants",
} as const;

export const linkConstants = {
  /** Process id of the -c child, or 0. */
  childPid: "child_pid",
  /** Boot clock at the start, for `elapsed`. */
  startTime: "start_time",
  /** TAI clock minus boot clock. */
  bootToTai: "boot_to_tai",
  /** Bytes of scratch memory for one CPU; the compiler itself fills it in. */
  scratchStride: "scratch_stride",
} as const;

/** Link constant that is a per-CPU variable of the kernel, as helpers take it. */
export function kernelVariableConstant(name: string): string {
  return `${kernelVariableMark}${name}`;
}

/** The mark at the start of such a constant. */
export const kernelVariableMark = "&";

/** Bytes from one CPU's word to the next in the map `running`: a cache line. */
export const runningStride = 64;

/** In the map `ended`: set by exit() with the exit status in the low bits, or by user space. */
export const endedFlag = 0x100;
export const endedStatus = 0xff;

/** Offset of the value in a scalar map's entry: after the u64 that says whether it was set. */
export const scalarValueOffset = 8;

/** Actions that lowering itself sends: the definitions of these names must exist. */
export const coreActions = {
  /** parameters: message, helper; one int32 field: the return code. */
  runtimeError: "runtime_error",
} as const;
