// The command: options, then help, listing, or compiling and running a script. Exit statuses as bpftrace's.

import { closeSync, openSync, readFileSync } from "node:fs";
import { toByteString } from "../base/byte-string.ts";
import { SourceFile } from "../source/source.ts";
import { nameThread } from "../sys/clock.ts";
import { SystemError } from "../sys/system-error.ts";
import { formatScript } from "./format.ts";
import { listProbes } from "./list.ts";
import { type CommandLine, parseCommandLine, usage } from "./options.ts";
import { runScript } from "./run.ts";
import { printInfo } from "./info.ts";
import { version } from "./version.ts";

function complain(text: string): void {
  process.stderr.write(text);
}

/** The script and the words after it; a text says what is wrong. */
function readScript(line: CommandLine): { readonly file: SourceFile; readonly words: readonly string[] } | string {
  if (line.program !== undefined) return { file: new SourceFile("stdin", toByteString(line.program)), words: line.operands };
  const [path, ...words] = line.operands;
  if (path === undefined) return "no program";
  try {
    const text = readFileSync(path === "-" ? 0 : path).toString("latin1");
    return { file: new SourceFile(path === "-" ? "stdin" : path, text), words };
  } catch (problem) {
    return `failed to open file '${path}': ${problem instanceof Error ? problem.message : String(problem)}`;
  }
}

async function main(argv: readonly string[]): Promise<number> {
  const parsed = parseCommandLine(argv);
  if (!parsed.ok) {
    complain(`bpftrace: ${parsed.problem}\n${usage}`);
    return 1;
  }
  const { line } = parsed;
  if (line.show === "help") {
    process.stdout.write(usage);
    return 0;
  }
  if (line.show === "version") {
    process.stdout.write(`bpftrace v${version}\n`);
    return 0;
  }
  if (line.show === "info") return printInfo();
  if (line.list) return listProbes(line);
  const script = readScript(line);
  if (typeof script === "string") {
    complain(script === "no program" ? usage : `ERROR: ${script}\n`);
    return 1;
  }
  if (line.fmt) return formatScript(line, script.file);
  if (line.format !== "text" && line.format !== "json") {
    complain(`ERROR: Invalid output format "${line.format}": valid formats are text and json\n`);
    return 1;
  }
  return withOutput(line, (fd) => runScript(line, script.file, script.words, fd));
}

/** Opens the file of -o for the time of the run. */
async function withOutput(line: CommandLine, run: (fd: number) => Promise<number>): Promise<number> {
  if (line.output === undefined) return run(1);
  let fd: number;
  try {
    fd = openSync(line.output, "w");
  } catch (problem) {
    complain(`ERROR: Failed to open output file: "${line.output}": ${problem instanceof Error ? problem.message : ""}\n`);
    return 1;
  }
  try {
    return await run(fd);
  } finally {
    closeSync(fd);
  }
}

nameThread("bpftrace");
main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (problem: unknown) => {
    const known = problem instanceof SystemError;
    complain(`ERROR: ${known || !(problem instanceof Error) ? String(problem instanceof Error ? problem.message : problem) : (problem.stack ?? problem.message)}\n`);
    process.exitCode = 255;
  },
);
