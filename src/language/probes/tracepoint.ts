// Kernel tracepoints, with arguments typed by their format files.

import { programTypes } from "../../define/attach-spec.ts";
import { hasWildcard, matchInGroups, probePoint, wildcardPattern } from "../../define/points.ts";
import type { ArgumentField, ArgumentsLayout, Capability, ProbeDef, ProbePoint, Resolution, ResolveRequest } from "../../define/probe.ts";
import type { Target, TracepointField } from "../../define/target.ts";
import type { Span } from "../../source/source.ts";
import { sharePoints } from "./system-call.ts";
import { type AddressSpace, int64, type IntBytes, intType, none, pointerTo, stringType, type Type } from "../../types/type.ts";

const capabilities: ReadonlySet<Capability> = new Set(["args", "signal"]);

/** Fields below this offset belong to the kernel's bookkeeping and may not be read. */
const firstReadable = 8;

function integerBytes(size: number): IntBytes {
  return size === 1 ? 1 : size === 2 ? 2 : size === 4 ? 4 : 8;
}

/** The type behind a C spelling: pointers by what they point to, everything else by size and sign. */
function fieldType(target: Target, field: TracepointField, space: AddressSpace): Type {
  switch (field.kind) {
    case "char-array":
      return stringType(field.size);
    case "data-loc":
    case "rel-loc":
      return pointerTo(intType(1, true), "kernel");
    case "array": {
      const bytes = integerBytes(field.count > 0 ? field.size / field.count : 1);
      return { kind: "array", element: intType(bytes, field.signed), count: field.count };
    }
    case "scalar":
      return scalarType(target, field, space);
  }
}

function scalarType(target: Target, field: TracepointField, space: AddressSpace): Type {
  const pointer = /^(.*)\*\s*$/.exec(field.ctype);
  if (pointer !== null) return pointerTo(pointedType(target, pointer[1] ?? ""), space);
  const tagged = /^(?:const\s+)?(struct|union|enum)\s+(\w+)$/.exec(field.ctype);
  if (tagged?.[1] === "enum") {
    const known = target.kernelTypes?.enum(tagged[2] ?? "");
    if (known !== undefined) return intType(integerBytes(field.size), field.signed);
  }
  if (tagged?.[1] === "struct" || tagged?.[1] === "union") {
    const known = target.kernelTypes?.struct(tagged[1], tagged[2] ?? "");
    if (known !== undefined) return known;
  }
  if (![1, 2, 4, 8].includes(field.size)) {
    return { kind: "array", element: intType(1, false), count: field.size };
  }
  return intType(integerBytes(field.size), field.signed);
}

function pointedType(target: Target, text: string): Type {
  const words = text.replace(/\b(const|volatile|__user|__rcu)\b/g, " ").trim();
  const inner = /^(.*)\*\s*$/.exec(words);
  if (inner !== null) return pointerTo(pointedType(target, inner[1] ?? ""), "none");
  const tagged = /^(struct|union)\s+(\w+)$/.exec(words);
  if (tagged !== null) return target.kernelTypes?.struct(tagged[1] === "union" ? "union" : "struct", tagged[2] ?? "") ?? none;
  if (words === "char") return intType(1, true);
  return target.kernelTypes?.named(words) ?? (words === "void" || words === "" ? none : int64);
}

function layoutArguments(target: Target, category: string, event: string): ArgumentsLayout | string {
  const format = target.tracepoints.format(category, event);
  if (format === undefined) return `the format of tracepoint ${category}:${event} can't be read`;
  const space: AddressSpace = category === "syscalls" ? "user" : "kernel";
  const readable = format.fields.filter((field) => field.offset >= firstReadable);
  const fields = readable.map((field): ArgumentField => {
    const type = fieldType(target, field, space);
    const located = field.kind === "data-loc" || field.kind === "rel-loc";
    return {
      name: field.name,
      type,
      source: located
        ? { from: "data-loc", offset: field.offset, relative: field.kind === "rel-loc" }
        : { from: "record", offset: field.offset, size: field.size },
    };
  });
  return { fields, forbidden: new Map(), wholeIsValue: false };
}

function makePoint(target: Target, category: string, event: string, label: string | undefined, span: Span): ProbePoint {
  return probePoint({
    provider: "tracepoint",
    probeType: "tracepoint",
    name: label ?? `tracepoint:${category}:${event}`,
    span,
    program: { type: programTypes.tracepoint, expectedAttach: 0 },
    attach: { mechanism: "tracepoint", category, event },
    context: "record",
    capabilities,
    space: category === "syscalls" ? "user" : "kernel",
    returns: 1,
    filtersByPid: true,
    arguments: () => layoutArguments(target, category, event),
  });
}

function listFields(target: Target, category: string, event: string): readonly string[] {
  const fields = target.tracepoints.format(category, event)?.fields ?? [];
  return fields.filter((f) => f.offset >= firstReadable).map((f) => `${f.ctype} ${f.name}${f.kind === "char-array" || f.kind === "array" ? `[${f.count}]` : ""}`);
}

function resolve({ text, target, diagnostics, anyGroup }: ResolveRequest): Resolution {
  const [first = "", second] = text.parts;
  if (second === undefined && !anyGroup && !hasWildcard(first)) {
    diagnostics.error("attach-point", text.span, "tracepoint probe type requires 2 arguments, found 1");
    return { kind: "invalid" };
  }
  const category = second === undefined ? "*" : first;
  const event = second ?? first;
  if (!hasWildcard(category) && !hasWildcard(event)) {
    if (target.tracepoints.format(category, event) === undefined) {
      const meant = { name: `${category}:${event}`, among: () => target.tracepoints.list() };
      return { kind: "missing", what: `tracepoint ${category}:${event}`, wildcard: false, meant };
    }
    return { kind: "points", points: [makePoint(target, category, event, text.label, text.span)] };
  }
  const pattern = wildcardPattern(`${category}:${event}`);
  const matches = target.tracepoints.list().filter((name) => pattern.test(name));
  if (matches.length === 0) return { kind: "missing", what: `tracepoint ${category}:${event}`, wildcard: true, meant: undefined };
  const points = matches.map((name) => {
    const colon = name.indexOf(":");
    return makePoint(target, name.slice(0, colon), name.slice(colon + 1), undefined, text.span);
  });
  return { kind: "points", points };
}

export const tracepoint: ProbeDef = {
  names: ["tracepoint", "t"],
  probeType: "tracepoint",
  doc: "Static places in the kernel, with arguments by name.",
  syntax: ["tracepoint:CATEGORY:EVENT"],
  example: 'tracepoint:syscalls:sys_enter_openat { printf("%s %s\\n", comm, str(args.filename)); }',
  parts: { min: 1, max: 2 },
  listedWith: "kernel",
  resolve,
  together: sharePoints,
  list: ({ target, parts }) => matchInGroups(target.tracepoints.list(), parts),
  listing: (target, candidate) => {
    const colon = candidate.indexOf(":");
    return listFields(target, candidate.slice(0, colon), candidate.slice(colon + 1));
  },
};
