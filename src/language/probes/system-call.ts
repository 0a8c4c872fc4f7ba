// System call tracepoints in crowds: their programs share one raw tracepoint, because the kernel needs 40 ms to detach a
// tracepoint of its own. What a script sees is the same.

import { attachTypes, programTypes, type SystemCallPhase } from "../../define/attach-spec.ts";
import type { ArgumentField, ArgumentSource, ArgumentsLayout, ProbePoint } from "../../define/probe.ts";
import { registerOffset, systemCallArguments, systemCallRegister } from "../../define/registers.ts";
import { systemCallNumber } from "../../define/system-calls.ts";
import type { Target } from "../../define/target.ts";

/** With more points than this, sharing is better than single tracepoints. */
const fewPoints = 8;

/** Tracepoint records begin with common fields and the number; arguments or the result follow, eight bytes each. */
const numberOffset = 8;
const firstArgument = 16;

interface SystemCall {
  readonly phase: SystemCallPhase;
  readonly number: number;
}

/** The system call of a tracepoint `syscalls:EVENT`, if it can share a tracepoint with others on this machine. */
function systemCallOf(target: Target, { attach }: ProbePoint): SystemCall | undefined {
  if (attach.mechanism !== "tracepoint" || attach.category !== "syscalls") return undefined;
  const match = /^sys_(enter|exit)_(\w+)$/.exec(attach.event);
  if (match === null) return undefined;
  const number = systemCallNumber(target.arch, match[2] ?? "");
  if (number === undefined) return undefined;
  return { phase: match[1] === "enter" ? "enter" : "exit", number };
}

function sourceOf(target: Target, phase: SystemCallPhase, offset: number): ArgumentSource | undefined {
  if (offset === numberOffset) {
    return phase === "enter" ? { from: "word", index: 1 } : { from: "saved-register", ...systemCallRegister[target.arch] };
  }
  if (phase === "exit") return offset === firstArgument ? { from: "word", index: 1 } : undefined;
  const register = registerOffset(target.arch, systemCallArguments[target.arch][(offset - firstArgument) / 8] ?? "");
  return register === undefined ? undefined : { from: "saved-register", offset: register, size: 8 };
}

/** The same fields, read from the arguments of the raw tracepoint; undefined when one is not there. */
function shareLayout(target: Target, phase: SystemCallPhase, layout: ArgumentsLayout): ArgumentsLayout | undefined {
  const fields: ArgumentField[] = [];
  for (const field of layout.fields) {
    const source = field.source.from === "record" ? sourceOf(target, phase, field.source.offset) : undefined;
    if (source === undefined) return undefined;
    fields.push({ ...field, source });
  }
  return { ...layout, fields };
}

/** Points whose system calls are many are given one raw tracepoint for all. */
export function sharePoints(target: Target, points: readonly ProbePoint[]): readonly ProbePoint[] {
  const calls = points.map((point) => systemCallOf(target, point));
  const crowded = (phase: SystemCallPhase) => calls.filter((call) => call?.phase === phase).length > fewPoints;
  const phases = (["enter", "exit"] as const).filter(crowded);
  if (phases.length === 0 || !canShare(target)) return points;
  return points.map((point, i) => {
    const call = calls[i];
    return call === undefined || !phases.includes(call.phase) ? point : sharePoint(target, call, point);
  });
}

function canShare(target: Target): boolean {
  const known = target.kernelTypes?.traceParameters("sys_enter") !== undefined;
  return known && target.has("get_current_task_btf");
}

function sharePoint(target: Target, { phase, number }: SystemCall, point: ProbePoint): ProbePoint {
  const layout = point.arguments();
  if (typeof layout === "string") return point;
  const shared = shareLayout(target, phase, layout);
  if (shared === undefined) return point;
  return {
    ...point,
    program: { type: programTypes.tracing, expectedAttach: attachTypes.traceRawTp },
    attach: { mechanism: "system-call", phase, number },
    context: "words",
    returns: 0,
    arguments: () => shared,
  };
}
