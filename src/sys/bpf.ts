// bpf(2): typed calls over attribute bytes. Offsets are those of union bpf_attr (include/uapi/linux/bpf.h).

import { native } from "./ffi.ts";
import { Arena, closeFd } from "./memory.ts";
import { SystemError } from "./system-error.ts";
import { syscallNumbers } from "./syscall-numbers.ts";

const commands = {
  mapCreate: 0,
  mapLookup: 1,
  mapUpdate: 2,
  mapDelete: 3,
  mapNextKey: 4,
  progLoad: 5,
  objectPin: 6,
  testRun: 10,
  objectInfo: 15,
  rawTracepointOpen: 17,
  btfLoad: 18,
  btfById: 19,
  mapFreeze: 22,
  btfNextId: 23,
  lookupBatch: 24,
  linkCreate: 28,
  iteratorCreate: 33,
} as const;

/** enum bpf_attach_type. */
const attachTypes = { traceIter: 28, kprobeMulti: 42, kprobeSession: 56 } as const;

/** Attribute bytes with typed setters; the smallest size that holds the fields in use is passed. */
export class Attributes {
  readonly bytes: Buffer;

  constructor(size: number) {
    this.bytes = Buffer.alloc(size);
  }

  u32(offset: number, value: number): this {
    this.bytes.writeUInt32LE(value >>> 0, offset);
    return this;
  }

  u64(offset: number, value: bigint | number): this {
    this.bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), offset);
    return this;
  }

  name(offset: number, text: string): this {
    const clean = text.replace(/[^A-Za-z0-9_.]/g, "_").slice(0, 15);
    this.bytes.write(clean, offset, "latin1");
    return this;
  }

  /** The result: a number, or negative errno. */
  call(command: number): number {
    return native().syscall(syscallNumbers.bpf, command, native().addressOf(this.bytes), this.bytes.length);
  }
}

function check(result: number, operation: string, subject: string): number {
  if (result < 0) throw new SystemError(operation, subject, -result);
  return result;
}

// ---- maps ---------------------------------------------------------------------------------------------

export interface MapAttributes {
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
}

/** Creates a map; gives its descriptor. A map of maps takes the descriptor of one that is like its elements. */
export function createMap(map: MapAttributes, innerFd = 0): number {
  const attributes = new Attributes(72)
    .u32(0, map.type)
    .u32(4, map.keySize)
    .u32(8, map.valueSize)
    .u32(12, map.maxEntries)
    .u32(16, map.flags)
    .u32(20, innerFd)
    .name(28, map.name);
  return check(attributes.call(commands.mapCreate), "create map", map.name);
}

function elementCall(command: number, fd: number, key: bigint, value: bigint): number {
  return new Attributes(32).u32(0, fd).u64(8, key).u64(16, value).call(command);
}

/** Value of an element; undefined when there is none. Per-CPU maps give all CPUs one after the other. */
export function lookupElement(fd: number, key: Uint8Array, valueSize: number): Buffer | undefined {
  const arena = new Arena();
  const value = arena.room(valueSize);
  const result = elementCall(commands.mapLookup, fd, arena.place(key), value.address);
  if (result === -2) return undefined;
  check(result, "look up an element of map", `${fd} (${arena.size})`);
  return value.bytes;
}

export function updateElement(fd: number, key: Uint8Array, value: Uint8Array): void {
  const arena = new Arena();
  const result = elementCall(commands.mapUpdate, fd, arena.place(key), arena.place(value));
  check(result, "update an element of map", `${fd} (${arena.size})`);
}

/** Deletes an element; false when there was none. */
export function deleteElement(fd: number, key: Uint8Array): boolean {
  const arena = new Arena();
  const result = elementCall(commands.mapDelete, fd, arena.place(key), 0n);
  if (result === -2) return false;
  check(result, "delete an element of map", `${fd} (${arena.size})`);
  return true;
}

/** All keys, one after the other. */
export function* mapKeys(fd: number, keySize: number): Generator<Buffer> {
  let key: Buffer | undefined;
  for (;;) {
    const arena = new Arena();
    const next = arena.room(keySize);
    const result = elementCall(commands.mapNextKey, fd, key === undefined ? 0n : arena.place(key), next.address);
    if (result < 0 || arena.size === 0) return;
    key = Buffer.from(next.bytes.subarray(0, keySize));
    yield key;
  }
}

/** Some elements of a map: keys and values one after the other. */
export interface ElementChunk {
  readonly count: number;
  readonly keys: DataView;
  readonly values: DataView;
}

/** Elements of a chunk at most, and bytes of it, so that large values do not need much memory. */
const chunkElements = 4096;
const chunkBytes = 1 << 22;
/** All elements of one bucket of the hash must fit into a chunk. */
const leastElements = 64;

/** Keys and values of a hash in large pieces (BPF_MAP_LOOKUP_BATCH, Linux 5.6). */
export function lookupAll(fd: number, keySize: number, valueSize: number): readonly ElementChunk[] {
  const chunk = Math.max(leastElements, Math.min(chunkElements, Math.floor(chunkBytes / (keySize + valueSize))));
  const chunks: ElementChunk[] = [];
  let batch: bigint | undefined;
  const arena = new Arena();
  const cursors = [arena.room(Math.max(keySize, 64)), arena.room(Math.max(keySize, 64))] as const;
  const keys = arena.room(keySize * chunk);
  const values = arena.room(valueSize * chunk);
  for (let round = 0; ; round++) {
    const out = cursors[round % 2 === 0 ? 0 : 1];
    const attributes = new Attributes(56)
      .u64(0, batch ?? 0n)
      .u64(8, out.address)
      .u64(16, keys.address)
      .u64(24, values.address)
      .u32(32, chunk)
      .u32(36, fd);
    const result = attributes.call(commands.lookupBatch);
    // ENOENT marks the last piece, ENOSPC a bucket that does not fit: then one by one.
    if (result < 0 && result !== -2) return slowLookupAll(fd, keySize, valueSize);
    const count = attributes.bytes.readUInt32LE(32);
    chunks.push({ count, keys: copyOf(keys.bytes, count * keySize), values: copyOf(values.bytes, count * valueSize) });
    if (result === -2) return chunks;
    batch = out.address;
  }
}

function copyOf(bytes: Uint8Array, length: number): DataView {
  const copy = new Uint8Array(length);
  copy.set(bytes.subarray(0, length));
  return new DataView(copy.buffer);
}

function slowLookupAll(fd: number, keySize: number, valueSize: number): readonly ElementChunk[] {
  return [...mapKeys(fd, keySize)].flatMap((key) => {
    const value = lookupElement(fd, key, valueSize);
    return value === undefined ? [] : [{ count: 1, keys: copyOf(key, keySize), values: copyOf(value, valueSize) }];
  });
}

export function freezeMap(fd: number): void {
  check(new Attributes(4).u32(0, fd).call(commands.mapFreeze), "freeze map", `${fd}`);
}

// ---- programs -------------------------------------------------------------------------------------------

export interface ProgramAttributes {
  readonly name: string;
  readonly type: number;
  readonly expectedAttach: number;
  readonly code: Uint8Array;
  readonly license: string;
  readonly attachBtfId: number;
  /** Type information of the module that has the id; 0: the kernel's own. */
  readonly attachBtfFd?: number;
  readonly btfFd: number;
  readonly functionInfo: Uint8Array;
  readonly lineInfo: Uint8Array;
  readonly kernelVersion: number;
  readonly logLevel: number;
  readonly logSize: number;
}

export type LoadResult =
  | { readonly ok: true; readonly fd: number; readonly log: string }
  | { readonly ok: false; readonly errno: number; readonly log: string };

/** Loads a program; a refusal comes with the verifier's log when the level asks for one. */
export function loadProgram(program: ProgramAttributes): LoadResult {
  const arena = new Arena();
  const log = program.logLevel > 0 ? arena.room(program.logSize) : undefined;
  const attributes = new Attributes(120)
    .u32(0, program.type)
    .u32(4, program.code.length / 8)
    .u64(8, arena.place(program.code))
    .u64(16, arena.text(program.license))
    .u32(24, program.logLevel)
    .u32(28, log?.bytes.length ?? 0)
    .u64(32, log?.address ?? 0n)
    .u32(40, program.kernelVersion)
    .name(48, program.name)
    .u32(68, program.expectedAttach)
    .u32(108, program.attachBtfId)
    .u32(112, program.attachBtfFd ?? 0);
  if (program.btfFd > 0) {
    attributes.u32(72, program.btfFd);
    attributes.u32(76, 8).u64(80, arena.place(program.functionInfo)).u32(88, program.functionInfo.length / 8);
    attributes.u32(92, 16).u64(96, arena.place(program.lineInfo)).u32(104, program.lineInfo.length / 16);
  }
  let result = attributes.call(commands.progLoad);
  for (let attempt = 0; result === -11 && attempt < 5; attempt++) result = attributes.call(commands.progLoad);
  const end = log?.bytes.indexOf(0) ?? 0;
  const text = log === undefined ? "" : log.bytes.subarray(0, end < 0 ? undefined : end).toString("latin1");
  return result < 0 ? { ok: false, errno: -result, log: text } : { ok: true, fd: result, log: text };
}

/** Loads type information; gives its descriptor or negative errno. */
export function loadBtf(bytes: Uint8Array): number {
  const arena = new Arena();
  return new Attributes(28).u64(0, arena.place(bytes)).u32(16, bytes.length).call(commands.btfLoad);
}

/** Descriptor of a loaded module's type information, or negative errno; it must be closed. */
export function openModuleBtf(module: string): number {
  for (let id = 0; ; ) {
    const next = new Attributes(12).u32(0, id);
    const result = next.call(commands.btfNextId);
    if (result < 0) return result;
    id = next.bytes.readUInt32LE(4);
    const fd = new Attributes(12).u32(0, id).call(commands.btfById);
    if (fd < 0) continue;
    if (btfName(fd) === module) return fd;
    closeFd(fd);
  }
}

/** Name of a BTF object: `vmlinux` or a module (struct bpf_btf_info). */
function btfName(fd: number): string {
  const arena = new Arena();
  const name = arena.room(64);
  const info = Buffer.alloc(32);
  info.writeBigUInt64LE(name.address, 16);
  info.writeUInt32LE(name.bytes.length, 24);
  const result = new Attributes(16).u32(0, fd).u32(4, info.length).u64(8, arena.place(info)).call(commands.objectInfo);
  if (result < 0) return "";
  const end = name.bytes.indexOf(0);
  return name.bytes.subarray(0, Math.max(end, 0)).toString("latin1");
}

/** A kernel function of a link for many. */
export type MultiProbe =
  | { readonly by: "symbol"; readonly symbol: string }
  | { readonly by: "address"; readonly address: bigint };

/**
 * One link for many kernel functions, all named in the same way (Linux 5.18; at both ends: 6.10); descriptor or negative
 * errno.
 */
export function linkKprobeMulti(programFd: number, probes: readonly MultiProbe[], ends: "entry" | "return" | "both"): number {
  const arena = new Arena();
  const table = Buffer.alloc(probes.length * 8);
  for (const [i, probe] of probes.entries()) {
    table.writeBigUInt64LE(probe.by === "symbol" ? arena.text(probe.symbol) : probe.address, i * 8);
  }
  const byAddress = probes[0]?.by === "address";
  return new Attributes(48)
    .u32(0, programFd)
    .u32(8, ends === "both" ? attachTypes.kprobeSession : attachTypes.kprobeMulti)
    .u32(16, ends === "return" ? 1 : 0)
    .u32(20, probes.length)
    .u64(byAddress ? 32 : 24, arena.place(table))
    .call(commands.linkCreate);
}

/** Runs a raw tracepoint program once in this process; gives what it returned. */
export function testRun(fd: number, subject: string): number {
  const attributes = new Attributes(80).u32(0, fd);
  check(attributes.call(commands.testRun), "run", subject);
  return attributes.bytes.readUInt32LE(4);
}

/** The least that a network program takes: an Ethernet header. */
const emptyPacket = 14;

/** Runs an XDP program on an empty packet; its return value and the mean time of a run. Throws SystemError. */
export function testRunOnPacket(
  fd: number,
  subject: string,
  repeat: number,
): { readonly returned: number; readonly nanoseconds: number } {
  const packet = new Uint8Array(emptyPacket);
  const attributes = new Attributes(80).u32(0, fd).u32(8, emptyPacket).u64(16, native().addressOf(packet)).u32(32, repeat);
  check(attributes.call(commands.testRun), "run", subject);
  return { returned: attributes.bytes.readUInt32LE(4), nanoseconds: attributes.bytes.readUInt32LE(36) };
}

// ---- links ----------------------------------------------------------------------------------------------

/** Attaches a program to a raw tracepoint by name, or, without one, to what it was loaded for. */
export function openRawTracepoint(fd: number, name: string | undefined): number {
  const arena = new Arena();
  return new Attributes(16).u64(0, name === undefined ? 0n : arena.text(name)).u32(8, fd).call(commands.rawTracepointOpen);
}

/** Bytes of union bpf_iter_link_info. */
const iteratorInfoSize = 16;

/** BPF_CGROUP_ITER_DESCENDANTS_PRE; without a cgroup it begins at the root. */
const descendantsInPreorder = 2;

/**
 * A link of an iterator (Linux 5.9): over everything, over a process or over the cgroups of the default hierarchy (both Linux
 * 6.1). Descriptor or negative errno.
 */
export function linkIterator(programFd: number, scope: { kind: "process"; pid: number } | { kind: "all-cgroups" } | undefined): number {
  const arena = new Arena();
  const attributes = new Attributes(32).u32(0, programFd).u32(8, attachTypes.traceIter);
  if (scope !== undefined) {
    // union { struct { u32 order, cgroup_fd; u64 cgroup_id; } cgroup; struct { u32 tid, pid, pid_fd; } task; }
    const info = Buffer.alloc(iteratorInfoSize);
    if (scope.kind === "process") info.writeUInt32LE(scope.pid, 4);
    else info.writeUInt32LE(descendantsInPreorder, 0);
    attributes.u64(16, arena.place(info)).u32(24, info.length);
  }
  return attributes.call(commands.linkCreate);
}

/** A descriptor that runs an iterator when it is read; or negative errno. */
export function createIterator(linkFd: number): number {
  return new Attributes(8).u32(0, linkFd).call(commands.iteratorCreate);
}

/** Gives a kernel object a name in a bpf file system; 0 or negative errno. */
export function pinObject(fd: number, path: string): number {
  const arena = new Arena();
  return new Attributes(16).u64(0, arena.text(path)).u32(8, fd).call(commands.objectPin);
}

/** A link from a program to a perf event (Linux 5.15); descriptor or negative errno. */
export function linkPerfEvent(programFd: number, eventFd: number): number {
  return new Attributes(24).u32(0, programFd).u32(4, eventFd).u32(8, 41).call(commands.linkCreate);
}

/** One link for many places of a file (Linux 6.6); descriptor or negative errno. */
export function linkUprobeMulti(
  programFd: number,
  path: string,
  offsets: readonly number[],
  semaphores: readonly number[] | undefined,
  onReturn: boolean,
  pid: number,
): number {
  const arena = new Arena();
  const place = (numbers: readonly number[]) => {
    const table = Buffer.alloc(numbers.length * 8);
    for (const [i, number] of numbers.entries()) table.writeBigUInt64LE(BigInt(number), i * 8);
    return arena.place(table);
  };
  return new Attributes(64)
    .u32(0, programFd)
    .u32(8, 48)
    .u64(16, arena.text(path))
    .u64(24, place(offsets))
    .u64(32, semaphores === undefined ? 0n : place(semaphores))
    .u32(48, offsets.length)
    .u32(52, onReturn ? 1 : 0)
    .u32(56, pid)
    .call(commands.linkCreate);
}
