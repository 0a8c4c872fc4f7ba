// begin and end: run once in the tracer itself, before everything is attached and after it is detached.

import { programTypes } from "../../define/attach-spec.ts";
import type { ProbeDef } from "../../define/probe.ts";
import { probePoint } from "../../define/points.ts";

function special(moment: "begin" | "end", doc: string): ProbeDef {
  return {
    names: [moment],
    probeType: "special",
    doc,
    syntax: [moment, moment.toUpperCase()],
    example: `${moment} { print("${moment}"); }`,
    parts: { min: 0, max: 1 },
    listedWith: "none",
    resolve: ({ text, diagnostics }) => {
      if (text.parts.length > 0 && text.parts[0] !== "*") {
        diagnostics.error("attach-point", text.span, `${moment} probe type requires 0 arguments, found ${text.parts.length}`);
        return { kind: "invalid" };
      }
      const point = probePoint({
        provider: moment,
        probeType: "special",
        name: moment,
        span: text.span,
        program: { type: programTypes.rawTracepoint, expectedAttach: 0 },
        attach: { mechanism: "test-run", moment },
      });
      return { kind: "points", points: [point] };
    },
    list: () => [],
    listing: () => [],
  };
}

export const specialProbes: readonly ProbeDef[] = [
  special("begin", "Runs once before any other probe is attached."),
  special("end", "Runs once after all other probes are detached."),
];
