// Statically defined probes of user programs (SystemTap's sys/sdt.h): places that a program's author has marked.

import { type AttachSpec, attachTypes, programTypes } from "../../define/attach-spec.ts";
import { hasWildcard, missingTarget, probePoint, wildcardPattern } from "../../define/points.ts";
import type { Capability, ListRequest, ProbeDef, ProbePoint, Resolution, ResolveRequest } from "../../define/probe.ts";
import type { Target } from "../../define/target.ts";
import type { UsdtLocation } from "../../formats/elf/stapsdt.ts";
import { parseUsdtArguments } from "../../formats/usdt-arguments.ts";

const capabilities: ReadonlySet<Capability> = new Set(["argN", "func", "ctx", "reg", "usermode", "uaddr", "signal"]);

/** File, provider and name; an empty provider means any. */
interface Wanted {
  readonly file: string;
  readonly provider: string;
  readonly name: string;
}

function fail(request: ResolveRequest, message: string, hint?: string): Resolution {
  request.diagnostics.error("attach-point", request.text.span, message, { hint });
  return { kind: "invalid" };
}

function readParts({ text, pid }: ResolveRequest): Wanted | undefined {
  const [first = "", second = "", third] = text.parts;
  if (text.parts.length === 1) return pid === undefined ? undefined : { file: "", provider: "", name: first };
  if (third === undefined) return { file: first, provider: "", name: second };
  return { file: first, provider: second, name: third };
}

function resolve(request: ResolveRequest): Resolution {
  const { target, pid, unsafe } = request;
  const wanted = readParts(request);
  if (wanted === undefined || (wanted.file === "" && pid === undefined)) {
    return fail(request, "usdt probes need a file, or a process (-p)", "write usdt:PATH:PROVIDER:NAME");
  }
  if (wanted.name === "") return fail(request, "usdt probes need a name");
  const { paths, problem } = target.userTargets.resolve(wanted.file === "" ? "*" : wanted.file, { pid, anyFile: unsafe && wanted.file !== "" });
  if (paths.length === 0) return fail(request, missingTarget("usdt", wanted.file, problem));
  const points = paths.flatMap((path) => pointsIn(request, path, wanted));
  if (points.length > 0) return { kind: "points", points };
  const wildcard = hasWildcard(wanted.file) || hasWildcard(wanted.provider) || hasWildcard(wanted.name);
  const among = () => paths.flatMap((path) => target.userTargets.usdt(path).map((location) => location.name));
  const meant = { name: wanted.name, among };
  return { kind: "missing", what: `usdt ${wanted.file}:${wanted.provider}:${wanted.name}`, wildcard, meant };
}

function pointsIn(request: ResolveRequest, path: string, wanted: Wanted): readonly ProbePoint[] {
  const provider = wildcardPattern(wanted.provider === "" ? "*" : wanted.provider);
  const name = wildcardPattern(wanted.name);
  const probes = new Map<string, UsdtLocation[]>();
  for (const location of request.target.userTargets.usdt(path)) {
    if (!provider.test(location.provider) || !name.test(location.name)) continue;
    const key = `${location.provider}:${location.name}`;
    const known = probes.get(key);
    if (known === undefined) probes.set(key, [location]);
    else known.push(location);
  }
  const sorted = [...probes].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.flatMap(([key, locations]) => pointsOf(request, path, key, locations));
}

/** One point for the locations with equal arguments; together they count as one probe. */
function pointsOf(request: ResolveRequest, path: string, key: string, locations: readonly UsdtLocation[]): readonly ProbePoint[] {
  const { target, text } = request;
  const groups = new Map<string, UsdtLocation[]>();
  for (const location of locations) {
    const places = parseUsdtArguments(location.arguments, target.arch);
    const named = places.some(({ operand }) => typeof operand !== "string" && operand.kind === "memory" && operand.symbol !== undefined);
    const group = named || request.full ? `${location.address} ${location.arguments}` : location.arguments;
    groups.set(group, [...(groups.get(group) ?? []), location]);
  }
  const specs = [...groups.values()].flatMap((group) => attachSpecs(target, path, key, group).map((attach) => ({ attach, group })));
  return specs.map(({ attach, group: [first] }, i) =>
    probePoint({
      provider: "usdt",
      probeType: "usdt",
      name: text.label ?? `usdt:${path}:${key}`,
      span: text.span,
      program: { type: programTypes.kprobe, expectedAttach: attach.mechanism === "uprobe-multi" ? attachTypes.uprobeMulti : 0 },
      attach,
      user: { path, address: first?.address },
      context: "registers",
      capabilities,
      space: "user",
      count: i === 0 ? 1 : 0,
      ...(first === undefined ? {} : { usdt: placeOf(target, path, first) }),
      arguments: () => "usdt probes have arg0, arg1, …",
    }),
  );
}

function attachSpecs(target: Target, path: string, key: string, group: readonly UsdtLocation[]): readonly AttachSpec[] {
  const semaphores = group.map((location) => location.semaphoreOffset);
  if (target.has("uprobe_multi")) {
    const offsets = group.map((location) => location.fileOffset);
    const counted = semaphores.some((offset) => offset !== 0) ? { semaphores } : {};
    return [{ mechanism: "uprobe-multi", path, offsets, names: [key], onReturn: false, ...counted }];
  }
  return group.map(({ fileOffset, semaphoreOffset }) => ({
    mechanism: "uprobe",
    path,
    offset: fileOffset,
    onReturn: false,
    semaphore: semaphoreOffset,
  }));
}

function placeOf(target: Target, path: string, location: UsdtLocation) {
  const places = parseUsdtArguments(location.arguments, target.arch);
  const globals = new Map<string, bigint>();
  for (const { operand } of places) {
    if (typeof operand === "string" || operand.kind !== "memory" || operand.symbol === undefined) continue;
    const symbol = target.userTargets.addressOf(path, operand.symbol);
    if (symbol !== undefined) globals.set(operand.symbol, symbol.address);
  }
  return { arguments: places, address: location.address, globals };
}

/** `PATH:PROVIDER:NAME` of what a pattern finds; a name without a target is looked for in the files of processes. */
function listProbes({ parts, target, pid }: ListRequest): readonly string[] {
  const [first = "", second, third] = parts;
  const file = second === undefined ? "*" : first;
  const provider = wildcardPattern(third === undefined || second === "" ? "*" : (second ?? "*"));
  const name = wildcardPattern(third ?? second ?? first);
  return target.userTargets.resolve(file, { pid, anyFile: false }).paths.flatMap((path) =>
    target.userTargets
      .usdt(path)
      .filter((location) => provider.test(location.provider) && name.test(location.name))
      .map((location) => `${path}:${location.provider}:${location.name}`),
  );
}

export const usdt: ProbeDef = {
  names: ["usdt", "U"],
  probeType: "usdt",
  doc: "A probe that the author of a program or library has put into it.",
  syntax: ["usdt:PATH:[PROVIDER:]NAME", "usdt:NAME (with -p)"],
  example: "usdt:./program:provider:event { print(arg0); exit(); }",
  parts: { min: 1, max: 3 },
  listedWith: "user",
  resolve,
  list: listProbes,
  listing: () => [],
};
