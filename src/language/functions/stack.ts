// Stacks of the kernel and of user space: addresses now, names when they are printed.

import { helpers } from "../../bpf/helpers.ts";
import { type BuiltinDef, builtin, type Call, type CallSite, type ParameterSpec } from "../../define/builtin.ts";
import { type Code, memoryOperand, type Place } from "../../define/code.ts";
import { sizeOf, stackHeader, type StackType } from "../../types/type.ts";

const modes: readonly StackType["mode"][] = ["bpftrace", "perf", "raw", "build_id"];
const defaultLimit = 127;
const maximumLimit = 1024;

/** BPF_F_USER_STACK and BPF_F_USER_BUILD_ID. */
const userStack = 1 << 8;
const userBuildId = 1 << 11;

/** The type of a stack by the arguments of the call. */
export function stackType(site: CallSite, space: StackType["space"], walk: StackType["walk"]): StackType {
  let mode: StackType["mode"] = site.config.stackMode;
  let limit = defaultLimit;
  for (const [i, argument] of site.arguments.entries()) {
    const word = site.word(i);
    const known = modes.find((m) => m === word);
    if (known !== undefined) mode = known;
    else if (argument.literal?.kind === "int") limit = Number(argument.literal.value);
  }
  return { kind: "stack", space, walk, mode, limit: Math.max(1, Math.min(limit, maximumLimit)) };
}

/** Reports wrong modes and limits. */
export function checkStack(site: CallSite, buildIds: boolean): void {
  for (const [i, argument] of site.arguments.entries()) {
    const word = site.word(i);
    if (word !== undefined) {
      if (!modes.some((m) => m === word)) site.error("argument", `Invalid stack mode: '${word}'`, argument.span);
      if (word === "build_id" && !buildIds) site.error("argument", "build_id can only be used with ustack", argument.span);
      continue;
    }
    if (argument.literal?.kind !== "int") {
      site.error("argument", `${site.name}() expects a stack mode or an int literal`, argument.span);
    } else if (argument.literal.value > BigInt(maximumLimit) || argument.literal.value < 0n) {
      site.error("argument", `${site.name}() limit shouldn't exceed ${maximumLimit}, ${argument.literal.value} given`, argument.span);
    }
  }
}

/** Writes pid (of user stacks), number of frames and addresses; unused frames are zero, so that equal stacks are equal bytes. */
function captureStack(code: Code, type: StackType, to: Place): void {
  const header = stackHeader(type);
  const size = sizeOf(type);
  code.zero(to, size);
  const frame = type.mode === "build_id" ? 32 : 8;
  const flags = type.space === "user" ? userStack | (type.mode === "build_id" ? userBuildId : 0) : 0;
  const frames = code.ir.offset(to.address, to.offset + header);
  const args = [code.context(), frames, code.ir.const(size - header), code.ir.const(flags)];
  const bytes = code.ir.call(helpers.getStack.id, args);
  code.warning(`Error reading ${type.space === "user" ? "ustack" : "kstack"}.`, undefined, bytes, "always");
  const count = code.choose(
    "slt",
    code.ir.extend(bytes, 32, true),
    code.ir.const(0),
    () => code.ir.const(0),
    () => code.ir.binary("udiv", code.ir.extend(bytes, 32, false), code.ir.const(frame)),
  );
  code.ir.store(8, to.address, to.offset + header - 8, count);
  if (type.space === "user") {
    const ids = code.ir.call(helpers.getCurrentPidTgid.id, []);
    code.ir.store(4, to.address, to.offset, code.ir.binary("lshr", ids, code.ir.const(32)));
  }
}

/** The parameters of all stack functions. */
export const stackParameters: readonly ParameterSpec[] = [
  { name: "mode", kind: "word" },
  { name: "limit", kind: "int-literal" },
];

function stack(name: string, space: "kernel" | "user", doc: string, example: string): BuiltinDef {
  const asType = (call: Call): StackType =>
    call.type.kind === "stack" ? call.type : { kind: "stack", space, walk: "kernel", mode: "bpftrace", limit: defaultLimit };
  return builtin({
    names: [name],
    form: "both",
    doc,
    signature: `stack ${name}([mode,] [int limit])`,
    example,
    parameters: stackParameters,
    required: 0,
    usesContext: true,
    type: (site) => stackType(site, space, "kernel"),
    check: (site) => checkStack(site, space === "user"),
    lower: (code, call) => {
      const type = asType(call);
      const address = code.temporary(sizeOf(type));
      captureStack(code, type, { address, offset: 0 });
      return memoryOperand(type, address);
    },
    lowerInto: (code, call, _as, to) => captureStack(code, asType(call), to),
  });
}

export const stackFunctions: readonly BuiltinDef[] = [
  stack("kstack", "kernel", "The kernel stack of the event.", "profile:hz:99 { @[kstack] = count(); }"),
  stack("ustack", "user", "The user stack of the current task.", "profile:hz:99 { @[ustack(perf, 8)] = count(); }"),
];
