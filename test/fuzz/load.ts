// What the compiler accepts, the kernel's verifier must accept: mutants are loaded (not attached) on the running kernel.

import { constants } from "node:os";
import type { CompiledProgram } from "../../src/compile/compiled-program.ts";
import { linkConstants } from "../../src/define/internal-names.ts";
import { thisMachine } from "../../src/library/compile.ts";
import { attachTarget, kernelId } from "../../src/library/run.ts";
import { loadCompiled, VerifierRejection } from "../../src/loader/load.ts";
import { compilerFor } from "../support/compile.ts";
import type { Check } from "./stages.ts";

/** Larger maps are left out: the kernel would really give them memory. */
const maxMapBytes = 64 * 1024 * 1024;

export function loadCheck(): Check {
  const compile = compilerFor(thisMachine([]).target);
  return (text, variant) => {
    const result = compile(text, { unsafe: true, warningLevel: variant % 2 === 0 ? 2 : 1 });
    if (result.kind !== "compiled" || mapBytes(result.program) > maxMapBytes) return;
    load(result.program, text);
  };
}

function mapBytes(program: CompiledProgram): number {
  return program.maps.reduce((sum, map) => sum + Math.max(1, map.maxEntries) * (map.keySize + map.valueSize + 1), 0);
}

function load(program: CompiledProgram, text: string): void {
  const values = { [linkConstants.childPid]: 1n, [linkConstants.startTime]: 1n, [linkConstants.bootToTai]: 1n };
  try {
    loadCompiled(program, { constants: values, attachTarget, kernelId, logLevel: 0 }).close();
  } catch (problem) {
    if (!(problem instanceof VerifierRejection)) throw problem;
    // Kinds of programs that this machine does not permit at all.
    if (problem.errno === constants.errno.EPERM && problem.log === "") return;
    if (endless(text, problem.log)) return;
    const log = problem.log.trimEnd().split("\n").filter((line) => !/^(processed|verification|stack depth|peak_states)/.test(line));
    throw new Error(`${log.at(-1) ?? ""} [${problem.complaint?.reason ?? problem.message}]\n${log.slice(-12).join("\n")}`);
  }
}

/** Loops of the script that may be endless, or longer than the verifier follows, are the script's fault. */
function endless(text: string, log: string): boolean {
  return /\b(?:while|unroll)\b/.test(text) && /infinite loop|too large|too many|too complex|back-edge|jump limit/i.test(log);
}
