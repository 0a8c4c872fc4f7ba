// What plainLoad() allows must be what the running kernel's verifier allows: programs that load all of it are offered to the kernel.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeInstructions } from "../bpf/encode.ts";
import { readOnlyCast } from "../bpf/helpers.ts";
import type { BpfInstruction, MemorySize } from "../bpf/instruction.ts";
import { programTypes } from "../define/attach-spec.ts";
import { plainLoad } from "../formats/btf/plain-load.ts";
import { btfKinds, type BtfReader } from "../formats/btf/reader.ts";
import { loadProgram } from "../sys/bpf.ts";
import { closeFd } from "../sys/memory.ts";
import { hasReadOnlyCast } from "./feature-probes.ts";
import { vmlinuxBtf } from "./module-btf.ts";

const reader: BtfReader | undefined = vmlinuxBtf()?.reader;
const able = hasReadOnlyCast(reader, "struct");

const structs = [
  "task_struct", "mm_struct", "signal_struct", "file", "inode", "dentry", "super_block", "sock", "sk_buff", "net_device", "cred", "page", "vm_area_struct",
  "rq", "cgroup", "request", "bio", "tcp_sock", "unix_sock", "pid", "nsproxy", "bpf_prog", "module", "kmem_cache", "work_struct", "timer_list", "net",
];

/** Loads in one program: JIT compilers give up on very large ones. */
const atOnce = 2000;

/** Loads at all aligned places of a struct that are said to be allowed. */
function allowed(struct: number): { readonly offset: number; readonly size: MemorySize }[] {
  const found: { offset: number; size: MemorySize }[] = [];
  if (reader === undefined) return found;
  const length = reader.sizeOrType(struct);
  for (const size of [1, 2, 4, 8] as const) {
    for (let offset = 0; offset < length; offset += size) if (plainLoad(reader, struct, offset, size) !== undefined) found.push({ offset, size });
  }
  return found;
}

function move(register: number, value: number): BpfInstruction {
  return { op: "alu", operation: "mov", width: 64, register, source: { kind: "immediate", value } };
}

/** A load through the pointer that was loaded, of what can be loaded at its beginning. */
function followed(pointee: number | undefined): BpfInstruction[] {
  if (reader === undefined || pointee === undefined) return [];
  const size = ([8, 4, 2, 1] as const).find((bytes) => plainLoad(reader, pointee, 0, bytes) !== undefined);
  return size === undefined ? [] : [{ op: "load", size, signed: false, register: 1, base: 1, offset: 0 }];
}

function offer(struct: number, loads: readonly { readonly offset: number; readonly size: MemorySize }[]): string {
  const code: readonly BpfInstruction[] = [
    move(1, 0),
    move(2, struct),
    { op: "call", kind: "kfunc", target: reader?.find(btfKinds.func, readOnlyCast) ?? 0, module: 0 },
    ...loads.flatMap(({ offset, size }): BpfInstruction[] => [
      { op: "load", size, signed: false, register: 1, base: 0, offset },
      ...followed(reader && plainLoad(reader, struct, offset, size)?.pointee),
    ]),
    move(0, 0),
    { op: "exit" },
  ];
  const result = loadProgram({
    name: "plain_load",
    type: programTypes.kprobe,
    expectedAttach: 0,
    code: encodeInstructions(code),
    license: "GPL",
    attachBtfId: 0,
    btfFd: 0,
    functionInfo: new Uint8Array(),
    lineInfo: new Uint8Array(),
    kernelVersion: 0,
    logLevel: 1,
    logSize: 1 << 20,
  });
  if (!result.ok) return result.log.trimEnd().split("\n").slice(-3).join("; ");
  closeFd(result.fd);
  return "";
}

describe("loads that are said to be allowed are accepted", { skip: able ? false : "the kernel has no bpf_rdonly_cast" }, () => {
  for (const name of structs) {
    test(name, () => {
      const id = reader?.find(btfKinds.struct, name);
      if (id === undefined) return;
      const loads = allowed(id);
      assert.ok(loads.length > 0);
      for (let at = 0; at < loads.length; at += atOnce) assert.equal(offer(id, loads.slice(at, at + atOnce)), "");
    });
  }

  test("pointers can only be loaded whole, and nothing behind the end", () => {
    const id = reader?.find(btfKinds.struct, "list_head");
    assert.ok(reader !== undefined && id !== undefined);
    assert.deepEqual(allowed(id), [{ offset: 0, size: 8 }, { offset: 8, size: 8 }]);
    assert.deepEqual(plainLoad(reader, id, 0, 8), { kind: "load", pointee: id });
    assert.notEqual(offer(id, [{ offset: 0, size: 4 }]), "");
    assert.notEqual(offer(id, [{ offset: 16, size: 8 }]), "");
    assert.equal(plainLoad(reader, id, 16, 8), undefined);
    assert.equal(plainLoad(reader, id, -8, 8), undefined);
  });
});
