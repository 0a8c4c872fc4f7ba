// Raw tracepoints: the arguments that the kernel passes to the tracepoint, typed by BTF.

import { attachTypes, programTypes } from "../../define/attach-spec.ts";
import { hasWildcard, probePoint, wildcardPattern } from "../../define/points.ts";
import type { ArgumentsLayout, Capability, ProbeDef, ProbePoint, Resolution, ResolveRequest } from "../../define/probe.ts";
import type { KernelTypes, Target } from "../../define/target.ts";
import type { Span } from "../../source/source.ts";
import { typeName } from "../../types/type.ts";

const capabilities: ReadonlySet<Capability> = new Set(["args", "argN", "signal"]);

function layoutArguments(types: KernelTypes, event: string): ArgumentsLayout | string {
  const parameters = types.traceParameters(event);
  if (parameters === undefined) return `the kernel's type information has no parameters of ${event}`;
  return {
    fields: parameters.map(({ name, type }, index) => ({ name, type, source: { from: "word", index } as const })),
    forbidden: new Map(),
    wholeIsValue: true,
  };
}

function makePoint(types: KernelTypes, event: string, label: string | undefined, span: Span): ProbePoint {
  return probePoint({
    provider: "rawtracepoint",
    probeType: "rawtracepoint",
    name: label ?? `rawtracepoint:vmlinux:${event}`,
    span,
    program: { type: programTypes.tracing, expectedAttach: attachTypes.traceRawTp },
    attach: { mechanism: "tp-btf", event },
    context: "words",
    capabilities,
    space: "kernel",
    filtersByPid: true,
    arguments: () => layoutArguments(types, event),
  });
}

function resolve({ text, target, diagnostics }: ResolveRequest): Resolution {
  const types = target.kernelTypes;
  if (types === undefined) {
    diagnostics.error("attach-point", text.span, "rawtracepoint needs the kernel's type information (BTF)", {
      hint: "use tracepoint instead",
    });
    return { kind: "invalid" };
  }
  const [first = "", second] = text.parts;
  const module = second === undefined ? "*" : first;
  const event = second ?? first;
  if (!wildcardPattern(module).test("vmlinux")) return { kind: "missing", what: `rawtracepoint ${module}:${event}`, wildcard: second === undefined };
  const matches = hasWildcard(event)
    ? types.rawTracepoints().filter((name) => wildcardPattern(event).test(name))
    : types.traceParameters(event) === undefined
      ? []
      : [event];
  // Without a module the point is a pattern over all modules.
  if (matches.length === 0) return { kind: "missing", what: `rawtracepoint ${module}:${event}`, wildcard: second === undefined || hasWildcard(event) };
  const label = matches.length === 1 ? text.label : undefined;
  return { kind: "points", points: matches.map((name) => makePoint(types, name, label, text.span)) };
}

function listParameters(target: Target, candidate: string): readonly string[] {
  const event = candidate.slice(candidate.indexOf(":") + 1);
  const parameters = target.kernelTypes?.traceParameters(event) ?? [];
  return parameters.map(({ name, type }) => `${typeName(type)} ${name}`);
}

export const rawTracepoint: ProbeDef = {
  names: ["rawtracepoint", "rt"],
  probeType: "rawtracepoint",
  doc: "Tracepoints of the kernel with the arguments that its code passes.",
  syntax: ["rawtracepoint[:MODULE]:EVENT"],
  example: "rawtracepoint:sched_switch { print(args.prev.comm); exit(); }",
  parts: { min: 1, max: 2 },
  listedWith: "kernel",
  resolve,
  candidates: (target) => (target.kernelTypes?.rawTracepoints() ?? []).map((name) => `vmlinux:${name}`),
  listing: listParameters,
};
