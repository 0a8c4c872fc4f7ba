// Functions that act on the run: exit, time, join, cat, system, and messages on stderr.

import { errorTexts } from "../../base/error-texts.ts";
import { helpers } from "../../bpf/helpers.ts";
import type { ActionDef } from "../../define/action.ts";
import { type BuiltinDef, builtin } from "../../define/builtin.ts";
import { noOperand, scalarOperand } from "../../define/code.ts";
import { coreActions } from "../../define/internal-names.ts";
import { formatTime } from "../../output/strftime.ts";
import { int64, none, type Type } from "../../types/type.ts";
import { formatAction, formatFunction, formatText } from "./print.ts";

const exit = builtin({
  names: ["exit"],
  form: "function",
  doc: "Ends the run; `code` is the exit status.",
  signature: "void exit([int code])",
  example: "begin { exit(0); }",
  parameters: [{ name: "code", kind: "int" }],
  required: 0,
  pure: false,
  leavesProbe: true,
  sendsEvents: true,
  type: () => none,
  lower: (code, call) => {
    const [status] = call.arguments;
    const value = status === undefined ? code.ir.const(0) : code.integer(status);
    code.event("exit", {}, [{ operand: scalarOperand(int64, value), as: int64 }]);
    code.endRun(value);
    code.leave();
    return noOperand;
  },
});

const exitAction: ActionDef = {
  name: "exit",
  prepare: (spec, host) => {
    const [field] = spec.fields;
    return (view, at) => {
      const value = field === undefined ? undefined : host.decode(view, at, field);
      host.exit(value?.kind === "int" ? Number(BigInt.asUintN(8, value.value)) : 0);
    };
  },
};

const time = builtin({
  names: ["time"],
  form: "function",
  doc: "Prints the local time when the event is handled, as strftime(3) writes it (default: `%H:%M:%S` and a line feed).",
  signature: "void time([const string format])",
  example: 'begin { time("%H:%M:%S\\n"); }',
  parameters: [{ name: "format", kind: "format" }],
  required: 0,
  pure: false,
  sendsEvents: true,
  type: () => none,
  lower: (code, call) => {
    const [format] = call.arguments;
    code.event("time", { format: format === undefined ? "%H:%M:%S\n" : formatText(code, format) }, []);
    return noOperand;
  },
});

const timeAction: ActionDef = {
  name: "time",
  prepare: (spec, host) => () => {
    const text = formatTime(String(spec.parameters["format"]), host.now());
    if (text.length === 0 || text.length > 63) host.message("error", "runtime_error", "time(): the text has no or more than 63 bytes", spec.place);
    else host.output("time", text);
  },
};

const cat = formatFunction(
  "cat",
  "cat",
  "Prints the first max_cat_bytes bytes of a file whose name is formatted as printf does it.",
  'begin { cat("/proc/loadavg"); }',
  false,
);

const catAction = formatAction("cat", (path, host, spec) => {
  const result = host.readFile(path, host.maxCatBytes);
  if (result.ok) host.output("cat", result.bytes);
  else host.message("error", "runtime_error", `failed to open file '${path}' (${result.error})`, spec.place);
});

const system = formatFunction(
  "system",
  "system",
  "Runs a shell command, formatted as printf does it, and prints what it wrote when it has ended; events wait meanwhile.",
  'begin { system("echo %d", 1); }',
  true,
);

const systemAction = formatAction("system", (command, host, spec) => {
  const { status, output } = host.shell(command);
  if (status === 0) host.outputLine("syscall", output);
  else host.message("error", "runtime_error", `command exited with code ${status}: ${command}`, spec.place);
});

const errorf = formatFunction("errorf", "errorf", "Writes a message with its place in the script to stderr, as an error; the run goes on.", 'begin { errorf("bad %d", 1); }', false);
const warnf = formatFunction("warnf", "warnf", "Writes a message with its place in the script to stderr, as a warning.", 'begin { warnf("odd %d", 1); }', false);

const errorfAction = formatAction("errorf", (text, host, spec) =>
  host.message("error", "errorf", text.replace(/\n$/, ""), spec.place),
);
const warnfAction = formatAction("warnf", (text, host, spec) =>
  host.message("warning", "warnf", text.replace(/\n$/, ""), spec.place),
);

// ---- join -------------------------------------------------------------------------------------------------

const joinCount = 16;
const joinSize = 1024;
const joinType: Type = { kind: "array", element: { kind: "string", size: joinSize }, count: joinCount };

const join = builtin({
  names: ["join"],
  form: "function",
  doc: "Prints the strings of an argument vector (up to 16), separated by a blank or `separator`.",
  signature: "void join(char *arr[] [, const string separator])",
  example: "tracepoint:syscalls:sys_enter_execve { join(args.argv); exit(); }",
  parameters: [
    { name: "arr", kind: "any" },
    { name: "separator", kind: "format" },
  ],
  required: 1,
  pure: false,
  sendsEvents: true,
  type: () => none,
  check: (site) => {
    const type = site.arguments[0]?.type;
    if (type !== undefined && type.kind !== "pointer" && type.kind !== "int" && type.kind !== "array") {
      site.error("argument", "join() only supports int or pointer arguments");
    }
  },
  lower: (code, call) => {
    const [vector, separator] = call.arguments;
    if (vector === undefined) return noOperand;
    const type = code.typeOf(vector);
    const space = type.kind === "pointer" && type.space !== "none" ? type.space : code.point.space;
    const pointer = code.integer(vector);
    const words = code.temporary(joinCount * joinSize);
    code.zero({ address: words, offset: 0 }, joinCount * joinSize);
    for (let i = 0; i < joinCount; i++) {
      const slot = code.temporary(8);
      code.probeRead(space, slot, code.ir.const(8), code.ir.offset(pointer, i * 8));
      const word = code.ir.load(8, slot, 0);
      code.branch(
        "eq",
        word,
        code.ir.const(0),
        () => undefined,
        () => {
          code.ir.call(
            (space === "user" ? helpers.probeReadUserStr : helpers.probeReadKernelStr).id,
            [code.ir.offset(words, i * joinSize), code.ir.const(joinSize), word],
          );
        },
      );
    }
    const operand = { kind: "memory", type: joinType, address: words, offset: 0, bits: undefined } as const;
    code.event("join", { separator: separator === undefined ? " " : formatText(code, separator) }, [{ operand, as: joinType }]);
    return noOperand;
  },
});

const joinAction: ActionDef = {
  name: "join",
  prepare: (spec, host) => {
    const [field] = spec.fields;
    return (view, at) => {
      const value = field === undefined ? undefined : host.decode(view, at, field);
      const words = value?.kind === "array" ? value.items.map((item) => (item.kind === "string" ? item.bytes : "")) : [];
      const end = words.indexOf("");
      host.outputLine("join", words.slice(0, end < 0 ? undefined : end).join(String(spec.parameters["separator"])));
    };
  },
};

// ---- runtime errors ---------------------------------------------------------------------------------------

const runtimeErrorAction: ActionDef = {
  name: coreActions.runtimeError,
  prepare: (spec, host) => {
    const [field] = spec.fields;
    return (view, at) => {
      const value = field === undefined ? undefined : host.decode(view, at, field);
      const { message, helper } = spec.parameters;
      if (helper === "") return host.message("warning", "runtime_error", String(message), spec.place);
      const code = value?.kind === "int" ? Number(value.value) : 0;
      const error = errorTexts[-code] || "Unknown error";
      const failure = { helper: String(helper), code, error };
      host.message("warning", "helper_error", message === "" ? error : String(message), spec.place, failure);
    };
  },
};

export const controlFunctions: readonly BuiltinDef[] = [exit, time, cat, system, errorf, warnf, join];
export const controlActions: readonly ActionDef[] = [
  exitAction,
  timeAction,
  catAction,
  systemAction,
  errorfAction,
  warnfAction,
  joinAction,
  runtimeErrorAction,
];
