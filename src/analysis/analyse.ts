// From a syntax tree to an analysed program: configuration, attach points, scopes, types to a fixed point, checks.

import type { AnalysedProbe, AnalysedProgram, UserMap, VariableSymbol } from "../define/analysed.ts";
import type { Config } from "../define/config.ts";
import type { Registry } from "../define/registry.ts";
import type { Target } from "../define/target.ts";
import type { Diagnostics } from "../source/diagnostic.ts";
import type { MapDeclaration, Probe, Program, VariableExpression } from "../syntax/ast.ts";
import { int8, none, type Type, typeName, uint64 } from "../types/type.ts";
import { chooseBranches } from "./comptime.ts";
import type { AnalysisOptions, Context, CTypes, OptionClaim } from "./context.ts";
import { checkControlFlow } from "./control-flow.ts";
import { type ExpandedProbe, expandProbes } from "./expand.ts";
import { asProbe, collectFunctions, enterFunction, functionPoint, type ScriptFunction, scriptFunction } from "./functions.ts";
import { expandMacros } from "./expand-macros.ts";
import { checkCondition } from "./expressions.ts";
import { collectMacros } from "./macro-table.ts";
import type { CImport } from "./imports.ts";
import { resolveVariables } from "./joined-variables.ts";
import { reportUnclaimed } from "./options.ts";
import { type JoinedProbe, joinEvents } from "./same-events.ts";
import { pairSessions } from "./sessions.ts";
import { inferBody } from "./statements.ts";
import { type MapState, TypeState } from "./type-state.ts";
import { walkBlock } from "./walk.ts";

export interface AnalysisInput {
  readonly program: Program;
  readonly config: Config;
  readonly registry: Registry;
  readonly target: Target;
  readonly options: AnalysisOptions;
  readonly cTypes: CTypes;
  readonly cImports: readonly CImport[];
  readonly diagnostics: Diagnostics;
}

/** Rounds of inference at most: each one widens something, so a program needs few. */
const maxRounds = 64;

/** Analyses a program; undefined when there were errors. */
export function analyseProgram(input: AnalysisInput): AnalysedProgram | undefined {
  const { program, diagnostics } = input;
  checkControlFlow(program.items, diagnostics);
  const probes = program.items.filter((item): item is Probe => item.kind === "probe");
  const macros = collectMacros(program.items, diagnostics);
  const definitions = collectFunctions(program.items, diagnostics);
  const expansion = expandMacros({ ...input, macros }, [...probes, ...definitions.map(asProbe)]);
  // Later stages run after errors of earlier ones: what has no type is skipped, and one run reports everything.
  const written = expansion.probes.slice(0, probes.length);
  const expanded = expandProbes(input, written);
  if (!expansion.complete) return undefined;
  const functions = expansion.probes.slice(probes.length).flatMap(({ body }, index) => {
    const definition = definitions[index];
    return definition === undefined ? [] : [scriptFunction(definition, body)];
  });
  const variables = resolveScopes(input, expanded, functions);
  const state = new TypeState();
  declareMaps(input, state);
  for (const probe of removedProbes(written, expanded)) keepMaps(state, probe);
  const claims = new Map<string, OptionClaim>();
  inferToFixedPoint(input, state, { probes: expanded, functions }, variables, claims);
  inferRound(input, state, { probes: expanded, functions }, variables, claims, true);
  reportUnclaimed(input.options.named, claims, diagnostics);
  const maps = finishMaps(input, state);
  const joined = joinProbes(input, expanded);
  checkLimits(input, joined.map(({ probe }) => probe));
  reportUntyped(state, diagnostics);
  if (diagnostics.hasErrors()) return undefined;
  for (const symbol of variables.values()) {
    if (!state.variableTypes.has(symbol)) state.variableTypes.set(symbol, uint64);
  }
  return {
    config: input.config,
    probes: joined.map(joinedProbe),
    maps,
    types: state.types,
    literals: state.literals,
    replacements: state.replacements,
    variables,
    variableTypes: state.variableTypes,
    typeExpressions: state.typeExpressions,
  };
}

/** What no rule gave a type, though nothing is wrong with it: values that depend on themselves alone. */
function reportUntyped(state: TypeState, diagnostics: Diagnostics): void {
  const [first] = state.untyped;
  if (first === undefined || diagnostics.hasErrors()) return;
  diagnostics.error("no-type", first.span, "The type of this expression can't be told from the program", {
    hint: "assign a value of known type first, or declare the variable with a type",
  });
}

/** The programs, each with the probes that share it. */
function joinProbes({ options }: AnalysisInput, expanded: readonly ExpandedProbe[]): readonly JoinedProbe[] {
  if (!options.sharedPrograms) return expanded.map((probe) => ({ probe, atReturn: undefined, followers: [] }));
  return joinEvents(pairSessions(expanded));
}

function joinedProbe({ probe, atReturn, followers }: JoinedProbe): AnalysedProbe {
  return { ...analysedProbe(probe), atReturn: atReturn === undefined ? undefined : analysedProbe(atReturn), followers: followers.map(analysedProbe) };
}

function analysedProbe({ points, predicate, body, probe }: ExpandedProbe): AnalysedProbe {
  return { points, predicate, body, span: probe.span, atReturn: undefined, followers: [] };
}

function resolveScopes(
  input: AnalysisInput,
  probes: readonly ExpandedProbe[],
  functions: readonly ScriptFunction[],
): Map<VariableExpression, VariableSymbol> {
  const variables = new Map<VariableExpression, VariableSymbol>();
  let next = 0;
  const { diagnostics, registry } = input;
  for (const { predicate, body } of probes) {
    next = resolveVariables(variables, diagnostics, registry, next, (resolver) => resolver.resolveProbe(predicate, body));
  }
  for (const { body, parameters } of functions) {
    next = resolveVariables(variables, diagnostics, registry, next, (resolver) => resolver.resolveFunction(parameters, body));
  }
  return variables;
}

function declareMaps(input: AnalysisInput, state: TypeState): void {
  for (const item of input.program.items) {
    if (item.kind !== "map-declaration") continue;
    const known = state.maps.get(item.name)?.declaration;
    if (known === undefined) state.declareMap(item.name, item);
    else {
      input.diagnostics.error("map-declaration", item.span, `Map ${item.name} was already declared`, {
        parts: [{ span: known.span, message: "This is the initial declaration." }],
      });
    }
  }
}

function removedProbes(probes: readonly Probe[], expanded: readonly ExpandedProbe[]): readonly Probe[] {
  const kept = new Set(expanded.map(({ probe }) => probe));
  return probes.filter((probe) => !kept.has(probe));
}

/** What a probe without attach points would fill is there, and empty: other probes may read, print and clear it. */
function keepMaps(state: TypeState, probe: Probe): void {
  walkBlock(probe.body, (expression) => {
    if (expression.kind !== "map") return;
    const map = state.map(expression.name);
    map.assigned = true;
    if (expression.keys !== undefined) map.keyedUse ??= expression.span;
  });
}

type Variables = Map<VariableExpression, VariableSymbol>;
/** All that is analysed. */
interface Bodies {
  readonly probes: readonly ExpandedProbe[];
  readonly functions: readonly ScriptFunction[];
}
type Claims = Map<string, OptionClaim>;

function inferToFixedPoint(
  input: AnalysisInput,
  state: TypeState,
  bodies: Bodies,
  variables: Variables,
  claims: Claims,
): void {
  for (let round = 0; round < maxRounds; round++) {
    state.changed = false;
    inferRound(input, state, bodies, variables, claims, false);
    // Pointers that are swapped in a circle never settle: then the types of the last round stay.
    if (round < maxRounds / 2) state.settlePointers();
    if (state.changed) continue;
    // What is only counted, or assigned from itself, starts as the smallest integer.
    if (seedUnknown(state)) continue;
    if (!decideNext(state) && !seedVariables(state, variables)) return;
    round = 0;
  }
  input.diagnostics.error("no-type", undefined, "The types of this program can't be told: they depend on each other in a circle");
}

/** Variables that are declared but get no type from any assignment are zero. */
function seedVariables(state: TypeState, variables: Variables): boolean {
  let seeded = false;
  for (const symbol of variables.values()) {
    if (!symbol.bare || state.variableTypes.has(symbol)) continue;
    state.variableTypes.set(symbol, uint64);
    seeded = true;
  }
  return seeded;
}

/** Takes the first branch that waits for types; what it assigns may decide the next one otherwise. */
function decideNext(state: TypeState): boolean {
  const [next] = state.undecided;
  if (next === undefined) return false;
  state.decisions.set(next.condition, next.value);
  return true;
}

function seedUnknown(state: TypeState): boolean {
  let seeded = false;
  for (const map of state.maps.values()) {
    if (map.value !== undefined || !map.assigned || map.copied) continue;
    map.value = int8;
    seeded = true;
  }
  return seeded;
}

function inferRound(
  input: AnalysisInput,
  state: TypeState,
  bodies: Bodies,
  variables: Variables,
  claims: Claims,
  reporting: boolean,
): void {
  state.undecided = [];
  const common = { ...input, state, variables, claims, reporting, call: undefined, unevaluated: false, inText: false, inLoop: false };
  for (const probe of bodies.probes) {
    const [point] = probe.points;
    if (point === undefined) continue;
    const context: Context = { ...common, point, copiedFrom: probe.copied ? probe.body.span : undefined, returns: undefined };
    if (probe.predicate !== undefined) {
      const branches = chooseBranches(context, probe.predicate);
      if (branches === "both") checkCondition(context, probe.predicate, probe.probe.predicate?.span ?? probe.predicate.span);
      else if (branches !== "then") continue;
    }
    inferBody(context, probe.body);
  }
  const [somewhere] = bodies.probes.flatMap(({ points }) => points);
  if (somewhere === undefined) return;
  for (const written of bodies.functions) {
    const context: Context = { ...common, point: functionPoint(somewhere), copiedFrom: undefined, returns: undefined };
    inferBody(enterFunction(context, written), written.body);
  }
}

// ---- maps -----------------------------------------------------------------------------------------

const mapKinds = ["hash", "lruhash", "percpuhash", "percpulruhash"];

function finishMaps(input: AnalysisInput, state: TypeState): ReadonlyMap<string, UserMap> {
  const maps = new Map<string, UserMap>();
  for (const map of state.maps.values()) {
    if (map.declaration !== undefined && !checkDeclaration(input, map, map.declaration)) continue;
    if (map.value === undefined) continue;
    maps.set(map.name, userMap(input, map, map.value));
  }
  return maps;
}

function userMap(input: AnalysisInput, map: MapState, value: Type): UserMap {
  const scalar = map.keyedUse === undefined;
  const aggregation = value.kind === "aggregate" ? input.registry.aggregations.get(value.aggregation) : undefined;
  return {
    name: map.name,
    scalar,
    key: scalar ? none : (map.key ?? uint64),
    value,
    aggregation,
    maxEntries: map.declaration === undefined ? input.config.maxMapKeys : Number(map.declaration.entries),
    declaredKind: map.declaration?.mapKind,
  };
}

/** The kernel counts the entries of a map in 32 bits. */
const mostEntries = 0xffff_ffffn;

function checkDeclaration(input: AnalysisInput, map: MapState, declaration: MapDeclaration): boolean {
  const { diagnostics } = input;
  if (!mapKinds.includes(declaration.mapKind)) {
    diagnostics.error("map-declaration", declaration.span, `Invalid bpf map type: ${declaration.mapKind}`, {
      hint: `valid types are ${mapKinds.join(", ")}`,
    });
    return false;
  }
  if (declaration.entries < 1n) {
    diagnostics.error("map-declaration", declaration.span, "The number of entries of a map must be a positive integer");
    return false;
  }
  if (declaration.entries > mostEntries) {
    diagnostics.error("map-declaration", declaration.span, `The number of entries of a map must be at most ${mostEntries}`);
    return false;
  }
  if (!map.used && !map.assigned) {
    diagnostics.warn("unused-map", declaration.span, `Unused map: ${map.name}`);
    return false;
  }
  const perCpu = declaration.mapKind.startsWith("percpu");
  const aggregate = map.value?.kind === "aggregate";
  if (map.value !== undefined && perCpu !== aggregate) {
    const wanted = aggregate ? "percpuhash" : "hash";
    const at = map.keyedUse ?? map.scalarUse ?? declaration.span;
    const name = { ...at, end: at.start + map.name.length };
    const message = `Incompatible map types. Type from declaration: ${declaration.mapKind}. Type from value '${typeName(map.value)}': ${wanted}`;
    diagnostics.error("map-kind", name, message);
    return false;
  }
  return true;
}

function checkLimits(input: AnalysisInput, probes: readonly ExpandedProbe[]): void {
  const total = probes.reduce((sum, probe) => sum + probe.points.reduce((n, point) => n + point.count, 0), 0);
  const { maxProbes } = input.config;
  if (total > maxProbes) {
    const message = `Can't attach to ${total} probes because it exceeds the current limit of ${maxProbes} probes.`;
    input.diagnostics.error("too-many-probes", undefined, message, {
      hint: "you can increase the limit through the BPFTRACE_MAX_PROBES environment variable, but beware of the cost",
    });
  }
}
