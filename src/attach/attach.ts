// Attaching loaded programs: one function for each mechanism; what it returns undoes it.

import { randomBytes } from "node:crypto";
import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AttachSpec } from "../define/attach-spec.ts";
import type { Tracepoints } from "../define/target.ts";
import { attachIterator } from "./iterator.ts";
import { tracefsPath } from "../kernel/tracefs.ts";
import { linkKprobeMulti, linkPerfEvent, linkUprobeMulti, openRawTracepoint } from "../sys/bpf.ts";
import { native } from "../sys/ffi.ts";
import { Arena, closeFd } from "../sys/memory.ts";
import { openPerfEvent, type PerfAttributes, perfIoctl } from "../sys/perf.ts";
import { SystemError } from "../sys/system-error.ts";
import type { SystemCallTable } from "./system-calls.ts";

/** What keeps a program attached. */
export interface Link {
  /** To be closed. The kernel takes tens of milliseconds for some. */
  readonly fds: readonly number[];
  /** To be done when they are closed. */
  readonly afterwards: readonly (() => void)[];
  /** Of iterators: runs the program over all elements. */
  readonly iterate?: (take: (bytes: Buffer) => void) => void;
}

function linkOf(...fds: readonly number[]): Link {
  return { fds, afterwards: [] };
}

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
    case "kprobe-multi":
      return !spec.onReturn;
    case "uprobe":
    case "uprobe-multi":
    case "fentry":
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
      const link = linkUprobeMulti(fd, spec.path, spec.offsets, spec.semaphores, spec.onReturn, environment.pid ?? 0);
      if (link < 0) throw new SystemError("attach", name, -link);
      return linkOf(link);
    }
    case "iter":
      return attachIterator(name, fd, spec.pin, environment.pid);
    case "kprobe":
      return attachKprobe(name, fd, spec);
    case "kprobe-multi": {
      const link = linkKprobeMulti(fd, spec.functions, spec.onReturn, false);
      if (link < 0) throw new SystemError("attach", name, -link);
      return linkOf(link);
    }
  }
}

const plain = { config: 0n, period: 0n, byFrequency: false, inherit: false, config1: 0n, config2: 0n } as const;

/** Ties a program to an open event: by a link, or the older ioctl. */
function bind(name: string, programFd: number, eventFd: number): Link {
  const link = linkPerfEvent(programFd, eventFd);
  if (link < 0) {
    const result = perfIoctl(eventFd, "setBpf", programFd);
    if (result < 0) {
      closeFd(eventFd);
      throw new SystemError("attach", name, -result);
    }
  }
  perfIoctl(eventFd, "enable", 0);
  return link >= 0 ? linkOf(eventFd, link) : linkOf(eventFd);
}

function openOrThrow(name: string, attributes: PerfAttributes, pid: number, cpu: number, arena?: Arena): number {
  const fd = openPerfEvent(attributes, pid, cpu, arena);
  if (fd < 0) throw new SystemError("attach", name, -fd);
  return fd;
}

function attachTracepoint(name: string, fd: number, category: string, event: string, environment: AttachEnvironment): Link {
  const format = environment.tracepoints.format(category, event);
  if (format === undefined) throw new SystemError("attach", name, 2);
  return bind(name, fd, openOrThrow(name, { ...plain, type: 2, config: BigInt(format.id) }, -1, 0));
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
  return bindAll(name, fd, cpus.map((cpu) => () => openOrThrow(name, attributes, pid ?? -1, cpu)));
}

/** Ties a program to several events at once; when one fails, to none. */
function bindAll(name: string, fd: number, openers: readonly (() => number)[]): Link {
  const fds: number[] = [];
  try {
    for (const open of openers) fds.push(...bind(name, fd, open()).fds);
  } catch (problem) {
    for (const opened of fds) closeFd(opened);
    throw problem;
  }
  return linkOf(...fds);
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
    return bindAll(name, fd, environment.onlineCpus.map((cpu) => () => openOrThrow(name, attributes, -1, cpu)));
  }
  const threads = readdirSync(`/proc/${pid}/task`).map(Number);
  return bindAll(name, fd, threads.map((thread) => () => openOrThrow(name, attributes, thread, -1)));
}

/** enum perf_type_id. */
const perfTypes = { breakpoint: 5 } as const;
const executeAccess = 4;
/** A breakpoint on execution must have the length of a long. */
const wordBytes = 8;

/** Type number of a dynamic PMU, and the bit that makes a probe one on return. */
function dynamicPmu(pmu: "uprobe" | "kprobe"): { readonly type: number; readonly returnBit: bigint } {
  const folder = `/sys/bus/event_source/devices/${pmu}`;
  const type = Number(readFileSync(`${folder}/type`, "latin1"));
  const bit = /config:(\d+)/.exec(readFileSync(`${folder}/format/retprobe`, "latin1"))?.[1] ?? "0";
  return { type, returnBit: 1n << BigInt(bit) };
}

/** Bits 32-63 of the config of a uprobe: the reference counter's offset (Linux 4.20). */
const semaphoreShift = 32n;

function attachUprobe(name: string, fd: number, spec: AttachSpec & { mechanism: "uprobe" }, environment: AttachEnvironment): Link {
  const { type, returnBit } = dynamicPmu("uprobe");
  const arena = new Arena();
  const attributes = {
    ...plain,
    type,
    config: (spec.onReturn ? returnBit : 0n) | (BigInt(spec.semaphore ?? 0) << semaphoreShift),
    config1: arena.text(spec.path),
    config2: BigInt(spec.offset),
  };
  const { pid } = environment;
  return bind(name, fd, openOrThrow(name, attributes, pid ?? -1, pid === undefined ? 0 : -1, arena));
}

function attachKprobe(name: string, fd: number, spec: AttachSpec & { mechanism: "kprobe" }): Link {
  const pmu = kprobePmu();
  if (pmu === undefined) return attachTracefsKprobe(name, fd, spec);
  const arena = new Arena();
  const target = spec.module === undefined ? spec.function : `${spec.module}:${spec.function}`;
  const config = spec.onReturn ? pmu.returnBit : 0n;
  const config1 = target === undefined ? 0n : arena.text(target);
  const attributes = { ...plain, type: pmu.type, config, config1, config2: spec.offset };
  return bind(name, fd, openOrThrow(name, attributes, -1, 0, arena));
}

/** The kernel's PMU of kprobes (Linux 4.17); undefined where it has none. */
function kprobePmu(): { readonly type: number; readonly returnBit: bigint } | undefined {
  return existsSync("/sys/bus/event_source/devices/kprobe/type") ? dynamicPmu("kprobe") : undefined;
}

/** Kprobes by way of a dynamic event in tracefs (Documentation/trace/kprobetrace.rst); the event is removed with the link. */
function attachTracefsKprobe(name: string, fd: number, spec: AttachSpec & { mechanism: "kprobe" }): Link {
  const tracefs = tracefsPath();
  const control = join(tracefs, "kprobe_events");
  if (!existsSync(control)) throw new SystemError("attach", name, noSuchDevice, "this kernel has no kprobes (CONFIG_KPROBES)");
  const group = spec.onReturn ? "kretprobes" : "kprobes";
  const clean = (spec.function ?? "address").replace(/[^A-Za-z0-9_]/g, "_").slice(0, 30);
  const event = `bpftrace_${clean}_${process.pid}_${randomBytes(4).toString("hex")}`;
  const module = spec.module === undefined ? "" : `${spec.module}:`;
  const place = spec.function === undefined ? `0x${spec.offset.toString(16)}` : `${module}${spec.function}+0x${spec.offset.toString(16)}`;
  writeControl(control, `${spec.onReturn ? "r" : "p"}:${group}/${event} ${place}`, name);
  const remove = () => writeControl(control, `-:${group}/${event}`, name);
  try {
    const id = Number(readFileSync(join(tracefs, "events", group, event, "id"), "latin1"));
    const link = bind(name, fd, openOrThrow(name, { ...plain, type: 2, config: BigInt(id) }, -1, 0));
    return { fds: link.fds, afterwards: [remove] };
  } catch (problem) {
    remove();
    throw problem;
  }
}

/** ENODEV. */
const noSuchDevice = 19;

function writeControl(file: string, line: string, name: string): void {
  try {
    appendFileSync(file, `${line}\n`);
  } catch (problem) {
    const errno = problem instanceof Error && "errno" in problem ? Math.abs(Number(problem.errno)) : 0;
    throw new SystemError("attach", name, errno);
  }
}
