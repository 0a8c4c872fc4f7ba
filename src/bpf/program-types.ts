// Program types and attach types (enum bpf_prog_type and enum bpf_attach_type in include/uapi/linux/bpf.h).

export interface ProgramType {
  readonly name: string;
  readonly id: number;
  /** Kernel release that brought it. */
  readonly since: string;
}

export interface AttachType {
  readonly name: string;
  readonly id: number;
  readonly since: string;
}

export const programTypes = {
  socketFilter: { name: "socket_filter", id: 1, since: "3.19" },
  kprobe: { name: "kprobe", id: 2, since: "4.1" },
  tracepoint: { name: "tracepoint", id: 5, since: "4.7" },
  perfEvent: { name: "perf_event", id: 7, since: "4.9" },
  rawTracepoint: { name: "raw_tracepoint", id: 17, since: "4.17" },
  rawTracepointWritable: { name: "raw_tracepoint_writable", id: 24, since: "5.2" },
  tracing: { name: "tracing", id: 26, since: "5.5" },
  extension: { name: "ext", id: 28, since: "5.6" },
  lsm: { name: "lsm", id: 29, since: "5.7" },
  syscall: { name: "syscall", id: 31, since: "5.14" },
} as const satisfies Record<string, ProgramType>;

export const attachTypes = {
  traceRawTracepoint: { name: "trace_raw_tp", id: 23, since: "5.5" },
  traceFentry: { name: "trace_fentry", id: 24, since: "5.5" },
  traceFexit: { name: "trace_fexit", id: 25, since: "5.5" },
  modifyReturn: { name: "modify_return", id: 26, since: "5.7" },
  lsmMac: { name: "lsm_mac", id: 27, since: "5.7" },
  traceIter: { name: "trace_iter", id: 28, since: "5.8" },
  perfEvent: { name: "perf_event", id: 41, since: "5.15" },
  traceKprobeMulti: { name: "trace_kprobe_multi", id: 42, since: "5.18" },
  lsmCgroup: { name: "lsm_cgroup", id: 43, since: "6.0" },
  traceUprobeMulti: { name: "trace_uprobe_multi", id: 48, since: "6.6" },
  traceKprobeSession: { name: "trace_kprobe_session", id: 56, since: "6.10" },
  traceUprobeSession: { name: "trace_uprobe_session", id: 57, since: "6.13" },
} as const satisfies Record<string, AttachType>;

const programsById = new Map<number, ProgramType>(Object.values(programTypes).map((type) => [type.id, type]));

/** The program type with this number, when the table has it. */
export function programTypeById(id: number): ProgramType | undefined {
  return programsById.get(id);
}

/** BPF_F_SLEEPABLE of BPF_PROG_LOAD: the program may sleep (5.10). */
export const sleepableProgram = 1 << 4;
