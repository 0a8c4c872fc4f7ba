// The attach points of a script for listings: everything that the compiler checks up to their expansion. Pure.

import type { AnalysisOptions } from "../analysis/context.ts";
import { expandProbes, nameProbes, type NamedPoint } from "../analysis/expand.ts";
import { applySettings } from "../analysis/settings.ts";
import type { Config } from "../define/config.ts";
import type { Registry } from "../define/registry.ts";
import type { Target } from "../define/target.ts";
import type { Diagnostics } from "../source/diagnostic.ts";
import type { SourceFile } from "../source/source.ts";
import type { Probe } from "../syntax/ast.ts";
import { parseProgram } from "../syntax/parser.ts";

export interface PointsInput {
  readonly file: SourceFile;
  readonly registry: Registry;
  readonly target: Target;
  readonly defaults: Config;
  readonly options: AnalysisOptions;
  readonly diagnostics: Diagnostics;
}

/** Attach points in the order of the script; undefined when something is wrong with it, which diagnostics say. */
export function scriptPoints(input: PointsInput): readonly NamedPoint[] | undefined {
  const { diagnostics, registry, options, target } = input;
  const program = parseProgram(input.file, diagnostics);
  if (diagnostics.hasErrors()) return undefined;
  const settings = applySettings(registry, input.defaults, program.config, options.environment, diagnostics);
  if (settings.environmentProblem !== undefined) diagnostics.error("config", undefined, settings.environmentProblem);
  if (diagnostics.hasErrors()) return undefined;
  const probes = program.items.filter((item): item is Probe => item.kind === "probe");
  const expansion = { registry, target, config: settings.config, options, diagnostics };
  expandProbes(expansion, probes);
  return diagnostics.hasErrors() ? undefined : nameProbes(expansion, probes);
}
