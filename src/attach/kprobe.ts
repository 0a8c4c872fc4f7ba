// Programs at kernel functions: perf events for one place each, or one link for many functions.

import { randomBytes } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AttachSpec } from "../define/attach-spec.ts";
import { kernelSymbols } from "../kernel/kallsyms.ts";
import { tracefsPath } from "../kernel/tracefs.ts";
import { linkKprobeMulti } from "../sys/bpf.ts";
import { Arena, closeFd } from "../sys/memory.ts";
import { SystemError } from "../sys/system-error.ts";
import { type Link, linkOf } from "./link.ts";
import { bind, dynamicPmu, openOrThrow, plain } from "./perf-event.ts";

type KprobeSpec = AttachSpec & { readonly mechanism: "kprobe" };
type KprobeMultiSpec = AttachSpec & { readonly mechanism: "kprobe-multi" };

const errors = { noEntry: 2, noProcess: 3, noDevice: 19, invalid: 22, illegalSequence: 84, ambiguous: 99 } as const;

/** What errors of kprobes mean (kernel/kprobes.c, kernel/trace/trace_kprobe.c). */
const refusals: ReadonlyMap<number, string> = new Map([
  [errors.noEntry, "the kernel has no such function that can be probed"],
  [errors.noProcess, "the kernel can't trace a function of this name"],
  [errors.invalid, "the kernel does not allow a probe there"],
  [errors.illegalSequence, "the offset is in the middle of an instruction"],
  [errors.ambiguous, "the kernel has several functions of this name"],
]);

export function attachKprobe(name: string, fd: number, spec: KprobeSpec): Link {
  const { offset } = spec;
  const size = spec.function === undefined || offset === 0n ? undefined : kernelSymbols().size(spec.function);
  if (size !== undefined && offset >= size) {
    throw new SystemError("attach", name, errors.invalid, `the offset is beyond the function, which has ${size} bytes`);
  }
  const pmu = kprobePmu();
  if (pmu === undefined) return attachTracefsKprobe(name, fd, spec);
  try {
    return attachPmuKprobe(name, fd, spec, pmu);
  } catch (problem) {
    if (!(problem instanceof SystemError)) throw problem;
    if (problem.errno === errors.ambiguous && spec.function !== undefined) return attachToAll(name, fd, spec, spec.function, pmu);
    throw new SystemError("attach", name, problem.errno, refusals.get(problem.errno));
  }
}

interface Pmu {
  readonly type: number;
  readonly returnBit: bigint;
}

function attachPmuKprobe(name: string, fd: number, spec: KprobeSpec, pmu: Pmu): Link {
  const arena = new Arena();
  const target = spec.module === undefined ? spec.function : `${spec.module}:${spec.function}`;
  const config = spec.onReturn ? pmu.returnBit : 0n;
  const config1 = target === undefined ? 0n : arena.text(target);
  const attributes = { ...plain, type: pmu.type, config, config1, config2: spec.offset };
  return bind(name, fd, openOrThrow(name, attributes, -1, 0, arena));
}

/** Since Linux 6.6 a name alone does not do where several functions have it: all are probed that can be, by address. */
function attachToAll(name: string, fd: number, spec: KprobeSpec, symbol: string, pmu: Pmu): Link {
  const fds: number[] = [];
  const refused: SystemError[] = [];
  for (const address of kernelSymbols().addresses(symbol)) {
    const place = { ...spec, function: undefined, module: undefined, offset: address + spec.offset };
    try {
      fds.push(...attachPmuKprobe(name, fd, place, pmu).fds);
    } catch (problem) {
      if (!(problem instanceof SystemError)) throw problem;
      refused.push(problem);
    }
  }
  if (fds.length > 0) return linkOf(...fds);
  throw new SystemError("attach", name, refused[0]?.errno ?? errors.ambiguous, refusals.get(errors.ambiguous));
}

/** Bounds the search for names that the kernel refuses. */
const maxAttempts = 500;

/**
 * One link for many functions. A name that the kernel can't trace fails its whole link: then the list is halved until those
 * are alone that it refuses, which are left out.
 */
export function attachKprobeMulti(name: string, fd: number, spec: KprobeMultiSpec): Link {
  const fds: number[] = [];
  const queue: (readonly string[])[] = [spec.functions];
  let refusal = 0;
  for (let attempts = 0; queue.length > 0 && attempts < maxAttempts; attempts++) {
    const functions = queue.pop() ?? [];
    const link = linkKprobeMulti(fd, functions, spec.onReturn, false);
    if (link >= 0) {
      fds.push(link);
      continue;
    }
    refusal = -link;
    if (!isAboutNames(refusal)) break;
    if (functions.length <= 1) continue;
    const known = attempts === 0 ? functions.filter((symbol) => kernelSymbols().address(symbol) !== undefined) : functions;
    if (known.length < functions.length) queue.push(known);
    else queue.push(functions.slice(functions.length / 2), functions.slice(0, functions.length / 2));
  }
  if (fds.length > 0 && queue.length === 0) return linkOf(...fds);
  for (const link of fds) closeFd(link);
  throw new SystemError("attach", name, refusal, refusals.get(refusal));
}

function isAboutNames(errno: number): boolean {
  return errno === errors.noEntry || errno === errors.noProcess || errno === errors.invalid;
}

/** The kernel's PMU of kprobes (Linux 4.17); undefined where it has none. */
function kprobePmu(): Pmu | undefined {
  return existsSync("/sys/bus/event_source/devices/kprobe/type") ? dynamicPmu("kprobe") : undefined;
}

/** Kprobes by way of a dynamic event in tracefs (Documentation/trace/kprobetrace.rst); the event is removed with the link. */
function attachTracefsKprobe(name: string, fd: number, spec: KprobeSpec): Link {
  const tracefs = tracefsPath();
  const control = join(tracefs, "kprobe_events");
  if (!existsSync(control)) throw new SystemError("attach", name, errors.noDevice, "this kernel has no kprobes (CONFIG_KPROBES)");
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

function writeControl(file: string, line: string, name: string): void {
  try {
    appendFileSync(file, `${line}\n`);
  } catch (problem) {
    const errno = problem instanceof Error && "errno" in problem ? Math.abs(Number(problem.errno)) : 0;
    throw new SystemError("attach", name, errno, refusals.get(errno));
  }
}
