// Compiling and running one script for the command line: options to the library's path, its events to the terminal.

import { fromByteString } from "../base/byte-string.ts";
import type { CompiledProgram } from "../compile/compiled-program.ts";
import { isSavedProgram } from "../compile/saved-program.ts";
import { compileScript, type Machine, type ScriptOptions } from "../library/compile.ts";
import { runProgram } from "../library/run.ts";
import { Output } from "../runtime/output.ts";
import { OutputWriter } from "../runtime/writer.ts";
import type { Diagnostic } from "../source/diagnostic.ts";
import { renderDiagnostic } from "../source/render.ts";
import type { SourceFile } from "../source/source.ts";
import { type Child, startChild } from "../sys/child.ts";
import { reasonOf } from "../sys/system-error.ts";
import { measureCompiler } from "./compiler-bench.ts";
import { printLoaderInput, printStage } from "./debug.ts";
import { oldDebug, showsVerifier } from "./debug-stages.ts";
import { emitElf } from "./emit-elf.ts";
import { explainFailure } from "./failures.ts";
import { openMachine } from "./machine.ts";
import { announceAttached, announceEnd, isWatched } from "./notices.ts";
import type { CommandLine } from "./options.ts";
import { filterProbes, readProbeFilter } from "./probe-filter.ts";
import { holdWriter, probesOfMode, runMode, selectMode } from "./run-mode.ts";
import { readProgram, writeProgram } from "./saved.ts";
import { dieOfBrokenPipe, untilSignalled } from "./signals.ts";
import type { Terminal } from "./terminal.ts";
import { thisRun } from "./this-run.ts";
import { unhurried } from "./unhurried.ts";
import { watchSink } from "./watch-sink.ts";
import { readPid, splitParameters } from "./words.ts";

/** What a run works with. */
interface Job {
  readonly line: CommandLine;
  readonly terminal: Terminal;
  readonly machine: Machine;
  readonly outputFd: number;
  readonly pid: number | undefined;
  readonly unwindPids: readonly number[];
  readonly child: Child | undefined;
}

export function report(diagnostics: readonly Diagnostic[], line: CommandLine, terminal: Terminal): void {
  for (const diagnostic of diagnostics) {
    if (line.noWarnings && diagnostic.severity === "warning") continue;
    // The answer to `-- --help` is a text, not a message about the program.
    if (diagnostic.code === "option-help") terminal.write(`${fromByteString(diagnostic.message)}\n`);
    else terminal.write(renderDiagnostic(diagnostic, terminal.color));
  }
}

export async function runScript(
  line: CommandLine,
  file: SourceFile,
  words: readonly string[],
  outputFd: number,
  terminal: Terminal,
): Promise<number> {
  const pid = line.pid === undefined ? undefined : readPid("-p", line.pid);
  if (typeof pid === "string") {
    terminal.error(pid);
    return 1;
  }
  const unwindPids: number[] = [];
  for (const text of line.dwarfPids) {
    const other = readPid("--dwarf-pid", text);
    if (typeof other === "string") {
      terminal.error(other);
      return 1;
    }
    unwindPids.push(other);
  }
  const machine = openMachine(line, terminal);
  if (machine === undefined) return 1;
  let child: Child | undefined;
  try {
    child = line.command === undefined ? undefined : startChild(line.command);
  } catch (problem) {
    terminal.error(`Failed to create child process: ${reasonOf(problem)}`);
    return 1;
  }
  try {
    const job: Job = { line, terminal, machine, outputFd, pid, unwindPids, child };
    if (!isSavedProgram(file.text)) return await compileAndRun(job, file, words);
    const saved = readProgram(line, file.text, words, job.machine, terminal);
    return saved === undefined ? 1 : await runCompiled(job, saved);
  } finally {
    child?.terminate();
  }
}

/** Problems of the script's C definitions. */
const cProblems = ["c-include-not-found", "c-include", "c-preprocessor", "c-declaration"];

/** Exit status by what is wrong: most problems are status 1. */
function failureStatus(diagnostics: readonly Diagnostic[]): number {
  const has = (code: string) => diagnostics.some((diagnostic) => diagnostic.code === code && diagnostic.severity === "error");
  if (cProblems.some(has)) return 2;
  return has("attach-offset") ? 255 : 1;
}

async function compileAndRun(job: Job, file: SourceFile, words: readonly string[]): Promise<number> {
  const { line, terminal, machine } = job;
  const options = { ...scriptOptions(line, job.pid), ...splitParameters(words) };
  const result = unhurried(file.text.length, () => compileScript(file, options, machine));
  report(result.diagnostics, line, terminal);
  if (result.kind === "bad-environment") {
    terminal.write(`${result.problem}\n`);
    return 2;
  }
  if (result.kind === "failed") return failureStatus(result.diagnostics);
  if (line.emitElf !== undefined && !emitElf(line.emitElf, result.program, terminal)) return 1;
  if (line.emit !== undefined) return writeProgram(line.emit, result, terminal);
  if (line.mode === "compiler-bench") process.stdout.write(measureCompiler(() => compileScript(file, options, machine)));
  if (line.debug.includes(oldDebug) || line.mode === "codegen" || line.mode === "compiler-bench") return 0;
  const status = await runCompiled(job, result.program, () => {
    const again = compileScript(file, { ...options, plainLoads: false, observe: false, stage: undefined }, machine);
    return again.kind === "compiled" ? again.program : undefined;
  });
  thisRun.script = status === 0 && line.mode === "run" && !line.dryRun && line.debug.length === 0;
  return status;
}

/** `again` compiles the script without loads of kernel memory. */
async function runCompiled(job: Job, whole: CompiledProgram, again?: () => CompiledProgram | undefined): Promise<number> {
  const { line, terminal, machine, child, pid, unwindPids } = job;
  const { verbose, dryRun, quiet, format, mode } = line;
  if (format !== "text" && format !== "json") {
    terminal.error(`Invalid output format '${format}': formats are text and json`);
    return 1;
  }
  const program = selectProbes(line, whole, terminal);
  if (typeof program === "number") return program;
  printLoaderInput(line.debug, program);
  const writer = new OutputWriter(job.outputFd, line.buffering);
  const held = holdWriter(writer);
  const output = new Output(mode === "test" || mode === "bench" ? held : writer, {
    format,
    truncationTrailer: program.config.strTruncTrailer,
    noWarnings: line.noWarnings,
    quiet,
    complain: (text) => terminal.write(text),
  });
  // BPF_LOG_LEVEL1, LEVEL2 and STATS (include/linux/bpf_verifier.h).
  const verifierLog = showsVerifier(line.debug) ? 1 | 2 | 4 : 0;
  const status = await runUntilSignalled(line, terminal, async (stop) => {
    const withoutLoads = () => {
      const other = again?.();
      const selected = other === undefined ? undefined : selectProbes(line, other, terminal);
      return typeof selected === "number" ? undefined : selected;
    };
    const options = { child, pid, unwindPids, verbose, verifierLog, dryRun, onSelf, withoutLoads, stop };
    if (mode === "test" || mode === "bench") return runMode(mode, program, machine, options, output, { writer, held, format }, terminal);
    const sink = isWatched() ? watchSink(output, { attached: () => announceAttached(terminal), ending: () => announceEnd(terminal) }) : output;
    return runProgram(program, machine, options, sink);
  });
  if (writer.abandoned) dieOfBrokenPipe();
  return status;
}

/** The probes that this command line asks for; a number is the exit status when there is nothing to do. */
function selectProbes(line: CommandLine, whole: CompiledProgram, terminal: Terminal): CompiledProgram | number {
  const filter = readProbeFilter(line.probeFilter);
  if (typeof filter === "string") {
    terminal.error(filter);
    return 255;
  }
  const filtered = filterProbes(whole, filter);
  const mode = line.mode === "test" || line.mode === "bench" ? line.mode : "run";
  const program = selectMode(filtered, mode);
  const found = mode === "run" ? program.probes.length > 0 : probesOfMode(program, mode).length > 0;
  if (found) return program;
  const other = mode !== "run" || filtered.probes.length > 0;
  if (other) terminal.error(mode === "run" ? "No probes to attach: test and bench probes need --test or --bench" : `There are no ${mode} probes to run`);
  else if (!line.quiet) process.stdout.write("No probes to attach\n");
  return other ? 255 : 1;
}

/** SIGUSR1 is the user's word to the tracer itself; main.ts keeps Node from taking it for its debugger. */
function onSelf(run: () => void): () => void {
  process.on("SIGUSR1", run);
  return () => {
    process.off("SIGUSR1", run);
  };
}

function scriptOptions(line: CommandLine, pid: number | undefined): Omit<ScriptOptions, "positional" | "named"> {
  return {
    unsafe: line.unsafe,
    pid,
    // Filtered probes are left out of the compiled program; one that was written to a file may be filtered when it runs.
    sharedPrograms: line.probeFilter === undefined && line.emit === undefined,
    environment: process.env,
    includePaths: line.includePaths,
    includes: line.includes,
    disabledFeatures: line.noFeatures,
    warningLevel: line.noWarnings ? 0 : line.warnReads ? 2 : 1,
    plainLoads: true,
    observe: line.emit !== undefined,
    stage: line.debug.length === 0 ? undefined : (stage, value) => printStage(line.debug, stage, value),
  };
}

/** Runs until it ends by itself or the user asks for the end; what the kernel refuses is explained. */
async function runUntilSignalled(line: CommandLine, terminal: Terminal, run: (stop: Promise<void>) => Promise<number>): Promise<number> {
  try {
    return await untilSignalled(run);
  } catch (problem) {
    return explainFailure(problem, terminal, line);
  }
}
