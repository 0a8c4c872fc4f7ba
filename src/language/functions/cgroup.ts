// Control groups: cgroupid of a path, cgroup_path of an id.

import { present } from "../../base/invariant.ts";
import { type BuiltinDef, builtin, type CallSite } from "../../define/builtin.ts";
import { memoryOperand } from "../../define/code.ts";
import { type Type, uint64 } from "../../types/type.ts";

function idOf(site: CallSite): bigint | undefined {
  const literal = site.arguments[0]?.literal;
  return literal?.kind === "string" ? site.target.cgroupId(literal.value) : undefined;
}

const cgroupid = builtin({
  names: ["cgroupid"],
  form: "function",
  doc: "Id of the cgroup whose directory is given, found while compiling.",
  signature: "uint64 cgroupid(const string path)",
  example: 'begin { print(cgroupid("/sys/fs/cgroup") > 0); }',
  parameters: [{ name: "path", kind: "string-literal" }],
  fold: (site) => {
    const value = idOf(site);
    return value === undefined ? undefined : { kind: "int", value };
  },
  type: () => uint64,
  check: (site) => {
    if (idOf(site) !== undefined) return;
    const literal = site.arguments[0]?.literal;
    site.error("argument", `cgroupid() can't find the cgroup '${literal?.kind === "string" ? literal.value : ""}'`);
  },
  lower: (_code, call) => {
    throw new Error(`${call.name}() without a value`);
  },
});

function pathType(filter: string): Type {
  return { kind: "opaque", name: "cgroup_path", size: 8, alignment: 8, parameters: [filter] };
}

const cgroupPath = builtin({
  names: ["cgroup_path"],
  form: "function",
  doc: "Path of a cgroup in each mounted hierarchy whose name matches the filter, looked up when it is printed.",
  signature: "cgroup_path cgroup_path(uint64 id [, const string filter])",
  example: "begin { print(cgroup_path(cgroup)); }",
  parameters: [
    { name: "id", kind: "int" },
    { name: "filter", kind: "string-literal" },
  ],
  required: 1,
  type: (site) => {
    const literal = site.arguments[1]?.literal;
    return pathType(literal?.kind === "string" ? literal.value : "*");
  },
  lower: (code, call) => {
    const address = code.temporary(8);
    code.ir.store(8, address, 0, code.integer(present(call.arguments[0], "id")));
    return memoryOperand(call.type, address);
  },
});

export const cgroupFunctions: readonly BuiltinDef[] = [cgroupid, cgroupPath];
