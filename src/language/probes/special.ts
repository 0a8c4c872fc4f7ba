// Probes that the tracer itself runs: begin and end, self (a signal to the tracer), test and bench (modes of the command).

import { programTypes } from "../../define/attach-spec.ts";
import type { ProbeDef } from "../../define/probe.ts";
import { probePoint, wildcardPattern } from "../../define/points.ts";

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

const trigger = "signal";
const signal = "SIGUSR1";

const self: ProbeDef = {
  names: ["self"],
  probeType: "special",
  doc: "Runs when the tracer itself gets a signal.",
  syntax: [`self:${trigger}:${signal}`],
  example: `self:${trigger}:${signal} { print(@); } interval:ms:100 { @ = count(); exit(); }`,
  parts: { min: 2, max: 2 },
  listedWith: "none",
  resolve: ({ text, diagnostics }) => {
    const [first = "", second = ""] = text.parts;
    if (first !== trigger || second !== signal) {
      const wrong = first === trigger ? `signal ${second}` : `trigger ${first}`;
      diagnostics.error("attach-point", text.span, `self has no ${wrong}: the only form is self:${trigger}:${signal}`);
      return { kind: "invalid" };
    }
    const point = probePoint({
      provider: "self",
      probeType: "special",
      name: text.label ?? `self:${trigger}:${signal}`,
      span: text.span,
      program: { type: programTypes.rawTracepoint, expectedAttach: 0 },
      attach: { mechanism: "test-run", moment: "on-signal" },
    });
    return { kind: "points", points: [point] };
  },
  list: ({ parts, from }) => {
    const name = `${trigger}:${signal}`;
    return from === "pattern" && wildcardPattern(parts.join(":")).test(name) ? [name] : [];
  },
  listing: () => [],
};

/** Probes that run in a mode of the command line only, and what they return counts. */
function modal(moment: "test" | "bench", probeType: string, doc: string, example: string): ProbeDef {
  return {
    names: [moment],
    probeType,
    doc,
    syntax: [`${moment}:NAME`],
    example,
    parts: { min: 1, max: 1 },
    listedWith: "none",
    resolve: ({ text, diagnostics }) => {
      const [name = ""] = text.parts;
      if (name === "") {
        diagnostics.error("attach-point", text.span, `${moment} needs a name`);
        return { kind: "invalid" };
      }
      const point = probePoint({
        provider: moment,
        probeType,
        name: `${moment}:${name}`,
        span: text.span,
        program: { type: programTypes.xdp, expectedAttach: 0 },
        attach: { mechanism: "test-run", moment },
        unique: true,
        // These programs may not call the helpers that find out themselves what an address belongs to.
        space: "kernel",
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
  self,
  modal("test", "test", "A test of a script's own: passes when it returns 0.", "test:sum { return 1 + 1 - 2; }"),
  modal("bench", "benchmark", "Code to be measured.", "bench:sum { @ = sum(1); return 0; }"),
];
