// The kernel helpers that programs call, by number (include/uapi/linux/bpf.h), with what the compiler must know of them.

/** Memory effects: what a call may read or write besides its return value. */
export interface Helper {
  readonly name: string;
  readonly id: number;
  /** Kernel release that brought it, for messages and fallbacks. */
  readonly since: string;
  /** Reads memory through its pointer arguments. */
  readonly reads: boolean;
  /** Writes memory: a destination buffer, a map, a ring buffer. */
  readonly writes: boolean;
  /** Two calls with equal arguments in one run of a program give equal results and have no effect. */
  readonly pure: boolean;
}

function helper(name: string, id: number, since: string, effects: "pure" | "none" | "reads" | "writes"): Helper {
  return { name, id, since, reads: effects === "reads" || effects === "writes", writes: effects === "writes", pure: effects === "pure" };
}

export const helpers = {
  mapLookupElem: helper("map_lookup_elem", 1, "3.18", "reads"),
  mapUpdateElem: helper("map_update_elem", 2, "3.18", "writes"),
  mapDeleteElem: helper("map_delete_elem", 3, "3.18", "writes"),
  probeRead: helper("probe_read", 4, "4.1", "writes"),
  ktimeGetNs: helper("ktime_get_ns", 5, "4.1", "none"),
  tracePrintk: helper("trace_printk", 6, "4.1", "reads"),
  getPrandomU32: helper("get_prandom_u32", 7, "4.1", "none"),
  getSmpProcessorId: helper("get_smp_processor_id", 8, "4.1", "pure"),
  tailCall: helper("tail_call", 12, "4.2", "writes"),
  getCurrentPidTgid: helper("get_current_pid_tgid", 14, "4.2", "pure"),
  getCurrentUidGid: helper("get_current_uid_gid", 15, "4.2", "pure"),
  getCurrentComm: helper("get_current_comm", 16, "4.2", "writes"),
  perfEventOutput: helper("perf_event_output", 25, "4.4", "reads"),
  getStackid: helper("get_stackid", 27, "4.6", "writes"),
  getSocketCookie: helper("get_socket_cookie", 46, "4.12", "none"),
  getCurrentTask: helper("get_current_task", 35, "4.8", "pure"),
  probeWriteUser: helper("probe_write_user", 36, "4.8", "reads"),
  getNumaNodeId: helper("get_numa_node_id", 42, "4.10", "pure"),
  probeReadStr: helper("probe_read_str", 45, "4.11", "writes"),
  overrideReturn: helper("override_return", 58, "4.16", "none"),
  getStack: helper("get_stack", 67, "4.18", "writes"),
  getCurrentCgroupId: helper("get_current_cgroup_id", 80, "4.18", "pure"),
  sendSignal: helper("send_signal", 109, "5.3", "none"),
  skbOutput: helper("skb_output", 111, "5.5", "reads"),
  probeReadUser: helper("probe_read_user", 112, "5.5", "writes"),
  probeReadKernel: helper("probe_read_kernel", 113, "5.5", "writes"),
  probeReadUserStr: helper("probe_read_user_str", 114, "5.5", "writes"),
  probeReadKernelStr: helper("probe_read_kernel_str", 115, "5.5", "writes"),
  sendSignalThread: helper("send_signal_thread", 117, "5.5", "none"),
  jiffies64: helper("jiffies64", 118, "5.5", "none"),
  getNsCurrentPidTgid: helper("get_ns_current_pid_tgid", 120, "5.7", "writes"),
  ktimeGetBootNs: helper("ktime_get_boot_ns", 125, "5.8", "none"),
  seqPrintf: helper("seq_printf", 126, "5.7", "reads"),
  seqWrite: helper("seq_write", 127, "5.7", "reads"),
  ringbufOutput: helper("ringbuf_output", 130, "5.8", "reads"),
  ringbufReserve: helper("ringbuf_reserve", 131, "5.8", "none"),
  ringbufSubmit: helper("ringbuf_submit", 132, "5.8", "reads"),
  ringbufDiscard: helper("ringbuf_discard", 133, "5.8", "reads"),
  getTaskStack: helper("get_task_stack", 141, "5.9", "writes"),
  dPath: helper("d_path", 147, "5.10", "writes"),
  perCpuPtr: helper("per_cpu_ptr", 153, "5.10", "none"),
  thisCpuPtr: helper("this_cpu_ptr", 154, "5.10", "none"),
  getCurrentTaskBtf: helper("get_current_task_btf", 158, "5.11", "pure"),
  forEachMapElem: helper("for_each_map_elem", 164, "5.13", "writes"),
  getFuncIp: helper("get_func_ip", 173, "5.15", "pure"),
  taskPtRegs: helper("task_pt_regs", 175, "5.15", "pure"),
  getAttachCookie: helper("get_attach_cookie", 174, "5.15", "pure"),
  loop: helper("loop", 181, "5.17", "writes"),
  getFuncRet: helper("get_func_ret", 184, "5.17", "writes"),
  strncmp: helper("strncmp", 182, "5.17", "reads"),
  mapLookupPercpuElem: helper("map_lookup_percpu_elem", 195, "5.19", "reads"),
  ktimeGetTaiNs: helper("ktime_get_tai_ns", 208, "6.1", "none"),
} as const satisfies Record<string, Helper>;

/**
 * Kernel function `bpf_rdonly_cast(address, id)`, since 6.2: the address as a pointer to the struct with that BTF id, or with id 0 (6.17) to bytes, through
 * which a program may load. It has no effect.
 */
export const readOnlyCast = "bpf_rdonly_cast";

const byId = new Map<number, Helper>(Object.values(helpers).map((h) => [h.id, h]));

/** The helper with this number, when the table has it. */
export function helperById(id: number): Helper | undefined {
  return byId.get(id);
}
