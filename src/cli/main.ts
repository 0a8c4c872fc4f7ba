// The command: options, then help, listing, or compiling and running a script. Exit statuses as bpftrace's.

import { closeSync, openSync, readFileSync } from "node:fs";
import { toByteString } from "../base/byte-string.ts";
import { SourceFile } from "../source/source.ts";
import { nameThread } from "../sys/clock.ts";
import { reasonOf, SystemError } from "../sys/system-error.ts";
import { formatScript } from "./format.ts";
import { printInfo } from "./info.ts";
import { listProbes } from "./list.ts";
import { type CommandLine, parseCommandLine } from "./options.ts";
import { lockdownProblem, privilegeProblem } from "./privileges.ts";
import { runScript } from "./run.ts";
import { openTerminal, type Terminal } from "./terminal.ts";
import { usage } from "./usage.ts";
import { version } from "./version.ts";

export { thisRun } from "./this-run.ts";

interface Script {
  readonly file: SourceFile;
  /** Positional and named parameters. */
  readonly words: readonly string[];
}

/** The script and the words after it; undefined when none is given. Throws the error of a file that can't be read. */
function readScript(line: CommandLine): Script | undefined {
  if (line.program !== undefined) return { file: new SourceFile("stdin", toByteString(line.program)), words: line.operands };
  const [path, ...words] = line.operands;
  if (path === undefined) return undefined;
  const text = readFileSync(path === "-" ? 0 : path).toString("latin1");
  return { file: new SourceFile(path === "-" ? "stdin" : path, text), words };
}

async function main(argv: readonly string[]): Promise<number> {
  const parsed = parseCommandLine(argv);
  const terminal = openTerminal(parsed.kind === "run" && parsed.line.noWarnings);
  switch (parsed.kind) {
    case "misused":
      terminal.write(`bpftrace: ${parsed.problem}\n${usage}`);
      return 1;
    case "refused":
      terminal.error(parsed.problem);
      if (parsed.withUsage) terminal.write(usage);
      return 1;
    case "show":
      return show(parsed.what, parsed.noFeatures, terminal);
    case "run":
      return start(parsed.line, terminal);
  }
}

function show(what: "help" | "version" | "info", noFeatures: readonly string[], terminal: Terminal): number {
  if (what === "info") return mayTrace(terminal) ? printInfo(noFeatures) : 1;
  process.stdout.write(what === "help" ? usage : `bpftrace v${version}\n`);
  return 0;
}

function mayTrace(terminal: Terminal): boolean {
  const problem = privilegeProblem();
  if (problem !== undefined) terminal.error(problem);
  return problem === undefined;
}

async function start(line: CommandLine, terminal: Terminal): Promise<number> {
  if (line.list) return mayTrace(terminal) ? listProbes(line, terminal) : 1;
  let script: Script | undefined;
  try {
    script = readScript(line);
  } catch (problem) {
    terminal.error(`failed to open file '${line.operands[0] ?? ""}': ${reasonOf(problem)}`);
    return 1;
  }
  if (script === undefined) {
    terminal.write(usage);
    return 1;
  }
  const { file, words } = script;
  if (line.mode === "format") return formatScript(line, file, terminal);
  if (!mayTrace(terminal)) return 1;
  const locked = line.mode === "run" || line.mode === "test" || line.mode === "bench" ? lockdownProblem() : undefined;
  if (locked !== undefined) {
    terminal.error(locked);
    return 1;
  }
  return withOutput(line, terminal, (fd) => runScript(line, file, words, fd, terminal));
}

/** Opens the file of -o for the time of the run. */
async function withOutput(line: CommandLine, terminal: Terminal, run: (fd: number) => Promise<number>): Promise<number> {
  if (line.output === undefined) return run(1);
  let fd: number;
  try {
    fd = openSync(line.output, "w");
  } catch (problem) {
    terminal.error(`Failed to open output file '${line.output}': ${reasonOf(problem)}`);
    return 1;
  }
  try {
    return await run(fd);
  } finally {
    closeSync(fd);
  }
}

/** What is left of a problem that nobody handled: ours with its stack, the kernel's in one line. */
function lastWords(problem: unknown): string {
  if (!(problem instanceof Error)) return String(problem);
  return problem instanceof SystemError ? problem.message : (problem.stack ?? problem.message);
}

nameThread("bpftrace");
// Without a listener Node would open its debugger at this signal.
process.on("SIGUSR1", () => undefined);
main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (problem: unknown) => {
    // Whoever read our output has had enough: the status of a program that SIGPIPE ends, without a word.
    if (problem instanceof Error && "code" in problem && problem.code === "EPIPE") {
      process.exitCode = 128 + 13;
      return;
    }
    openTerminal(false).error(lastWords(problem));
    process.exitCode = 255;
  },
);
