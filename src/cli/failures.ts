// What the command says when the kernel refuses a program or a probe.

import { VerifierRejection } from "../loader/load.ts";
import { AttachFailure, StartFailure } from "../runtime/session.ts";
import type { Diagnostic } from "../source/diagnostic.ts";
import { renderDiagnostic } from "../source/render.ts";
import type { Terminal } from "./terminal.ts";

/** Exit status of a run that the kernel did not allow. */
const refusedStatus = 255;

/** Says what went wrong; exit status. Passes on what it does not know. */
export function explainFailure(problem: unknown, terminal: Terminal, options: { readonly verbose: boolean }): number {
  if (problem instanceof VerifierRejection) {
    explainRejection(problem, terminal, options.verbose);
    return refusedStatus;
  }
  if (problem instanceof StartFailure) {
    terminal.error(problem.message);
    return 1;
  }
  if (problem instanceof AttachFailure) {
    terminal.error(problem.message);
    terminal.hint("set the config missing_probes = warn to go on without it");
    return refusedStatus;
  }
  throw problem;
}

/** A program that the kernel refused: the place in the script and why. */
function explainRejection({ message, probe, complaint, log }: VerifierRejection, terminal: Terminal, verbose: boolean): void {
  if (complaint === undefined) terminal.error(message);
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
    terminal.write(renderDiagnostic(diagnostic, terminal.color));
    terminal.error(`${message} The verifier says: ${words}`);
  }
  terminal.write(verbose ? log : "Use -v to see the whole verifier log\n");
}
