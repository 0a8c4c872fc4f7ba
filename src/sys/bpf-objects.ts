// Looking at what the kernel has loaded: programs by their ids, and their type information (union bpf_attr, struct bpf_prog_info
// and struct bpf_btf_info of include/uapi/linux/bpf.h).

import { Attributes } from "./bpf.ts";
import { Arena, closeFd } from "./memory.ts";

const commands = { programNextId: 11, programById: 13, objectInfo: 15, btfById: 19 } as const;

const programInfoSize = 232;
const btfInfoSize = 32;
const functionRecordSize = 8;

export interface ProgramInfo {
  /** enum bpf_prog_type. */
  readonly type: number;
  /** At most 15 characters. */
  readonly name: string;
  /** 0: it has no type information. */
  readonly btfId: number;
  /** BTF ids of its functions, the program itself first. */
  readonly functionTypes: readonly number[];
}

/** Ids of all loaded programs, in ascending order. */
export function* loadedProgramIds(): Generator<number> {
  for (let id = 0; ; ) {
    const next = new Attributes(12).u32(0, id);
    if (next.call(commands.programNextId) < 0) return;
    id = next.bytes.readUInt32LE(4);
    yield id;
  }
}

/** Descriptor of a loaded program, or negative errno; it must be closed. */
export function openProgram(id: number): number {
  return new Attributes(12).u32(0, id).call(commands.programById);
}

/** Undefined when the program has gone meanwhile. */
export function programInfo(id: number): ProgramInfo | undefined {
  const fd = openProgram(id);
  if (fd < 0) return undefined;
  try {
    const arena = new Arena();
    const first = arena.room(programInfoSize);
    if (objectInfo(fd, first) < 0) return undefined;
    const count = first.bytes.readUInt32LE(144);
    const functions = arena.room(Math.max(1, count) * functionRecordSize);
    const second = arena.room(programInfoSize);
    second.bytes.writeUInt32LE(functionRecordSize, 132);
    second.bytes.writeBigUInt64LE(functions.address, 136);
    second.bytes.writeUInt32LE(count, 144);
    if (objectInfo(fd, second) < 0) return undefined;
    const { bytes } = second;
    const name = bytes.subarray(64, 80).toString("latin1");
    return {
      type: bytes.readUInt32LE(0),
      name: name.slice(0, name.indexOf("\0")),
      btfId: bytes.readUInt32LE(128),
      functionTypes: Array.from({ length: count }, (_, i) => functions.bytes.readUInt32LE(i * functionRecordSize + 4)),
    };
  } finally {
    closeFd(fd);
  }
}

/** A BTF object's bytes; undefined when it has gone meanwhile. */
export function btfBytes(id: number): Uint8Array | undefined {
  const fd = new Attributes(12).u32(0, id).call(commands.btfById);
  if (fd < 0) return undefined;
  try {
    const arena = new Arena();
    const first = arena.room(btfInfoSize);
    if (objectInfo(fd, first) < 0) return undefined;
    const size = first.bytes.readUInt32LE(8);
    const data = arena.room(size);
    const second = arena.room(btfInfoSize);
    second.bytes.writeBigUInt64LE(data.address, 0);
    second.bytes.writeUInt32LE(size, 8);
    return objectInfo(fd, second) < 0 ? undefined : new Uint8Array(data.bytes.subarray(0, size));
  } finally {
    closeFd(fd);
  }
}

function objectInfo(fd: number, info: { readonly bytes: Buffer; readonly address: bigint }): number {
  return new Attributes(16).u32(0, fd).u32(4, info.bytes.length).u64(8, info.address).call(commands.objectInfo);
}
