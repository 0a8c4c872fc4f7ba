// A tracer under test: the built command as a process whose output is watched.

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const command = process.env["BPFTRACE_COMMAND"] ?? resolve("dist/bpftrace.js");
/** A tracer that hangs is killed, so that its test fails and not the whole run. */
const timeoutMs = 120_000;

export interface TracerEnd {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Tracer {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Resolves when its stdout or stderr has a text; rejects when it ends before. */
  seen(text: string): Promise<void>;
  /** All probes are attached and events are read. */
  attached(): Promise<void>;
  /** Leaves stdout unread from now on. */
  stall(): void;
  resume(): void;
  kill(signal: NodeJS.Signals): void;
  /** Process ids of its children. */
  children(): readonly number[];
  readonly ended: Promise<TracerEnd>;
}

export interface TracerOptions {
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts the command with these arguments. */
export function startTracer(args: readonly string[], { environment = {} }: TracerOptions = {}): Tracer {
  const child = spawn(process.execPath, [command, ...args], {
    env: { ...process.env, TZ: "UTC", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { pid = 0, stdout, stderr } = child;
  const text = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  const look = () => {
    for (const check of waiting) check();
  };
  stdout.setEncoding("latin1").on("data", (piece: string) => {
    text.stdout += piece;
    look();
  });
  stderr.setEncoding("utf8").on("data", (piece: string) => {
    text.stderr += piece;
    look();
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const ended = new Promise<TracerEnd>((done) => {
    child.on("close", (status, signal) => {
      clearTimeout(timer);
      done({ status, signal, ...text });
    });
  });
  const seen = (wanted: string) =>
    new Promise<void>((found, failed) => {
      const check = () => {
        if (!text.stdout.includes(wanted) && !text.stderr.includes(wanted)) return;
        waiting.delete(check);
        found();
      };
      waiting.add(check);
      check();
      void ended.then(() => failed(new Error(`ended without "${wanted}"\n${text.stdout}\n${text.stderr}`)));
    });
  return {
    pid,
    process: child,
    seen,
    attached: () => seen("Attached "),
    stall: () => stdout.pause(),
    resume: () => stdout.resume(),
    kill: (signal) => child.kill(signal),
    children: () => readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ").filter((word) => word !== "").map(Number),
    ended,
  };
}
