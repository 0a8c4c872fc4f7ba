// A guest from outside: boots a kernel, runs the rows there and hands out their results as they come.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { buildSync } from "esbuild";

export type RowResult =
  | { readonly kind: "ran"; readonly problem: string | undefined }
  /** This machine can't have the guest. */
  | { readonly kind: "unavailable"; readonly reason: string };

export interface Guest {
  /** What became of a row. */
  result(key: string): Promise<RowResult>;
  readonly ended: Promise<void>;
  stop(): void;
}

const script = resolve("test/vm/vm-run");
/** Boot and all rows together, on a machine that does much else. */
const limitSeconds = 3600;
/** Status of the script when this machine can't have a guest. */
const unavailableStatus = 126;

/** Why no guest can run on this machine at all; undefined when one might. */
export function reasonAgainstGuests(): string | undefined {
  if (process.env["VM_TESTS"] === "off") return "VM_TESTS is off";
  if (process.arch !== "x64") return "guests are x86-64 only";
  if (process.getuid?.() !== 0) return "guests need root";
  return undefined;
}

/** Bundles what runs the rows inside the guests; `remove` deletes it. */
export function buildGuestRunner(): { readonly path: string; remove(): void } {
  mkdirSync("build", { recursive: true });
  const folder = mkdtempSync(resolve("build/vm-"));
  const path = join(folder, "guest.mjs");
  const common = { bundle: true, platform: "node", format: "esm", target: "node20", packages: "external" } as const;
  buildSync({ ...common, entryPoints: ["test/vm/guest.ts"], outfile: path });
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Boots a kernel series with the checkout inside and runs a command there that prints results of rows. */
export async function bootGuest(kernel: string, command: readonly string[]): Promise<Guest> {
  const prepared = await prepare(kernel);
  if (prepared.status === unavailableStatus) {
    const reason = `no guest: ${prepared.said.trim().split("\n").at(-1) ?? ""}`;
    return { result: () => Promise.resolve({ kind: "unavailable", reason }), ended: Promise.resolve(), stop: () => undefined };
  }
  const options = ["--kernel", kernel, "--timeout", String(limitSeconds)];
  const child = spawn(script, [...options, "--", ...command], { stdio: ["ignore", "pipe", "pipe"] });
  const results = collectResults(child);
  return {
    result: (key) => results.of(key),
    ended: new Promise((done) => child.on("close", () => done())),
    stop: () => {
      child.kill("SIGTERM");
    },
  };
}

/** Fetches the kernel if need be. */
function prepare(kernel: string): Promise<{ readonly status: number | null; readonly said: string }> {
  const child = spawn(script, ["--kernel", kernel, "--prepare"], { stdio: ["ignore", "ignore", "pipe"] });
  const said: Buffer[] = [];
  child.stderr.on("data", (piece: Buffer) => said.push(piece));
  return new Promise((done) => child.on("close", (status) => done({ status, said: Buffer.concat(said).toString() })));
}

interface Results {
  of(key: string): Promise<RowResult>;
}

/** Keeps results until they are asked for; the guest's end answers what is still open. */
function collectResults(child: ChildProcess): Results {
  const known = new Map<string, RowResult>();
  const waiting = new Map<string, (result: RowResult) => void>();
  const said: string[] = [];
  const state: { ended: string | undefined } = { ended: undefined };
  const settle = (key: string, result: RowResult) => {
    known.set(key, result);
    waiting.get(key)?.(result);
    waiting.delete(key);
  };
  const { stdout, stderr } = child;
  if (stdout !== null) {
    createInterface({ input: stdout }).on("line", (line) => {
      const parsed = parseResult(line);
      if (parsed === undefined) said.push(line);
      else settle(parsed.key, { kind: "ran", problem: parsed.problem });
    });
  }
  if (stderr !== null) createInterface({ input: stderr }).on("line", (line) => said.push(line));
  const died = (): RowResult => ({ kind: "ran", problem: state.ended });
  child.on("close", (status, signal) => {
    state.ended = `the guest ended (${signal ?? status}) before this row did; its last lines:\n${said.slice(-40).join("\n")}`;
    for (const key of waiting.keys()) settle(key, died());
  });
  return {
    of: (key) => {
      const result = known.get(key) ?? (state.ended === undefined ? undefined : died());
      if (result !== undefined) return Promise.resolve(result);
      return new Promise((resolveRow) => waiting.set(key, resolveRow));
    },
  };
}

/** A line of guest.ts; undefined for other output. */
function parseResult(line: string): { readonly key: string; readonly problem: string | undefined } | undefined {
  if (!line.startsWith("{")) return undefined;
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null || !("key" in value) || typeof value.key !== "string") return undefined;
  const problem = "problem" in value && typeof value.problem === "string" ? value.problem : undefined;
  return { key: value.key, problem };
}
