// Builtin variables of the event: its name, arguments, return value, function and registers.

import { helpers } from "../../bpf/helpers.ts";
import { type BuiltinDef, builtin, type CallSite } from "../../define/builtin.ts";
import { type Code, memoryOperand, type Operand, scalarOperand } from "../../define/code.ts";
import type { Value } from "../../ir/model.ts";
import type { ArgumentsLayout, FunctionResult, ProbePoint } from "../../define/probe.ts";
import { argumentRegisters, firstStackArgument, instructionPointer, returnRegister } from "../../define/registers.ts";
import { int64, pointerTo, type StructLayout, type Type, uint64, uint8, none, alignUp, layoutTuple } from "../../types/type.ts";

const probe = builtin({
  names: ["probe"],
  form: "both",
  doc: "Full name of the attach point that fired.",
  signature: "string probe",
  example: "begin { print(probe); }",
  perAttachPoint: true,
  fold: (site) => ({ kind: "string", value: site.point.name }),
  type: () => undefined,
  lower: () => ({ kind: "none" }),
});

const probetype = builtin({
  names: ["probetype"],
  form: "both",
  doc: "Kind of the attach point: `kprobe`, `tracepoint`, `special` for begin and end, …",
  signature: "string probetype",
  example: "begin { print(probetype); }",
  perAttachPoint: true,
  fold: (site) => ({ kind: "string", value: site.point.probeType }),
  type: () => undefined,
  lower: () => ({ kind: "none" }),
});

// ---- arguments --------------------------------------------------------------------------------------------

const maxArguments = 256;

/** Arguments of USDT probes have a sign, those of functions are words. */
function argumentType(site: CallSite): Type {
  return site.point.usdt === undefined ? uint64 : int64;
}

const argN = builtin({
  names: Array.from({ length: maxArguments }, (_, i) => `arg${i}`),
  form: "both",
  doc: "Argument N of the traced function, counted from 0.",
  signature: "uint64 argN",
  example: "rawtracepoint:sys_enter { print(arg1 >= 0); exit(); }",
  needs: "argN",
  usesContext: true,
  type: argumentType,
  check: (site) => {
    const index = Number(site.name.slice("arg".length));
    const limit = site.point.context === "registers" && site.point.usdt === undefined ? argumentRegisters[site.target.arch].length : maxArguments;
    if (index >= limit) site.error("argument", `${site.target.arch} doesn't support ${site.name}`);
  },
  lower: (code, call) => scalarOperand(call.type, code.argument(Number(call.name.slice("arg".length)))),
});

const sargN = builtin({
  names: Array.from({ length: 10 }, (_, i) => `sarg${i}`),
  form: "variable",
  doc: "Argument N of those that the traced function gets on the stack.",
  signature: "uint64 sargN",
  example: "uprobe:libc:vfprintf { print(sarg0); exit(); }",
  needs: "sargN",
  usesContext: true,
  type: () => uint64,
  lower: (code, call) => {
    const index = Number(call.name.slice("sarg".length));
    const offset = firstStackArgument[code.target.arch] + 8 * index;
    return { kind: "remote", type: uint64, address: code.register("sp"), offset, struct: undefined, space: code.point.space, bits: undefined };
  },
});

const retval = builtin({
  names: ["retval"],
  form: "both",
  doc: "Value that the traced function returns.",
  signature: "uint64 retval",
  example: "uretprobe:libc:getenv { print(retval); exit(); }",
  needs: "retval",
  usesContext: true,
  perAttachPoint: "typed",
  type: (site) => {
    if (site.point.context !== "words") return uint64;
    const result = resultOf(site.point);
    if (result !== undefined) return result.type;
    site.error("no-result", `${site.point.name} returns nothing`);
    return undefined;
  },
  lower: (code, call) => {
    const result = resultOf(code.point);
    if (result === undefined) return scalarOperand(uint64, code.register(returnRegister[code.target.arch]));
    return scalarOperand(call.type, extendedWord(code, result));
  },
});

/** What the function returned, of points that know its type. */
function resultOf(point: ProbePoint): FunctionResult | undefined {
  if (point.context !== "words") return undefined;
  const layout = point.arguments();
  return typeof layout === "string" ? undefined : layout.result;
}

/** Narrower integers have undefined bits above theirs. */
function extendedWord(code: Code, { type, source }: FunctionResult): Value {
  const word = source.from === "word" ? code.argument(source.index) : askForResult(code);
  if ((type.kind !== "int" && type.kind !== "enum") || type.bytes === 8) return word;
  return code.ir.extend(word, type.bytes === 1 ? 8 : type.bytes === 2 ? 16 : 32, type.signed);
}

function askForResult(code: Code): Value {
  const word = code.temporary(8);
  code.ir.store(8, word, 0, code.ir.const(0));
  code.ir.call(helpers.getFuncRet.id, [code.context(), word]);
  return code.ir.load(8, word, 0);
}

/** One struct type for the arguments of each point: types of structs are compared by identity. */
const argumentTypes = new WeakMap<ProbePoint, { readonly layout: ArgumentsLayout; readonly type: Type }>();

function argumentsOf(point: ProbePoint): { readonly layout: ArgumentsLayout; readonly type: Type } | string {
  const known = argumentTypes.get(point);
  if (known !== undefined) return known;
  const layout = point.arguments();
  if (typeof layout === "string") return layout;
  const places = layoutTuple(layout.fields.map((field) => field.type));
  const fields = layout.fields.map((field, i) => ({
    name: field.name,
    type: field.type,
    offset: places.offsets[i] ?? 0,
    bits: undefined,
  }));
  const struct: StructLayout = {
    tag: "struct",
    name: `args of ${point.name}`,
    size: alignUp(places.size, 8),
    alignment: 8,
    complete: true,
    fields: () => fields,
  };
  const made = { layout, type: { kind: "struct", layout: struct } as const };
  argumentTypes.set(point, made);
  return made;
}

const args = builtin({
  names: ["args"],
  form: "variable",
  doc: "Arguments of the event by name: fields of a tracepoint, parameters of a function.",
  signature: "struct args",
  example: "tracepoint:syscalls:sys_enter_openat { print(args.flags); exit(); }",
  needs: "args",
  perAttachPoint: true,
  usesContext: true,
  type: (site: CallSite) => {
    const found = argumentsOf(site.point);
    if (typeof found !== "string") return found.type;
    site.error("no-args", found);
    return undefined;
  },
  lower: (code): Operand => {
    const found = argumentsOf(code.point);
    return typeof found === "string" ? { kind: "none" } : { kind: "arguments", type: found.type, layout: found.layout };
  },
});

// ---- context ----------------------------------------------------------------------------------------------

const ctx = builtin({
  names: ["ctx"],
  form: "variable",
  doc: "The program's context: registers of the event.",
  signature: "struct pt_regs * ctx",
  example: "profile:hz:99 { print((uint64)ctx != 0); exit(); }",
  needs: "ctx",
  usesContext: true,
  type: (site) => pointerTo(site.target.kernelTypes?.struct("struct", site.point.contextStruct ?? "pt_regs") ?? none, "kernel"),
  lower: (code, call) => {
    const copy = code.temporary(8);
    code.ir.store(8, copy, 0, code.context());
    const operand = scalarOperand(call.type, code.ir.load(8, copy, 0));
    return code.point.contextStruct === undefined || operand.kind !== "scalar" ? operand : { ...operand, typed: code.context() };
  },
});

const func = builtin({
  names: ["func"],
  form: "both",
  doc: "Name of the traced function.",
  signature: "ksym func",
  example: "uprobe:libc:getenv { print(func); exit(); }",
  needs: "func",
  usesContext: true,
  type: (site): Type =>
    site.point.space === "user"
      ? { kind: "opaque", name: "usym", size: 16, alignment: 8, parameters: [] }
      : { kind: "opaque", name: "ksym", size: 8, alignment: 8, parameters: [] },
  lower: (code, call) => {
    const { attach, capabilities, context } = code.point;
    // The helper knows the entry of a kernel function; at an offset inside one only the register does.
    const entry = attach.mechanism === "kprobe" && attach.offset === 0n && code.target.has("get_func_ip");
    const byHelper = capabilities.has("retval") || context === "words" || attach.mechanism === "kprobe-multi" || entry;
    const address = byHelper
      ? code.ir.call(helpers.getFuncIp.id, [code.context()])
      : code.register(instructionPointer[code.target.arch]);
    if (code.point.space !== "user") {
      const memory = code.temporary(8);
      code.ir.store(8, memory, 0, address);
      return memoryOperand(call.type, memory);
    }
    const memory = code.temporary(16);
    code.ir.store(8, memory, 0, address);
    const ids = code.ir.call(helpers.getCurrentPidTgid.id, []);
    code.ir.store(8, memory, 8, code.ir.binary("lshr", ids, code.ir.const(32)));
    return memoryOperand(call.type, memory);
  },
});

/** cs register: its low two bits are the privilege level, 3 in user mode. */
const usermode = builtin({
  names: ["usermode"],
  form: "both",
  doc: "1 when the event happened in user mode, 0 in the kernel (x86-64).",
  signature: "uint8 usermode",
  example: "profile:hz:99 { print(usermode < 2); exit(); }",
  usesContext: true,
  type: () => uint8,
  check: (site) => {
    if (site.target.arch !== "x64") site.error("argument", "usermode is only there on x86-64");
  },
  lower: (code) => {
    if (!code.point.capabilities.has("usermode")) return scalarOperand(uint8, code.ir.const(1));
    const level = code.ir.binary("and", code.register("cs"), code.ir.const(3));
    return scalarOperand(uint8, code.ir.compare("eq", level, code.ir.const(3)));
  },
});

export const eventVariables: readonly BuiltinDef[] = [probe, probetype, argN, sargN, retval, args, ctx, func, usermode];
