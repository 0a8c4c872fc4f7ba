// Compiling and running one script for the command line: options to the library's path, its events to the terminal.

import { existsSync, writeFileSync } from "node:fs";
import { fromByteString, toByteString } from "../base/byte-string.ts";
import type { CompiledProgram } from "../compile/compiled-program.ts";
import { unmetFacts } from "../compile/facts.ts";
import { isSavedProgram, restoreProgram, saveProgram } from "../compile/saved-program.ts";
import { compileScript, type Machine, type ScriptOptions, thisMachine } from "../library/compile.ts";
import { runProgram } from "../library/run.ts";
import { VerifierRejection } from "../loader/load.ts";
import { Output } from "../runtime/output.ts";
import { AttachFailure } from "../runtime/session.ts";
import { OutputWriter } from "../runtime/writer.ts";
import type { Diagnostic } from "../source/diagnostic.ts";
import { renderDiagnostic } from "../source/render.ts";
import type { SourceFile } from "../source/source.ts";
import { type Child, startChild } from "../sys/child.ts";
import { parseInteger } from "../syntax/parse-integer.ts";
import { printStage } from "./debug.ts";
import type { CommandLine } from "./options.ts";

function complain(text: string): void {
  process.stderr.write(text);
}

function useColor(): boolean {
  const wish = process.env["BPFTRACE_COLOR"];
  if (wish === "always" || wish === "never") return wish === "always";
  return process.stderr.isTTY === true && process.stdout.isTTY === true;
}

export function report(diagnostics: readonly Diagnostic[], noWarnings: boolean): void {
  for (const diagnostic of diagnostics) {
    if (noWarnings && diagnostic.severity === "warning") continue;
    // The answer to `-- --help` is a text, not a message about the program.
    if (diagnostic.code === "option-help") complain(`${fromByteString(diagnostic.message)}\n`);
    else complain(renderDiagnostic(diagnostic, useColor()));
  }
}

/** The process of -p; a text says what is wrong with it. */
function readPid(text: string | undefined): number | undefined | string {
  if (text === undefined) return undefined;
  const number = parseInteger(text);
  if (!("value" in number) || number.value > 0x400000n || number.value < 1n) return `Failed to parse pid: invalid integer: ${text}`;
  const pid = Number(number.value);
  return existsSync(`/proc/${pid}`) ? pid : `pid ${pid}: No such process`;
}

/** Words after the script: positional parameters, and `--name=value` options. */
export function splitWords(words: readonly string[]): {
  readonly positional: readonly string[];
  readonly named: ReadonlyMap<string, string | undefined>;
} {
  const positional: string[] = [];
  const named = new Map<string, string | undefined>();
  for (const word of words) {
    if (!word.startsWith("--")) positional.push(toByteString(word));
    else {
      const equals = word.indexOf("=");
      if (equals < 0) named.set(word.slice(2), undefined);
      else named.set(word.slice(2, equals), toByteString(word.slice(equals + 1)));
    }
  }
  return { positional, named };
}

export async function runScript(line: CommandLine, file: SourceFile, words: readonly string[], outputFd: number): Promise<number> {
  const givenPid = readPid(line.pid);
  if (typeof givenPid === "string") {
    complain(`ERROR: ${givenPid}\n`);
    return 1;
  }
  let child: Child | undefined;
  if (line.command !== undefined) {
    try {
      child = startChild(line.command);
    } catch (problem) {
      complain(`ERROR: Failed to create child process: ${problem instanceof Error ? problem.message : ""}\n`);
      return 1;
    }
  }
  try {
    return await compileAndRun(line, file, words, outputFd, givenPid, child);
  } finally {
    child?.terminate();
  }
}

async function compileAndRun(
  line: CommandLine,
  file: SourceFile,
  words: readonly string[],
  outputFd: number,
  pid: number | undefined,
  child: Child | undefined,
): Promise<number> {
  const machine = thisMachine(line.noFeatures);
  if (isSavedProgram(file.text)) return runSaved(line, file.text, words, machine, outputFd, pid, child);
  const result = compileScript(file, { ...scriptOptions(line, pid), ...splitWords(words) }, machine);
  report(result.diagnostics, line.noWarnings);
  if (result.kind === "bad-environment") {
    complain(`${result.problem}\n`);
    return 2;
  }
  if (result.kind === "failed") return result.diagnostics.some((d) => d.code === "c-include-not-found") ? 2 : 1;
  if (line.debug.includes("old")) return 0;
  const { program } = result;
  if (line.emit !== undefined) return writeProgram(line.emit, saveProgram(result));
  if (program.probes.length === 0) {
    if (!line.quiet) process.stdout.write("No probes to attach\n");
    return 1;
  }
  return runCompiled(line, program, machine, outputFd, pid, child);
}

function runCompiled(
  line: CommandLine,
  program: CompiledProgram,
  machine: Machine,
  outputFd: number,
  pid: number | undefined,
  child: Child | undefined,
): Promise<number> {
  const output = new Output(new OutputWriter(outputFd, line.buffering), {
    format: line.format === "json" ? "json" : "text",
    truncationTrailer: program.config.strTruncTrailer,
    noWarnings: line.noWarnings,
    quiet: line.quiet,
    complain,
  });
  const { verbose } = line;
  const stage = line.debug.includes("verifier") || line.debug.includes("all");
  // BPF_LOG_LEVEL1, LEVEL2 and STATS (include/linux/bpf_verifier.h).
  const verifierLog = stage ? 1 | 2 | 4 : 0;
  return runUntilSignalled(line, (stop) =>
    runProgram(program, machine, { child, pid, verbose, verifierLog, dryRun: line.dryRun, stop }, output),
  );
}

/** A program that the kernel refused: the place in the script and why. */
function explainRejection({ message, probe, complaint, log }: VerifierRejection, verbose: boolean): void {
  if (complaint === undefined) complain(`ERROR: ${message}\n`);
  else {
    const { span, reason, advice, message: words } = complaint;
    const diagnostic: Diagnostic = {
      severity: "error",
      code: "verifier",
      message: `The kernel refused the program of ${probe}: ${reason}`,
      span,
      parts: [],
      hint: advice ?? "the compiler should not have made such a program: please report it with the script and the output of -v",
    };
    complain(renderDiagnostic(diagnostic, useColor()));
    complain(`ERROR: ${message} The verifier says: ${words}\n`);
  }
  complain(verbose ? log : "Use -v to see the whole verifier log\n");
}

// ---- compiled programs in files ---------------------------------------------------------------------------

function writeProgram(path: string, text: string): number {
  try {
    writeFileSync(path, text, { mode: 0o755 });
    return 0;
  } catch (problem) {
    complain(`ERROR: Failed to write the compiled program to "${path}": ${problem instanceof Error ? problem.message : ""}\n`);
    return 1;
  }
}

/** Runs what --emit wrote, if it fits this machine. */
async function runSaved(
  line: CommandLine,
  text: string,
  words: readonly string[],
  machine: Machine,
  outputFd: number,
  pid: number | undefined,
  child: Child | undefined,
): Promise<number> {
  const saved = restoreProgram(text, machine.registry);
  const problems = typeof saved === "string" ? [saved] : unmetFacts(saved.facts, machine.target);
  if (words.length > 0) problems.push("its parameters were fixed when it was compiled");
  if (pid !== undefined) problems.push("-p has to be given when it is compiled");
  if (line.emit !== undefined) problems.push("it is compiled already");
  if (typeof saved === "string" || problems.length > 0) {
    complain(`ERROR: Can't run this compiled program:\n${problems.map((problem) => `  ${problem}\n`).join("")}`);
    complain("HINT: compile the script on this machine with --emit\n");
    return 1;
  }
  return runCompiled(line, saved.program, machine, outputFd, pid, child);
}

function scriptOptions(line: CommandLine, pid: number | undefined): Omit<ScriptOptions, "positional" | "named"> {
  return {
    unsafe: line.unsafe,
    pid,
    environment: process.env,
    includePaths: line.includePaths,
    includes: line.includes,
    disabledFeatures: line.noFeatures,
    warningLevel: line.noWarnings ? 0 : line.warnReads ? 2 : 1,
    observe: line.emit !== undefined,
    stage: line.debug.length === 0 ? undefined : (stage, value) => printStage(line.debug, stage, value),
  };
}

async function runUntilSignalled(line: CommandLine, run: (stop: Promise<void>) => Promise<number>): Promise<number> {
  let stop: () => void = () => undefined;
  const signalled = new Promise<void>((resolve) => {
    stop = resolve;
  });
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  try {
    return await run(signalled);
  } catch (problem) {
    if (problem instanceof VerifierRejection) {
      explainRejection(problem, line.verbose);
      return 255;
    }
    if (problem instanceof AttachFailure) {
      complain(`ERROR: ${problem.message}\nHINT: set the config missing_probes = warn to go on without it\n`);
      return 255;
    }
    throw problem;
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}
