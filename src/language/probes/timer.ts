// Timers and counters of perf: profile, interval, software and hardware events.

import { programTypes } from "../../define/attach-spec.ts";
import type { AttachSpec } from "../../define/attach-spec.ts";
import { probePoint, wildcardPattern } from "../../define/points.ts";
import type { Capability, ListRequest, ProbeDef, ProbePoint, Resolution, ResolveRequest } from "../../define/probe.ts";
import { nearestName } from "../../base/nearest-name.ts";
import { parseInteger } from "../../syntax/parse-integer.ts";

const program = { type: programTypes.perfEvent, expectedAttach: 0 } as const;
const capabilities: ReadonlySet<Capability> = new Set(["ctx", "reg", "usermode", "signal"]);

const unitNanoseconds: ReadonlyMap<string, bigint> = new Map([
  ["s", 1_000_000_000n],
  ["ms", 1_000_000n],
  ["us", 1_000n],
]);

interface Sampling {
  readonly by: "period" | "frequency";
  readonly value: bigint;
  /** What the constructed name ends with. */
  readonly name: string;
}

/** Reads `unit:number` or one duration; a text says what is wrong. */
function readSampling(parts: readonly string[]): Sampling | string {
  const [first = "", second] = parts;
  if (second === undefined) {
    const number = parseInteger(first);
    if (!("value" in number)) return `invalid integer: ${first}`;
    if (number.value < 1000n) return `Invalid frequency ${number.value}ns. Minimum is 1000 ns`;
    const micro = number.value / 1000n;
    return { by: "period", value: micro * 1000n, name: `us:${micro}` };
  }
  const number = parseInteger(second);
  if (first !== "hz" && !unitNanoseconds.has(first)) return `${first} is not an accepted unit of time (s, ms, us, hz)`;
  if (!("value" in number)) return `invalid integer: ${second}`;
  if (number.value < 1n) return `${first} frequency must be a positive integer`;
  const unit = unitNanoseconds.get(first);
  const name = `${first}:${number.value}`;
  return unit === undefined
    ? { by: "frequency", value: number.value, name }
    : { by: "period", value: number.value * unit, name };
}

function timer(names: readonly string[], cpus: "each" | "one", doc: string, example: string): ProbeDef {
  const [provider = ""] = names;
  return {
    names,
    probeType: provider,
    doc,
    syntax: [`${provider}:UNIT:N`, `${provider}:DURATION`],
    example,
    parts: { min: 1, max: 2 },
    listedWith: "none",
    resolve: ({ text, diagnostics }): Resolution => {
      const sampling = readSampling(text.parts);
      if (typeof sampling === "string") {
        diagnostics.error("attach-point", text.span, sampling);
        return { kind: "invalid" };
      }
      const attach: AttachSpec = {
        mechanism: "perf-event",
        type: 1,
        config: 0,
        sampling: { by: sampling.by, value: sampling.value },
        cpus,
        followsProcess: cpus === "each",
      };
      const point = probePoint({
        provider,
        probeType: provider,
        name: text.label ?? `${provider}:${sampling.name}`,
        span: text.span,
        program,
        attach,
        context: "registers",
        capabilities: cpus === "each" ? capabilities : new Set<Capability>(["ctx", "reg", "usermode"]),
      });
      return { kind: "points", points: [point] };
    },
    list: (request) => listUnits(["hz", "ms", "s", "us"], request),
    listing: () => [],
  };
}

/** `NAME:` of what a pattern means; in a script a number follows the name, or stands alone as a duration. */
function listUnits(names: readonly string[], { parts, from }: ListRequest): readonly string[] {
  const [first = ""] = parts;
  if (from === "script") return [names.includes(first) ? `${first}:` : "us:"];
  const pattern = wildcardPattern(parts.join(":"));
  return names.map((name) => `${name}:`).filter((name) => pattern.test(name));
}

// ---- software and hardware events ---------------------------------------------------------------------------

interface PerfEvent {
  readonly names: readonly string[];
  readonly config: number;
  readonly period: number;
}

/** enum perf_sw_ids, with default periods. */
const softwareEvents: readonly PerfEvent[] = [
  { names: ["alignment-faults"], config: 7, period: 1 },
  { names: ["bpf-output"], config: 10, period: 1 },
  { names: ["context-switches", "cs"], config: 3, period: 1000 },
  { names: ["cpu-clock", "cpu"], config: 0, period: 1_000_000 },
  { names: ["cpu-migrations"], config: 4, period: 1 },
  { names: ["dummy"], config: 9, period: 1 },
  { names: ["emulation-faults"], config: 8, period: 1 },
  { names: ["major-faults"], config: 6, period: 1 },
  { names: ["minor-faults"], config: 5, period: 100 },
  { names: ["page-faults", "faults"], config: 2, period: 100 },
  { names: ["task-clock"], config: 1, period: 1 },
];

/** enum perf_hw_id, with default periods. */
const hardwareEvents: readonly PerfEvent[] = [
  { names: ["backend-stalls"], config: 8, period: 1_000_000 },
  { names: ["branch-instructions", "branches"], config: 4, period: 100_000 },
  { names: ["branch-misses"], config: 5, period: 100_000 },
  { names: ["bus-cycles"], config: 6, period: 100_000 },
  { names: ["cache-misses"], config: 3, period: 1_000_000 },
  { names: ["cache-references"], config: 2, period: 1_000_000 },
  { names: ["cpu-cycles", "cycles"], config: 0, period: 1_000_000 },
  { names: ["frontend-stalls"], config: 7, period: 1_000_000 },
  { names: ["instructions"], config: 1, period: 1_000_000 },
  { names: ["ref-cycles"], config: 9, period: 1_000_000 },
];

function counter(names: readonly string[], type: number, events: readonly PerfEvent[], doc: string, example: string): ProbeDef {
  const [provider = ""] = names;
  const resolve = ({ text, diagnostics }: ResolveRequest): Resolution => {
    const [written = "", count] = text.parts;
    // Some write the names of enum perf_sw_ids and perf_hw_id in lower case: context_switches.
    const name = written.replaceAll("_", "-");
    const event = events.find((e) => e.names.includes(name));
    if (event === undefined) {
      const known = events.flatMap((e) => e.names);
      const near = nearestName(name, known);
      diagnostics.error("attach-point", text.span, `${written} is not a ${provider} event`, {
        hint: near === undefined ? `known events: ${known.join(", ")}` : `did you mean '${near}'?`,
      });
      return { kind: "invalid" };
    }
    const given = count === undefined || count === "*" || count === "" ? undefined : parseInteger(count);
    if (given !== undefined && !("value" in given)) {
      diagnostics.error("attach-point", text.span, `invalid integer: ${count}`);
      return { kind: "invalid" };
    }
    const wanted = given?.value ?? 0n;
    const point: ProbePoint = probePoint({
      provider,
      probeType: provider,
      name: text.label ?? `${provider}:${name}${wanted > 0n ? `:${wanted}` : ""}`,
      span: text.span,
      program,
      attach: {
        mechanism: "perf-event",
        type,
        config: event.config,
        sampling: { by: "period", value: wanted > 0n ? wanted : BigInt(event.period) },
        cpus: "each",
        followsProcess: true,
      },
      context: "registers",
      capabilities,
    });
    return { kind: "points", points: [point] };
  };
  return {
    names,
    probeType: provider,
    doc,
    syntax: [`${provider}:EVENT[:COUNT]`],
    example,
    parts: { min: 1, max: 2 },
    listedWith: "kernel",
    resolve,
    list: (request) => listUnits(events.flatMap((e) => e.names).sort(), request),
    listing: () => [],
  };
}

export const timerProbes: readonly ProbeDef[] = [
  timer(["profile", "p"], "each", "Samples all processors at a rate.", "profile:hz:99 { @[comm] = count(); }"),
  timer(["interval", "i"], "one", "Fires on one processor at an interval.", "interval:s:1 { exit(); }"),
  counter(["software", "s"], 1, softwareEvents, "Kernel software events.", "software:page-faults:1 { @[comm] = count(); }"),
  counter(["hardware", "h"], 0, hardwareEvents, "Processor events.", "hardware:cycles:1000000 { @[cpu] = count(); }"),
];
