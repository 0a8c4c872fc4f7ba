// Many system call tracepoints on one raw tracepoint: a small program runs at every system call and jumps to the program
// of its number. A tracepoint of its own for each call takes the kernel 40 ms to detach, and there are hundreds.

import { invariant } from "../base/invariant.ts";
import { encodeInstructions } from "../bpf/encode.ts";
import { helpers } from "../bpf/helpers.ts";
import { type BpfInstruction, pseudo } from "../bpf/instruction.ts";
import { mapTypes } from "../bpf/map-types.ts";
import { attachTypes, programTypes, type SystemCallPhase } from "../define/attach-spec.ts";
import { systemCallRegister } from "../define/registers.ts";
import type { Target } from "../define/target.ts";
import { createMap, loadProgram, openRawTracepoint, updateElement } from "../sys/bpf.ts";
import { closeFd } from "../sys/memory.ts";
import { SystemError } from "../sys/system-error.ts";

/** Numbers of native system calls are below. */
const tableSize = 1024;

/** One raw tracepoint with its table of programs. */
interface Dispatcher {
  readonly phase: SystemCallPhase;
  readonly table: number;
  readonly used: Set<number>;
}

export class SystemCallTable {
  private readonly target: Target;
  private readonly dispatchers: Dispatcher[] = [];

  constructor(target: Target) {
    this.target = target;
  }

  /**
   * Attaches a program to a system call; gives the descriptors that were opened for it. `traceId` is the BTF id of the
   * raw tracepoint, which the program was loaded for. Programs of one call run in the order of attaching.
   */
  attach(name: string, program: number, phase: SystemCallPhase, number: number, traceId: number): readonly number[] {
    const free = this.dispatchers.find((known) => known.phase === phase && !known.used.has(number));
    const opened: number[] = [];
    try {
      const dispatcher = free ?? this.open(name, phase, traceId, opened);
      updateElement(dispatcher.table, word(number), word(program));
      dispatcher.used.add(number);
      return opened;
    } catch (problem) {
      for (const fd of opened) closeFd(fd);
      throw problem;
    }
  }

  private open(name: string, phase: SystemCallPhase, traceId: number, opened: number[]): Dispatcher {
    const attributes = { name: "system_calls", keySize: 4, valueSize: 4, maxEntries: tableSize, flags: 0 };
    const table = createMap({ ...attributes, type: mapTypes.programArray.id });
    opened.push(table);
    const program = loadDispatcher(name, dispatch(this.target, phase, table), traceId);
    opened.push(program);
    const link = openRawTracepoint(program, undefined);
    if (link < 0) throw new SystemError("attach", name, -link);
    opened.push(link);
    const dispatcher = { phase, table, used: new Set<number>() };
    this.dispatchers.push(dispatcher);
    return dispatcher;
  }
}

function word(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function loadDispatcher(name: string, code: readonly BpfInstruction[], traceId: number): number {
  const nothing = new Uint8Array(0);
  const result = loadProgram({
    name: "system_calls",
    type: programTypes.tracing,
    expectedAttach: attachTypes.traceRawTp,
    code: encodeInstructions(code),
    license: "GPL",
    attachBtfId: traceId,
    attachBtfFd: 0,
    btfFd: 0,
    functionInfo: nothing,
    lineInfo: nothing,
    kernelVersion: 0,
    logLevel: 0,
    logSize: 0,
  });
  if (!result.ok) throw new SystemError("attach", name, result.errno);
  return result.fd;
}

// ---- the program -----------------------------------------------------------------------------------------

/** r6 is the context, r7 the number of the system call; calls of 32-bit processes have numbers of their own and are left out. */
function dispatch(target: Target, phase: SystemCallPhase, table: number): readonly BpfInstruction[] {
  const foreign = foreignCallTest(target);
  const number = phase === "enter" ? [load(8, 7, 6, 8)] : numberAtExit(target);
  const jump: readonly BpfInstruction[] = [
    move(1, 6),
    { op: "load-immediate", register: 2, pseudo: pseudo.mapFd, value: BigInt(table) },
    move(3, 7),
    call(helpers.tailCall.id),
  ];
  return [
    move(6, 1),
    ...number,
    call(helpers.getCurrentTaskBtf.id),
    load(foreign.size, 1, 0, foreign.offset),
    // Over the jump, which has five words.
    { op: "branch", condition: "set", width: 64, left: 1, right: { kind: "immediate", value: foreign.mask }, offset: 5 },
    ...jump,
    { op: "alu", operation: "mov", width: 64, register: 0, source: { kind: "immediate", value: 0 } },
    { op: "exit" },
  ];
}

/** The registers of the caller are word 0 of the context. */
function numberAtExit(target: Target): readonly BpfInstruction[] {
  const { offset, size } = systemCallRegister[target.arch];
  return [load(8, 7, 6, 0), load(size, 7, 7, offset)];
}

interface TaskBits {
  readonly offset: number;
  readonly size: 4 | 8;
  readonly mask: number;
}

/** Bits of the task that say that it is in a 32-bit system call (TS_COMPAT, TIF_32BIT). */
function foreignCallTest(target: Target): TaskBits {
  const task = target.kernelTypes?.struct("struct", "task_struct")?.layout.fields();
  const info = task?.find((field) => field.name === "thread_info");
  const wanted = target.arch === "x64" ? "status" : "flags";
  const field = info?.type.kind === "struct" ? info.type.layout.fields().find((x) => x.name === wanted) : undefined;
  invariant(info !== undefined && field !== undefined, "the kernel's type information has thread_info");
  const offset = info.offset + field.offset;
  return target.arch === "x64" ? { offset, size: 4, mask: 2 } : { offset, size: 8, mask: 1 << 22 };
}

function move(register: number, from: number): BpfInstruction {
  return { op: "alu", operation: "mov", width: 64, register, source: { kind: "register", register: from } };
}

function load(size: 4 | 8, register: number, base: number, offset: number): BpfInstruction {
  return { op: "load", size, signed: false, register, base, offset };
}

function call(helper: number): BpfInstruction {
  return { op: "call", kind: "helper", target: helper, module: 0 };
}
