// Raw tracepoints: the arguments that the kernel passes to the tracepoint, typed by BTF.

import { attachTypes, programTypes } from "../../define/attach-spec.ts";
import { hasWildcard, matchInGroups, probePoint, wildcardPattern } from "../../define/points.ts";
import type { ArgumentsLayout, Capability, ProbeDef, ProbePoint, Resolution, ResolveRequest } from "../../define/probe.ts";
import type { KernelTypes, Target } from "../../define/target.ts";
import type { Span } from "../../source/source.ts";

const capabilities: ReadonlySet<Capability> = new Set(["args", "argN", "signal", "typed"]);

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
  // Without a module the point is a pattern over all modules.
  const wildcard = second === undefined || hasWildcard(event);
  const missing: Resolution = {
    kind: "missing",
    what: `rawtracepoint ${module}:${event}`,
    wildcard,
    meant: { name: event, among: () => types.rawTracepoints() },
  };
  if (!wildcardPattern(module).test("vmlinux")) return missing;
  const matches = hasWildcard(event)
    ? types.rawTracepoints().filter((name) => wildcardPattern(event).test(name))
    : types.traceParameters(event) === undefined
      ? []
      : [event];
  if (matches.length === 0) return missing;
  const label = matches.length === 1 ? text.label : undefined;
  return { kind: "points", points: matches.map((name) => makePoint(types, name, label, text.span)) };
}

function listParameters(target: Target, candidate: string): readonly string[] {
  return target.kernelTypes?.traceDeclarations(candidate.slice(candidate.indexOf(":") + 1)) ?? [];
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
  list: ({ target, parts }) =>
    matchInGroups((target.kernelTypes?.rawTracepoints() ?? []).map((name) => `vmlinux:${name}`), parts),
  listing: listParameters,
};
