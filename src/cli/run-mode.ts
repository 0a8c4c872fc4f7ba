// --test and --bench: a run that carries out the test or bench probes instead of attaching anything.

import type { CompiledProgram } from "../compile/compiled-program.ts";
import { createSession } from "../library/run.ts";
import type { RunOptions } from "../library/run.ts";
import type { Machine } from "../library/compile.ts";
import type { EventSink } from "../runtime/event-sink.ts";
import type { OutputTarget } from "../runtime/output.ts";
import { watchSink } from "./watch-sink.ts";
import { type HeldOutput, runBenchmarks, runTests } from "../runtime/test-mode.ts";
import type { Terminal } from "./terminal.ts";
import type { OutputWriter } from "../runtime/writer.ts";

/** A writer that can keep what it gets to itself for a time. */
export interface HeldWriter extends HeldOutput, OutputTarget {
  /** A script's own error counts while output is held. */
  noteError(): void;
}

/** Output of the script in front of a writer, with a gate. */
export function holdWriter(writer: OutputWriter): HeldWriter {
  const state: { held: boolean; pieces: string[]; errors: number } = { held: false, pieces: [], errors: 0 };
  return {
    write: (bytes) => {
      if (state.held) state.pieces.push(bytes);
      else writer.write(bytes);
    },
    endOfBurst: () => {
      if (!state.held) writer.endOfBurst();
    },
    flush: () => {
      if (!state.held) writer.flush();
    },
    buffer: undefined,
    written: () => undefined,
    get full() {
      return writer.full;
    },
    ready: () => writer.ready(),
    get abandoned() {
      return writer.abandoned;
    },
    finish: () => writer.finish(),
    noteError: () => {
      state.errors += 1;
    },
    hold: () => {
      state.held = true;
      state.pieces = [];
      state.errors = 0;
    },
    release: () => {
      state.held = false;
      return { text: state.pieces.join(""), errors: state.errors };
    },
  };
}

/** Probes that are run in a mode of their own: the others of that kind are left out. */
export function selectMode(program: CompiledProgram, mode: "run" | "test" | "bench"): CompiledProgram {
  const modal = ["test", "bench"];
  const probes = program.probes.filter(
    ({ attach }) => attach.mechanism !== "test-run" || !modal.includes(attach.moment) || attach.moment === mode,
  );
  return { ...program, probes };
}

/** Names of the probes that a mode runs. */
export function probesOfMode(program: CompiledProgram, mode: "test" | "bench"): readonly string[] {
  return program.probes.flatMap(({ attach, name }) => (attach.mechanism === "test-run" && attach.moment === mode ? [name] : []));
}

/** Runs a mode; exit status. Throws VerifierRejection or SystemError. */
export async function runMode(
  mode: "test" | "bench",
  program: CompiledProgram,
  machine: Machine,
  options: RunOptions,
  sink: EventSink,
  output: { readonly writer: OutputWriter; readonly held: HeldWriter; readonly format: "text" | "json" },
  terminal: Terminal,
): Promise<number> {
  const session = createSession(program, machine, options, watchSink(sink, { error: () => output.held.noteError() }));
  try {
    const report = { format: output.format, write: (text: string) => output.writer.write(text), complain: terminal.error };
    const status = mode === "test" ? runTests(session, output.held, report) : runBenchmarks(session, output.held, report);
    await output.writer.finish();
    return status;
  } finally {
    await session.close();
  }
}
