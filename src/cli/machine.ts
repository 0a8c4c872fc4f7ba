// The machine as the command line asks for it.

import { readFileSync } from "node:fs";
import { type Machine, thisMachine } from "../library/compile.ts";
import type { CommandLine } from "./options.ts";
import type { Terminal } from "./terminal.ts";

/** Undefined when a file that an option names can't be read, which is said. */
export function openMachine(line: CommandLine, terminal: Terminal): Machine | undefined {
  const path = line.traceableFunctions;
  if (path === undefined) return thisMachine(line.noFeatures);
  try {
    return thisMachine(line.noFeatures, readFileSync(path, "latin1"));
  } catch (problem) {
    terminal.error(`Failed to read the traceable functions of '${path}': ${problem instanceof Error ? problem.message : String(problem)}`);
    return undefined;
  }
}
