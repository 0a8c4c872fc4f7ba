// For tests: a small kernel that exists only as text — types from C, tracepoints from lists of fields.

import { type CDefinitions, readCDefinitions } from "../../src/cdecl/c-definitions.ts";
import type { KernelTypes, Parameter, Tracepoints } from "../../src/define/target.ts";
import { parseFormat } from "../../src/kernel/tracefs.ts";
import { Diagnostics } from "../../src/source/diagnostic.ts";
import { SourceFile } from "../../src/source/source.ts";
import { int32, int64, none, type StructType } from "../../src/types/type.ts";

const headers = `
typedef signed char s8; typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32;
typedef int s32; typedef long s64; typedef unsigned long u64; typedef unsigned long size_t; typedef int pid_t;
typedef unsigned int uid_t; typedef unsigned long uint64_t; typedef unsigned int uint32_t; typedef u8 uint8_t;
enum pid_type { PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_PGID, PIDTYPE_SID, PIDTYPE_MAX };
enum zz_wide { ZZ_BIG = 0x100000000, ZZ_NEGATIVE = -1 };
struct list_head { struct list_head *next, *prev; };
struct cred { int usage; uid_t uid; };
struct mm_struct { u64 total_vm; union { void *owner; u64 cookie; }; };
struct task_struct {
  volatile long state; void *stack; unsigned flags : 4; int narrow : 5; u64 start_time; pid_t pid; pid_t tgid;
  struct task_struct *real_parent; struct task_struct *parent; struct task_struct *group_leader; struct list_head children;
  const struct cred *cred; struct mm_struct *mm; char comm[16]; u8 bytes[6]; u32 counts[2][3]; struct { int inner; } nested;
  struct undefined_elsewhere *opaque;
};
struct pt_regs { unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss; };
struct sk_buff { u32 len; u16 protocol; u8 *data; };
struct bpf_iter__task { void *meta; struct task_struct *task; };
`;

/** Fields of tracepoints: C declarations with sizes, behind the eight bytes that all of them begin with. */
const events: Readonly<Record<string, readonly (readonly [string, number])[]>> = {
  "raw_syscalls:sys_enter": [["long id", 8], ["unsigned long args[6]", 48]],
  "raw_syscalls:sys_exit": [["long id", 8], ["long ret", 8]],
  "sched:sched_process_exit": [["__data_loc char[] comm", 4], ["pid_t pid", 4], ["int prio", 4], ["bool group_dead", 1]],
  "sched:sched_process_fork": [["char parent_comm[16]", 16], ["pid_t parent_pid", 4], ["__data_loc char[] child_comm", 4], ["pid_t child_pid", 4]],
  "sched:sched_switch": [
    ["char prev_comm[16]", 16], ["pid_t prev_pid", 4], ["int prev_prio", 4], ["long prev_state", 8],
    ["char next_comm[16]", 16], ["pid_t next_pid", 4], ["int next_prio", 4],
  ],
  "syscalls:sys_enter_execve": [
    ["int __syscall_nr", 4], ["const char * filename", 8], ["const char *const * argv", 8], ["const char *const * envp", 8],
  ],
  "syscalls:sys_enter_execveat": [["int __syscall_nr", 4], ["int fd", 8], ["const char * filename", 8]],
  "syscalls:sys_enter_kill": [["int __syscall_nr", 4], ["pid_t pid", 8], ["int sig", 8]],
  "syscalls:sys_enter_openat": [["int __syscall_nr", 4], ["int dfd", 8], ["const char * filename", 8], ["int flags", 8], ["umode_t mode", 8]],
  "syscalls:sys_enter_read": [["int __syscall_nr", 4], ["unsigned int fd", 8], ["char * buf", 8], ["size_t count", 8]],
  "syscalls:sys_exit_execve": [["int __syscall_nr", 4], ["long ret", 8]],
  "syscalls:sys_exit_kill": [["int __syscall_nr", 4], ["long ret", 8]],
  "syscalls:sys_exit_read": [["int __syscall_nr", 4], ["long ret", 8]],
  "timer:hrtimer_start": [["void * hrtimer", 8], ["void * function", 8], ["s64 expires", 8], ["enum hrtimer_mode mode", 4]],
};

/** Kernel functions and what they take. */
const functions: Readonly<Record<string, readonly string[]>> = {
  vfs_read: ["file", "buf", "count", "pos"],
  vfs_write: ["file", "buf", "count", "pos"],
  wake_up_new_task: ["p"],
};

const rawTracepoints: readonly string[] = ["sched_switch", "sys_enter", "sys_exit", "task_newtask"];

function readHeaders(): CDefinitions {
  const diagnostics = new Diagnostics();
  const definitions = readCDefinitions(
    {
      text: headers,
      file: new SourceFile("kernel", headers),
      includes: [],
      includePaths: [],
      defines: {},
      reader: { read: () => undefined },
      architecture: "x64",
      missingIncludesAllowed: false,
      externalTypes: () => undefined,
      pointerSpace: "kernel",
    },
    diagnostics,
  );
  const [problem] = diagnostics.all();
  if (problem !== undefined) throw new Error(problem.message);
  return definitions;
}

export function fakeKernelTypes(): KernelTypes {
  const definitions = readHeaders();
  const examined = new Set<StructType>();
  const struct = (tag: string, name: string) => {
    const found = definitions.structs.get(`${tag} ${name}`);
    if (found !== undefined) examined.add(found);
    return found;
  };
  const task: readonly Parameter[] = [{ name: "p", type: { kind: "pointer", to: struct("struct", "task_struct") ?? none, space: "kernel" } }];
  return {
    struct,
    enum: (name) => definitions.enums.get(name),
    named: (name) => definitions.typedefs.get(name),
    variable: () => undefined,
    enumerator: (name) => definitions.enumerators.get(name),
    hasFunction: (name) => name in functions,
    typeId: (tag, name) => {
      const index = [...definitions.structs.keys(), ...[...definitions.enums.keys()].map((e) => `enum ${e}`)].indexOf(`${tag} ${name}`);
      return index < 0 ? undefined : index + 1;
    },
    structId: () => undefined,
    plainLoad: () => undefined,
    functionModules: (name) => (name in functions ? ["vmlinux"] : []),
    parameterCount: (name) => functions[name]?.length,
    functionPrototype: (name) => {
      const parameters = functions[name];
      if (parameters === undefined) return undefined;
      return { parameters: name === "wake_up_new_task" ? task : parameters.map((p) => ({ name: p, type: int64 })), returns: int32 };
    },
    traceParameters: (event) => (rawTracepoints.includes(event) ? [...task, { name: "flags", type: int64 }] : undefined),
    traceDeclarations: (event) => (rawTracepoints.includes(event) ? ["struct task_struct * p", "s64 flags"] : undefined),
    functionDeclaration: (name) => {
      const parameters = functions[name];
      if (parameters === undefined) return undefined;
      const ctype = name === "wake_up_new_task" ? "struct task_struct *" : "s64";
      return { parameters: parameters.map((p) => `${ctype} ${p}`), parameterTypes: parameters.map(() => ctype), returns: "int" };
    },
    rawTracepoints: () => rawTracepoints,
    iterators: () => ["task"],
    examined: () => [...examined],
  };
}

export const fakeKernelFunctions: readonly string[] = Object.keys(functions);

/** The text of a format file, as tracefs writes it. */
function formatText(event: string, id: number): string {
  let at = 8;
  const lines = ["\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;", "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;", ""];
  for (const [declaration, size] of events[event] ?? []) {
    const alignment = declaration.startsWith("char") ? 1 : Math.min(size, 8);
    at = Math.ceil(at / alignment) * alignment;
    const signed = /^(int|long|s\d|pid_t)/.test(declaration) ? 1 : 0;
    lines.push(`\tfield:${declaration};\toffset:${at};\tsize:${size};\tsigned:${signed};`);
    at += size;
  }
  return [`name: ${event.split(":")[1]}`, `ID: ${id}`, "format:", ...lines, ""].join("\n");
}

export function fakeTracepoints(): Tracepoints {
  const names = Object.keys(events).sort();
  return {
    list: () => names,
    format: (category, event) => {
      const id = names.indexOf(`${category}:${event}`);
      return id < 0 ? undefined : parseFormat(formatText(`${category}:${event}`, id + 1));
    },
  };
}
