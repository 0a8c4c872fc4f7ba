// Runs a waiting child to the first instruction of the command that it becomes: the program and its libraries are mapped by then, and nothing
// of it has run. Done with ptrace(2), whose calls must all come from one thread, and without going through the event loop: Node would take
// the stops of a traced child for its end. x86-64 only.

import { readFileSync } from "node:fs";
import { native } from "./ffi.ts";
import { Arena } from "./memory.ts";
import { SystemError } from "./system-error.ts";
import { syscallNumbers } from "./syscall-numbers.ts";

const requests = { peekText: 1, peekUser: 3, pokeText: 4, pokeUser: 6, continue: 7, detach: 17, seize: 0x4206 } as const;
/** PTRACE_O_TRACEEXEC, PTRACE_O_EXITKILL: the child does not outlive its tracer while it is held. */
const seizeOptions = 0x10 | 0x10_0000;
const execEvent = 4;
const stopEvent = 128;
const trap = 5;
/** Offset of rip in struct user. */
const instructionPointer = 128;
const breakpoint = 0xccn;
/** AT_ENTRY of the auxiliary vector. */
const entryTag = 9n;

/** P_PID; WNOHANG | WSTOPPED | WEXITED | __WALL; WNOWAIT. */
const byPid = 1;
const [noHang, stopped, exited, allChildren, leaveWaiting] = [1, 2, 4, 0x4000_0000, 0x0100_0000];
/** CLD_TRAPPED */
const trapped = 4;

/** A loader that takes longer than this is not waited for. */
const patienceMs = 20_000;

function ptrace(request: number, pid: number, address: bigint | number, data: bigint | number): number {
  return native().syscall(syscallNumbers.ptrace, request, pid, address, data);
}

function demand(result: number, what: string): void {
  if (result < 0) throw new SystemError(what, "the command", -result);
}

/** A word of the child's memory or registers. */
function peek(request: number, pid: number, address: bigint | number): bigint {
  const { address: room, bytes } = new Arena().room(8);
  demand(ptrace(request, pid, address, room), "read the memory of");
  return bytes.readBigUInt64LE(0);
}

function poke(request: number, pid: number, address: bigint | number, word: bigint): void {
  demand(ptrace(request, pid, address, BigInt.asIntN(64, word)), "write the memory of");
}

/** Why a child stopped: a signal, and an event of ptrace or 0. Undefined when it has ended, which is left to others to see. */
function waitForStop(pid: number, deadline: number): { readonly signal: number; readonly event: number } | undefined {
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    const { address, bytes } = new Arena().room(128);
    demand(native().syscall(syscallNumbers.waitid, byPid, pid, address, noHang | stopped | exited | allChildren | leaveWaiting, 0), "wait for");
    // siginfo_t: signo, errno, code, -, pid, uid, status
    const [code, found, status] = [bytes.readInt32LE(8), bytes.readInt32LE(16), bytes.readInt32LE(24)];
    if (found === pid) {
      if (code !== trapped) return undefined;
      demand(native().syscall(syscallNumbers.waitid, byPid, pid, address, noHang | stopped | allChildren, 0), "wait for");
      return { signal: status & 0xff, event: status >> 8 };
    }
    if (Date.now() > deadline) throw new SystemError("wait for", "the command", timedOut);
    Atomics.wait(sleep, 0, 0, 1);
  }
}

const timedOut = 110;

/** Goes on until a stop of the wanted kind; other signals reach the child. False when it ends before. */
function runUntil(pid: number, deadline: number, wanted: (stop: { readonly signal: number; readonly event: number }) => boolean): boolean {
  for (;;) {
    const stop = waitForStop(pid, deadline);
    if (stop === undefined) return false;
    if (wanted(stop)) return true;
    const signal = stop.event === 0 ? stop.signal : 0;
    demand(ptrace(requests.continue, pid, 0, signal), "continue");
  }
}

function entryOf(pid: number): bigint | undefined {
  const vector = readFileSync(`/proc/${pid}/auxv`);
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    if (vector.readBigUInt64LE(at) === entryTag) return vector.readBigUInt64LE(at + 8);
  }
  return undefined;
}

/**
 * Holds a child at its entry point; `start` lets it execute. Gives what lets it go on, undefined when it has ended instead. Throws SystemError
 * where the child can't be traced; it has then started, and runs, or waits as before.
 */
export function stopAtEntry(pid: number, start: () => void): (() => void) | undefined {
  demand(ptrace(requests.seize, pid, 0, seizeOptions), "trace");
  const deadline = Date.now() + patienceMs;
  try {
    start();
    if (!runUntil(pid, deadline, ({ event }) => event === execEvent)) return undefined;
    const entry = entryOf(pid);
    if (entry !== undefined && !runTo(pid, entry, deadline)) return undefined;
  } catch (problem) {
    ptrace(requests.detach, pid, 0, 0);
    throw problem;
  }
  return () => {
    ptrace(requests.detach, pid, 0, 0);
  };
}

/** Runs to an address by a breakpoint there, which is gone afterwards. */
function runTo(pid: number, address: bigint, deadline: number): boolean {
  const word = peek(requests.peekText, pid, address);
  poke(requests.pokeText, pid, address, (word & ~0xffn) | breakpoint);
  demand(ptrace(requests.continue, pid, 0, 0), "continue");
  const reached = runUntil(pid, deadline, ({ signal, event }) => {
    return signal === trap && event !== stopEvent && peek(requests.peekUser, pid, instructionPointer) === address + 1n;
  });
  if (!reached) return false;
  poke(requests.pokeText, pid, address, word);
  poke(requests.pokeUser, pid, instructionPointer, address);
  return true;
}
