// Attach points to concrete points: providers are looked up, patterns matched, missing probes handled.

import type { Config } from "../define/config.ts";
import type { AttachPointText, ProbeDef, ProbePoint } from "../define/probe.ts";
import { hasWildcard, wildcardPattern } from "../define/points.ts";
import type { Registry } from "../define/registry.ts";
import type { Target } from "../define/target.ts";
import type { Diagnostics } from "../source/diagnostic.ts";
import type { AttachPoint, Block, Expression, Probe } from "../syntax/ast.ts";
import { splitAttachPoint } from "./attach-points.ts";
import { cloneBlock, cloneExpression } from "./clone.ts";
import type { AnalysisOptions } from "./context.ts";
import { nearestName } from "./nearest-name.ts";
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

/** Expands all probes; probes without points are reported and left out. */
export function expandProbes(expansion: Expansion, probes: readonly Probe[]): readonly ExpandedProbe[] {
  return probes.flatMap((probe) => expandProbe(expansion, probe));
}

function expandProbe(expansion: Expansion, probe: Probe): readonly ExpandedProbe[] {
  const needs = bodyNeeds(expansion.registry, probe);
  const results = probe.attachPoints.map((point) => resolvePoint(expansion, point, needs.full));
  const points = results.flatMap((result) => result.points);
  if (points.length === 0) {
    reportEmpty(expansion, probe, results);
    return [];
  }
  const condition = probe.predicate?.condition;
  const typed = needs.typed && points.some((point) => point.context === "words");
  if ((!needs.perPoint && !typed) || points.length === 1) {
    return [{ points, predicate: condition, body: probe.body, copied: false, probe }];
  }
  return points.map((point) => ({
    points: [point],
    predicate: condition === undefined ? undefined : cloneExpression(condition),
    body: cloneBlock(probe.body),
    copied: true,
    probe,
  }));
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

interface ResolvedPoint {
  readonly points: readonly ProbePoint[];
  /** Something was reported already. */
  readonly reported: boolean;
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
  const several = definitions.length > 1;
  const results = definitions.map((definition) => resolveWith(expansion, definition, text, full, several));
  return { points: results.flatMap((r) => r.points), reported: results.every((r) => r.reported) };
}

/** The probe types that the provider word means; patterns may mean several. */
function findProviders(expansion: Expansion, text: AttachPointText): readonly ProbeDef[] {
  const { registry, diagnostics } = expansion;
  const { provider, span } = text;
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
  const list = expansion.options.pid !== undefined || text.parts[0]?.includes("/") === true ? "user" : "kernel";
  const pattern = wildcardPattern(provider);
  const found = registry.definitions.probes
    .filter((d) => d.listedWith === list && d.names.some((name) => pattern.test(name)))
    .sort((a, b) => ((a.names[0] ?? "") < (b.names[0] ?? "") ? -1 : 1));
  if (found.length === 0) diagnostics.error("probe-type", span, `No probe type matched for ${provider}`);
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
  });
  switch (resolution.kind) {
    case "points":
      return { points: resolution.points, reported: false };
    case "invalid":
      return reported;
    case "missing":
      return missingPoint(expansion, text, resolution.what, resolution.wildcard);
  }
}

function missingPoint(expansion: Expansion, text: AttachPointText, what: string, wildcard: boolean): ResolvedPoint {
  if (wildcard) return silent;
  const { missingProbes } = expansion.config;
  if (missingProbes === "ignore") return reported;
  const message = `No matches for ${what}.`;
  if (missingProbes === "warn") expansion.diagnostics.warn("missing-probe", text.span, `${message} Skipping.`);
  else {
    expansion.diagnostics.error("missing-probe", text.span, message, {
      hint: "set the config missing_probes = warn to go on without it",
    });
  }
  return reported;
}

function reportEmpty(expansion: Expansion, probe: Probe, results: readonly ResolvedPoint[]): void {
  if (results.some((result) => result.reported)) return;
  const { missingProbes } = expansion.config;
  const [first] = probe.attachPoints;
  const at = first?.span ?? probe.span;
  if (missingProbes === "error") {
    expansion.diagnostics.error("missing-probe", at, "probe has no valid attach points", {
      hint: "nothing matches its patterns; set the config missing_probes = warn to go on without it",
    });
  } else if (missingProbes === "warn") {
    expansion.diagnostics.warn("missing-probe", at, "probe has no valid attach points and is removed");
  }
}
