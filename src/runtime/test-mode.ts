// The modes of test and bench probes: each is run by itself, its output held back; then a report.

import { jsonString } from "../output/json.ts";
import type { ModeRun } from "./session.ts";

/** What a mode needs of a run. */
export interface ModeSession {
  modeProbes(moment: "test" | "bench"): readonly string[];
  runMode(work: () => void): void;
  runModeProbe(moment: "test" | "bench", index: number, repeat: number): ModeRun;
}

/** Where the output of the script goes while a probe runs. */
export interface HeldOutput {
  /** From here on nothing is written; gives what was. */
  hold(): void;
  /** What came since `hold`, and how many errors the script reported. Output goes on. */
  release(): { readonly text: string; readonly errors: number };
}

export interface ModeReport {
  readonly format: "text" | "json";
  write(text: string): void;
  complain(message: string): void;
}

const green = "\u001b[32m";
const red = "\u001b[31m";
const reset = "\u001b[0m";

function counted(count: number): string {
  return `${count} ${count === 1 ? "test" : "tests"}`;
}

/** A time with the unit that fits it. */
function duration(nanoseconds: number): string {
  if (nanoseconds < 1000) return `${nanoseconds} ns`;
  if (nanoseconds < 1_000_000) return `${(nanoseconds / 1000).toFixed(1)} us`;
  return `${(nanoseconds / 1_000_000).toFixed(1)} ms`;
}

interface TestResult {
  readonly name: string;
  readonly passed: boolean;
  readonly nanoseconds: number;
  readonly output: string;
}

/** The name that the script gives: without the provider. */
function ownName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

/** Runs the test probes; exit status. */
export function runTests(session: ModeSession, held: HeldOutput, report: ModeReport): number {
  const names = session.modeProbes("test").map(ownName);
  const text = report.format === "text";
  const results: TestResult[] = [];
  session.runMode(() => {
    if (text) report.write(`${green}[==========]${reset} Running ${names.length} tests.\n`);
    for (const [index, name] of names.entries()) {
      if (text) report.write(`${green}[ RUN      ]${reset} ${name}\n`);
      const result = runTest(session, held, index, name);
      results.push(result);
      if (text) report.write(testText(result));
    }
    report.write(text ? summaryText(results) : testJson(results));
  });
  return results.every(({ passed }) => passed) ? 0 : 1;
}

function runTest(session: ModeSession, held: HeldOutput, index: number, name: string): TestResult {
  held.hold();
  const { returned, status, nanoseconds } = session.runModeProbe("test", index, 1);
  const { text, errors } = held.release();
  return { name, passed: returned === 0 && status === 0 && errors === 0, nanoseconds, output: text };
}

function testText({ name, passed, nanoseconds, output }: TestResult): string {
  if (passed) return `${green}[       OK ]${reset} ${name} (${duration(nanoseconds)})\n`;
  const shown = output === "" || output.endsWith("\n") ? output : `${output}\n`;
  return `${shown}${red}[  FAILED  ]${reset} ${name} (${duration(nanoseconds)})\n`;
}

function summaryText(results: readonly TestResult[]): string {
  const failed = results.filter(({ passed }) => !passed);
  const lines = [
    `${green}[==========]${reset} ${counted(results.length)} ran.`,
    `${green}[  PASSED  ]${reset} ${counted(results.length - failed.length)}.`,
  ];
  if (failed.length > 0) {
    lines.push(`${red}[  FAILED  ]${reset} ${counted(failed.length)}, listed below:`);
    lines.push(...failed.map(({ name }) => `${red}[  FAILED  ]${reset} ${name}`));
  }
  return lines.map((line) => `${line}\n`).join("");
}

function testJson(results: readonly TestResult[]): string {
  const members = results.map(
    ({ name, passed, nanoseconds, output }) =>
      `${jsonString(name)}: {"duration": ${nanoseconds}, "passed": ${passed}, "output": ${jsonString(output)}}`,
  );
  return `{"type": "test_result", "data": {${members.join(", ")}}}\n`;
}

// ---- benchmarks --------------------------------------------------------------------------------------------

/** A measurement is done when all its runs together took so long. */
const enough = 1_000_000;

interface Measurement {
  readonly name: string;
  readonly mean: number;
  readonly iterations: number;
}

/** How many times more runs the next try has, by the time that the last one took. */
function growth(total: number): number {
  if (total < 1000) return 1000;
  if (total < 10_000) return 100;
  return total < 100_000 ? 10 : 2;
}

/** Runs the bench probes; exit status. */
export function runBenchmarks(session: ModeSession, held: HeldOutput, report: ModeReport): number {
  const names = session.modeProbes("bench").map(ownName);
  const broken: string[] = [];
  session.runMode(() => {
    const done: Measurement[] = [];
    for (const [index, name] of names.entries()) {
      const result = measure(session, held, index, name);
      if (result === "broken") broken.push(name);
      else if (result !== undefined) done.push(result);
    }
    report.write(report.format === "text" ? benchmarkText(done) : benchmarkJson(done));
    for (const name of broken) report.complain(`benchmark ${name} ended with an error`);
  });
  return broken.length === 0 ? 0 : 1;
}

/** Undefined for a program that does not return 0: it says that it is not to be measured. */
function measure(session: ModeSession, held: HeldOutput, index: number, name: string): Measurement | "broken" | undefined {
  for (let repeat = 1; ; ) {
    held.hold();
    const { returned, status, nanoseconds } = session.runModeProbe("bench", index, repeat);
    const { errors } = held.release();
    if (status !== 0 || errors > 0) return "broken";
    if (returned !== 0) return undefined;
    const total = nanoseconds * repeat;
    if (total >= enough) return { name, mean: nanoseconds, iterations: repeat };
    repeat *= growth(total);
  }
}

const timeColumn = 15;

function benchmarkText(measurements: readonly Measurement[]): string {
  const nameColumn = Math.max(40, ...measurements.map(({ name }) => name.length)) + 1;
  const row = (name: string, time: string, iterations: string) => `${name.padEnd(nameColumn)}${time.padEnd(timeColumn)}${iterations}\n`;
  const rule = `${"-".repeat(nameColumn + timeColumn + "Iterations".length)}\n`;
  const rows = measurements.map(({ name, mean, iterations }) => row(name, String(mean), String(iterations)));
  return `${row("Benchmark", "Time(ns)", "Iterations")}${rule}${rows.join("")}`;
}

function benchmarkJson(measurements: readonly Measurement[]): string {
  const members = measurements.map(({ name, mean, iterations }) => `${jsonString(name)}: {"average": ${mean}, "iters": ${iterations}}`);
  return `{"type": "benchmark_result", "data": {${members.join(", ")}}}\n`;
}
