// What newer kernels offer beyond the oldest that this compiler works on: one table of names, releases and what is done without.

import { helpers } from "../bpf/helpers.ts";

export interface Feature {
  /** Kernel release (major, minor) that brought it. */
  readonly since: readonly [number, number];
  /** What it is used for. */
  readonly what: string;
  /** What is done instead on a kernel that does not have it. */
  readonly without: string;
  /** Options of the kernel's configuration that it depends on: a kernel may be new and built without. */
  readonly config: readonly string[];
  /** Number of the helper that it consists of. */
  readonly helper: number | undefined;
  /** Release that did away with it. */
  readonly until: readonly [number, number] | undefined;
}

type Rest = Partial<Pick<Feature, "config" | "helper">>;

function feature(since: Feature["since"], what: string, without: string, rest: Rest = {}): Feature {
  return { since, what, without, config: [], helper: undefined, until: undefined, ...rest };
}

/** Names as --no-feature takes them. Without a fallback `without` says what does not work. */
export const features = {
  kprobe_pmu: feature([4, 17], "kprobes as perf events", "they are defined in the file kprobe_events of tracefs", { config: ["CONFIG_KPROBE_EVENTS"] }),
  uprobe_pmu: feature([4, 17], "uprobes as perf events", "they are defined in the file uprobe_events of tracefs", { config: ["CONFIG_UPROBE_EVENTS"] }),
  ring_buffer: feature([5, 8], "sending events", "nothing works"),
  raw_tp_test_run: feature([5, 10], "running begin, end and self probes", "scripts with such probes are refused"),
  get_current_task_btf: feature([5, 11], "one raw tracepoint for many system calls", "each system call has a tracepoint of its own", {
    helper: helpers.getCurrentTaskBtf.id,
  }),
  for_each_map_elem: feature([5, 13], "loops over maps", "they are refused", { helper: helpers.forEachMapElem.id }),
  get_func_ip: feature([5, 15], "func", "entry probes read the instruction pointer; elsewhere func is refused", { helper: helpers.getFuncIp.id }),
  perf_link: feature([5, 15], "tying programs to perf events by links", "they are tied by an ioctl"),
  bpf_loop: feature([5, 17], "loops over ranges", "they run in the program itself, with fewer rounds at most", { helper: helpers.loop.id }),
  kprobe_multi: feature([5, 18], "one link for the functions of a kprobe pattern", "each function has a probe of its own", {
    config: ["CONFIG_FPROBE"],
  }),
  map_lookup_percpu_elem: feature([5, 19], "reading per-CPU values in expressions", "that is refused", { helper: helpers.mapLookupPercpuElem.id }),
  ktime_get_tai_ns: feature([6, 1], "nsecs(tai)", "it is refused", { helper: helpers.ktimeGetTaiNs.id }),
  signed_division: feature([6, 6], "signed division and sign extension by one instruction", "several instructions do it"),
  uprobe_multi: feature([6, 6], "one link for the functions of a uprobe pattern", "each function has a probe of its own", { config: ["CONFIG_UPROBES"] }),
  kprobe_session: feature([6, 10], "one program at entry and return of a kernel function", "there are two programs", { config: ["CONFIG_FPROBE"] }),
  rdonly_cast: feature([6, 2], "loading kernel memory through any pointer to a struct", "it is read by a helper", { config: ["CONFIG_BPF_JIT", "CONFIG_DEBUG_INFO_BTF"] }),
  rdonly_cast_bytes: feature([6, 17], "loading kernel memory through any address", "it is read by a helper", { config: ["CONFIG_BPF_JIT", "CONFIG_DEBUG_INFO_BTF"] }),
  // Later the verifier tells pointers that may be null from others, and wants them compared first.
  typed_pointers: {
    ...feature([5, 5], "loading kernel memory through every pointer from a typed context", "rdonly_cast, or a helper"),
    until: [6, 2],
  },
} as const satisfies Readonly<Record<string, Feature>>;

export type FeatureName = keyof typeof features;

export function isFeatureName(text: string): text is FeatureName {
  return Object.hasOwn(features, text);
}

export const featureNames: readonly FeatureName[] = Object.keys(features).filter(isFeatureName);

export interface Release {
  readonly major: number;
  readonly minor: number;
}

/** Whether a release is at least the one that brought a feature. */
export function isSince(release: Release, [major, minor]: Feature["since"]): boolean {
  return release.major > major || (release.major === major && release.minor >= minor);
}
