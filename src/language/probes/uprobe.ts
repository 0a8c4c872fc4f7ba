// User functions: entry and return, in executables and libraries, by name, pattern, offset or address.

import type { AttachSpec } from "../../define/attach-spec.ts";
import { attachTypes, programTypes } from "../../define/attach-spec.ts";
import { hasWildcard, missingTarget, probePoint, wildcardPattern } from "../../define/points.ts";
import type { Capability, ListRequest, ProbeDef, ProbePoint, Resolution, ResolveRequest } from "../../define/probe.ts";
import type { Target, UserSymbol } from "../../define/target.ts";
import { layoutParameters } from "./uprobe-parameters.ts";
import { isInstructionStart } from "../../formats/x86/instruction-length.ts";
import { parseInteger } from "../../syntax/parse-integer.ts";
import { joinCppName, matchesCpp } from "./cpp-names.ts";

const entryCapabilities: ReadonlySet<Capability> = new Set(["args", "argN", "sargN", "func", "ctx", "reg", "usermode", "uaddr", "signal"]);
const returnCapabilities: ReadonlySet<Capability> = new Set(["retval", "func", "ctx", "reg", "usermode", "uaddr", "signal"]);

/** Source locations have five, names of C++ two for each scope. */
const maxParts = 64;

interface Kind {
  readonly provider: "uprobe" | "uretprobe";
  readonly onReturn: boolean;
}

function point(
  kind: Kind,
  request: ResolveRequest,
  name: string,
  attach: AttachSpec & { readonly path: string },
  address: bigint | undefined,
  count: number,
): ProbePoint {
  const multi = attach.mechanism === "uprobe-multi";
  return probePoint({
    provider: kind.provider,
    probeType: kind.provider,
    name: request.text.label ?? name,
    span: request.text.span,
    program: { type: programTypes.kprobe, expectedAttach: multi ? attachTypes.uprobeMulti : 0 },
    attach,
    user: { path: attach.path, address },
    context: "registers",
    capabilities: kind.onReturn ? returnCapabilities : entryCapabilities,
    space: "user",
    count,
    arguments: () => layoutParameters(request.target, attach, name),
  });
}

/** A place at an offset of the file; its virtual address is not known where no symbol is. */
function single(
  kind: Kind,
  request: ResolveRequest,
  path: string,
  label: string,
  offset: number,
  address: bigint | undefined,
): ProbePoint {
  const { onReturn } = kind;
  const attach = request.target.has("uprobe_multi")
    ? ({ mechanism: "uprobe-multi", path, offsets: [offset], names: [], onReturn } as const)
    : ({ mechanism: "uprobe", path, offset, onReturn } as const);
  return point(kind, request, `${kind.provider}:${path}:${label}`, attach, address, 1);
}

function fail(request: ResolveRequest, message: string, hint?: string): Resolution {
  request.diagnostics.error("attach-point", request.text.span, message, { hint });
  return { kind: "invalid" };
}

// ---- target and form ---------------------------------------------------------------------------------------

interface Form {
  readonly file: string;
  readonly pattern: string;
  /** The pattern is a name of C++. */
  readonly cpp: boolean;
}

/** Parts by their meaning; with -p the target may be left out. A text says what is wrong. */
function readForm(kind: Kind, request: ResolveRequest): Form | string {
  const { pid, target } = request;
  const parts = [...joinCppName(request.text.parts, { targetGiven: pid === undefined })];
  const located = parts.includes("@");
  if (located && kind.onReturn) return `${kind.provider} probes can't be put on source lines, only on functions`;
  if (pid !== undefined && (parts.length === 1 || (parts.length === 2 && parts[0] === "cpp"))) {
    const own = target.userTargets.executableOf(pid);
    if (own === undefined) return `the program of process ${pid} can't be found`;
    parts.unshift(own);
  }
  if (parts.length < 2 || parts.length > 3) return `${kind.provider} probe type requires 2 or 3 arguments, found ${parts.length}`;
  const [file = "", second = "", third] = parts;
  if (third !== undefined && second !== "cpp") return `unsupported language '${second}': only cpp is known`;
  return { file, pattern: third ?? second, cpp: third !== undefined };
}

function resolve(kind: Kind, request: ResolveRequest): Resolution {
  const { target, pid, unsafe, text, diagnostics } = request;
  if (!kind.onReturn && text.parts.includes("@")) return resolveSourceLine(kind, request);
  const form = readForm(kind, request);
  if (typeof form === "string") return fail(request, form);
  const { file, pattern, cpp } = form;
  if (pattern === "") return fail(request, `${kind.provider} needs the name of a function`);
  const { paths, warnings, problem } = target.userTargets.resolve(file, { pid, anyFile: unsafe });
  for (const warning of warnings) diagnostics.warn("attach-point", text.span, warning);
  if (paths.length === 0) return fail(request, missingTarget(kind.provider, file, problem));
  const results = paths.map((path) => resolveIn(kind, request, path, pattern, cpp));
  const points = results.flatMap((result) => (result.kind === "points" ? result.points : []));
  if (points.length > 0) return { kind: "points", points };
  const missing = `${kind.provider} ${file}:${pattern}`;
  return results[0] ?? { kind: "missing", what: missing, wildcard: true, meant: undefined };
}

function resolveIn(kind: Kind, request: ResolveRequest, path: string, text: string, cpp: boolean): Resolution {
  if (hasWildcard(text) || cpp) return resolvePattern(kind, request, path, text, cpp);
  const split = splitOffset(kind, text);
  if (typeof split === "string") return fail(request, split);
  const number = parseInteger(split.name);
  if ("value" in number) return resolveAddress(kind, request, path, number.value + BigInt(split.offset));
  return resolveFunction(kind, request, path, split.name, split.offset);
}

/** `TARGET@FILE:LINE[:COLUMN]`. */
function resolveSourceLine(kind: Kind, request: ResolveRequest): Resolution {
  const { target, pid, unsafe, text } = request;
  const [file = "", at, source = "", line = "", column] = text.parts;
  const numbers = [line, column ?? "1"].map(parseInteger);
  const [lineNumber, columnNumber] = numbers.map((number) => ("value" in number ? Number(number.value) : undefined));
  if (at !== "@" || lineNumber === undefined || columnNumber === undefined) {
    return fail(request, "a source line is written TARGET@FILE:LINE or TARGET@FILE:LINE:COLUMN");
  }
  const { paths, problem } = target.userTargets.resolve(file, { pid, anyFile: unsafe });
  const [path] = paths;
  if (path === undefined) return fail(request, missingTarget(kind.provider, file, problem));
  const found = target.userTargets.sourceLine(path, source, lineNumber, column === undefined ? undefined : columnNumber);
  switch (found.kind) {
    case "address":
      return resolveAddress(kind, request, path, found.address);
    case "no-debug-information":
      return fail(request, `${path} has no debug information (DWARF): source lines are not known`, "build it with -g, or name a function");
    case "files":
      if (found.files.length === 0) return fail(request, `No source file of ${path} is called ${source}`);
      return fail(request, `Ambiguous source file ${source} of ${path}`, `it could be ${found.files.join(" or ")}`);
    case "no-line":
      return fail(request, `No instruction of ${path} belongs to ${source}:${line}${column === undefined ? "" : `:${column}`}`);
  }
}

// ---- one place ---------------------------------------------------------------------------------------------

/** Splits `name+offset`; a text says what is wrong. */
function splitOffset(kind: Kind, text: string): { readonly name: string; readonly offset: number } | string {
  const [name = "", offset, more] = text.split("+");
  if (offset === undefined) return { name, offset: 0 };
  if (more !== undefined || name === "") return `a function takes one offset: ${text}`;
  if (kind.onReturn) return "uretprobes do not take an offset";
  const number = parseInteger(offset);
  return "value" in number ? { name, offset: Number(number.value) } : `invalid offset: ${offset}`;
}

function resolveFunction(kind: Kind, request: ResolveRequest, path: string, name: string, offset: number): Resolution {
  const { userTargets } = request.target;
  const symbol = userTargets.symbol(path, name);
  if (symbol === undefined) {
    const among = () => userTargets.functions(path).map((known) => known.name);
    return { kind: "missing", what: `${kind.provider} ${path}:${name}`, wildcard: false, meant: { name, among } };
  }
  if (symbol.size === 0 && offset === 0 && !request.unsafe) {
    return fail(request, `${name} of ${path} has no size, it may be no function`, "--unsafe allows it all the same");
  }
  const problem = checkOffset(request, path, symbol, offset);
  if (problem !== undefined) return problem;
  const label = offset === 0 ? name : `${name}+${offset}`;
  return { kind: "points", points: [single(kind, request, path, label, symbol.fileOffset + offset, symbol.address + BigInt(offset))] };
}

/** An address is a virtual one, as symbol tables have it; it must be inside a known function. */
function resolveAddress(kind: Kind, request: ResolveRequest, path: string, address: bigint): Resolution {
  const { userTargets } = request.target;
  const hex = `0x${address.toString(16)}`;
  const label = String(address);
  const known = userTargets.symbolAt(path, address);
  if (known === undefined) {
    if (!request.unsafe) return fail(request, `${hex} is not inside a known function of ${path}`, "--unsafe takes it as an offset in the file");
    request.diagnostics.warn("attach-point", request.text.span, `${hex} is not inside a known function of ${path}: it is taken as an offset in the file`);
    return { kind: "points", points: [single(kind, request, path, label, Number(address), undefined)] };
  }
  const offset = Number(address - known.address);
  if (offset > 0 && kind.onReturn) return fail(request, `${hex} is not the start of a function, but ${known.name}+${offset}: uretprobes need the start`);
  const problem = checkOffset(request, path, known, offset);
  if (problem !== undefined) return problem;
  return { kind: "points", points: [single(kind, request, path, label, known.fileOffset + offset, address)] };
}

/** A probe inside an instruction would change what the program does: only --unsafe may. */
function checkOffset(request: ResolveRequest, path: string, symbol: UserSymbol, offset: number): Resolution | undefined {
  if (offset === 0) return undefined;
  if (offset >= symbol.size) {
    return refuseOffset(request, `Offset ${offset} is outside of '${symbol.name}', whose size is ${symbol.size}`);
  }
  const start = startsInstruction(request.target, path, symbol, offset);
  if (start === true) return undefined;
  const what = start === false ? "is inside an instruction" : "may be inside an instruction, which can't be told here";
  if (!request.unsafe) return refuseOffset(request, `${symbol.name}+${offset} ${what}`);
  request.diagnostics.warn("attach-offset", request.text.span, `${symbol.name}+${offset} ${what}`);
  return undefined;
}

function refuseOffset(request: ResolveRequest, message: string): Resolution {
  request.diagnostics.error("attach-offset", request.text.span, message, { hint: "--unsafe allows offsets that can't be checked" });
  return { kind: "invalid" };
}

function startsInstruction(target: Target, path: string, symbol: UserSymbol, offset: number): boolean | undefined {
  // Instructions of arm64 have four bytes each.
  if (target.arch === "arm64") return offset % 4 === 0;
  return isInstructionStart(target.userTargets.bytes(path, symbol.fileOffset, symbol.size), offset);
}

// ---- patterns ----------------------------------------------------------------------------------------------

function resolvePattern(kind: Kind, request: ResolveRequest, path: string, text: string, cpp: boolean): Resolution {
  const { target } = request;
  const matches = matchFunctions(target, path, text, cpp);
  if (matches.length === 0) return { kind: "missing", what: `${kind.provider} ${path}:${text}`, wildcard: true, meant: undefined };
  if (request.full || cpp || !target.has("uprobe_multi")) {
    const label = (symbol: UserSymbol) => (cpp ? `cpp:${symbol.name}` : symbol.name);
    return { kind: "points", points: matches.map((symbol) => single(kind, request, path, label(symbol), symbol.fileOffset, symbol.address)) };
  }
  const attach = {
    mechanism: "uprobe-multi",
    path,
    offsets: [...new Set(matches.map((symbol) => symbol.fileOffset))],
    names: matches.map((symbol) => symbol.name),
    onReturn: kind.onReturn,
  } as const;
  return { kind: "points", points: [point(kind, request, `${kind.provider}:${path}:${text}`, attach, undefined, matches.length)] };
}

/** Patterns of `cpp` are compared with readable names, others with symbols. */
function matchFunctions(target: Target, path: string, text: string, cpp: boolean): readonly UserSymbol[] {
  const pattern = wildcardPattern(text);
  const { userTargets } = target;
  if (!cpp) return userTargets.functions(path).filter((symbol) => pattern.test(symbol.name));
  return userTargets
    .functions(path)
    .filter(({ name }) => matchesCpp(text, pattern, { full: () => userTargets.demangle(name), name: userTargets.functionName(name) }));
}

// ---- listing -----------------------------------------------------------------------------------------------

/** `PATH:NAME` of what a pattern finds; a name without a target is looked for in the files of processes. */
function listFunctions({ parts: written, target, pid }: ListRequest): readonly string[] {
  const parts = joinCppName(written, { targetGiven: true });
  const [first = "", second, third] = parts;
  const cpp = third !== undefined && second === "cpp";
  const file = second === undefined ? "*" : first;
  const text = (cpp ? third : second) ?? first;
  // A plus sign in a name of C++ is that of an operator.
  const name = cpp ? text : splitName(text);
  return target.userTargets.resolve(file, { pid, anyFile: false }).paths.flatMap((path) =>
    matchFunctions(target, path, name, cpp).map((symbol) => `${path}:${cpp ? cppLabel(target, symbol.name) : symbol.name}`),
  );
}

/** Readable names have colons and blanks: they are quoted. */
function cppLabel(target: Target, symbol: string): string {
  const readable = target.userTargets.demangle(symbol);
  return readable === symbol ? `cpp:${symbol}` : `cpp:"${readable}"`;
}

/** The function of an attach point with an offset. */
function splitName(text: string): string {
  return text.split("+")[0] ?? text;
}

function definition(kind: Kind, alias: string, doc: string, example: string): ProbeDef {
  return {
    names: [kind.provider, alias],
    probeType: kind.provider,
    doc,
    syntax: [
      `${kind.provider}:TARGET:FUNCTION`,
      `${kind.provider}:TARGET:ADDRESS`,
      `${kind.provider}:libNAME:FUNCTION`,
      `${kind.provider}:TARGET:cpp:NAME`,
    ],
    example,
    parts: { min: 1, max: maxParts },
    listedWith: kind.onReturn ? "none" : "user",
    resolve: (request) => resolve(kind, request),
    list: listFunctions,
    listing: ({ userTargets }, candidate) => {
      const colon = candidate.lastIndexOf(":");
      const parameters = userTargets.parameters(candidate.slice(0, colon), candidate.slice(colon + 1)) ?? [];
      return kind.onReturn ? [] : parameters.map(({ name, ctype }) => `${ctype} ${name}`);
    },
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
