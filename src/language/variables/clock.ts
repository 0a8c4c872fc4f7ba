// Clocks: nsecs with its modes, and the time since the start.

import { helpers } from "../../bpf/helpers.ts";
import { type BuiltinDef, builtin } from "../../define/builtin.ts";
import { type Code, scalarOperand } from "../../define/code.ts";
import { linkConstants } from "../../define/internal-names.ts";
import type { Value } from "../../ir/model.ts";
import { uint64 } from "../../types/type.ts";

const defaultMode = "boot";
const modes = [defaultMode, "monotonic", "tai", "sw_tai"];

/** Reads a clock; tests have a map of the script in its place. */
function readClock(code: Code, helper: number): Value {
  const { dummyTsMap } = code.config;
  const dummy = dummyTsMap === "" ? undefined : code.scalarMap(dummyTsMap);
  return dummy ?? code.ir.call(helper, []);
}

/** The TAI clock on kernels of any age: boot clock and the distance that was measured at the start. */
export function readSoftwareTai(code: Code): Value {
  const boot = readClock(code, helpers.ktimeGetBootNs.id);
  return code.config.dummyTsMap === "" ? code.ir.binary("add", boot, code.ir.linkConstant(linkConstants.bootToTai)) : boot;
}

const nsecs = builtin({
  names: ["nsecs"],
  form: "both",
  doc: "Nanoseconds of a clock: `boot` (the default, counts suspended time), `monotonic`, `tai`, `sw_tai`.",
  signature: "uint64 nsecs([boot | monotonic | tai | sw_tai])",
  example: "begin { print(nsecs > 0); }",
  parameters: [{ name: "mode", kind: "word" }],
  required: 0,
  type: (site) => {
    const mode = site.word(0) ?? defaultMode;
    return mode === defaultMode ? uint64 : { ...uint64, clock: mode };
  },
  check: (site) => {
    if (site.arguments.length === 0) return;
    const word = site.word(0);
    if (word === undefined || !modes.includes(word)) {
      site.error("argument", `Invalid timestamp mode: ${word ?? "an expression"} (expects: ${modes.join(", ")})`);
    } else if (word === "tai" && !site.target.has("ktime_get_tai_ns")) {
      site.error("feature", "nsecs(tai) needs a kernel with the helper ktime_get_tai_ns (6.1)");
    }
  },
  lower: (code, call) => {
    switch (call.word(0)) {
      case "monotonic":
        return scalarOperand(uint64, readClock(code, helpers.ktimeGetNs.id));
      case "tai":
        return scalarOperand(uint64, readClock(code, helpers.ktimeGetTaiNs.id));
      case "sw_tai":
        return scalarOperand(uint64, readSoftwareTai(code));
      default:
        return scalarOperand(uint64, readClock(code, helpers.ktimeGetBootNs.id));
    }
  },
});

const elapsed = builtin({
  names: ["elapsed"],
  form: "both",
  doc: "Nanoseconds since the program started, just before the begin probes ran.",
  signature: "uint64 elapsed",
  example: "begin { print(elapsed >= 0); }",
  type: () => uint64,
  lower: (code) => {
    const now = readClock(code, helpers.ktimeGetBootNs.id);
    return scalarOperand(uint64, code.ir.binary("sub", now, code.ir.linkConstant(linkConstants.startTime)));
  },
});

const cpid = builtin({
  names: ["cpid"],
  form: "both",
  doc: "Process id of the command started with -c; 0 without one.",
  signature: "uint64 cpid",
  example: "begin { print(cpid); }",
  type: () => uint64,
  lower: (code) => {
    const child = code.ir.linkConstant(linkConstants.childPid);
    const warn = () => code.warning("No child command was started with -c: cpid is zero.", undefined, undefined, "always");
    code.branch("eq", child, code.ir.const(0), warn, () => undefined);
    return scalarOperand(uint64, child);
  },
});

const hasCpid = builtin({
  names: ["has_cpid"],
  form: "both",
  doc: "Whether a command was started with -c.",
  signature: "bool has_cpid",
  example: "begin { print(has_cpid); }",
  type: () => ({ kind: "bool" }),
  lower: (code) => {
    const child = code.ir.linkConstant(linkConstants.childPid);
    return scalarOperand({ kind: "bool" }, code.ir.compare("ne", child, code.ir.const(0)));
  },
});

export const clockVariables: readonly BuiltinDef[] = [nsecs, elapsed, cpid, hasCpid];
