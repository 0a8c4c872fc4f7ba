// Compiles and loads scripts without running them: does this kernel's verifier take our code? One process for all, so that
// hundreds of scripts take seconds, where running each takes minutes.

import { linkConstants } from "../../src/define/internal-names.ts";
import { compileScript, type Machine } from "../../src/library/compile.ts";
import { attachTarget, kernelId } from "../../src/library/run.ts";
import { loadCompiled, VerifierRejection } from "../../src/loader/load.ts";
import { SourceFile } from "../../src/source/source.ts";
import type { Row } from "../conformance/table.ts";
import { plainOptions } from "../support/script-options.ts";

/** Whatever the programs get to know at start: nothing of it matters to the verifier. */
const constants = Object.fromEntries(Object.values(linkConstants).map((name) => [name, 0n]));

/** Loads a row's script; undefined when the kernel takes it, else what is wrong. */
export function loadRow(row: Row, machine: Machine): string | undefined {
  try {
    const file = new SourceFile("stdin", Buffer.from(row.program).toString("latin1"));
    const result = compileScript(file, { ...plainOptions, unsafe: row.options.includes("--unsafe") }, machine);
    if (result.kind !== "compiled") return result.diagnostics.map(({ message }) => message).join("\n");
    loadCompiled(result.program, { constants, attachTarget, kernelId, logLevel: 0 }).close();
    return undefined;
  } catch (problem) {
    if (problem instanceof VerifierRejection) return `${problem.message}\n${problem.log.split("\n").slice(-40).join("\n")}`;
    return problem instanceof Error ? problem.stack : String(problem);
  }
}
