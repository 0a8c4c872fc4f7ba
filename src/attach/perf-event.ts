// Perf events with programs: opened, tied to a program, enabled.

import { readFileSync } from "node:fs";
import { linkPerfEvent } from "../sys/bpf.ts";
import { type Arena, closeFd } from "../sys/memory.ts";
import { openPerfEvent, type PerfAttributes, perfIoctl } from "../sys/perf.ts";
import { SystemError } from "../sys/system-error.ts";
import { type Link, linkOf } from "./link.ts";

/** Attributes of an event that counts nothing and samples nothing. */
export const plain = { config: 0n, period: 0n, byFrequency: false, inherit: false, config1: 0n, config2: 0n } as const;

/** How programs are tied to perf events: by a link (Linux 5.15), or by an ioctl. */
export type Binding = "link" | "ioctl";

/** Ties a program to an open event, which is closed when that fails. Throws SystemError. */
export function bind(binding: Binding, name: string, programFd: number, eventFd: number): Link {
  const result = binding === "link" ? linkPerfEvent(programFd, eventFd) : perfIoctl(eventFd, "setBpf", programFd);
  if (result < 0) {
    closeFd(eventFd);
    throw new SystemError("attach", name, -result);
  }
  perfIoctl(eventFd, "enable", 0);
  return binding === "link" ? linkOf(eventFd, result) : linkOf(eventFd);
}

/** Throws SystemError when the kernel refuses. */
export function openOrThrow(name: string, attributes: PerfAttributes, pid: number, cpu: number, arena?: Arena): number {
  const fd = openPerfEvent(attributes, pid, cpu, arena);
  if (fd < 0) throw new SystemError("attach", name, -fd);
  return fd;
}

/** Ties a program to several events at once; when one fails, to none. */
export function bindAll(binding: Binding, name: string, fd: number, openers: readonly (() => number)[]): Link {
  const fds: number[] = [];
  try {
    for (const open of openers) fds.push(...bind(binding, name, fd, open()).fds);
  } catch (problem) {
    for (const opened of fds) closeFd(opened);
    throw problem;
  }
  return linkOf(...fds);
}

/** Type number of a dynamic PMU, and the bit that makes a probe one on return. */
export function dynamicPmu(pmu: "uprobe" | "kprobe"): { readonly type: number; readonly returnBit: bigint } {
  const folder = `/sys/bus/event_source/devices/${pmu}`;
  const type = Number(readFileSync(`${folder}/type`, "latin1"));
  const bit = /config:(\d+)/.exec(readFileSync(`${folder}/format/retprobe`, "latin1"))?.[1] ?? "0";
  return { type, returnBit: 1n << BigInt(bit) };
}
