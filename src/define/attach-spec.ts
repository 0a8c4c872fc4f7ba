// How a loaded program is attached, as plain data: definitions of probe types produce it, the attach room carries it out.

/** When a test-run program runs: at the ends of a run, on a signal to the tracer, or in a mode of the command line. */
export type RunMoment = "begin" | "end" | "on-signal" | "test" | "bench";

export type SystemCallPhase = "enter" | "exit";

/** What an iterator is told when it is attached: the process of -p or -c, which only those over tasks heed, or to go over all cgroups. */
export type IteratorScope = "process" | "all-cgroups";

export type AttachSpec =
  /** Never attached, run by BPF_PROG_TEST_RUN. */
  | { readonly mechanism: "test-run"; readonly moment: RunMoment }
  /** Perf event of a tracepoint. */
  | { readonly mechanism: "tracepoint"; readonly category: string; readonly event: string }
  /** One of many system calls that share a BTF-typed raw tracepoint. */
  | { readonly mechanism: "system-call"; readonly phase: SystemCallPhase; readonly number: number }
  /** A BTF-typed raw tracepoint. */
  | { readonly mechanism: "tp-btf"; readonly event: string }
  /** A plain raw tracepoint. */
  | { readonly mechanism: "raw-tracepoint"; readonly event: string }
  /** A timer, software or hardware event. `type` and `config` as in perf_event_attr; period in events or ns. */
  | {
      readonly mechanism: "perf-event";
      readonly type: number;
      readonly config: number;
      readonly sampling: { readonly by: "period" | "frequency"; readonly value: bigint };
      /** On every online CPU, or on one of them. */
      readonly cpus: "each" | "one";
      /** Whether -p and -c restrict the event to their process. */
      readonly followsProcess: boolean;
    }
  /** A hardware breakpoint. `access`: 1 read, 2 write, 4 execute. */
  | { readonly mechanism: "watchpoint"; readonly address: bigint; readonly length: number; readonly access: number }
  /** `semaphore`: file offset of the counter that the kernel raises while the probe is attached; 0: none. */
  | {
      readonly mechanism: "uprobe";
      readonly path: string;
      readonly offset: number;
      readonly onReturn: boolean;
      readonly semaphore?: number;
    }
  | {
      readonly mechanism: "uprobe-multi";
      readonly path: string;
      readonly offsets: readonly number[];
      /** One for each offset, as of single uprobes. */
      readonly semaphores?: readonly number[];
      /** Function names that a pattern found, for messages. */
      readonly names: readonly string[];
      readonly onReturn: boolean;
    }
  | {
      readonly mechanism: "kprobe";
      /** Undefined: `offset` is an address. */
      readonly function: string | undefined;
      readonly module: string | undefined;
      readonly offset: bigint;
      readonly onReturn: boolean;
    }
  /** One link for many kernel functions; at both ends the program asks `sessionFunction` at which one it runs. */
  | {
      readonly mechanism: "kprobe-multi";
      readonly functions: readonly string[];
      /** Names among them that several functions have; undefined when that is not known of a single name. */
      readonly sharedNames: readonly string[] | undefined;
      readonly ends: "entry" | "return" | "both";
    }
  /** An iterator that is read by the tracer, or pinned below /sys/fs/bpf (or at a path) to be read by others. */
  | { readonly mechanism: "iter"; readonly name: string; readonly pin: string | undefined; readonly scope: IteratorScope }
  /** Entry or exit of a kernel function, by its type information. */
  | { readonly mechanism: "fentry"; readonly function: string; readonly module: string }
  /** The same of a function of another BPF program, by that program's id and type information. */
  | { readonly mechanism: "fentry-program"; readonly programId: number; readonly function: string; readonly typeId: number };

/** Kernel function that tells a program at both ends of a function whether it runs at the return. */
export const sessionFunction = "bpf_session_is_return";

/** Type and expected attach type of the program that a mechanism needs (enum bpf_prog_type, enum bpf_attach_type). */
export interface ProgramKind {
  readonly type: number;
  readonly expectedAttach: number;
}

export const programTypes = {
  kprobe: 2,
  tracepoint: 5,
  xdp: 6,
  perfEvent: 7,
  rawTracepoint: 17,
  tracing: 26,
} as const;

export const attachTypes = {
  traceRawTp: 23,
  traceFentry: 24,
  traceFexit: 25,
  traceIter: 28,
  perfEvent: 41,
  kprobeMulti: 42,
  uprobeMulti: 48,
  kprobeSession: 56,
} as const;
