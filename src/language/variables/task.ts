// Builtin variables of the current task: pid, tid, uid, gid, curtask, cgroup, cpu and the like.

import { helpers } from "../../bpf/helpers.ts";
import { type BuiltinDef, builtin, type CallSite } from "../../define/builtin.ts";
import { type Code, memoryOperand, scalarOperand } from "../../define/code.ts";
import type { Value } from "../../ir/model.ts";
import { none, pointerTo, type Type, uint32, uint64 } from "../../types/type.ts";

/** A number that a helper without arguments gives. */
function helperNumber(names: readonly string[], helper: number, doc: string, example: string): BuiltinDef {
  const [name = ""] = names;
  return builtin({
    names,
    form: "both",
    doc,
    signature: `uint64 ${name}`,
    example,
    type: () => uint64,
    lower: (code) => scalarOperand(uint64, code.ir.call(helper, [])),
  });
}

// ---- process and thread ids -------------------------------------------------------------------------------

/** Word of pid() and tid(): which PID namespace counts. */
function checkNamespace(site: CallSite): void {
  const word = site.word(0);
  if (site.arguments.length === 0 || word === "curr_ns" || word === "init") return;
  site.error("argument", `Invalid PID namespace mode: ${word ?? "an expression"} (expects: curr_ns or init)`);
}

/** Both ids in one word: process in the upper half, thread in the lower one. */
export function taskIds(code: Code, initial: boolean): Value {
  const namespace = code.target.pidNamespace;
  if (namespace === undefined || initial) return code.ir.call(helpers.getCurrentPidTgid.id, []);
  // struct bpf_pidns_info { u32 pid; u32 tgid; }
  const memory = code.temporary(8);
  code.zero({ address: memory, offset: 0 }, 8);
  const args = [code.ir.const(namespace.device), code.ir.const(namespace.inode), memory, code.ir.const(8)];
  code.ir.call(helpers.getNsCurrentPidTgid.id, args);
  return code.ir.load(8, memory, 0);
}

const pidParameters = [{ name: "namespace", kind: "word" }] as const;

export const pid = builtin({
  names: ["pid"],
  form: "both",
  doc: "Process id of the current task (its thread group id). `pid(init)` counts in the initial PID namespace.",
  signature: "uint32 pid([curr_ns | init])",
  example: "begin { print(pid > 0); }",
  parameters: pidParameters,
  required: 0,
  type: () => uint32,
  check: checkNamespace,
  lower: (code, call) =>
    scalarOperand(uint32, code.ir.binary("lshr", taskIds(code, call.word(0) === "init"), code.ir.const(32))),
});

export const tid = builtin({
  names: ["tid"],
  form: "both",
  doc: "Thread id of the current task. `tid(init)` counts in the initial PID namespace.",
  signature: "uint32 tid([curr_ns | init])",
  example: "begin { print(tid > 0); }",
  parameters: pidParameters,
  required: 0,
  type: () => uint32,
  check: checkNamespace,
  lower: (code, call) => scalarOperand(uint32, code.ir.extend(taskIds(code, call.word(0) === "init"), 32, false)),
});

export const uid = builtin({
  names: ["uid"],
  form: "both",
  doc: "User id of the current task, in the initial user namespace.",
  signature: "uint64 uid",
  example: "begin { print(uid); }",
  type: () => uint64,
  lower: (code) => scalarOperand(uint64, code.ir.extend(code.ir.call(helpers.getCurrentUidGid.id, []), 32, false)),
});

export const gid = builtin({
  names: ["gid"],
  form: "both",
  doc: "Group id of the current task, in the initial user namespace.",
  signature: "uint64 gid",
  example: "begin { print(gid); }",
  type: () => uint64,
  lower: (code) =>
    scalarOperand(uint64, code.ir.binary("lshr", code.ir.call(helpers.getCurrentUidGid.id, []), code.ir.const(32))),
});

// ---- user ---------------------------------------------------------------------------------------------------

const usernameType: Type = { kind: "opaque", name: "username", size: 8, alignment: 8, parameters: [] };

export const username = builtin({
  names: ["username"],
  form: "both",
  doc: "Name of the current user, looked up when it is printed.",
  signature: "username username",
  example: "begin { print(username); }",
  type: () => usernameType,
  lower: (code) => {
    const address = code.temporary(8);
    const id = code.ir.extend(code.ir.call(helpers.getCurrentUidGid.id, []), 32, false);
    code.ir.store(8, address, 0, id);
    return memoryOperand(usernameType, address);
  },
});

// ---- structures -------------------------------------------------------------------------------------------

function taskType(site: CallSite): Type {
  return pointerTo(site.target.kernelTypes?.struct("struct", "task_struct") ?? none, "kernel");
}

/** The address of the current task; where the verifier lets programs follow pointers that it knows, as one of these. */
export function currentTask(code: Code): Value {
  const struct = code.target.kernelTypes?.struct("struct", "task_struct");
  const id = struct === undefined ? undefined : code.target.kernelTypes?.structId(struct);
  const typed = id !== undefined && code.target.has("typed_pointers") && code.target.has("get_current_task_btf");
  return typed ? code.ir.callForPointer(helpers.getCurrentTaskBtf.id, [], id) : code.ir.call(helpers.getCurrentTask.id, []);
}

export const curtask = builtin({
  names: ["curtask"],
  form: "both",
  doc: "The current task as `struct task_struct *`.",
  signature: "struct task_struct * curtask",
  example: "begin { print(curtask.tgid == pid); }",
  type: taskType,
  lower: (code, call) => scalarOperand(call.type, currentTask(code)),
});

// ---- machine ------------------------------------------------------------------------------------------------

export const cpu = helperNumber(
  ["cpu"],
  helpers.getSmpProcessorId.id,
  "Number of the processor that runs the program.",
  "begin { print(cpu < ncpus); }",
);

export const numaid = helperNumber(
  ["numaid"],
  helpers.getNumaNodeId.id,
  "NUMA node of the processor that runs the program.",
  "begin { print(numaid); }",
);

export const cgroup = helperNumber(
  ["cgroup"],
  helpers.getCurrentCgroupId.id,
  "Id of the current task's cgroup in the v2 hierarchy.",
  "begin { print(cgroup > 0); }",
);

export const jiffies = helperNumber(
  ["jiffies"],
  helpers.jiffies64.id,
  "The kernel's tick counter.",
  "begin { print(jiffies > 0); }",
);

export const rand = builtin({
  names: ["rand"],
  form: "both",
  doc: "A random number below 2^32.",
  signature: "uint64 rand",
  example: "begin { print(rand < 4294967296); }",
  type: () => uint64,
  lower: (code) => scalarOperand(uint64, code.ir.extend(code.ir.call(helpers.getPrandomU32.id, []), 32, false)),
});

export const ncpus = builtin({
  names: ["ncpus"],
  form: "both",
  doc: "Number of possible processors.",
  signature: "uint64 ncpus",
  example: "begin { print(ncpus > 0); }",
  type: () => uint64,
  lower: (code) => scalarOperand(uint64, code.ir.const(code.target.possibleCpus)),
});

export const taskVariables: readonly BuiltinDef[] = [
  pid,
  tid,
  uid,
  gid,
  username,
  curtask,
  cpu,
  numaid,
  cgroup,
  jiffies,
  rand,
  ncpus,
];
