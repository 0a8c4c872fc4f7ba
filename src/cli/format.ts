// --fmt: prints the script in standard form. It needs no kernel, only the parser.

import { chmodSync, existsSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { byteStringToBuffer } from "../base/byte-string.ts";
import { Diagnostics } from "../source/diagnostic.ts";
import type { SourceFile } from "../source/source.ts";
import { reasonOf } from "../sys/system-error.ts";
import { formatProgram } from "../syntax/format/format-program.ts";
import { parseProgram } from "../syntax/parser.ts";
import type { CommandLine } from "./options.ts";
import { report } from "./run.ts";
import type { Terminal } from "./terminal.ts";

/** Formats a script to stdout or the file of -o; gives the exit status. A script with errors gives no output. */
export function formatScript(line: CommandLine, file: SourceFile, terminal: Terminal): number {
  const diagnostics = new Diagnostics();
  const program = parseProgram(file, diagnostics);
  report(diagnostics.all(), line, terminal);
  if (diagnostics.hasErrors()) return 1;
  const text = byteStringToBuffer(formatProgram(program));
  if (line.output === undefined) {
    process.stdout.write(text);
    return 0;
  }
  try {
    replaceFile(line.output, text);
    return 0;
  } catch (problem) {
    terminal.error(`Failed to write "${line.output}": ${reasonOf(problem)}`);
    return 1;
  }
}

/** Writes a file as a whole or not at all, since it may be the script itself; keeps its mode. */
function replaceFile(path: string, content: Buffer): void {
  const exists = existsSync(path);
  if (exists && !statSync(path).isFile()) {
    writeFileSync(path, content);
    return;
  }
  const target = exists ? realpathSync(path) : path;
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, content, { flag: "wx" });
    if (exists) chmodSync(temporary, statSync(target).mode & 0o7777);
    renameSync(temporary, target);
  } catch (problem) {
    rmSync(temporary, { force: true });
    throw problem;
  }
}
