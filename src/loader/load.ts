// From a compiled program to maps and programs in the kernel: relocations are filled in, functions and lines described.

import { present } from "../base/invariant.ts";
import type { BytecodeProgram } from "../backend/bytecode.ts";
import type { CompiledProbe, CompiledProgram, MapSpec } from "../compile/compiled-program.ts";
import type { AttachSpec } from "../define/attach-spec.ts";
import { BtfWriter } from "../formats/btf/writer.ts";
import { createMap, freezeMap, loadBtf, loadProgram, openModuleBtf, updateElement } from "../sys/bpf.ts";
import { openProgram } from "../sys/bpf-objects.ts";
import { encodeInstructions } from "../bpf/encode.ts";
import { pseudo } from "../bpf/instruction.ts";
import { kernelVariableMark } from "../define/internal-names.ts";
import { SystemError } from "../sys/system-error.ts";
import { closeFd } from "../sys/memory.ts";
import { explainRejection, type VerifierComplaint } from "./verifier-log.ts";

/** Numbers known only at start: link constants by name. */
export type LinkValues = Readonly<Record<string, bigint>>;

export interface LoadedProbe {
  readonly probe: CompiledProbe;
  readonly fd: number;
}

export interface LoadedProgram {
  readonly probes: readonly LoadedProbe[];
  /** Descriptors by the names that relocations use. */
  readonly maps: ReadonlyMap<string, number>;
  readonly logs: readonly string[];
  /** Loads a program more, which is closed with the others. Throws VerifierRejection. */
  loadMore(probe: CompiledProbe): LoadedProbe;
  close(): void;
}

/** The kernel refused a program of ours. */
export class VerifierRejection extends Error {
  readonly probe: string;
  readonly errno: number;
  readonly log: string;
  readonly functionName: string;
  /** What the log says; undefined without a log. */
  readonly complaint: VerifierComplaint | undefined;

  constructor(probe: CompiledProbe, errno: number, log: string) {
    super(`Error loading BPF program for ${probe.functionName}. Error code: -${errno}.`);
    this.complaint = log.trim() === "" ? undefined : explainRejection(log, probe.bytecode);
    this.name = "VerifierRejection";
    this.probe = probe.name;
    this.functionName = probe.functionName;
    this.errno = errno;
    this.log = log;
  }
}

/** What a program is loaded for, for probe types that need it. */
export interface AttachTarget {
  /** 0: nothing. */
  readonly btfId: number;
  /** Module whose type information has the id; undefined: the kernel's own. */
  readonly module: string | undefined;
  /** BPF program whose type information has the id. */
  readonly programId?: number;
}

export interface LoadOptions {
  readonly constants: LinkValues;
  attachTarget(probe: CompiledProbe): AttachTarget;
  /** Id of a function or variable in the kernel's BTF. */
  kernelId(kind: "function" | "variable", name: string): number | undefined;
  /** BPF_LOG bits for programs that are accepted; 0 for no log. */
  readonly logLevel: number;
}

/** Creates the maps and loads the programs; leaves nothing behind when something fails. */
export function loadCompiled(compiled: CompiledProgram, options: LoadOptions): LoadedProgram {
  const fds: number[] = [];
  const maps = new Map<string, number>();
  const close = () => {
    for (const fd of fds.splice(0)) closeFd(fd);
  };
  try {
    for (const spec of compiled.maps) {
      const fd = createMapOf(spec);
      fds.push(fd);
      maps.set(spec.name, fd);
      if (spec.content !== undefined) updateElement(fd, new Uint8Array(4), spec.content);
      if (spec.readOnly) freezeMap(fd);
    }
    const logs: string[] = [];
    const shared = new Map<BytecodeProgram, Map<string, number>>();
    const probes = compiled.probes.map((probe) => {
      const same = shared.get(probe.bytecode) ?? new Map<string, number>();
      shared.set(probe.bytecode, same);
      const { type, expectedAttach } = probe.program;
      const kind = `${type} ${expectedAttach} ${options.attachTarget(probe).btfId}`;
      const known = same.get(kind);
      if (known !== undefined) return { probe, fd: known };
      const { fd, log } = loadProbe(compiled, probe, maps, options);
      fds.push(fd);
      if (canServeSeveral(probe)) same.set(kind, fd);
      if (log !== "") logs.push(`Verifier log of ${probe.functionName}\n-------------------\n${log}`);
      return { probe, fd };
    });
    const loadMore = (probe: CompiledProbe): LoadedProbe => {
      const { fd } = loadProbe(compiled, probe, maps, options);
      fds.push(fd);
      return { probe, fd };
    };
    return { probes, maps, logs, loadMore, close };
  } catch (problem) {
    close();
    throw problem;
  }
}

function createMapOf(spec: MapSpec): number {
  if (spec.inner === undefined) return createMap(spec);
  const inner = createMap({ name: spec.name, ...spec.inner });
  try {
    return createMap(spec, inner);
  } finally {
    closeFd(inner);
  }
}

const ofSeveral: ReadonlySet<AttachSpec["mechanism"]> = new Set(["tracepoint", "system-call", "perf-event", "kprobe", "kprobe-multi", "uprobe", "uprobe-multi"]);

/** Whether one loaded program may be attached to all points that have its code. */
function canServeSeveral({ attach }: CompiledProbe): boolean {
  return ofSeveral.has(attach.mechanism);
}

function loadProbe(
  compiled: CompiledProgram,
  probe: CompiledProbe,
  maps: ReadonlyMap<string, number>,
  options: LoadOptions,
): { readonly fd: number; readonly log: string } {
  const code = relocate(probe, maps, options);
  const debug = describe(probe);
  const btfFd = loadBtf(debug.btf);
  const target = options.attachTarget(probe);
  const ownerFd = openOwner(probe, target);
  const attributes = {
    name: probe.functionName,
    type: probe.program.type,
    expectedAttach: probe.program.expectedAttach,
    code,
    license: compiled.config.license,
    attachBtfId: target.btfId,
    attachBtfFd: Math.max(ownerFd, 0),
    btfFd: Math.max(btfFd, 0),
    functionInfo: debug.functionInfo,
    lineInfo: debug.lineInfo,
    kernelVersion: 0,
    logSize: compiled.config.logSize,
  };
  try {
    const first = loadProgram({ ...attributes, logLevel: options.logLevel });
    if (first.ok) return first;
    if (options.logLevel > 0 && first.errno === noSpace) {
      // The log was wanted, but does not fit log_size: what there is of it has to do.
      const quiet = loadProgram({ ...attributes, logLevel: 0 });
      if (quiet.ok) return { fd: quiet.fd, log: first.log };
    }
    const second = loadProgram({ ...attributes, logLevel: 1 });
    // Signals interrupted the first attempt: its log was not wanted.
    if (second.ok) return { fd: second.fd, log: options.logLevel > 0 ? second.log : "" };
    throw new VerifierRejection(probe, first.errno, second.log);
  } finally {
    for (const fd of [btfFd, ownerFd]) if (fd >= 0) closeFd(fd);
  }
}

/** What has the type that a program is loaded for: a module's type information or another program; negative: the kernel itself. */
function openOwner(probe: CompiledProbe, { module, programId }: AttachTarget): number {
  if (programId === undefined) return module === undefined ? -1 : openModuleBtf(module);
  const fd = openProgram(programId);
  if (fd < 0) throw new SystemError("attach", probe.name, -fd, `the BPF program ${programId} is not loaded any more`);
  return fd;
}

const noSpace = 28;

/** Fills in map descriptors and constants. */
function relocate(probe: CompiledProbe, maps: ReadonlyMap<string, number>, options: LoadOptions): Uint8Array {
  const code = Buffer.from(probe.bytecode.code);
  for (const { at, kind, name } of probe.bytecode.relocations) {
    switch (kind) {
      case "map":
      case "map-value":
        code.writeInt32LE(present(maps.get(name), `map ${name}`), at * 8 + 4);
        break;
      case "constant": {
        if (name.startsWith(kernelVariableMark)) {
          code.writeUInt8((code.readUInt8(at * 8 + 1) & 0x0f) | (pseudo.btfId << 4), at * 8 + 1);
          code.writeInt32LE(kernelId(options, "variable", name.slice(kernelVariableMark.length)), at * 8 + 4);
          break;
        }
        const value = BigInt.asUintN(64, present(options.constants[name], `constant ${name}`));
        code.writeUInt32LE(Number(value & 0xffff_ffffn), at * 8 + 4);
        code.writeUInt32LE(Number(value >> 32n), at * 8 + 12);
        break;
      }
      case "kfunc": {
        const answer = probe.answers?.[name];
        if (answer === undefined) code.writeInt32LE(kernelId(options, "function", name), at * 8 + 4);
        else code.set(encodeInstructions([{ op: "alu", operation: "mov", width: 64, register: 0, source: { kind: "immediate", value: answer } }]), at * 8);
        break;
      }
    }
  }
  return code;
}

function kernelId(options: LoadOptions, kind: "function" | "variable", name: string): number {
  const id = options.kernelId(kind, name);
  if (id === undefined) throw new SystemError("find", `${kind} ${name} in the kernel's type information`, noEntry);
  return id;
}

const noEntry = 2;

/** BTF of the program's functions, and the tables of functions and source lines. */
function describe(probe: CompiledProbe): { btf: Uint8Array; functionInfo: Uint8Array; lineInfo: Uint8Array } {
  const writer = new BtfWriter();
  const long = writer.int("long", 8, true);
  const pointer = writer.pointer(0);
  const { functions, lines } = probe.bytecode;
  const functionInfo = Buffer.alloc(functions.length * 8);
  for (const [i, fn] of functions.entries()) {
    const parameters = Array.from({ length: fn.parameters }, () => (i === 0 ? pointer : long));
    const prototype = writer.functionPrototype(i === 0 ? writer.int("int", 4, true) : long, parameters);
    const id = writer.function(identifier(fn.name), prototype, fn.global);
    functionInfo.writeUInt32LE(fn.start, i * 8);
    functionInfo.writeUInt32LE(id, i * 8 + 4);
  }
  const lineInfo = Buffer.alloc(lines.length * 16);
  for (const [i, { at, span }] of lines.entries()) {
    const { line, column } = span.file.position(span.start);
    lineInfo.writeUInt32LE(at, i * 16);
    lineInfo.writeUInt32LE(writer.string(span.file.name), i * 16 + 4);
    lineInfo.writeUInt32LE(writer.string(span.file.line(line).trim().slice(0, 200)), i * 16 + 8);
    lineInfo.writeUInt32LE(((line << 10) | Math.min(column, 1023)) >>> 0, i * 16 + 12);
  }
  return { btf: writer.bytes(), functionInfo, lineInfo };
}

/** A name that the kernel takes as a C identifier. */
function identifier(name: string): string {
  const clean = name.replace(/[^A-Za-z0-9_]/g, "_").slice(0, 127);
  return /^[0-9]/.test(clean) ? `_${clean}` : clean;
}
