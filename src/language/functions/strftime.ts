// strftime: times of events as text, made when they are printed.

import { present } from "../../base/invariant.ts";
import { type BuiltinDef, builtin, type CallSite } from "../../define/builtin.ts";
import { memoryOperand } from "../../define/code.ts";

/** The clock of the time: it goes with the type of what nsecs() gave. */
function clockOf(site: CallSite): string {
  const type = site.arguments[1]?.type;
  return (type?.kind === "int" ? type.clock : undefined) ?? "boot";
}

const strftime = builtin({
  names: ["strftime"],
  form: "function",
  doc: "The local time of a reading of nsecs, as strftime(3) writes it; also %f microseconds, %k nanoseconds, %l milliseconds.",
  signature: "timestamp strftime(const string format, uint64 nsecs)",
  example: 'begin { print(strftime("%Y", nsecs)); }',
  parameters: [
    { name: "format", kind: "format" },
    { name: "nsecs", kind: "int" },
  ],
  type: (site) => {
    const format = site.arguments[0]?.literal;
    const text = format?.kind === "string" ? format.value : "";
    return { kind: "opaque", name: "timestamp", size: 16, alignment: 8, parameters: [text, clockOf(site)] };
  },
  check: (site) => {
    if (clockOf(site) === "monotonic") site.error("argument", "strftime() can not take a monotonic timestamp", site.arguments[1]?.span);
  },
  lower: (code, call) => {
    const memory = code.temporary(16);
    code.ir.store(8, memory, 0, code.ir.const(0));
    code.ir.store(8, memory, 8, code.integer(present(call.arguments[1], "timestamp")));
    return memoryOperand(call.type, memory);
  },
});

export const timeFunctions: readonly BuiltinDef[] = [strftime];
