// debugf: a line in the kernel's own trace buffer, written while the program runs.

import { helpers } from "../../bpf/helpers.ts";
import { type BuiltinDef, builtin, type CallSite } from "../../define/builtin.ts";
import { type Code, noOperand } from "../../define/code.ts";
import type { Value } from "../../ir/model.ts";
import { conversionsOf, parseFormat } from "../../output/format.ts";
import type { Expression } from "../../syntax/ast.ts";
import { none } from "../../types/type.ts";
import { checkFormat, formatText } from "./print.ts";

/** bpf_trace_printk takes as many. */
const mostArguments = 3;
const numbers = ["d", "u", "x", "p"];

function check(site: CallSite): void {
  const [format, ...rest] = site.arguments;
  if (format?.literal?.kind !== "string") return;
  if (rest.length > mostArguments) return site.error("argument", `debugf() takes up to ${mostArguments} values (${rest.length} provided)`);
  const conversions = conversionsOf(parseFormat(format.literal.value));
  const unknown = conversions.find(({ letter }) => letter !== "s" && !numbers.includes(letter));
  if (unknown !== undefined) return site.error("format", `debugf: the kernel does not know %${unknown.letter}: use %d, %u, %x, %p or %s`, format.span);
  for (const [i, { letter }] of conversions.entries()) {
    const type = rest[i]?.type;
    if (letter !== "s" || type === undefined || type.kind === "string") continue;
    return site.error("format", "debugf: %s needs a string", rest[i]?.span);
  }
  checkFormat(site);
  site.warn("debugf", "debugf() writes to the kernel's trace buffer, for debugging of scripts only: printf() prints");
}

/** Strings are passed by their address. */
function wordOf(code: Code, expression: Expression): Value {
  if (code.typeOf(expression).kind !== "string") return code.integer(expression);
  const { address, offset } = code.place(code.operand(expression));
  return code.ir.offset(address, offset);
}

const debugf = builtin({
  names: ["debugf"],
  form: "function",
  doc: "Writes a line to /sys/kernel/tracing/trace_pipe at once; up to 3 values, by %d, %u, %x, %p and %s.",
  signature: "void debugf(const string format, ...)",
  example: 'begin { debugf("in %s as %d", comm, pid); }',
  parameters: [{ name: "format", kind: "format" }],
  required: 1,
  variadic: true,
  pure: false,
  type: () => none,
  check,
  lower: (code, call) => {
    const [format, ...rest] = call.arguments;
    const text = formatText(code, format);
    const words = rest.map((expression) => wordOf(code, expression));
    code.ir.call(helpers.tracePrintk.id, [code.textTable([text], text.length + 1), code.ir.const(text.length + 1), ...words]);
    return noOperand;
  },
});

export const tracePipeFunctions: readonly BuiltinDef[] = [debugf];
