// What must hold of every text, stage by stage: only diagnostics come out, each with a place inside the text.

import { performance } from "node:perf_hooks";
import vm from "node:vm";
import { read } from "../../src/cdecl/read-for-tests.ts";
import { disassemble } from "../../src/bpf/disassemble.ts";
import { type Diagnostic, Diagnostics } from "../../src/source/diagnostic.ts";
import { renderDiagnostic } from "../../src/source/render.ts";
import { SourceFile } from "../../src/source/source.ts";
import { parseExpression, parseProgram } from "../../src/syntax/parser.ts";
import { compilerFor } from "../support/compile.ts";
import { fakeTarget } from "../support/fake-target.ts";
import { loadCheck } from "./load.ts";
import type { Random } from "./random.ts";

export type Stage = "parse" | "c" | "compile" | "load";

/** Runs a text through a stage; throws when something is wrong with the stage. */
export type Check = (text: string, variant: number) => void;

export function checkOf(stage: Stage): Check {
  switch (stage) {
    case "parse":
      return checkParser;
    case "c":
      return checkC;
    case "compile":
      return compileCheck();
    case "load":
      return loadCheck();
  }
}

function checkParser(text: string): void {
  const diagnostics = new Diagnostics();
  parseProgram(new SourceFile("fuzz.bt", text), diagnostics);
  checkDiagnostics(diagnostics.all());
  const alone = new Diagnostics();
  const expression = parseExpression(new SourceFile("fuzz.bt", text), alone);
  if (expression === undefined && !alone.hasErrors()) throw new Error("no expression, but no error either");
  checkDiagnostics(alone.all());
}

function checkC(text: string): void {
  const { definitions } = read(text, { headers: { "/inc/own.h": "#include \"own.h\"\nstruct own { int a : 3; };\n" } });
  for (const type of definitions.structs.values()) type.layout.fields();
  for (const macro of definitions.macros.values()) macro.expansion();
}

/** Machines with all features and with few, without kernel types, of the other architecture. */
function compileCheck(): Check {
  const full = fakeTarget();
  const old = fakeTarget(["signed_division", "uprobe_multi", "map_lookup_percpu_elem", "ktime_get_tai_ns", "get_func_ip"]);
  const namespace = { device: 4n, inode: 4026532281n };
  const compilers = [full, old, { ...full, kernelTypes: undefined }, { ...old, arch: "arm64" as const, pidNamespace: namespace }].map(compilerFor);
  return (text, variant) => {
    const compile = compilers[variant % compilers.length];
    if (compile === undefined) return;
    const positional = variant % 3 === 0 ? ["5", "abc"] : [];
    const result = compile(text, { unsafe: variant % 5 !== 0, positional, warningLevel: variant % 7 === 0 ? 2 : 1 });
    checkDiagnostics(result.diagnostics);
    const wrong = result.diagnostics.some((d) => d.severity === "error");
    if (result.kind === "failed" && !wrong) throw new Error("failed without an error");
    if (result.kind === "bad-environment") throw new Error(`the environment is empty, but: ${result.problem}`);
    if (result.kind !== "compiled") return;
    if (wrong) throw new Error("compiled in spite of errors");
    for (const probe of result.program.probes) disassemble(probe.bytecode.code);
  };
}

function checkDiagnostics(diagnostics: readonly Diagnostic[]): void {
  for (const diagnostic of diagnostics) {
    const spans = [diagnostic.span, ...diagnostic.parts.map((part) => part.span)];
    for (const span of spans) {
      if (span === undefined) continue;
      const inside = span.start >= 0 && span.start <= span.end && span.end <= span.file.text.length;
      if (!inside) throw new Error(`place ${span.start}-${span.end} of a text of ${span.file.text.length} bytes: ${diagnostic.message}`);
    }
    renderDiagnostic(diagnostic, false);
  }
}

/** What went wrong with one text. */
export interface Problem {
  readonly kind: "exception" | "hang" | "slow";
  readonly message: string;
}

/** Runs a check, stopped after some milliseconds. `slow`: what takes longer than that in CPU time, twice. */
export function problemOf(check: Check, text: string, variant: number, limits: { readonly hang: number; readonly slow: number }): Problem | undefined {
  const before = cpuTime();
  const thrown = runLimited(() => check(text, variant), limits.hang);
  if (thrown !== undefined) return thrown;
  if (cpuTime() - before < limits.slow) return undefined;
  const again = cpuTime();
  check(text, variant);
  const took = cpuTime() - again;
  return took < limits.slow ? undefined : { kind: "slow", message: `${Math.round(took)} ms` };
}

/** Milliseconds of this process on a CPU. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The only way to stop code that does not return. A context of its own for each run would take longer than most runs. */
const room: { run: () => void } = { run: () => undefined };
const context = vm.createContext(room);
const caller = new vm.Script("run()");

function runLimited(run: () => void, milliseconds: number): Problem | undefined {
  const start = performance.now();
  room.run = run;
  try {
    caller.runInContext(context, { timeout: milliseconds });
    return undefined;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return { kind: "hang", message: `stopped after ${Math.round(performance.now() - start)} ms` };
    return { kind: "exception", message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** A number that selects options of the compiler. */
export function variantOf(random: Random): number {
  return random.below(210);
}
