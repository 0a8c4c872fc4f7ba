// Attaching loaded programs: one function for each mechanism; what it returns undoes it.

import { readdirSync } from "node:fs";
import { basename, resolve } from "node:path";
import type { AttachSpec } from "../define/attach-spec.ts";
import type { FeatureName } from "../define/features.ts";
import type { Tracepoints } from "../define/target.ts";
import { containingFile } from "../symbols/archive-member.ts";
import { linkUprobeMulti, openRawTracepoint } from "../sys/bpf.ts";
import { native } from "../sys/ffi.ts";
import { Arena } from "../sys/memory.ts";
import type { PerfAttributes } from "../sys/perf.ts";
import { SystemError } from "../sys/system-error.ts";
import { attachIterator } from "./iterator.ts";
import { attachKprobe, attachKprobeMulti, type KprobeMeans } from "./kprobe.ts";
import { type Link, linkOf } from "./link.ts";
import { type Binding, bind, bindAll, dynamicPmu, openOrThrow, plain } from "./perf-event.ts";
import type { SystemCallTable } from "./system-calls.ts";
import { openTraceEvent } from "./tracefs-event.ts";

/** Detaches programs: closes all descriptors at a time, then undoes the rest. */
export async function detachAll(links: readonly Link[]): Promise<void> {
  await native().closeAll(links.flatMap((link) => link.fds));
  for (const link of links) for (const undo of link.afterwards) undo();
}

export interface AttachEnvironment {
  readonly onlineCpus: readonly number[];
  /** The process that -p or -c means, for mechanisms that the kernel restricts. */
  readonly pid: number | undefined;
  readonly tracepoints: Tracepoints;
  /** The BTF id that the program was loaded for, or 0. */
  readonly typeId: number;
  readonly systemCalls: SystemCallTable;
  /** Whether the kernel has a feature. */
  has(feature: FeatureName): boolean;
}

function bindingOf(environment: AttachEnvironment): Binding {
  return environment.has("perf_link") ? "link" : "ioctl";
}

function kprobeMeans(environment: AttachEnvironment): KprobeMeans {
  return { binding: bindingOf(environment), events: environment.has("kprobe_pmu") ? "pmu" : "tracefs" };
}

/** Whether an attached program runs by itself some time later. */
export function awaitsEvents(attach: AttachSpec): boolean {
  if (attach.mechanism === "test-run") return attach.moment === "on-signal";
  return attach.mechanism !== "iter";
}

/** Mechanisms where the kernel runs the program attached last first. */
export function runsLastFirst(spec: AttachSpec): boolean {
  switch (spec.mechanism) {
    case "kprobe":
      return !spec.onReturn;
    case "kprobe-multi":
      return spec.ends !== "return";
    case "uprobe":
    case "uprobe-multi":
    case "fentry":
    case "fentry-program":
      return true;
    default:
      return false;
  }
}

/** Attaches a program. Throws SystemError when the kernel refuses. */
export function attachProgram(name: string, fd: number, spec: AttachSpec, environment: AttachEnvironment): Link {
  switch (spec.mechanism) {
    case "test-run":
      return linkOf();
    case "tracepoint":
      return attachTracepoint(name, fd, spec.category, spec.event, environment);
    case "system-call":
      return linkOf(...environment.systemCalls.attach(name, fd, spec.phase, spec.number, environment.typeId));
    case "perf-event":
      return attachPerfEvent(name, fd, spec, environment);
    case "tp-btf":
    case "fentry":
    case "fentry-program":
    case "raw-tracepoint": {
      const link = openRawTracepoint(fd, spec.mechanism === "raw-tracepoint" ? spec.event : undefined);
      if (link < 0) throw new SystemError("attach", name, -link);
      return linkOf(link);
    }
    case "watchpoint":
      return attachWatchpoint(name, fd, spec, environment);
    case "uprobe":
      return attachUprobe(name, fd, spec, environment);
    case "uprobe-multi": {
      const link = linkUprobeMulti(fd, containingFile(spec.path), spec.offsets, spec.semaphores, spec.onReturn, environment.pid ?? 0);
      if (link < 0) throw new SystemError("attach", name, -link);
      return linkOf(link);
    }
    case "iter":
      return attachIterator(name, fd, spec, environment.pid);
    case "kprobe":
      return attachKprobe(name, fd, spec, kprobeMeans(environment));
    case "kprobe-multi":
      return attachKprobeMulti(name, fd, spec);
  }
}

function attachTracepoint(name: string, fd: number, category: string, event: string, environment: AttachEnvironment): Link {
  const format = environment.tracepoints.format(category, event);
  if (format === undefined) throw new SystemError("attach", name, 2);
  return bind(bindingOf(environment), name, fd, openOrThrow(name, { ...plain, type: 2, config: BigInt(format.id) }, -1, 0));
}

function attachPerfEvent(name: string, fd: number, spec: AttachSpec & { mechanism: "perf-event" }, environment: AttachEnvironment): Link {
  const pid = spec.followsProcess ? environment.pid : undefined;
  const attributes: PerfAttributes = {
    ...plain,
    type: spec.type,
    config: BigInt(spec.config),
    period: spec.sampling.value,
    byFrequency: spec.sampling.by === "frequency",
    inherit: pid !== undefined,
  };
  const cpus = spec.cpus === "each" ? environment.onlineCpus : environment.onlineCpus.slice(0, 1);
  return bindAll(bindingOf(environment), name, fd, cpus.map((cpu) => () => openOrThrow(name, attributes, pid ?? -1, cpu)));
}

/** One event for each thread of the traced process, or for each CPU. */
function attachWatchpoint(name: string, fd: number, spec: AttachSpec & { mechanism: "watchpoint" }, environment: AttachEnvironment): Link {
  const attributes: PerfAttributes = {
    ...plain,
    type: perfTypes.breakpoint,
    period: 1n,
    inherit: true,
    breakpoint: spec.access,
    config1: spec.address,
    config2: BigInt(spec.access === executeAccess ? wordBytes : spec.length),
  };
  const { pid } = environment;
  if (pid === undefined) {
    return bindAll(bindingOf(environment), name, fd, environment.onlineCpus.map((cpu) => () => openOrThrow(name, attributes, -1, cpu)));
  }
  const threads = readdirSync(`/proc/${pid}/task`).map(Number);
  return bindAll(bindingOf(environment), name, fd, threads.map((thread) => () => openOrThrow(name, attributes, thread, -1)));
}

/** enum perf_type_id. */
const perfTypes = { breakpoint: 5 } as const;
const executeAccess = 4;
/** A breakpoint on execution must have the length of a long. */
const wordBytes = 8;

/** Bits 32-63 of the config of a uprobe: the reference counter's offset (Linux 4.20). */
const semaphoreShift = 32n;

function attachUprobe(name: string, fd: number, spec: AttachSpec & { mechanism: "uprobe" }, environment: AttachEnvironment): Link {
  if (!environment.has("uprobe_pmu")) return attachTracefsUprobe(name, fd, spec, environment);
  const { type, returnBit } = dynamicPmu("uprobe");
  const arena = new Arena();
  const attributes = {
    ...plain,
    type,
    config: (spec.onReturn ? returnBit : 0n) | (BigInt(spec.semaphore ?? 0) << semaphoreShift),
    config1: arena.text(containingFile(spec.path)),
    config2: BigInt(spec.offset),
  };
  const { pid } = environment;
  return bind(bindingOf(environment), name, fd, openOrThrow(name, attributes, pid ?? -1, pid === undefined ? 0 : -1, arena));
}

function attachTracefsUprobe(name: string, fd: number, spec: AttachSpec & { mechanism: "uprobe" }, environment: AttachEnvironment): Link {
  const counter = spec.semaphore === undefined || spec.semaphore === 0 ? "" : `(0x${spec.semaphore.toString(16)})`;
  const path = resolve(spec.path);
  if (/\s/.test(path)) throw new SystemError("attach", name, invalid, "uprobe_events of tracefs takes no path with blanks");
  const event = openTraceEvent(name, {
    kind: "uprobe",
    onReturn: spec.onReturn,
    label: basename(path),
    place: `${path}:0x${spec.offset.toString(16)}${counter}`,
    pid: environment.pid ?? -1,
  });
  try {
    return { ...bind(bindingOf(environment), name, fd, event.fd), afterwards: [event.remove] };
  } catch (problem) {
    event.remove();
    throw problem;
  }
}

const invalid = 22;
