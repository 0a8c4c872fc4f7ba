// Runs a row of a table with the built command on the running kernel and says what differs from the table.

import { spawn } from "node:child_process";
import { resolve } from "node:path";
import type { Row } from "./table.ts";

const command = process.env["BPFTRACE_COMMAND"] ?? resolve("dist/bpftrace.js");
const timeoutMs = 60_000;

interface Result {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

function run(row: Row): Promise<Result> {
  const warnings = row.diagnostics.length > 0 ? [] : ["--no-warnings"];
  const args = [...warnings, ...row.options, "-e", row.program, ...row.words];
  return new Promise((done) => {
    const child = spawn(process.execPath, [command, ...args], {
      env: { ...process.env, TZ: "UTC", ...row.environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (piece: Buffer) => out.push(piece));
    child.stderr.on("data", (piece: Buffer) => err.push(piece));
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    child.on("close", (status) => {
      clearTimeout(timer);
      done({ stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString(), status });
    });
  });
}

/** Lines that count: without blank ones, trailing blanks and the line about attaching. */
function significant(text: string): readonly string[] {
  return text.split("\n").map((line) => line.trimEnd()).filter((line) => line !== "" && !line.startsWith("Attach"));
}

/** Runs a row; undefined when all is as the table says, else the difference. */
export async function checkRow(row: Row): Promise<string | undefined> {
  const result = await run(row);
  const problems: string[] = [];
  if (result.status !== row.status) problems.push(`status ${result.status}, expected ${row.status}`);
  const expected = row.stdout.map((line) => line.trimEnd()).filter((line) => line !== "");
  const got = significant(result.stdout);
  if (row.regex !== undefined) {
    if (!new RegExp(row.regex, "s").test(result.stdout)) problems.push(`stdout:\n${result.stdout}\nis not like: ${row.regex}`);
  } else if (got.join("\n") !== expected.join("\n")) problems.push(`stdout:\n${got.join("\n")}\nexpected:\n${expected.join("\n")}`);
  for (const diagnostic of row.diagnostics) {
    const missing = missingDiagnostic(diagnostic, result.stderr);
    if (missing !== undefined) problems.push(missing);
  }
  if (problems.length === 0) return undefined;
  return `${problems.join("\n")}\nprogram: ${row.program}\nstderr: ${result.stderr}`;
}

function missingDiagnostic(text: string, stderr: string): string | undefined {
  const match = /^(\S+)(?: ([EW]))?(?: (.*))?$/.exec(text);
  if (match === null) return `bad row: ${text}`;
  const [, place = "", severity, fragment = ""] = match;
  const word = severity === "W" ? "WARNING" : severity === "E" ? "ERROR" : "";
  const located = place === "-" || place === "LIB" ? "" : `:${place}: `;
  const found = stderr.split("\n").some((line) => line.includes(located) && (located === "" || line.includes(word)) && line.includes(fragment));
  return found ? undefined : `no diagnostic ${text}`;
}
