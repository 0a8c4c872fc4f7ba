// Objects of the kernel: paths of files, cookies of sockets, per-CPU variables.

import { helpers } from "../../bpf/helpers.ts";
import { present } from "../../base/invariant.ts";
import { type ArgumentInfo, type BuiltinDef, builtin, type CallSite } from "../../define/builtin.ts";
import { type Code, memoryOperand, scalarOperand } from "../../define/code.ts";
import { kernelVariableConstant } from "../../define/internal-names.ts";
import type { Value } from "../../ir/model.ts";
import type { Expression } from "../../syntax/ast.ts";
import { none, pointerTo, sizeOf, stringType, type Type, typeName, uint64 } from "../../types/type.ts";

/** A struct, given itself or by a pointer: the pointer as the verifier knows it, and the struct's offset from there. */
export function structPlace(code: Code, expression: Expression): { readonly base: Value; readonly offset: number } {
  const operand = code.typedOperand(expression);
  if (code.typeOf(expression).kind === "pointer") return { base: code.scalar(operand), offset: 0 };
  const { address, offset } = operand.kind === "remote" ? operand : code.place(operand);
  return { base: address, offset };
}

/** Whether a type is one of these structs, or a pointer to one. */
function isStruct(type: Type, names: readonly string[]): boolean {
  const struct = type.kind === "pointer" ? type.to : type;
  return struct.kind === "struct" && names.includes(struct.layout.name);
}

// ---- path -------------------------------------------------------------------------------------------------

function pathSize(site: CallSite): number {
  const literal = site.arguments[1]?.literal;
  return literal?.kind === "int" ? Math.max(1, Math.min(Number(literal.value), site.config.maxStrlen)) : site.config.maxStrlen;
}

const path = builtin({
  names: ["path"],
  form: "function",
  doc: "Full path of a `struct path`; the kernel allows it in some functions only.",
  signature: "string path(struct path | struct path * path [, const int size])",
  example: "fentry:filp_close { print(path(args.filp.f_path)); }",
  parameters: [
    { name: "path", kind: "any" },
    { name: "size", kind: "int-literal" },
  ],
  required: 1,
  needs: "typed",
  type: (site) => stringType(pathSize(site)),
  check: (site) => {
    const [given, size] = site.arguments;
    if (given?.type !== undefined && !isStruct(given.type, ["path"])) {
      site.error("argument", `path() expects a struct path or a pointer to one (${typeName(given.type)} provided)`, given.span);
    }
    const literal = size?.literal;
    if (literal?.kind === "int" && literal.value < 1n) site.error("argument", "path() size must be at least 1", size?.span);
  },
  lower: (code, call) => {
    const size = sizeOf(call.type);
    const text = code.temporary(size);
    code.zero({ address: text, offset: 0 }, size);
    const { base, offset } = structPlace(code, present(call.arguments[0], "path"));
    // Nobody may add to a pointer that may be null.
    code.branch("eq", base, code.ir.const(0), () => undefined, () => {
      const result = code.ir.call(helpers.dPath.id, [code.ir.offset(base, offset), text, code.ir.const(size)]);
      code.warning("", helpers.dPath.name, result, "reads");
    });
    return memoryOperand(call.type, text);
  },
});

// ---- sockets ----------------------------------------------------------------------------------------------

const sockets = ["sock", "sock_common", "tcp_sock", "udp_sock", "inet_sock", "inet_connection_sock", "unix_sock"];

const socketCookie = builtin({
  names: ["socket_cookie"],
  form: "function",
  doc: "A number that belongs to a socket as long as it lives; 0 for a null pointer.",
  signature: "uint64 socket_cookie(struct sock * socket)",
  example: "rawtracepoint:inet_sock_set_state { print(socket_cookie(args.sk)); exit(); }",
  parameters: [{ name: "socket", kind: "any" }],
  needs: "typed",
  type: () => uint64,
  check: (site) => checkPointer(site, site.arguments[0], sockets, "struct sock"),
  lower: (code, call) => scalarOperand(uint64, code.ir.call(helpers.getSocketCookie.id, [structPlace(code, present(call.arguments[0], "socket")).base])),
});

export function checkPointer(site: CallSite, argument: ArgumentInfo | undefined, structs: readonly string[], wanted: string): void {
  const type = argument?.type;
  if (type === undefined || (type.kind === "pointer" && isStruct(type, structs))) return;
  site.error("argument", `${site.name}() expects a pointer to ${wanted} (${typeName(type)} provided)`, argument?.span);
}

// ---- per-CPU variables ------------------------------------------------------------------------------------

function variableType(site: CallSite): Type | undefined {
  const literal = site.arguments[0]?.literal;
  return literal?.kind === "string" ? site.target.kernelTypes?.variable(literal.value) : undefined;
}

/** An address that helpers gave, as a number: the verifier lets nobody add to what may be null. */
function plainAddress(code: Code, pointer: Value): Value {
  const slots = code.temporary(16);
  code.ir.store(8, slots, 0, pointer);
  code.probeRead("kernel", code.ir.offset(slots, 8), code.ir.const(8), slots);
  return code.ir.load(8, slots, 8);
}

const percpuKaddr = builtin({
  names: ["percpu_kaddr"],
  form: "function",
  doc: "Address of a per-CPU variable of the kernel on this CPU or on the given one; null when there is no such CPU.",
  signature: "T * percpu_kaddr(const string name [, int cpu])",
  example: 'begin { print(percpu_kaddr("runqueues").nr_running); }',
  parameters: [
    { name: "name", kind: "string-literal" },
    { name: "cpu", kind: "int" },
  ],
  required: 1,
  type: (site) => pointerTo(variableType(site) ?? none, "kernel"),
  check: (site) => {
    const literal = site.arguments[0]?.literal;
    if (literal?.kind !== "string") return;
    const type = variableType(site);
    if (type === undefined) return site.error("argument", `Could not resolve variable '${literal.value}' from BTF`);
    if (site.target.kernelFunctions.address(literal.value) !== undefined) return;
    site.error("argument", `The kernel does not list the address of '${literal.value}' (CONFIG_KALLSYMS_ALL)`);
  },
  lower: (code, call) => {
    const [name, cpu] = call.arguments;
    const literal = code.literalOf(present(name, "variable"));
    const variable = code.ir.linkConstant(kernelVariableConstant(literal?.kind === "string" ? literal.value : ""));
    const address =
      cpu === undefined
        ? code.ir.call(helpers.thisCpuPtr.id, [variable])
        : code.ir.call(helpers.perCpuPtr.id, [variable, code.integer(cpu)]);
    return scalarOperand(call.type, plainAddress(code, address));
  },
});

export const kernelObjectFunctions: readonly BuiltinDef[] = [path, socketCookie, percpuKaddr];
