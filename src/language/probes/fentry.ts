// Kernel functions by their type information: fentry with typed arguments, fexit with arguments and result.

import { type AttachSpec, attachTypes, programTypes } from "../../define/attach-spec.ts";
import { hasWildcard, matchFunctions, probePoint } from "../../define/points.ts";
import type { ArgumentField, ArgumentsLayout, Capability, FunctionResult, ListRequest, Meant, ProbeDef, ProbePoint, Resolution, ResolveRequest } from "../../define/probe.ts";
import { argumentRegisters } from "../../define/registers.ts";
import type { Target } from "../../define/target.ts";
import { type FentryKind, findPrograms, programModule, type ProgramFunction, type Prototype } from "./fentry-program.ts";
import { sizeOf, type Type, typeName } from "../../types/type.ts";

const entryCapabilities: ReadonlySet<Capability> = new Set(["args", "func", "signal", "typed"]);
const exitCapabilities: ReadonlySet<Capability> = new Set(["args", "retval", "func", "signal", "typed"]);

/**
 * Parameters take a word of the context each, structs by value as many as they need; the result follows them. The kernel does not
 * trust the type information of every BPF program: then its result is behind five words, whatever the parameters.
 */
function layoutArguments(kind: FentryKind, name: string, prototype: Prototype | undefined, countsArguments: boolean): ArgumentsLayout | string {
  if (prototype === undefined) return `No BTF found for ${name}`;
  const fields: ArgumentField[] = [];
  const forbidden = new Map<string, string>();
  let word = 0;
  for (const { name: own, type } of prototype.parameters) {
    if (type.kind === "struct") forbidden.set(own, `${own} is passed by value as '${typeName(type)}', which is not supported`);
    else fields.push({ name: own, type, source: { from: "word", index: word } });
    word += Math.max(1, Math.ceil(byteSize(type) / 8));
  }
  const returned = prototype.returns;
  const source: FunctionResult["source"] = countsArguments ? { from: "word", index: word } : { from: "helper" };
  const result = kind.onReturn && returned.kind !== "none" ? { type: returned, source } : undefined;
  return { fields, forbidden, wholeIsValue: true, result };
}

function byteSize(type: Type): number {
  return type.kind === "none" ? 8 : sizeOf(type);
}

/** What the points of all forms have in common. */
function pointAt(kind: FentryKind, request: ResolveRequest, place: string, attach: AttachSpec, prototype: () => Prototype | undefined): ProbePoint {
  return probePoint({
    provider: kind.provider,
    probeType: kind.provider,
    name: request.text.label ?? `${kind.provider}:${place}`,
    span: request.text.span,
    program: { type: programTypes.tracing, expectedAttach: kind.onReturn ? attachTypes.traceFexit : attachTypes.traceFentry },
    attach,
    context: "words",
    capabilities: kind.onReturn ? exitCapabilities : entryCapabilities,
    space: "kernel",
    filtersByPid: true,
    runsInPrograms: attach.mechanism === "fentry" && attach.module === "vmlinux" && usedByPrograms.has(attach.function),
    arguments: () => layoutArguments(kind, place, prototype(), attach.mechanism === "fentry"),
  });
}

function point(kind: FentryKind, request: ResolveRequest, name: string, module: string): ProbePoint {
  const attach: AttachSpec = { mechanism: "fentry", function: name, module };
  return pointAt(kind, request, `${module}:${name}`, attach, () => request.target.kernelTypes?.functionPrototype(name, module));
}

function programPoint(kind: FentryKind, request: ResolveRequest, { program, fn }: ProgramFunction): ProbePoint {
  const attach: AttachSpec = { mechanism: "fentry-program", programId: program.id, function: fn.name, typeId: fn.typeId };
  return pointAt(kind, request, `bpf:${program.id}:${fn.name}`, attach, fn.prototype);
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

/** `bpf:NAME` and `bpf:ID:NAME`: functions of loaded BPF programs. */
function resolveProgram(kind: FentryKind, request: ResolveRequest, parts: readonly string[]): Resolution {
  const [name = "", id] = [...parts].reverse();
  if (name === "") return fail(request, `${kind.provider}:bpf needs the name of a program`);
  if (id !== undefined && !/^(\d+|.*\*.*)$/.test(id)) return fail(request, `invalid program id: ${id}`);
  const found = findPrograms(request.target, id ?? "*", name);
  if (found.length > 0) return { kind: "points", points: found.map((one) => programPoint(kind, request, one)) };
  const among = () => request.target.loadedPrograms().flatMap(({ functions }) => functions.map((f) => f.name));
  const wildcard = hasWildcard(name) || (id !== undefined && hasWildcard(id));
  return { kind: "missing", what: `${kind.provider} bpf:${parts.join(":")}`, wildcard, meant: { name, among } };
}

function fail(request: ResolveRequest, message: string, hint?: string): Resolution {
  request.diagnostics.error("attach-point", request.text.span, message, { hint });
  return { kind: "invalid" };
}

function resolve(kind: FentryKind, request: ResolveRequest): Resolution {
  const { target, text } = request;
  if (target.kernelTypes === undefined) {
    return fail(request, `${kind.provider} needs the kernel's type information (BTF)`, "use kprobe instead");
  }
  const [first, ...rest] = text.parts;
  if (first === programModule) return resolveProgram(kind, request, rest);
  if (rest.length > 1) return fail(request, `${kind.provider} takes a module and a function, or bpf, the id of a program and its name`);
  const module = rest.length > 0 ? first : undefined;
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
    const many = target.kernelTypes.parameterCount(name, only) === Number.POSITIVE_INFINITY ? "takes any number of arguments, more" : "has more parameters";
    return fail(request, `${name} ${many} than ${kind.provider} can read`, "use kprobe instead");
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
  const count = target.kernelTypes?.parameterCount(name, module);
  return count !== undefined && count <= argumentRegisters[target.arch].length;
}

/** Traceable functions that a pattern finds and whose types are known. */
function matches(target: Target, module: string, name: string): ReturnType<typeof matchFunctions> {
  return matchFunctions(target.kernelFunctions.traceable(), module, name).filter((f) => fitsRegisters(target, f.name, f.module));
}

function resolvePattern(kind: FentryKind, request: ResolveRequest, module: string, name: string): Resolution {
  const found = matches(request.target, module, name);
  if (found.length === 0) return { kind: "missing", what: `${kind.provider} ${module}:${name}`, wildcard: true, meant: undefined };
  return foundPoints(request, found.map((f) => point(kind, request, f.name, f.module)));
}

/** `MODULE:FUNCTION` of what a pattern finds, in any module where it has none. */
function listNames({ parts, target }: ListRequest): readonly string[] {
  const [first = "", second, third] = parts;
  if (first === programModule && second !== undefined) {
    return findPrograms(target, third === undefined ? "*" : second, third ?? second).map(({ program, fn }) => `bpf:${program.id}:${fn.name}`);
  }
  const found = matches(target, second === undefined ? "*" : first, second ?? first);
  return found.map((f) => `${f.module}:${f.name}`);
}

/** Parameters; of fexit the result as well. */
function listParameters(kind: FentryKind, target: Target, listed: string): readonly string[] {
  const [module = "", name = "", programName] = listed.split(":");
  const declaration =
    programName === undefined
      ? target.kernelTypes?.functionDeclaration(name, module)
      : findPrograms(target, name, programName)[0]?.fn.declaration();
  if (declaration === undefined) return [];
  const result = kind.onReturn && declaration.returns !== "void" ? [`${declaration.returns} retval`] : [];
  return [...declaration.parameters, ...result];
}

function fentry(names: readonly string[], kind: FentryKind, doc: string, example: string): ProbeDef {
  return {
    names,
    probeType: kind.provider,
    doc,
    syntax: [`${kind.provider}[:MODULE]:FUNCTION`, `${kind.provider}:bpf[:PROGRAM_ID]:PROGRAM`],
    example,
    parts: { min: 1, max: 3 },
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
