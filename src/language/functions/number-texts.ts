// Numbers as text, looked up in read-only data by the program itself: strerror, signal_name,
// syscall_name.

import { errorTexts } from "../../base/error-texts.ts";
import { present } from "../../base/invariant.ts";
import { type BuiltinDef, builtin } from "../../define/builtin.ts";
import { systemCallName } from "../../define/system-calls.ts";
import type { Target } from "../../define/target.ts";
import { memoryOperand } from "../../define/code.ts";
import { stringType } from "../../types/type.ts";
import { signalTexts } from "../tables/signal-texts.ts";

/** Names by number, with gaps. */
const systemCallTexts: Readonly<Record<Target["arch"], readonly string[]>> = { x64: listSystemCalls("x64"), arm64: listSystemCalls("arm64") };

function listSystemCalls(arch: Target["arch"]): readonly string[] {
  const beyond = 600;
  const names = Array.from({ length: beyond }, (_, number) => systemCallName(arch, number) ?? "");
  return names.slice(0, names.findLastIndex((name) => name !== "") + 1);
}

/** Storage of every text, the NUL included. */
const textSize = 64;

interface NumberText {
  readonly name: string;
  readonly doc: string;
  readonly example: string;
  readonly parameter: string;
  texts(target: Target): readonly string[];
  /** For numbers beyond the table, and holes in it. */
  readonly unknown: string;
  /** Whether a negative number means its absolute value. */
  readonly negated: boolean;
}

function numberText({ name, doc, example, parameter, texts, unknown, negated }: NumberText): BuiltinDef {
  const type = stringType(textSize);
  return builtin({
    names: [name],
    form: "function",
    doc,
    signature: `string ${name}(int ${parameter})`,
    example,
    parameters: [{ name: parameter, kind: "int" }],
    type: () => type,
    lower: (code, call) => {
      const { ir } = code;
      const table = [...texts(code.target).map((text) => (text === "" ? unknown : text)), unknown];
      const given = code.integer(present(call.arguments[0], "number"));
      const zero = ir.const(0);
      const value = negated ? code.choose("slt", given, zero, () => ir.binary("sub", zero, given), () => given) : given;
      const last = ir.const(table.length - 1);
      const index = code.choose("ult", value, last, () => ir.clamp(value, table.length - 1), () => last);
      const address = ir.binary("add", code.textTable(table, textSize), ir.binary("mul", index, ir.const(textSize)));
      return memoryOperand(type, address);
    },
  });
}

export const numberTextFunctions: readonly BuiltinDef[] = [
  numberText({
    name: "strerror",
    doc: "Text of an errno; a negative one, as system calls return it, counts as its absolute value.",
    example: "begin { print(strerror(-2)); }",
    parameter: "errno",
    texts: () => errorTexts,
    unknown: "Unknown error",
    negated: true,
  }),
  numberText({
    name: "signal_name",
    doc: "Text of a signal number.",
    example: "begin { print(signal_name(9)); }",
    parameter: "signal",
    texts: () => signalTexts,
    unknown: "N/A",
    negated: false,
  }),
  numberText({
    name: "syscall_name",
    doc: "Name of a system call by its number.",
    example: "tracepoint:raw_syscalls:sys_enter { print(syscall_name(args.id)); exit(); }",
    parameter: "number",
    texts: ({ arch }) => systemCallTexts[arch],
    unknown: "Unknown syscall",
    negated: false,
  }),
];
