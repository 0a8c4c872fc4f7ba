// Runs a row of a table with the built command on the running kernel and says what differs from the table.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Row } from "./table.ts";

const command = process.env["BPFTRACE_COMMAND"] ?? resolve("dist/bpftrace.js");
/** A machine that does much else may need more. */
const timeoutMs = Number(process.env["ROW_TIMEOUT_MS"] ?? 60_000);

interface Result {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | string | null;
}

/** Where a row runs: the fixtures' folder, a folder of its own, the process beside it. */
interface Place {
  readonly folder: string | undefined;
  readonly own: string;
  readonly beside: ChildProcess | undefined;
}

function fill(text: string, place: Place): string {
  return text
    .replaceAll("{row}", place.own)
    .replaceAll("{pid}", String(place.beside?.pid ?? ""))
    .replaceAll("{command}", `${process.execPath} ${command}`)
    .replaceAll("{unique}", String(process.pid))
    .replace(/\{address (\w+)\}/g, (_, symbol: string) => kernelAddress(symbol));
}

/** The hexadecimal address of a kernel symbol. */
function kernelAddress(symbol: string): string {
  const address = new RegExp(`^([0-9a-f]+) \\w ${symbol}$`, "m").exec(readFileSync("/proc/kallsyms", "latin1"))?.[1];
  if (address === undefined) throw new Error(`the kernel has no symbol ${symbol}`);
  return address;
}

function commandLine(row: Row): readonly string[] {
  if (row.args !== undefined) return row.args;
  // Warnings would be part of JSON output, and -k asks for them.
  const looksAtWarnings = row.diagnostics.length + row.stderr.length + row.absent.length > 0;
  const wanted = looksAtWarnings || row.options.includes("-k") || row.options.includes("json");
  return [...(wanted ? [] : ["--no-warnings"]), ...row.options, "-e", row.program, ...row.words];
}

function signalNamed(name: string): NodeJS.Signals {
  if (name === "INT" || name === "TERM" || name === "HUP" || name === "USR1" || name === "KILL") return `SIG${name}`;
  throw new Error(`no signal is called ${name}`);
}

function run(row: Row, place: Place): Promise<Result> {
  const args = commandLine(row).map((word) => fill(word, place));
  return new Promise((done) => {
    const child = spawn(process.execPath, [command, ...args], {
      env: { ...process.env, TZ: "UTC", ...row.environment },
      cwd: place.folder,
      stdio: [row.stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      // A group of its own: what it started and left keeps the pipes open.
      detached: true,
    });
    child.stdin?.end(row.stdin);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let told = row.attached === undefined;
    child.stdout?.on("data", (piece: Buffer) => out.push(piece));
    child.stderr?.on("data", (piece: Buffer) => {
      err.push(piece);
      if (told || row.attached === undefined || !/^Attached /m.test(Buffer.concat(err).toString())) return;
      told = true;
      (row.attached.to === "beside" ? place.beside : child)?.kill(signalNamed(row.attached.signal));
    });
    const timer = setTimeout(() => killGroup(child), timeoutMs);
    child.on("close", (status, signal) => {
      clearTimeout(timer);
      done({ stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString(), status: signal ?? status });
    });
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, "SIGKILL");
}

/** Lines that count: without blank ones, trailing blanks and the line about attaching. */
function significant(text: string): readonly string[] {
  return text.split("\n").map((line) => line.trimEnd()).filter((line) => line !== "" && !line.startsWith("Attach"));
}

/** Runs a row; undefined when all is as the table says, else the difference. `folder` holds the fixtures. */
export async function checkRow(row: Row, folder?: string): Promise<string | undefined> {
  const own = folder === undefined ? "" : join(folder, "rows", row.id);
  if (folder !== undefined) {
    mkdirSync(own, { recursive: true });
    if (row.script !== undefined) writeFileSync(join(own, "script.bt"), row.script, { mode: 0o755 });
  }
  const [file, ...words] = row.beside ?? [];
  const beside = file === undefined ? undefined : spawn(file, words, { cwd: folder, stdio: "ignore" });
  const place: Place = { folder, own, beside };
  try {
    const result = await run(row, place);
    const problems = [...differences(row, place, result), ...(await survivors(row, result.stdout))];
    if (problems.length === 0) return undefined;
    return `${problems.join("\n")}\nprogram: ${row.program}\nstdout: ${result.stdout}\nstderr: ${result.stderr}`;
  } finally {
    beside?.kill("SIGKILL");
  }
}

function differences(row: Row, place: Place, result: Result): readonly string[] {
  const problems: string[] = [];
  if (result.status !== row.status) problems.push(`status ${result.status}, expected ${row.status}`);
  const stdout = row.result === undefined ? result.stdout : readFileSync(fill(row.result, place), "utf8");
  const expected = row.stdout.map((line) => line.trimEnd()).filter((line) => line !== "");
  const got = significant(stdout);
  if (row.regex !== undefined) {
    if (!new RegExp(fill(row.regex, place), "s").test(stdout)) problems.push(`output:\n${stdout}\nis not like: ${row.regex}`);
  } else if (got.join("\n") !== expected.join("\n")) problems.push(`output:\n${got.join("\n")}\nexpected:\n${expected.join("\n")}`);
  for (const diagnostic of row.diagnostics) {
    const missing = missingDiagnostic(diagnostic, result.stderr);
    if (missing !== undefined) problems.push(missing);
  }
  for (const pattern of row.stderr) {
    if (!new RegExp(fill(pattern, place), "m").test(result.stderr)) problems.push(`stderr is not like: ${pattern}`);
  }
  for (const pattern of row.absent) {
    if (new RegExp(pattern, "m").test(`${result.stdout}\n${result.stderr}`)) problems.push(`there should be nothing like: ${pattern}`);
  }
  return problems;
}

/** Processes that must end with the run get a few seconds to do so. */
async function survivors(row: Row, stdout: string): Promise<readonly string[]> {
  if (row.gone === undefined) return [];
  const pid = new RegExp(row.gone, "m").exec(stdout)?.[1];
  if (pid === undefined) return [`no process id like ${row.gone}`];
  for (let tries = 0; tries < 100; tries++) {
    if (!existsSync(`/proc/${pid}`)) return [];
    await sleep(100);
  }
  return [`process ${pid} still lives`];
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
