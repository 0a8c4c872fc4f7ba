// Kernel functions: kprobe at their entry or an offset, kretprobe at their return.

import { type AttachSpec, attachTypes, programTypes } from "../../define/attach-spec.ts";
import { hasWildcard, matchFunctions, probePoint } from "../../define/points.ts";
import type { Capability, ListRequest, ProbeDef, ProbePoint, Resolution, ResolveRequest, SessionEnd } from "../../define/probe.ts";
import type { Target } from "../../define/target.ts";
import { nearestName } from "../../base/nearest-name.ts";
import { parseInteger } from "../../syntax/parse-integer.ts";

const entryCapabilities: ReadonlySet<Capability> = new Set(["argN", "sargN", "func", "ctx", "reg", "usermode", "signal", "override"]);
const returnCapabilities: ReadonlySet<Capability> = new Set(["retval", "func", "ctx", "reg", "usermode", "signal"]);

interface Kind {
  readonly provider: "kprobe" | "kretprobe";
  readonly onReturn: boolean;
}

/** The functions of a point that may be one end of a session. */
interface SessionFunctions {
  /** As written. */
  readonly text: string;
  readonly functions: readonly string[];
  readonly sharedNames: readonly string[] | undefined;
}

function sessionEnd(kind: Kind, target: Target, { text, functions, sharedNames }: SessionFunctions): SessionEnd {
  return {
    end: kind.onReturn ? "return" : "entry",
    functions: text,
    together: () => {
      if (!target.has("kprobe_session") || !target.has("kprobe_multi")) return undefined;
      const program = { type: programTypes.kprobe, expectedAttach: attachTypes.kprobeSession };
      return { program, attach: { mechanism: "kprobe-multi", functions, sharedNames, ends: "both" } };
    },
  };
}

function point(kind: Kind, request: ResolveRequest, what: string, attach: AttachSpec, count: number, session?: SessionFunctions): ProbePoint {
  const multi = attach.mechanism === "kprobe-multi";
  return probePoint({
    provider: kind.provider,
    probeType: kind.provider,
    name: request.text.label ?? `${kind.provider}:${what}`,
    span: request.text.span,
    program: { type: programTypes.kprobe, expectedAttach: multi ? attachTypes.kprobeMulti : 0 },
    attach,
    context: "registers",
    capabilities: kind.onReturn ? returnCapabilities : entryCapabilities,
    space: "kernel",
    filtersByPid: true,
    count,
    ...(session === undefined ? {} : { session: sessionEnd(kind, request.target, session) }),
    arguments: () => `${kind.provider} has arg0, arg1, …; fentry has arguments by name`,
  });
}

function fail(request: ResolveRequest, message: string, hint?: string): Resolution {
  request.diagnostics.error("attach-point", request.text.span, message, { hint });
  return { kind: "invalid" };
}

/** Where a probe goes, as written. */
interface Place {
  /** As the probe's name shows it; empty without one. */
  readonly prefix: string;
  /** As it counts: the kernel itself is none. */
  readonly module: string | undefined;
  readonly name: string;
  readonly offset: bigint;
}

function placeOf(parts: readonly string[], name: string, offset: bigint): Place {
  const first = parts.length > 1 ? (parts[0] ?? "") : "";
  return { prefix: first === "" ? "" : `${first}:`, module: first === "vmlinux" || first === "" ? undefined : first, name, offset };
}

function resolve(kind: Kind, request: ResolveRequest): Resolution {
  const { parts } = request.text;
  const text = parts.at(-1) ?? "";
  if (text === "") return fail(request, `${kind.provider} needs a function`);
  const whole = placeOf(parts, text, 0n);
  if (hasWildcard(text) || (whole.module !== undefined && hasWildcard(whole.module))) return resolvePattern(kind, request, whole);
  const plus = text.indexOf("+");
  const name = plus < 0 ? text : text.slice(0, plus);
  const address = parseInteger(name);
  if ("value" in address) return resolveAddress(kind, request, address.value);
  const offset = plus < 0 ? 0n : offsetOf(text.slice(plus + 1));
  if (offset === undefined || name === "") return fail(request, `invalid offset: ${text}`);
  if (plus >= 0 && kind.onReturn) return fail(request, "Offset not allowed for kretprobes");
  return resolveFunction(kind, request, placeOf(parts, name, offset));
}

function offsetOf(text: string): bigint | undefined {
  const number = parseInteger(text);
  return "value" in number ? number.value : undefined;
}

function resolveAddress(kind: Kind, request: ResolveRequest, address: bigint): Resolution {
  if (address === 0n) return fail(request, "address 0 can't be probed");
  if (!request.unsafe) {
    return fail(request, "probing an address is unsafe: it may be in the middle of an instruction", "run with --unsafe to allow it");
  }
  const attach: AttachSpec = { mechanism: "kprobe", function: undefined, module: undefined, offset: address, onReturn: kind.onReturn };
  return { kind: "points", points: [point(kind, request, String(address), attach, 1)] };
}

function resolveFunction(kind: Kind, request: ResolveRequest, { prefix, module, name, offset }: Place): Resolution {
  const { target, unsafe } = request;
  const what = `${prefix}${name}${offset === 0n ? "" : `+${offset}`}`;
  if (module !== undefined && !target.kernelFunctions.loadedModules().includes(module)) {
    const near = nearestName(module, target.kernelFunctions.loadedModules());
    const hint = near === undefined ? undefined : `did you mean '${near}'?`;
    return fail(request, `specified module ${module} in probe ${kind.provider}:${what} is not loaded.`, hint);
  }
  const traceable = isTraceable(target, name, module);
  if (!traceable && request.config.missingProbes !== "ignore") {
    const reasons = "it does not exist, is inlined, or must not be traced";
    request.diagnostics.warn("not-traceable", request.text.span, `${name} can't be traced (${reasons}): attaching will probably fail`);
  }
  if (!traceable && !unsafe) {
    const known = () => target.kernelFunctions.traceable().filter((f) => module === undefined || f.module === module);
    const meant = { name, among: () => known().map((f) => f.name) };
    return { kind: "missing", what: `${kind.provider} ${module ?? "vmlinux"}:${name}`, wildcard: false, meant };
  }
  const attach: AttachSpec = { mechanism: "kprobe", function: name, module, offset, onReturn: kind.onReturn };
  const session = prefix === "" && offset === 0n ? { text: name, functions: [name], sharedNames: undefined } : undefined;
  return { kind: "points", points: [point(kind, request, what, attach, 1, session)] };
}

/** Type information answers quickly; the long list is only read for functions that it does not have. */
function isTraceable(target: Target, name: string, module: string | undefined): boolean {
  if (module === undefined && !target.kernelFunctions.listIsGiven && (target.kernelTypes?.hasFunction(name) ?? false)) return true;
  const modules = target.kernelFunctions.modulesOf(name);
  return module === undefined ? modules.length > 0 : modules.includes(module);
}

function resolvePattern(kind: Kind, request: ResolveRequest, { prefix, module, name }: Place): Resolution {
  const { target } = request;
  const inModule = prefix === "" ? undefined : prefix.slice(0, -1);
  const names = matches(target, inModule, name);
  const missing = { kind: "missing", what: `${kind.provider} ${module ?? "vmlinux"}:${name}`, wildcard: true, meant: undefined } as const;
  if (names.length === 0) return missing;
  const functions = names.map((f) => f.name);
  if (inModule === undefined && !request.full && target.has("kprobe_multi")) {
    const sharedNames = sharedAmong(target, new Set(functions));
    const attach: AttachSpec = { mechanism: "kprobe-multi", functions, sharedNames, ends: kind.onReturn ? "return" : "entry" };
    return { kind: "points", points: [point(kind, request, name, attach, functions.length, { text: name, functions, sharedNames })] };
  }
  const single = (symbol: string, own: string | undefined, what: string) => {
    const attach: AttachSpec = { mechanism: "kprobe", function: symbol, module: own, offset: 0n, onReturn: kind.onReturn };
    return point(kind, request, what, attach, 1);
  };
  const points =
    inModule === undefined
      ? functions.map((symbol) => single(symbol, undefined, symbol))
      : names.map((f) => single(f.name, f.module === "vmlinux" ? undefined : f.module, `${f.module}:${f.name}`));
  return { kind: "points", points };
}

/** Traceable functions that a pattern finds, in any module where it has none. */
function matches(target: Target, module: string | undefined, name: string): ReturnType<typeof matchFunctions> {
  const found = matchFunctions(target.kernelFunctions.traceable(), module, name);
  return found.filter((f) => !f.name.includes(".part."));
}

/** Those of the names that several functions have. */
function sharedAmong(target: Target, names: ReadonlySet<string>): readonly string[] {
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const { name } of target.kernelFunctions.traceable()) {
    if (!names.has(name)) continue;
    if (seen.has(name)) shared.add(name);
    seen.add(name);
  }
  return [...shared];
}

/** From so many functions on, listed one by one, one link for all of them pays. */
const manyFunctions = 9;

/** Functions that a script lists, as parts of one link where the kernel has such links: it attaches and lets go at a time. */
function asOneLink(kind: Kind, target: Target, points: readonly ProbePoint[]): readonly ProbePoint[] {
  const names = new Set(points.flatMap((listed) => listedFunction(kind, listed) ?? []));
  if (names.size < manyFunctions || !target.has("kprobe_multi")) return points;
  const shared = new Set(sharedAmong(target, names));
  return points.map((listed) => {
    const name = listedFunction(kind, listed);
    if (name === undefined) return listed;
    const sharedNames = shared.has(name) ? [name] : [];
    const attach: AttachSpec = { mechanism: "kprobe-multi", functions: [name], sharedNames, ends: kind.onReturn ? "return" : "entry" };
    return { ...listed, attach, program: { ...listed.program, expectedAttach: attachTypes.kprobeMulti } };
  });
}

/** The function of a point that has neither a module nor an offset. */
function listedFunction(kind: Kind, { provider, attach }: ProbePoint): string | undefined {
  if (provider !== kind.provider || attach.mechanism !== "kprobe" || attach.module !== undefined || attach.offset !== 0n) return undefined;
  return attach.function;
}

/** Functions by name, or with their modules where the pattern has a module. */
function listNames({ parts, target }: ListRequest): readonly string[] {
  const [first = "", second] = parts;
  const name = (second ?? first).split("+")[0] ?? "";
  const found = matches(target, second === undefined ? undefined : first, name);
  return found.map((f) => (second === undefined ? f.name : `${f.module}:${f.name}`));
}

/** Types of the parameters, by the registers that have them; of a return the type of the result. */
function listParameters(kind: Kind, target: Target, listed: string): readonly string[] {
  const colon = listed.indexOf(":");
  const module = colon < 0 ? undefined : listed.slice(0, colon);
  const declaration = target.kernelTypes?.functionDeclaration(listed.slice(colon + 1), module);
  if (declaration === undefined) return [];
  if (kind.onReturn) return [declaration.returns === "void" ? "void" : `${declaration.returns} retval`];
  return declaration.parameterTypes.filter((type) => !/^(float|double)$/.test(type)).map((type, i) => `${type} arg${i}`);
}

function kprobe(names: readonly string[], kind: Kind, doc: string, example: string): ProbeDef {
  const offset = kind.onReturn ? "" : "[+OFFSET]";
  return {
    names,
    probeType: kind.provider,
    doc,
    syntax: [`${kind.provider}[:MODULE]:FUNCTION${offset}`, `${kind.provider}:ADDRESS`],
    example,
    parts: { min: 1, max: 2 },
    listedWith: kind.onReturn ? "none" : "kernel",
    resolve: (request) => resolve(kind, request),
    ofOneProgram: (target, points) => asOneLink(kind, target, points),
    list: listNames,
    listing: (target, name) => listParameters(kind, target, name),
  };
}

export const kprobes: readonly ProbeDef[] = [
  kprobe(
    ["kprobe", "k"],
    { provider: "kprobe", onReturn: false },
    "Entry of a kernel function, or an instruction in it.",
    "kprobe:vfs_read { @[comm] = count(); exit(); }",
  ),
  kprobe(
    ["kretprobe", "kr"],
    { provider: "kretprobe", onReturn: true },
    "Return of a kernel function.",
    "kretprobe:vfs_read { @ = hist(retval); exit(); }",
  ),
];
