// Compiled programs in files: writing what --emit asks for, reading it again.

import { writeFileSync } from "node:fs";
import type { CompiledProgram } from "../compile/compiled-program.ts";
import { type Fact, unmetFacts } from "../compile/facts.ts";
import { restoreProgram, saveProgram } from "../compile/saved-program.ts";
import type { Machine } from "../library/compile.ts";
import { reasonOf } from "../sys/system-error.ts";
import type { CommandLine } from "./options.ts";
import type { Terminal } from "./terminal.ts";

/** Writes a compiled program; exit status. */
export function writeProgram(
  path: string,
  saved: { readonly program: CompiledProgram; readonly facts: readonly Fact[] },
  terminal: Terminal,
): number {
  try {
    writeFileSync(path, saveProgram(saved), { mode: 0o755 });
    return 0;
  } catch (problem) {
    terminal.error(`Failed to write the compiled program to "${path}": ${reasonOf(problem)}`);
    return 1;
  }
}

/** The program that --emit wrote, if it fits this machine and this command line; else says why not. */
export function readProgram(
  line: CommandLine,
  text: string,
  words: readonly string[],
  machine: Machine,
  terminal: Terminal,
): CompiledProgram | undefined {
  const saved = restoreProgram(text, machine.registry);
  const problems = typeof saved === "string" ? [saved] : [...unmetFacts(saved.facts, machine.target)];
  if (words.length > 0) problems.push("its parameters were fixed when it was compiled");
  if (line.pid !== undefined) problems.push("-p has to be given when it is compiled");
  if (line.emit !== undefined) problems.push("it is compiled already");
  if (typeof saved !== "string" && problems.length === 0) return saved.program;
  terminal.error(`Can't run this compiled program:\n${problems.map((problem) => `  ${problem}\n`).join("").trimEnd()}`);
  terminal.hint("compile the script on this machine with --emit");
  return undefined;
}
