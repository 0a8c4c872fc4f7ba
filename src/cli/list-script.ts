// -l with a script: what its attach points find, point by point in the order of the script.

import { scriptPoints } from "../compile/script-points.ts";
import { listDefinition } from "./list-definition.ts";
import { defaultConfig } from "../language/config/index.ts";
import type { Machine } from "../library/compile.ts";
import { Diagnostics } from "../source/diagnostic.ts";
import { renderDiagnostic } from "../source/render.ts";
import type { SourceFile } from "../source/source.ts";
import type { CommandLine } from "./options.ts";
import type { Terminal } from "./terminal.ts";

/** Lines for a script; undefined when something is wrong with it, which is said. */
export function listScript(
  line: CommandLine,
  file: SourceFile,
  machine: Machine,
  pid: number | undefined,
  terminal: Terminal,
): readonly string[] | undefined {
  const diagnostics = new Diagnostics();
  const { registry, target } = machine;
  const options = { unsafe: line.unsafe, pid, sharedPrograms: false, positional: [], named: new Map<string, string | undefined>(), environment: process.env };
  const points = scriptPoints({ file, registry, target, defaults: defaultConfig, options, diagnostics });
  for (const diagnostic of diagnostics.all()) {
    if (diagnostic.severity === "error" || !line.noWarnings) terminal.write(renderDiagnostic(diagnostic, terminal.color));
  }
  return points?.flatMap(({ text, definitions }) =>
    definitions.flatMap((definition) =>
      listDefinition(definition, { parts: text.parts, from: "script", target, pid }, line.verbose),
    ),
  );
}
