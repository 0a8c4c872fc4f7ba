// What the running kernel supports, found out by offering it small programs.

import { existsSync } from "node:fs";
import { readOnlyCast } from "../bpf/helpers.ts";
import type { BpfInstruction } from "../bpf/instruction.ts";
import { attachTypes, programTypes, type ProgramKind } from "../define/attach-spec.ts";
import { btfKinds, type BtfReader } from "../formats/btf/reader.ts";
import { mapTypes } from "../bpf/map-types.ts";
import { createMap, linkKprobeMulti, linkPerfEvent, linkUprobeMulti, openModuleBtf, testRun } from "../sys/bpf.ts";
import { closeFd } from "../sys/memory.ts";
import { openPerfEvent } from "../sys/perf.ts";
import { SystemError } from "../sys/system-error.ts";
import { offerProgram } from "./offer-program.ts";

const exit: BpfInstruction = { op: "exit" };

function move(register: 0 | 2 | 3, value: number): BpfInstruction {
  return { op: "alu", operation: "mov", width: 64, register, source: { kind: "immediate", value } };
}

/** Whether a program is accepted; it is not kept. */
function accepts(program: ProgramKind, code: readonly BpfInstruction[], attachBtfId = 0): boolean {
  const result = offerProgram(program, code, attachBtfId);
  if (result.ok) closeFd(result.fd);
  return result.ok;
}

/** Whether a helper is known: the verifier names it when it is not, and complains about arguments when it is. */
export function hasHelper(id: number): boolean {
  const result = offerProgram({ type: programTypes.kprobe, expectedAttach: 0 }, [{ op: "call", kind: "helper", target: id, module: 0 }, exit]);
  if (result.ok) closeFd(result.fd);
  return result.ok || (result.log !== "" && !/invalid func|unknown func|cannot use helper/.test(result.log));
}

/** Instructions that the verifier is willing to look at; -1 when its log does not say. */
export function instructionLimit(): number {
  const result = offerProgram({ type: programTypes.kprobe, expectedAttach: 0 }, [move(0, 0), exit]);
  if (result.ok) closeFd(result.fd);
  return Number(/\(limit (\d+)\)/.exec(result.log)?.[1] ?? -1);
}

/** Carries out what throws a SystemError where the kernel refuses. */
function succeeds(action: () => void): boolean {
  try {
    action();
    return true;
  } catch (problem) {
    if (problem instanceof SystemError) return false;
    throw problem;
  }
}

export function hasRingBuffer(): boolean {
  const map = { name: "feature", type: mapTypes.ringBuffer.id, keySize: 0, valueSize: 0, maxEntries: 4096, flags: 0 };
  return succeeds(() => closeFd(createMap(map)));
}

export function hasRawTracepointTestRun(): boolean {
  const result = offerProgram({ type: programTypes.rawTracepoint, expectedAttach: 0 }, [move(0, 0), exit]);
  if (!result.ok) return false;
  const ran = succeeds(() => testRun(result.fd, "feature"));
  closeFd(result.fd);
  return ran;
}

/** PERF_TYPE_SOFTWARE and PERF_COUNT_SW_DUMMY: an event that never happens. */
const never = { type: 1, config: 9n, period: 0n, byFrequency: false, inherit: false, config1: 0n, config2: 0n } as const;

export function hasPerfLink(): boolean {
  const result = offerProgram({ type: programTypes.perfEvent, expectedAttach: 0 }, [move(0, 0), exit]);
  if (!result.ok) return false;
  const event = openPerfEvent(never, 0, -1, undefined);
  const link = event < 0 ? event : linkPerfEvent(result.fd, event);
  for (const fd of [link, event, result.fd]) if (fd >= 0) closeFd(fd);
  return link >= 0;
}

/** A division of the fourth instruction set. */
export function hasSignedDivision(): boolean {
  const divide: BpfInstruction = { op: "alu", operation: "sdiv", width: 64, register: 0, source: { kind: "immediate", value: 2 } };
  return accepts({ type: programTypes.kprobe, expectedAttach: 0 }, [move(0, -6), divide, move(0, 0), exit]);
}

/** EBADF: the kernel got as far as to look at the path. */
const badPath = -9;

export function hasUprobeMulti(): boolean {
  return linksMulti(attachTypes.uprobeMulti, (fd) => linkUprobeMulti(fd, "/", [0], undefined, false, 0), (link) => link === badPath);
}

/** A function that every kernel has and that can be traced where kprobes work at all. */
const anyFunction = { by: "symbol", symbol: "ksys_read" } as const;

export function hasKprobeMulti(): boolean {
  return linksMulti(attachTypes.kprobeMulti, (fd) => linkKprobeMulti(fd, [anyFunction], "entry"), (link) => link >= 0);
}

export function hasKprobeSession(): boolean {
  return linksMulti(attachTypes.kprobeSession, (fd) => linkKprobeMulti(fd, [anyFunction], "both"), (link) => link >= 0);
}

function linksMulti(attach: number, link: (fd: number) => number, supported: (link: number) => boolean): boolean {
  const result = offerProgram({ type: programTypes.kprobe, expectedAttach: attach }, [move(0, 0), exit]);
  if (!result.ok) return false;
  try {
    const made = link(result.fd);
    if (made >= 0) closeFd(made);
    return supported(made);
  } finally {
    closeFd(result.fd);
  }
}

/**
 * Whether programs may load kernel memory through any address, as a struct or as bytes. Programs of all types may where one may: the function
 * is for all of them.
 */
export function hasReadOnlyCast(btf: BtfReader | undefined, as: "struct" | "bytes"): boolean {
  const id = btf?.find(btfKinds.func, readOnlyCast);
  const struct = as === "bytes" ? 0 : btf?.find(btfKinds.struct, "task_struct");
  if (id === undefined || struct === undefined) return false;
  const code: readonly BpfInstruction[] = [
    { op: "alu", operation: "mov", width: 64, register: 1, source: { kind: "immediate", value: 0 } },
    move(2, struct),
    { op: "call", kind: "kfunc", target: id, module: 0 },
    { op: "load", size: 4, signed: false, register: 0, base: 0, offset: 0 },
    move(0, 0),
    exit,
  ];
  return accepts({ type: programTypes.kprobe, expectedAttach: 0 }, code);
}

export function hasIterators(btf: BtfReader | undefined): boolean {
  const id = btf?.find(btfKinds.func, "bpf_iter_task");
  const program = { type: programTypes.tracing, expectedAttach: attachTypes.traceIter };
  return id !== undefined && accepts(program, [move(0, 0), exit], id);
}

/** d_path() of the kernel's list of helpers (include/uapi/linux/bpf.h). */
const pathHelper = 147;

export function hasPathHelper(btf: BtfReader | undefined): boolean {
  const id = btf?.find(btfKinds.func, "dentry_open");
  if (id === undefined) return false;
  const code: readonly BpfInstruction[] = [
    { op: "load", size: 8, signed: false, register: 1, base: 1, offset: 0 },
    { op: "alu", operation: "mov", width: 64, register: 2, source: { kind: "register", register: 10 } },
    { op: "alu", operation: "add", width: 64, register: 2, source: { kind: "immediate", value: -8 } },
    { op: "store", size: 8, base: 2, offset: 0, source: { kind: "immediate", value: 0 } },
    move(3, 8),
    { op: "call", kind: "helper", target: pathHelper, module: 0 },
    move(0, 0),
    exit,
  ];
  return accepts({ type: programTypes.tracing, expectedAttach: attachTypes.traceFentry }, code, id);
}

/** Whether type information of modules can be had: that of the kernel can be found in the same way. */
export function hasModuleBtf(): boolean {
  const fd = openModuleBtf("vmlinux");
  if (fd >= 0) closeFd(fd);
  return fd >= 0;
}

/** Whether the kernel counts for whom a USDT probe is switched on (4.20). */
export function hasUprobeRefcount(): boolean {
  return existsSync("/sys/bus/event_source/devices/uprobe/format/ref_ctr_offset");
}
