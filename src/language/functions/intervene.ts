// Functions that change what they trace, allowed with --unsafe only: signal, signal_thread, override, write_user.

import { type Helper, helpers } from "../../bpf/helpers.ts";
import { present } from "../../base/invariant.ts";
import { type BuiltinDef, builtin, type CallSite } from "../../define/builtin.ts";
import { type Code, noOperand, scalarOperand } from "../../define/code.ts";
import type { Value } from "../../ir/model.ts";
import { bool, int64, none, sizeOf, typeName } from "../../types/type.ts";
import { bytesOf } from "./memory.ts";
import { lastSignal, signalNumber, signalNumbers } from "../tables/signal-names.ts";

// ---- signals ----------------------------------------------------------------------------------------------

function message(code: Code, action: "warnf" | "errorf", format: string, value: Value): void {
  code.event(action, { format }, [{ operand: scalarOperand(int64, value), as: int64 }]);
}

function send(code: Code, name: string, helper: Helper, signal: Value): void {
  const result = code.ir.extend(code.ir.call(helper.id, [signal]), 32, true);
  const failed = () => message(code, "warnf", `${name}() failed: the kernel returned %d`, result);
  code.branch("slt", result, code.ir.const(0), failed, () => undefined);
}

/** A number that is only known at run time is looked at before it is sent. */
function sendChecked(code: Code, name: string, helper: Helper, signal: Value): void {
  const { ir } = code;
  const refuse = () => message(code, "errorf", `${name}(): signals are numbered from 1 to ${lastSignal}, there is no %d`, signal);
  code.branch("ult", ir.binary("sub", signal, ir.const(1)), ir.const(lastSignal), () => send(code, name, helper, signal), refuse);
}

function checkSignal(site: CallSite): void {
  const [argument] = site.arguments;
  const literal = argument?.literal;
  if (literal?.kind === "string") {
    if (signalNumber(literal.value) !== undefined) return;
    const hint = `names: ${[...signalNumbers.keys()].join(" ")}`;
    return site.error("argument", `${site.name}() knows no signal '${literal.value}'`, argument?.span, { hint });
  }
  const type = argument?.type;
  if (literal?.kind === "int" && (literal.value < 1n || literal.value > BigInt(lastSignal))) {
    return site.error("argument", `${site.name}(): signals are numbered from 1 to ${lastSignal}, there is no ${literal.value}`, argument?.span);
  }
  if (type !== undefined && type.kind !== "int" && type.kind !== "enum" && type.kind !== "aggregate") {
    site.error("argument", `${site.name}() expects a number or the name of a signal as a literal (${typeName(type)} provided)`, argument?.span);
  }
}

function signalFunction(name: string, helper: Helper, whom: string): BuiltinDef {
  return builtin({
    names: [name],
    form: "function",
    doc: `Sends a signal to ${whom}: by number, or by name in any case, with or without SIG.`,
    signature: `void ${name}(const string name | int number)`,
    example: `tracepoint:syscalls:sys_enter_getppid /pid == cpid/ { ${name}("TERM"); }`,
    parameters: [{ name: "signal", kind: "any" }],
    unsafe: true,
    pure: false,
    needs: "signal",
    type: () => none,
    check: checkSignal,
    lower: (code, call) => {
      const argument = present(call.arguments[0], "signal");
      const literal = code.literalOf(argument);
      const known = literal?.kind === "string" ? signalNumber(literal.value) : literal?.kind === "int" ? Number(literal.value) : undefined;
      if (known === undefined) sendChecked(code, name, helper, code.integer(argument));
      else send(code, name, helper, code.ir.const(known));
      return noOperand;
    },
  });
}

// ---- override ---------------------------------------------------------------------------------------------

const override = builtin({
  names: ["override"],
  form: "function",
  doc: "Lets the traced kernel function return at once with this value; the kernel must allow error injection into it.",
  signature: "void override(uint64 value)",
  example: "kprobe:__x64_sys_getuid { override(5); }",
  parameters: [{ name: "value", kind: "int" }],
  unsafe: true,
  pure: false,
  needs: "override",
  usesContext: true,
  perAttachPoint: true,
  type: () => none,
  lower: (code, call) => {
    code.ir.call(helpers.overrideReturn.id, [code.context(), code.integer(present(call.arguments[0], "value"))]);
    return noOperand;
  },
});

// ---- write_user -------------------------------------------------------------------------------------------

function checkWriteUser(site: CallSite): void {
  const [, source, length] = site.arguments;
  const type = source?.type;
  if (type === undefined) return;
  if (type.kind === "none" || type.kind === "stack") site.error("argument", `write_user() can't write a value of type '${typeName(type)}'`, source?.span);
  const size = type.kind === "pointer" ? undefined : sizeOf(type);
  const bytes = length?.literal?.kind === "int" ? length.literal.value : 0n;
  if (bytes < 1n) return site.error("argument", "write_user() length must be at least 1", length?.span);
  if (size !== undefined && bytes > BigInt(size)) {
    site.error("argument", `write_user() can't write ${bytes} bytes of a value of type '${typeName(type)}'`, source?.span);
  }
}

const writeUser = builtin({
  names: ["write_user"],
  form: "function",
  doc: "Writes the first `length` bytes of a value, or of what a pointer points to, to memory of the current process; false when that is not possible.",
  signature: "bool write_user(void * to, value | void * from, const int length)",
  example: 'tracepoint:syscalls:sys_enter_chdir /pid == cpid/ { write_user(args.filename, "/tmp", 5); }',
  parameters: [
    { name: "to", kind: "int" },
    { name: "from", kind: "any" },
    { name: "length", kind: "int-literal" },
  ],
  unsafe: true,
  pure: false,
  type: () => bool,
  check: checkWriteUser,
  lower: (code, call) => {
    const [to, from, length] = call.arguments;
    const literal = length === undefined ? undefined : code.literalOf(length);
    const size = literal?.kind === "int" ? Number(literal.value) : 0;
    const source = bytesOf(code, present(from, "source"), size);
    const result = code.ir.call(helpers.probeWriteUser.id, [code.integer(present(to, "destination")), source, code.ir.const(size)]);
    return scalarOperand(bool, code.ir.compare("eq", result, code.ir.const(0)));
  },
});

export const interveningFunctions: readonly BuiltinDef[] = [
  signalFunction("signal", helpers.sendSignal, "the current process"),
  signalFunction("signal_thread", helpers.sendSignalThread, "the current thread"),
  override,
  writeUser,
];
