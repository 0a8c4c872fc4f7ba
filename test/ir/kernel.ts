// Loads eBPF bytecode into the running kernel and runs it with BPF_PROG_TEST_RUN, for tests that compare with the real thing.

import { present } from "../../src/base/invariant.ts";
import type { BytecodeProgram } from "../../src/backend/bytecode.ts";
import { mapTypes } from "../../src/bpf/map-types.ts";
import { programTypes } from "../../src/bpf/program-types.ts";
import { createMap, loadProgram, lookupElement, updateElement } from "../../src/sys/bpf.ts";
import { native } from "../../src/sys/ffi.ts";
import { Arena, closeFd } from "../../src/sys/memory.ts";
import { syscallNumbers } from "../../src/sys/syscall-numbers.ts";

/** The kernel said no; the message holds the end of the verifier's log. */
export class KernelRefusal extends Error {
  constructor(what: string, errno: number, log: string) {
    super(`${what}: errno ${errno}\n${log.slice(-4000)}`);
    this.name = "KernelRefusal";
  }
}

/** An array map; returns its fd. */
export function createArray(valueSize: number, maxEntries: number): number {
  return createMap({ name: "test", type: mapTypes.array.id, keySize: 4, valueSize, maxEntries, flags: 0 });
}

function keyOf(index: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeUInt32LE(index);
  return key;
}

export function writeEntry(map: number, index: number, value: Uint8Array): void {
  updateElement(map, keyOf(index), value);
}

export function readEntry(map: number, index: number, size: number): Uint8Array {
  return present(lookupElement(map, keyOf(index), size), "array entry").subarray(0, size);
}

/** Loads a raw tracepoint program; `maps` gives fds by name. Throws KernelRefusal. */
export function load(program: BytecodeProgram, maps: ReadonlyMap<string, number>): number {
  const code = program.code.slice();
  const words = new DataView(code.buffer);
  for (const { at, kind, name } of program.relocations) {
    if (kind === "map" || kind === "map-value") words.setInt32(at * 8 + 4, present(maps.get(name), `map ${name}`), true);
  }
  const attributes = {
    name: "test",
    type: programTypes.rawTracepoint.id,
    expectedAttach: 0,
    code,
    license: "GPL",
    attachBtfId: 0,
    btfFd: 0,
    functionInfo: new Uint8Array(),
    lineInfo: new Uint8Array(),
    kernelVersion: 0,
  };
  const result = loadProgram({ ...attributes, logLevel: 0, logSize: 0 });
  if (result.ok) return result.fd;
  const again = loadProgram({ ...attributes, logLevel: 1, logSize: 1 << 22 });
  throw new KernelRefusal("BPF_PROG_LOAD", result.errno, again.log);
}

/** Runs a raw tracepoint program with these u64 arguments; returns the low half of r0. */
export function run(program: number, args: readonly bigint[]): number {
  const arena = new Arena();
  const context = Buffer.alloc(args.length * 8);
  for (const [index, value] of args.entries()) context.writeBigUInt64LE(value, index * 8);
  const attr = arena.room(80);
  attr.bytes.writeUInt32LE(program, 0);
  attr.bytes.writeUInt32LE(context.length, 40);
  attr.bytes.writeBigUInt64LE(arena.place(context), 48);
  const testRun = 10;
  const result = native().syscall(syscallNumbers.bpf, testRun, attr.address, 80);
  if (result < 0) throw new KernelRefusal("BPF_PROG_TEST_RUN", -result, "");
  return attr.bytes.readUInt32LE(4);
}

export function close(fd: number): void {
  closeFd(fd);
}
