// Compiles and loads scripts without running them: does this kernel's verifier take our code? One process for all, so that
// a thousand scripts take seconds, where running each takes minutes.

import { linkConstants } from "../../src/define/internal-names.ts";
import { compileScript, type Machine, type ScriptOptions } from "../../src/library/compile.ts";
import { attachTarget } from "../../src/library/run.ts";
import { loadCompiled } from "../../src/loader/load.ts";
import { SourceFile } from "../../src/source/source.ts";
import type { Row } from "../conformance/table.ts";

const constants = { [linkConstants.childPid]: 0n, [linkConstants.startTime]: 0n, [linkConstants.bootToRealtime]: 0n };

/** Loads a row's script; undefined when the kernel takes it, else what is wrong. */
export function loadRow(row: Row, machine: Machine): string | undefined {
  const options: ScriptOptions = {
    unsafe: row.options.includes("--unsafe"),
    pid: undefined,
    positional: [],
    named: new Map(),
    environment: {},
    includePaths: [],
    includes: [],
    disabledFeatures: [],
    warningLevel: 1,
    observe: false,
    stage: undefined,
  };
  try {
    const result = compileScript(new SourceFile("stdin", Buffer.from(row.program).toString("latin1")), options, machine);
    if (result.kind !== "compiled") return result.diagnostics.map(({ message }) => message).join("\n");
    loadCompiled(result.program, { constants, attachTarget, logLevel: 0 }).close();
    return undefined;
  } catch (problem) {
    if (!(problem instanceof Error)) throw problem;
    const log = "log" in problem ? String(problem.log).split("\n").slice(-30).join("\n") : (problem.stack ?? "");
    return `${problem.message}\n${log}`;
  }
}
