// trace(): a script running in the kernel, its events as an async iterator.

import { toByteString } from "../base/byte-string.ts";
import type { CompiledProgram } from "../compile/compiled-program.ts";
import type { Diagnostic } from "../source/diagnostic.ts";
import { renderDiagnostic } from "../source/render.ts";
import { SourceFile } from "../source/source.ts";
import { startChild } from "../sys/child.ts";
import { compileScript, type Machine, type ScriptOptions, type ScriptResult, thisMachine } from "./compile.ts";
import { runProgram } from "./run.ts";
import { type TraceEvent, TraceQueue } from "./trace-event.ts";

/** How to compile a script; everything has a default. */
export interface CompileOptions {
  /** What diagnostics call the source; default `script`. Relative imports start at its folder. */
  readonly name?: string;
  /** Allows functions that change the system (system(), signal() …); default false. */
  readonly unsafe?: boolean;
  /** Traces this process only. */
  readonly pid?: number;
  /** Positional parameters $1, $2 … */
  readonly parameters?: readonly string[];
  /** Named parameters for getopt(). */
  readonly named?: Readonly<Record<string, string | undefined>>;
  /** BPFTRACE_* settings; default: those of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Folders that #include searches first. */
  readonly includePaths?: readonly string[];
  /** Headers to include before the script. */
  readonly includes?: readonly string[];
  /** Kernel features to do without (see `bpftrace --info`). */
  readonly disabledFeatures?: readonly string[];
}

export interface TraceOptions extends CompileOptions {
  /** A command to run and trace; the run ends when it ends. */
  readonly command?: string;
  /** Processes that dw_ustack() unwinds stacks of, besides `pid` and that of the command. */
  readonly unwindPids?: readonly number[];
  /** Ends the run when it is aborted. */
  readonly signal?: AbortSignal;
}

/** A script that the compiler did not accept. */
export class CompileError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[], message: string) {
    super(message);
    this.name = "CompileError";
    this.diagnostics = diagnostics;
  }
}

function scriptOptions(options: CompileOptions): ScriptOptions {
  const text = (value: string | undefined) => (value === undefined ? undefined : toByteString(value));
  return {
    unsafe: options.unsafe ?? false,
    pid: options.pid,
    sharedPrograms: true,
    positional: (options.parameters ?? []).map(toByteString),
    named: new Map(Object.entries(options.named ?? {}).map(([name, value]) => [name, text(value)])),
    environment: options.environment ?? process.env,
    includePaths: options.includePaths ?? [],
    includes: options.includes ?? [],
    disabledFeatures: options.disabledFeatures ?? [],
    warningLevel: 1,
    plainLoads: true,
    observe: false,
    stage: undefined,
  };
}

function compileFor(source: string, options: CompileOptions, machine: Machine): ScriptResult {
  return compileScript(new SourceFile(options.name ?? "script", toByteString(source)), scriptOptions(options), machine);
}

/**
 * Compiles a script for the running kernel. Nothing is loaded. Problems of the script are in `diagnostics`, with
 * places; they are not thrown.
 */
export function compile(source: string, options: CompileOptions = {}): ScriptResult {
  const warnings: string[] = [];
  const result = compileFor(source, options, thisMachine(options.disabledFeatures ?? [], { warn: (message) => warnings.push(message) }));
  const found = warnings.map((message) => ({ severity: "warning", code: "debug-information", message, span: undefined, parts: [], hint: undefined }) as const);
  return { ...result, diagnostics: [...result.diagnostics, ...found] };
}

/** A running script. Iterate it to get its events; the iteration ends when the run has ended and all events are read. */
export interface Trace extends AsyncIterable<TraceEvent> {
  /** Ends the run as Ctrl-C does: the `end` probes run, maps are reported. */
  stop(): void;
  /** The exit status (`exit(code)`) when the run has ended; rejects with what the kernel or the compiler refused. */
  readonly status: Promise<number>;
}

/**
 * Runs a script, or a program that compile() made, in the kernel. Needs root or CAP_BPF and CAP_PERFMON.
 * Throws CompileError for a bad script and an Error for a command that can't be started; what the kernel refuses
 * (VerifierRejection, AttachFailure, SystemError) comes out of the iteration and of `status`.
 */
export function trace(source: string | CompiledProgram, options: TraceOptions = {}): Trace {
  // Warnings of the compiler's come before there is a queue for them.
  const warnings: string[] = [];
  let warn = (message: string): void => void warnings.push(message);
  const machine = thisMachine(options.disabledFeatures ?? [], { warn: (message) => warn(message) });
  const program = typeof source === "string" ? acceptedProgram(source, options, machine) : source;
  const child = options.command === undefined ? undefined : startChild(options.command);
  const queue = new TraceQueue({ truncationTrailer: program.config.strTruncTrailer });
  for (const message of warnings) queue.warn(message);
  warn = (message) => queue.warn(message);
  const stop = new Latch();
  if (options.signal?.aborted === true) stop.open();
  options.signal?.addEventListener("abort", () => stop.open(), { once: true });
  const withoutLoads = typeof source === "string" ? () => compiledWithoutLoads(source, options, machine) : undefined;
  const { pid, unwindPids = [] } = options;
  const quietly = { verbose: false, verifierLog: 0, dryRun: false } as const;
  const run = { ...quietly, child, pid, unwindPids, onSelf: () => () => undefined, withoutLoads, stop: stop.opened };
  const status = runProgram(program, machine, run, queue);
  const over = new Latch();
  // The failure itself is given to who reads `status` or the events.
  status.then(
    () => over.open(),
    () => over.open(),
  );
  return { stop: () => stop.open(), status, [Symbol.asyncIterator]: () => readEvents(queue, status, stop, over) };
}

function compiledWithoutLoads(source: string, options: TraceOptions, machine: Machine): CompiledProgram | undefined {
  const result = compileScript(new SourceFile(options.name ?? "script", toByteString(source)), { ...scriptOptions(options), plainLoads: false }, machine);
  return result.kind === "compiled" ? result.program : undefined;
}

function acceptedProgram(source: string, options: TraceOptions, machine: Machine): CompiledProgram {
  const result = compileFor(source, options, machine);
  if (result.kind === "compiled") return result.program;
  const rendered = result.diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, false)).join("");
  throw new CompileError(result.diagnostics, result.kind === "bad-environment" ? result.problem : rendered.trimEnd());
}

async function* readEvents(queue: TraceQueue, status: Promise<number>, stop: Latch, over: Latch): AsyncGenerator<TraceEvent> {
  try {
    while (!over.isOpen) {
      yield* queue.take();
      await Promise.race([queue.filled(), over.opened]);
    }
    yield* queue.take();
    await status;
  } finally {
    // A reader that breaks off ends the run.
    stop.open();
    await over.opened;
  }
}

/** Opens once; then everybody who waits goes on. */
class Latch {
  readonly opened: Promise<void>;
  private release: () => void = () => undefined;
  isOpen = false;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  open(): void {
    this.isOpen = true;
    this.release();
  }
}
