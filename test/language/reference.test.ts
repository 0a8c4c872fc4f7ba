// The reference: its page is that of the definitions, and what it shows as examples compiles, loads and runs.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { CompiledProgram } from "../../src/compile/compiled-program.ts";
import { renderReference } from "../../src/language/reference.ts";
import { compileScript, type ScriptOptions, thisMachine } from "../../src/library/compile.ts";
import { runProgram } from "../../src/library/run.ts";
import { type TraceEvent, TraceQueue } from "../../src/library/trace-event.ts";
import { VerifierRejection } from "../../src/loader/load.ts";
import { AttachFailure } from "../../src/runtime/session.ts";
import { SourceFile } from "../../src/source/source.ts";
import { plainOptions } from "../support/script-options.ts";

const machine = thisMachine([]);
const { builtins, aggregations, probes } = machine.registry.definitions;

test("docs/reference.md is that of the definitions", () => {
  const page = readFileSync(resolve("docs/reference.md"), "utf8");
  assert.ok(page === renderReference(machine.registry.definitions), "run node scripts/reference.mjs");
});

test("every definition says what it is", () => {
  const poor = [...builtins, ...aggregations]
    .filter(({ doc, signature, example }) => doc === "" || signature === "" || !/[.…]$/.test(doc) || example === "")
    .map((definition) => ("names" in definition ? definition.names[0] : definition.name));
  assert.deepEqual(poor, []);
});

test("signatures name their definition", () => {
  const wrong = [...builtins, ...aggregations].flatMap((definition) => {
    const names = "names" in definition ? definition.names : [definition.name];
    const series = names.length > 4 ? [`${names[0]?.replace(/\d+$/, "")}N`] : names;
    return definition.signature.split("\n").filter((form) => !series.some((name) => form.includes(name)));
  });
  assert.deepEqual(wrong, []);
});

// ---- examples -----------------------------------------------------------------------------------------------

const options: ScriptOptions = { ...plainOptions, unsafe: true };

/** What this kernel does not tell. */
const unknownHere = /does not list the address of/;

/** The program; a text says why it can't be compiled for this kernel. */
function compile(example: string): CompiledProgram | string {
  const result = compileScript(new SourceFile("example", example), options, machine);
  const problems = result.diagnostics.filter((diagnostic) => diagnostic.severity === "error").map((diagnostic) => diagnostic.message);
  const [only = ""] = problems;
  if (problems.length === 1 && unknownHere.test(only)) return only;
  assert.deepEqual(problems, []);
  assert.ok(result.kind === "compiled");
  return result.program;
}

/** Whether the program ends by itself, at once or after a timer's first ticks. */
function endsSoon(program: CompiledProgram, example: string): boolean {
  const mechanisms = program.probes.map(({ attach }) => attach.mechanism);
  const timed = mechanisms.every((mechanism) => mechanism === "test-run" || mechanism === "perf-event" || mechanism === "iter");
  return timed && (example.includes("exit(") || !mechanisms.includes("perf-event"));
}

interface Outcome {
  readonly status: number;
  readonly events: readonly TraceEvent[];
}

async function run(program: CompiledProgram, dryRun: boolean): Promise<Outcome> {
  const queue = new TraceQueue({ truncationTrailer: program.config.strTruncTrailer });
  const events: TraceEvent[] = [];
  const timer = setInterval(() => events.push(...queue.take()), 10);
  const stop = new Promise<void>(() => undefined);
  const settings = { child: undefined, pid: undefined, unwindPids: [process.pid], verbose: false, verifierLog: 0, dryRun, onSelf: () => () => undefined, withoutLoads: undefined, stop };
  try {
    const status = await runProgram(program, machine, settings, queue);
    return { status, events: [...events, ...queue.take()] };
  } finally {
    clearInterval(timer);
  }
}

/** What this kernel refuses to some programs, whatever they are: kprobes and fentry may be off, helpers that change things too. */
function refusal(problem: unknown, program: CompiledProgram): string | undefined {
  const mechanisms = ["kprobe", "kprobe-multi", "fentry"];
  const optional = program.probes.some(({ attach }) => mechanisms.includes(attach.mechanism));
  if (problem instanceof AttachFailure && optional) return problem.message;
  if (!(problem instanceof VerifierRejection)) return undefined;
  const dangerous = /bpf_(?:probe_write_user|override_return)/.test(problem.log);
  return dangerous || (optional && problem.errno === 1) ? problem.message : undefined;
}

async function checkExample(context: TestContext, example: string): Promise<void> {
  const program = compile(example);
  if (typeof program === "string") return context.skip(program);
  try {
    const { status, events } = await run(program, !endsSoon(program, example));
    assert.equal(status, 0);
    const wanted = /errorf|warnf|cpid/.test(example) ? [] : events.filter((event) => event.type === "message");
    assert.deepEqual(wanted, []);
  } catch (problem) {
    const reason = refusal(problem, program);
    if (reason === undefined) throw problem;
    context.skip(reason);
  }
}

describe("examples", { concurrency: 3 }, () => {
  for (const { names, example } of builtins) test(names[0] ?? "", (context: TestContext) => checkExample(context, example));
  for (const { name, example } of aggregations) test(name, (context: TestContext) => checkExample(context, example));
});

/** These name programs or events that a machine need not have. */
const needMore = ["usdt", "hardware"];

describe("examples of probes", { concurrency: 3 }, () => {
  for (const { names, example } of probes) {
    const [name = ""] = names;
    const skip = needMore.includes(name) ? "it needs a program or a counter that is not everywhere" : false;
    test(name, { skip }, (context: TestContext) => checkExample(context, example));
  }
});
