// Iterators: a program that the kernel calls once for each task, open file, memory mapping, map, … of the system.

import { type AttachSpec, attachTypes, programTypes } from "../../define/attach-spec.ts";
import { hasWildcard, probePoint, wildcardPattern } from "../../define/points.ts";
import type { Capability, ProbeDef, Resolution, ResolveRequest } from "../../define/probe.ts";
import type { Target } from "../../define/target.ts";

const capabilities: ReadonlySet<Capability> = new Set(["ctx", "typed"]);

/** Iterators that the kernel attaches to something only (attach_target in kernel/bpf and net/core). */
const neededTargets: ReadonlyMap<string, string> = new Map([
  ["bpf_map_elem", "the elements of one map"],
  ["bpf_sk_storage_map", "the sockets of one map"],
  ["sockmap", "the sockets of one map"],
]);

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
  const needed = neededTargets.get(name);
  if (needed !== undefined) return fail(request, `iter:${name} goes over ${needed}, which can't be named in a script`);
  const last = lastCallWord(target, name);
  const pinned = pin === undefined || pin === "" ? undefined : pin;
  const attach: AttachSpec = { mechanism: "iter", name, pin: pinned, scope: name === "cgroup" ? "all-cgroups" : "process" };
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
    writes: pinned === undefined ? "records" : "text",
    capabilities,
    space: "kernel",
    arguments: () => "iter probes have their values in ctx",
  });
  return { kind: "points", points: [point] };
}

/** What stands for the element: the parameters of the iterator's function after the first one, `meta`. */
function listFields(target: Target, candidate: string): readonly string[] {
  return target.kernelTypes?.functionDeclaration(`bpf_iter_${candidate}`, undefined)?.parameters.slice(1) ?? [];
}

export const iter: ProbeDef = {
  names: ["iter", "it"],
  probeType: "iter",
  doc: "Once for each element of a kernel collection: task, task_file, task_vma, bpf_map, tcp, …; the run ends after the last one.",
  syntax: ["iter:NAME", "iter:NAME:PIN"],
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
