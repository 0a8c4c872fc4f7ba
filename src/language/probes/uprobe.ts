// User functions: uprobe at their entry or an offset, uretprobe at their return.

import { attachTypes, programTypes } from "../../define/attach-spec.ts";
import type { AttachSpec } from "../../define/attach-spec.ts";
import { hasWildcard, probePoint, wildcardPattern } from "../../define/points.ts";
import type { Capability, ProbeDef, ProbePoint, Resolution, ResolveRequest } from "../../define/probe.ts";
import type { Target, UserSymbol } from "../../define/target.ts";
import { parseInteger } from "../../syntax/parse-integer.ts";

const entryCapabilities: ReadonlySet<Capability> = new Set(["argN", "sargN", "func", "ctx", "reg", "usermode", "uaddr", "signal"]);
const returnCapabilities: ReadonlySet<Capability> = new Set(["retval", "func", "ctx", "reg", "usermode", "uaddr", "signal"]);

interface Kind {
  readonly provider: "uprobe" | "uretprobe";
  readonly onReturn: boolean;
}

function point(kind: Kind, request: ResolveRequest, name: string, attach: AttachSpec, count: number): ProbePoint {
  const multi = attach.mechanism === "uprobe-multi";
  return probePoint({
    provider: kind.provider,
    probeType: kind.provider,
    name: request.text.label ?? name,
    span: request.text.span,
    program: { type: programTypes.kprobe, expectedAttach: multi ? attachTypes.uprobeMulti : 0 },
    attach,
    context: "registers",
    capabilities: kind.onReturn ? returnCapabilities : entryCapabilities,
    space: "user",
    count,
    arguments: () => "uprobe arguments by name need debug information, which is not read yet: use arg0, arg1, …",
  });
}

function single(kind: Kind, request: ResolveRequest, path: string, label: string, offset: number): ProbePoint {
  const attach: AttachSpec = { mechanism: "uprobe", path, offset, onReturn: kind.onReturn };
  return point(kind, request, `${kind.provider}:${path}:${label}`, attach, 1);
}

/** Splits `name+offset`; a text says what is wrong. */
function splitOffset(kind: Kind, text: string): { readonly name: string; readonly offset: number } | string {
  const [name = "", offset, more] = text.split("+");
  if (offset === undefined) return { name, offset: 0 };
  if (more !== undefined) return "only one offset is allowed";
  if (kind.onReturn) return "uretprobes do not take an offset";
  const number = parseInteger(offset);
  return "value" in number ? { name, offset: Number(number.value) } : `invalid offset: ${offset}`;
}

function fail(request: ResolveRequest, message: string): Resolution {
  request.diagnostics.error("attach-point", request.text.span, message);
  return { kind: "invalid" };
}

function resolve(kind: Kind, request: ResolveRequest): Resolution {
  const { target, pid } = request;
  const parts = [...request.text.parts];
  if (parts.length === 1 && pid !== undefined) parts.unshift(target.userTargets.executableOf(pid) ?? "");
  if (parts.length < 2) return fail(request, `${kind.provider} probe type requires 2 or 3 arguments, found ${parts.length}`);
  const [file = "", second = "", third] = parts;
  if (third !== undefined && second !== "cpp") return fail(request, `unsupported language '${second}': only cpp is known`);
  const { paths } = target.userTargets.resolve(file, pid);
  if (paths.length === 0) return fail(request, `${kind.provider} target file '${file}' does not exist or is not executable`);
  const pattern = third ?? second;
  const results = paths.map((path) => resolveIn(kind, request, path, pattern, third !== undefined));
  const points = results.flatMap((result) => (result.kind === "points" ? result.points : []));
  if (points.length > 0) return { kind: "points", points };
  return results[0] ?? { kind: "missing", what: `${kind.provider} ${file}:${pattern}`, wildcard: true };
}

function resolveIn(kind: Kind, request: ResolveRequest, path: string, text: string, cpp: boolean): Resolution {
  const { userTargets } = request.target;
  if (hasWildcard(text) || cpp) return resolvePattern(kind, request, path, text, cpp);
  const split = splitOffset(kind, text);
  if (typeof split === "string") return fail(request, split);
  const number = parseInteger(split.name);
  if ("value" in number) return resolveAddress(kind, request, path, number.value + BigInt(split.offset));
  const symbol = userTargets.symbol(path, split.name);
  if (symbol === undefined) return { kind: "missing", what: `${kind.provider} ${path}:${split.name}`, wildcard: false };
  if (split.offset > 0 && split.offset >= symbol.size && !request.unsafe) {
    return fail(request, `Offset outside the function bounds ('${split.name}' size is ${symbol.size})`);
  }
  return { kind: "points", points: [single(kind, request, path, text, symbol.fileOffset + split.offset)] };
}

/** An address is a virtual one, as symbol tables have it; it must be inside a known function. */
function resolveAddress(kind: Kind, request: ResolveRequest, path: string, address: bigint): Resolution {
  const { userTargets } = request.target;
  const known = userTargets.symbolAt(path, address);
  const offset = userTargets.fileOffset(path, address);
  if (offset === undefined || (known === undefined && !request.unsafe)) {
    return fail(request, `0x${address.toString(16)} is not inside a known function of ${path}; --unsafe allows it all the same`);
  }
  return { kind: "points", points: [single(kind, request, path, String(address), offset)] };
}

function resolvePattern(kind: Kind, request: ResolveRequest, path: string, text: string, cpp: boolean): Resolution {
  const { target } = request;
  const pattern = wildcardPattern(text);
  const matches = target.userTargets.functions(path).filter((symbol) => matchesName(target, symbol, pattern, text, cpp));
  if (matches.length === 0) return { kind: "missing", what: `${kind.provider} ${path}:${text}`, wildcard: true };
  if (request.full || cpp || !target.has("uprobe_multi")) {
    return { kind: "points", points: matches.map((symbol) => single(kind, request, path, symbol.name, symbol.fileOffset)) };
  }
  const attach: AttachSpec = {
    mechanism: "uprobe-multi",
    path,
    offsets: [...new Set(matches.map((symbol) => symbol.fileOffset))],
    names: matches.map((symbol) => symbol.name),
    onReturn: kind.onReturn,
  };
  return { kind: "points", points: [point(kind, request, `${kind.provider}:${path}:${text}`, attach, matches.length)] };
}

/** Patterns of `cpp` are compared with the readable name, with parameters only when the pattern has some. */
function matchesName(target: Target, symbol: UserSymbol, pattern: RegExp, text: string, cpp: boolean): boolean {
  if (!cpp) return pattern.test(symbol.name);
  const readable = target.userTargets.demangle(symbol.name);
  return pattern.test(text.includes("(") ? readable : readable.replace(/\(.*$/s, ""));
}

function definition(kind: Kind, alias: string, doc: string, example: string): ProbeDef {
  return {
    names: [kind.provider, alias],
    probeType: kind.provider,
    doc,
    syntax: [`${kind.provider}:TARGET:FUNCTION`, `${kind.provider}:TARGET:ADDRESS`, `${kind.provider}:libNAME:FUNCTION`],
    example,
    parts: { min: 1, max: 3 },
    listedWith: kind.onReturn ? "none" : "user",
    resolve: (request) => resolve(kind, request),
    candidates: (target, parts) => {
      const [file = ""] = parts;
      return target.userTargets
        .resolve(file, undefined)
        .paths.flatMap((path) => target.userTargets.functions(path).map((symbol) => `${path}:${symbol.name}`));
    },
    listing: () => [],
  };
}

export const uprobes: readonly ProbeDef[] = [
  definition(
    { provider: "uprobe", onReturn: false },
    "u",
    "User functions when they are called.",
    'uprobe:libc:getenv { printf("%s\\n", str(arg0)); }',
  ),
  definition(
    { provider: "uretprobe", onReturn: true },
    "ur",
    "User functions when they return.",
    "uretprobe:libc:getenv { @[str(retval)] = count(); }",
  ),
];
