// The machine as the command line asks for it.

import { accessSync, constants, readFileSync } from "node:fs";
import { type Machine, thisMachine } from "../library/compile.ts";
import { reasonOf } from "../sys/system-error.ts";
import type { CommandLine } from "./options.ts";
import type { Terminal } from "./terminal.ts";

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    // The caller says what that means.
    return false;
  }
}

/** Undefined when a file that an option names can't be read, which is said. */
export function openMachine(line: CommandLine, terminal: Terminal): Machine | undefined {
  const btf = process.env["BPFTRACE_BTF"];
  if (btf !== undefined && !isReadable(btf)) terminal.warn(`BPFTRACE_BTF: '${btf}' can't be read: types of the kernel are unknown`);
  const path = line.traceableFunctions;
  const { debugFolders } = line;
  const warn = (message: string) => terminal.warn(message);
  if (path === undefined) return thisMachine(line.noFeatures, { debugFolders, warn });
  try {
    return thisMachine(line.noFeatures, { debugFolders, warn, traceableFunctions: readFileSync(path, "latin1") });
  } catch (problem) {
    terminal.error(`Failed to read the traceable functions of '${path}': ${reasonOf(problem)}`);
    return undefined;
  }
}
