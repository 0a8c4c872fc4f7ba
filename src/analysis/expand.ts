// Attach points to concrete points: providers are looked up, patterns matched, missing probes handled.

import type { Config } from "../define/config.ts";
import type { AttachPointText, ProbeDef, ProbePoint, Resolution } from "../define/probe.ts";
import { hasWildcard, wildcardPattern } from "../define/points.ts";
import type { Registry } from "../define/registry.ts";
import type { Target } from "../define/target.ts";
import { Diagnostics } from "../source/diagnostic.ts";
import type { Span } from "../source/source.ts";
import type { AttachPoint, Block, Expression, Probe } from "../syntax/ast.ts";
import { splitAttachPoint } from "./attach-points.ts";
import { cloneBlock, cloneExpression } from "./clone.ts";
import type { AnalysisOptions } from "./context.ts";
import { nearestName } from "../base/nearest-name.ts";
import { walkBlock, walkExpression } from "./walk.ts";

export interface Expansion {
  readonly registry: Registry;
  readonly target: Target;
  readonly config: Config;
  readonly options: AnalysisOptions;
  readonly diagnostics: Diagnostics;
}

/** A body and the points that share it. */
export interface ExpandedProbe {
  readonly points: readonly ProbePoint[];
  readonly predicate: Expression | undefined;
  readonly body: Block;
  /** The body is a copy for this point alone. */
  readonly copied: boolean;
  readonly probe: Probe;
}

/** The point of a probe that has one attach point and one point. */
export function onlyPoint({ points, probe }: ExpandedProbe): ProbePoint | undefined {
  const [only, other] = points;
  return other === undefined && probe.attachPoints.length === 1 ? only : undefined;
}

/** Expands all probes; probes without points are reported and left out. */
export function expandProbes(expansion: Expansion, probes: readonly Probe[]): readonly ExpandedProbe[] {
  const budget = { programs: 0 };
  const expanded = probes.flatMap((probe) => expandProbe(expansion, probe, budget));
  reportDuplicates(expansion, expanded);
  return expanded;
}

function reportDuplicates(expansion: Expansion, probes: readonly ExpandedProbe[]): void {
  const known = new Map<string, ProbePoint>();
  for (const point of probes.flatMap(({ points }) => points).filter(({ unique }) => unique)) {
    const earlier = known.get(point.name);
    if (earlier === undefined) known.set(point.name, point);
    else {
      expansion.diagnostics.error("duplicate-probe", point.span, `${point.name} is defined already`, {
        parts: [{ span: earlier.span, message: "here it was defined first" }],
      });
    }
  }
}

/** Programs that attach points with several matches have needed so far. */
interface Budget {
  programs: number;
}

/** Whether the matches of an attach point, each with a program of its own, are within the limit; if not, that is reported. */
function fitsBudget({ config, diagnostics }: Expansion, point: AttachPoint, matches: number, budget: Budget): boolean {
  if (matches > 1) budget.programs += matches;
  const { maxBpfProgs } = config;
  if (matches <= 1 || budget.programs <= maxBpfProgs) return true;
  const message = `Your program is trying to generate more than ${maxBpfProgs} BPF programs, which exceeds the current limit of ${maxBpfProgs}`;
  diagnostics.error("too-many-programs", point.span, message, {
    hint: "you can increase the limit through the BPFTRACE_MAX_BPF_PROGS environment variable",
  });
  return false;
}

function expandProbe(expansion: Expansion, probe: Probe, budget: Budget): readonly ExpandedProbe[] {
  const needs = bodyNeeds(expansion.registry, probe);
  const found = probe.attachPoints.map((point) => resolvePoint(expansion, point, needs.full));
  // Each program would be a copy of the body: too many are not even made.
  if (!probe.attachPoints.every((point, i) => fitsBudget(expansion, point, found[i]?.points.length ?? 0, budget))) return [];
  const each = found.flatMap((result) => result.points);
  const points = expansion.registry.definitions.probes.reduce<readonly ProbePoint[]>((all, { together }) => together?.(expansion.target, all) ?? all, each);
  const results = found.map((result) => reportMissing(expansion, result, points));
  if (points.length === 0) {
    reportEmpty(expansion, probe, results);
    return [];
  }
  const lonely = points.find(({ alone }) => alone === true);
  if (lonely !== undefined && points.length > 1) {
    expansion.diagnostics.error("attach-point", lonely.span, `a probe with ${lonely.provider} can have only one attach point`);
    return [];
  }
  const condition = probe.predicate?.condition;
  const typed = needs.typed && points.some((point) => point.context === "words");
  const groups = needs.perPoint || typed ? points.map((point) => [point]) : groupByProvider(points).map((group) => joinedPoints(expansion, group));
  const [only] = groups;
  if (only !== undefined && groups.length === 1) return [{ points: only, predicate: condition, body: probe.body, copied: false, probe }];
  return groups.map((group) => ({
    points: group,
    predicate: condition === undefined ? undefined : cloneExpression(condition),
    body: cloneBlock(probe.body),
    copied: true,
    probe,
  }));
}

function joinedPoints({ registry, target }: Expansion, points: readonly ProbePoint[]): readonly ProbePoint[] {
  return registry.definitions.probes.reduce((all, { ofOneProgram }) => ofOneProgram?.(target, all) ?? all, points);
}

/** Neighbours of one probe type: what a body may use is the same for all of them. */
function groupByProvider(points: readonly ProbePoint[]): readonly (readonly ProbePoint[])[] {
  const groups: ProbePoint[][] = [];
  for (const point of points) {
    const last = groups.at(-1);
    if (last?.[0]?.provider === point.provider) last.push(point);
    else groups.push([point]);
  }
  return groups;
}

/** Whether the body must be analysed for each point, and whether it needs one program for each match. */
function bodyNeeds(
  registry: Registry,
  probe: Probe,
): { readonly perPoint: boolean; readonly typed: boolean; readonly full: boolean } {
  let perPoint = false;
  let typed = false;
  const visit = (expression: Expression) => {
    if (expression.kind !== "identifier" && expression.kind !== "call") return;
    const need = registry.builtins.get(expression.name)?.perAttachPoint;
    if (need === true) perPoint = true;
    if (need === "typed") typed = true;
  };
  if (probe.predicate !== undefined) walkExpression(probe.predicate.condition, visit);
  walkBlock(probe.body, visit);
  return { perPoint, typed, full: perPoint };
}

/** An attach point by its parts, with the probe types it can mean. */
export interface NamedPoint {
  readonly text: AttachPointText;
  readonly definitions: readonly ProbeDef[];
}

/** The attach points of a script in its order, not expanded; what is wrong with them `expandProbes` reports. */
export function nameProbes(expansion: Expansion, probes: readonly Probe[]): readonly NamedPoint[] {
  const quiet = { ...expansion, diagnostics: new Diagnostics() };
  return probes.flatMap((probe) =>
    probe.attachPoints.flatMap((point) => {
      const text = splitAttachPoint(point, expansion.options.positional, quiet.diagnostics);
      return text === undefined ? [] : [{ text: { ...text, ...nameParts(text) }, definitions: findProviders(quiet, text) }];
    }),
  );
}

interface ResolvedPoint {
  readonly points: readonly ProbePoint[];
  /** Something was reported already. */
  readonly reported: boolean;
  /** What was looked for and not found. How grave that is depends on the other attach points of the probe. */
  readonly missing?: MissingPoint;
}

interface MissingPoint {
  /** Canonical name. */
  readonly provider: string;
  readonly span: Span;
  readonly message: string;
  /** A name that is nearly the same. */
  readonly hint: string | undefined;
}

const silent: ResolvedPoint = { points: [], reported: false };
const reported: ResolvedPoint = { points: [], reported: true };

function resolvePoint(expansion: Expansion, point: AttachPoint, full: boolean): ResolvedPoint {
  const { diagnostics } = expansion;
  const before = diagnostics.all().length;
  const text = splitAttachPoint(point, expansion.options.positional, diagnostics);
  if (text === undefined) return diagnostics.all().length > before ? reported : silent;
  const definitions = findProviders(expansion, text);
  if (definitions.length === 0) return reported;
  const { parts } = nameParts(text);
  const several = definitions.length > 1;
  // Of several types only those count that have such a point: what the others say against it is dropped.
  const within = several ? { ...expansion, diagnostics: new Diagnostics() } : expansion;
  const results = definitions.map((definition) => resolveWith(within, definition, { ...text, parts }, full, several));
  const points = results.flatMap((r) => r.points);
  if (several) return { points, reported: false };
  const [only = silent] = results;
  return only;
}

/** A pattern that stands alone (`*sleep*`) is one for names, of any provider. */
function nameParts(text: AttachPointText): { readonly provider: string; readonly parts: readonly string[] } {
  const { provider, parts } = text;
  return parts.length === 0 && hasWildcard(provider) ? { provider: "*", parts: [provider] } : { provider, parts };
}

/** The probe types that the provider word means; patterns may mean several. */
function findProviders(expansion: Expansion, text: AttachPointText): readonly ProbeDef[] {
  const { registry, diagnostics } = expansion;
  const { span } = text;
  const { provider, parts } = nameParts(text);
  if (!hasWildcard(provider)) {
    const definition = registry.probe(provider);
    if (definition !== undefined) return [definition];
    const names = registry.definitions.probes.flatMap((d) => d.names);
    const near = nearestName(provider, names);
    diagnostics.error("probe-type", span, `Invalid probe type: ${provider}`, {
      hint: near === undefined ? undefined : `did you mean '${near}'?`,
    });
    return [];
  }
  const list = expansion.options.pid !== undefined || parts[0]?.includes("/") === true ? "user" : "kernel";
  const pattern = wildcardPattern(provider);
  const found = registry.definitions.probes
    .filter((d) => d.listedWith === list && d.names.some((name) => pattern.test(name)))
    .sort((a, b) => ((a.names[0] ?? "") < (b.names[0] ?? "") ? -1 : 1));
  if (found.length === 0) diagnostics.error("probe-type", span, `No probe type matches ${provider}`);
  return found;
}

function resolveWith(
  expansion: Expansion,
  definition: ProbeDef,
  text: AttachPointText,
  full: boolean,
  several: boolean,
): ResolvedPoint {
  const { min, max } = definition.parts;
  const count = text.parts.length;
  if (count < min || count > max) {
    if (several) return silent;
    const expected = min === max ? `${min}` : max === min + 1 ? `${min} or ${max}` : `${min} to ${max}`;
    const noun = expected === "1" ? "argument" : "arguments";
    const name = definition.names[0] ?? text.provider;
    expansion.diagnostics.error("attach-point", text.span, `${name} probe type requires ${expected} ${noun}, found ${count}`);
    return reported;
  }
  const resolution = definition.resolve({
    text,
    target: expansion.target,
    config: expansion.config,
    diagnostics: expansion.diagnostics,
    full,
    unsafe: expansion.options.unsafe,
    pid: expansion.options.pid,
    anyGroup: several,
  });
  switch (resolution.kind) {
    case "points":
      return { points: resolution.points, reported: false };
    case "invalid":
      return reported;
    case "missing":
      return missingPoint(definition, text, resolution);
  }
}

type Missing = Extract<Resolution, { readonly kind: "missing" }>;

function missingPoint(definition: ProbeDef, text: AttachPointText, { what, wildcard, meant }: Missing): ResolvedPoint {
  if (wildcard) return silent;
  const near = meant === undefined ? undefined : nearestName(meant.name, meant.among());
  const hint = near === undefined ? undefined : `did you mean '${near}'?`;
  return { ...silent, missing: { provider: definition.names[0] ?? text.provider, span: text.span, message: `No matches for ${what}.`, hint } };
}

/**
 * Says what was not found. Scripts name a function by all the names that it has had in different kernels: if nothing else is
 * asked for, a point is missed only if the probe has no other one of its type.
 */
function reportMissing(expansion: Expansion, result: ResolvedPoint, points: readonly ProbePoint[]): ResolvedPoint {
  const { missing } = result;
  const { missingProbes } = expansion.config;
  if (missing === undefined || missingProbes === "ignore") return result;
  const { provider, span, message, hint } = missing;
  const hasOthers = points.some((point) => point.provider === provider);
  if (missingProbes === "warn" || (missingProbes === "auto" && hasOthers)) {
    expansion.diagnostics.warn("missing-probe", span, `${message} Skipping.`, { hint });
    return silent;
  }
  expansion.diagnostics.error("missing-probe", span, message, {
    hint: hint ?? "set the config missing_probes = warn to go on without it",
  });
  return reported;
}

function reportEmpty(expansion: Expansion, probe: Probe, results: readonly ResolvedPoint[]): void {
  if (results.some((result) => result.reported)) return;
  const { missingProbes } = expansion.config;
  const [first] = probe.attachPoints;
  const at = first?.span ?? probe.span;
  if (missingProbes === "error" || missingProbes === "auto") {
    expansion.diagnostics.error("missing-probe", at, "probe has no valid attach points", {
      hint: "nothing matches its patterns; set the config missing_probes = warn to go on without it",
    });
  } else if (missingProbes === "warn") {
    expansion.diagnostics.warn("missing-probe", at, "probe has no valid attach points and is removed");
  }
}
