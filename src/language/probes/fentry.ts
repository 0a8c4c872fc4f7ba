// Kernel functions by their type information: fentry with typed arguments, fexit with arguments and result.

import { type AttachSpec, attachTypes, programTypes } from "../../define/attach-spec.ts";
import { hasWildcard, matchFunctions, probePoint } from "../../define/points.ts";
import type { ArgumentField, ArgumentsLayout, Capability, ListRequest, Meant, ProbeDef, ProbePoint, Resolution, ResolveRequest } from "../../define/probe.ts";
import { argumentRegisters } from "../../define/registers.ts";
import type { Target } from "../../define/target.ts";
import { sizeOf, type Type, typeName } from "../../types/type.ts";

const entryCapabilities: ReadonlySet<Capability> = new Set(["args", "func", "signal", "typed"]);
const exitCapabilities: ReadonlySet<Capability> = new Set(["args", "retval", "func", "signal", "typed"]);

interface Kind {
  readonly provider: "fentry" | "fexit";
  readonly onReturn: boolean;
}

/** Parameters take a word of the context each, structs by value as many as they need; the result follows them. */
function layoutArguments(kind: Kind, target: Target, name: string, module: string): ArgumentsLayout | string {
  const prototype = target.kernelTypes?.functionPrototype(name, module);
  if (prototype === undefined) return `No BTF found for ${module}:${name}`;
  const fields: ArgumentField[] = [];
  const forbidden = new Map<string, string>();
  let word = 0;
  for (const { name: own, type } of prototype.parameters) {
    if (type.kind === "struct") forbidden.set(own, `${own} is passed by value as '${typeName(type)}', which is not supported`);
    else fields.push({ name: own, type, source: { from: "word", index: word } });
    word += Math.max(1, Math.ceil(byteSize(type) / 8));
  }
  const returned = prototype.returns;
  const result: ArgumentField | undefined =
    kind.onReturn && returned.kind !== "none" ? { name: "retval", type: returned, source: { from: "word", index: word } } : undefined;
  return { fields, forbidden, wholeIsValue: true, result };
}

function byteSize(type: Type): number {
  return type.kind === "none" ? 8 : sizeOf(type);
}

function point(kind: Kind, request: ResolveRequest, name: string, module: string): ProbePoint {
  const { target, text } = request;
  const attach: AttachSpec = { mechanism: "fentry", function: name, module };
  return probePoint({
    provider: kind.provider,
    probeType: kind.provider,
    name: text.label ?? `${kind.provider}:${module}:${name}`,
    span: text.span,
    program: { type: programTypes.tracing, expectedAttach: kind.onReturn ? attachTypes.traceFexit : attachTypes.traceFentry },
    attach,
    context: "words",
    capabilities: kind.onReturn ? exitCapabilities : entryCapabilities,
    space: "kernel",
    filtersByPid: true,
    runsInPrograms: module === "vmlinux" && usedByPrograms.has(name),
    arguments: () => layoutArguments(kind, target, name, module),
  });
}

/** Locks that the helpers of programs take. */
const usedByPrograms: ReadonlySet<string> = new Set(["_raw_spin_lock", "_raw_spin_lock_irqsave", "_raw_spin_unlock_irqrestore", "queued_spin_lock_slowpath"]);

/** The points of a probe; a word on those that fire for what programs do. */
function foundPoints(request: ResolveRequest, points: readonly ProbePoint[]): Resolution {
  const critical = points.filter((found) => found.runsInPrograms === true);
  if (critical.length > 0) {
    const names = critical.map(({ name }) => name).join(", ");
    request.diagnostics.warn("recursion", request.text.span, `Programs run inside ${names} and could wait for themselves: events inside a running program are lost`);
  }
  return { kind: "points", points };
}

function fail(request: ResolveRequest, message: string, hint?: string): Resolution {
  request.diagnostics.error("attach-point", request.text.span, message, { hint });
  return { kind: "invalid" };
}

function resolve(kind: Kind, request: ResolveRequest): Resolution {
  const { target, text } = request;
  if (target.kernelTypes === undefined) {
    return fail(request, `${kind.provider} needs the kernel's type information (BTF)`, "use kprobe instead");
  }
  const module = text.parts.length > 1 ? text.parts[0] : undefined;
  const name = text.parts.at(-1) ?? "";
  if (name === "") return fail(request, `${kind.provider} needs a function`);
  if (hasWildcard(name) || (module !== undefined && hasWildcard(module))) return resolvePattern(kind, request, module ?? "*", name);
  const modules = target.kernelTypes.functionModules(name).filter((m) => module === undefined || m === module);
  const [only, other] = modules;
  const what = `${kind.provider} ${module ?? "*"}:${name}`;
  const meant = missingName(target, module, name);
  if (only === undefined) return { kind: "missing", what, wildcard: false, meant };
  if (other !== undefined) {
    return fail(request, `ambiguous attach point, please specify module containing the function '${name}'`, `it is in ${modules.join(", ")}`);
  }
  if (!fitsRegisters(target, name, only)) {
    return fail(request, `${name} has more parameters than ${kind.provider} can read`, "use kprobe instead");
  }
  return foundPoints(request, [point(kind, request, name, only)]);
}

/** What may be misspelled where nothing is found: the module, if there is none of its name, or the function. */
function missingName(target: Target, module: string | undefined, name: string): Meant {
  const modules = ["vmlinux", ...target.kernelFunctions.loadedModules()];
  if (module !== undefined && !modules.includes(module)) return { name: module, among: () => modules };
  const known = () => target.kernelFunctions.traceable().filter((f) => module === undefined || f.module === module);
  return { name, among: () => known().map((f) => f.name) };
}

/** The trampoline of fentry passes parameters in registers only. */
function fitsRegisters(target: Target, name: string, module: string): boolean {
  const prototype = target.kernelTypes?.functionPrototype(name, module);
  return prototype !== undefined && prototype.parameters.length <= argumentRegisters[target.arch].length;
}

/** Traceable functions that a pattern finds and whose types are known. */
function matches(target: Target, module: string, name: string): ReturnType<typeof matchFunctions> {
  return matchFunctions(target.kernelFunctions.traceable(), module, name).filter((f) => fitsRegisters(target, f.name, f.module));
}

function resolvePattern(kind: Kind, request: ResolveRequest, module: string, name: string): Resolution {
  const found = matches(request.target, module, name);
  if (found.length === 0) return { kind: "missing", what: `${kind.provider} ${module}:${name}`, wildcard: true, meant: undefined };
  return foundPoints(request, found.map((f) => point(kind, request, f.name, f.module)));
}

/** `MODULE:FUNCTION` of what a pattern finds, in any module where it has none. */
function listNames({ parts, target }: ListRequest): readonly string[] {
  const [first = "", second] = parts;
  const found = matches(target, second === undefined ? "*" : first, second ?? first);
  return found.map((f) => `${f.module}:${f.name}`);
}

/** Parameters; of fexit the result as well. */
function listParameters(kind: Kind, target: Target, listed: string): readonly string[] {
  const [module = "", name = ""] = listed.split(":");
  const declaration = target.kernelTypes?.functionDeclaration(name, module);
  if (declaration === undefined) return [];
  const result = kind.onReturn && declaration.returns !== "void" ? [`${declaration.returns} retval`] : [];
  return [...declaration.parameters, ...result];
}

function fentry(names: readonly string[], kind: Kind, doc: string, example: string): ProbeDef {
  return {
    names,
    probeType: kind.provider,
    doc,
    syntax: [`${kind.provider}[:MODULE]:FUNCTION`],
    example,
    parts: { min: 1, max: 2 },
    listedWith: kind.onReturn ? "none" : "kernel",
    resolve: (request) => resolve(kind, request),
    list: listNames,
    listing: (target, name) => listParameters(kind, target, name),
  };
}

export const fentryProbes: readonly ProbeDef[] = [
  fentry(
    ["fentry", "f", "kfunc"],
    { provider: "fentry", onReturn: false },
    "Entry of a kernel function with its arguments by name and type.",
    "fentry:vfs_read { print(args.count); exit(); }",
  ),
  fentry(
    ["fexit", "fr", "kretfunc"],
    { provider: "fexit", onReturn: true },
    "Return of a kernel function with its arguments and its result.",
    "fexit:vfs_read { print((args.count, retval)); exit(); }",
  ),
];
