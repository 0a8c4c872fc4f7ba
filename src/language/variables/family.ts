// Relatives of the current task, or of another one: its parent and its thread group leader.

import { type BuiltinDef, builtin, type CallSite } from "../../define/builtin.ts";
import type { Code, Operand } from "../../define/code.ts";
import { present } from "../../base/invariant.ts";
import { type Field, type Type, typeName } from "../../types/type.ts";
import type { Target } from "../../define/target.ts";
import { currentTask } from "./task.ts";

export function taskField(target: Target, name: string): Field | undefined {
  const task = target.kernelTypes?.struct("struct", "task_struct");
  return task?.layout.fields().find((field) => field.name === name);
}

/** A field of a task that the current one points to. */
function relative(name: string, link: string, field: string, doc: string, example: string): BuiltinDef {
  return builtin({
    names: [name],
    form: "both",
    doc,
    signature: `${name}\n${name}(struct task_struct * task)`,
    example,
    parameters: [{ name: "task", kind: "any" }],
    required: 0,
    type: (site: CallSite): Type | undefined => {
      const found = taskField(site.target, link) === undefined ? undefined : taskField(site.target, field);
      if (found === undefined) site.error("no-btf", `${name} needs the kernel's type information (BTF)`);
      return found?.type;
    },
    check: (site) => {
      const type = site.arguments[0]?.type;
      if (type === undefined || (type.kind === "pointer" && type.to.kind === "struct" && type.to.layout.name === "task_struct")) return;
      site.error("argument", `${name}() expects a pointer to struct task_struct (${typeName(type)} provided)`);
    },
    lower: (code: Code, call): Operand => {
      const pointer = present(taskField(code.target, link), `task_struct.${link}`);
      const wanted = present(taskField(code.target, field), `task_struct.${field}`);
      const struct = code.target.kernelTypes?.struct("struct", "task_struct");
      const [given] = call.arguments;
      const task = given === undefined ? currentTask(code) : code.integer(given);
      const other = code.scalar({
        kind: "remote",
        type: pointer.type,
        address: task,
        offset: pointer.offset,
        struct,
        space: "kernel",
        bits: undefined,
      });
      return { kind: "remote", type: wanted.type, address: other, offset: wanted.offset, struct, space: "kernel", bits: wanted.bits };
    },
  });
}

export const familyVariables: readonly BuiltinDef[] = [
  relative("pcomm", "real_parent", "comm", "Name of the parent of the current task.", "begin { print(pcomm); }"),
  relative("ppid", "real_parent", "tgid", "Process id of the parent of the current task.", "begin { print(ppid > 0); }"),
  relative("leader_comm", "group_leader", "comm", "Name of the leader of the thread group.", "begin { print(leader_comm); }"),
  relative("leader_tid", "group_leader", "pid", "Thread id of the leader of the thread group.", "begin { print(leader_tid == pid); }"),
];
