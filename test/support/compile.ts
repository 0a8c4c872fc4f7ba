// For tests: compiling a script for the machine of fake-target.ts, from text to bytecode or to what is wrong with it.

import { compileScript, type ScriptOptions, type ScriptResult } from "../../src/library/compile.ts";
import { noSplitFiles } from "../../src/formats/dwarf/split-units.ts";
import { createLanguage } from "../../src/language/index.ts";
import type { Target } from "../../src/define/target.ts";
import type { Diagnostic } from "../../src/source/diagnostic.ts";
import { SourceFile } from "../../src/source/source.ts";
import { fakeTarget } from "./fake-target.ts";
import { plainOptions } from "./script-options.ts";

export interface CompileOptions extends Partial<ScriptOptions> {
  readonly target?: Target;
}

/** A compiler for one fake machine, to be called many times. */
export function compilerFor(target: Target): (text: string, options?: Partial<ScriptOptions>) => ScriptResult {
  const machine = { registry: createLanguage(), target, debugFolders: [], splitFiles: () => noSplitFiles };
  return (text, options = {}) => compileScript(new SourceFile("stdin", text), { ...plainOptions, ...options }, machine);
}

export function compile(text: string, options: CompileOptions = {}): ScriptResult {
  const { target = fakeTarget(), ...rest } = options;
  return compilerFor(target)(text, rest);
}

/** `line:column-column E message`; lines only where a span covers several; parts follow, indented. */
export function describeDiagnostic(diagnostic: Diagnostic): readonly string[] {
  const mark = diagnostic.severity === "error" ? "E" : "W";
  return [
    `${place(diagnostic.span)} ${mark} ${diagnostic.message}`,
    ...diagnostic.parts.map((part) => `  ${place(part.span)} ${mark} ${part.message}`),
    ...expansionsOf(diagnostic.span).map((from) => `  ${place(from)} expanded from`),
    ...(diagnostic.hint === undefined ? [] : [`  hint: ${diagnostic.hint}`]),
  ];
}

/** Where code was copied or expanded from, the innermost first. */
function expansionsOf(span: Diagnostic["span"]): readonly NonNullable<Diagnostic["span"]>[] {
  return span?.expandedFrom === undefined ? [] : [span.expandedFrom, ...expansionsOf(span.expandedFrom)];
}

function place(span: Diagnostic["span"]): string {
  if (span === undefined) return "-";
  const start = span.file.position(span.start);
  const end = span.file.position(span.end);
  return start.line === end.line ? `${start.line}:${start.column}-${end.column}` : `${start.line}-${end.line}`;
}
