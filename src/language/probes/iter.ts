// Iterators: a program that the kernel calls once for each task, open file, memory mapping, map, … of the system.

import { type AttachSpec, attachTypes, programTypes } from "../../define/attach-spec.ts";
import { hasWildcard, probePoint, wildcardPattern } from "../../define/points.ts";
import type { Capability, ProbeDef, Resolution, ResolveRequest } from "../../define/probe.ts";
import type { Target } from "../../define/target.ts";
import { typeName } from "../../types/type.ts";

const capabilities: ReadonlySet<Capability> = new Set(["ctx", "typed"]);

/** Bytes of one word of the context. */
const word = 8;

function fail(request: ResolveRequest, message: string, hint?: string): Resolution {
  request.diagnostics.error("attach-point", request.text.span, message, { hint });
  return { kind: "invalid" };
}

function contextOf(target: Target, name: string) {
  return target.kernelTypes?.struct("struct", `bpf_iter__${name}`);
}

/** Word of the context that is null in the call after the last element; undefined when that call cannot be told. */
function lastCallWord(target: Target, name: string): number | undefined {
  const element = contextOf(target, name)?.layout.fields()[1];
  return element?.type.kind === "pointer" ? element.offset / word : undefined;
}

function resolve(request: ResolveRequest): Resolution {
  const { text, target } = request;
  const [name = "", pin] = text.parts;
  if (hasWildcard(name)) return fail(request, "iter probes take no wildcards");
  if (target.kernelTypes === undefined) return fail(request, "iter needs the kernel's type information (BTF)");
  if (contextOf(target, name) === undefined) {
    return fail(request, `iter:${name} is not available on this kernel`, `it has ${target.kernelTypes.iterators().join(", ")}`);
  }
  if (pin !== undefined && pin !== "") {
    return fail(request, "iterators can't be pinned yet", "leave out the name of the pin: the iterator is then run at once");
  }
  const last = lastCallWord(target, name);
  const attach: AttachSpec = { mechanism: "iter", name, pin: undefined };
  const point = probePoint({
    provider: "iter",
    probeType: "iter",
    name: text.label ?? `iter:${text.parts.join(":")}`,
    span: text.span,
    program: { type: programTypes.tracing, expectedAttach: attachTypes.traceIter },
    attach,
    context: "words",
    contextStruct: `bpf_iter__${name}`,
    ...(last === undefined ? {} : { lastCallWord: last }),
    alone: true,
    capabilities,
    space: "kernel",
    arguments: () => "iter probes have their values in ctx",
  });
  return { kind: "points", points: [point] };
}

/** Fields of the context that hold the element. */
function listFields(target: Target, candidate: string): readonly string[] {
  const fields = contextOf(target, candidate)?.layout.fields() ?? [];
  return fields.filter(({ name }) => name !== "meta").map(({ name, type }) => `${typeName(type)} ${name}`);
}

export const iter: ProbeDef = {
  names: ["iter", "it"],
  probeType: "iter",
  doc: "Once for each element of a kernel collection: task, task_file, task_vma, bpf_map, tcp, …; the run ends after the last one.",
  syntax: ["iter:NAME"],
  example: 'iter:task { printf("%d %s\\n", ctx.task.pid, ctx.task.comm); }',
  parts: { min: 1, max: 2 },
  listedWith: "kernel",
  resolve,
  list: ({ target, parts }) => {
    const pattern = wildcardPattern(parts[0] ?? "*");
    return (target.kernelTypes?.iterators() ?? []).filter((name) => pattern.test(name));
  },
  listing: listFields,
};
