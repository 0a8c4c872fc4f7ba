// The command of -c: a process that waits for a byte and then becomes the command, so that its id is known before. It
// gets SIGTERM when this process ends in whatever way.

import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, closeSync, constants, mkdtempSync, openSync, readSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gateProgram } from "./child-gate.ts";
import { closeFd, memoryFile } from "./memory.ts";
import { stopAtEntry } from "./stop-at-entry.ts";
import { errnoText } from "./system-error.ts";

export interface Child {
  readonly pid: number;
  /**
   * Lets the command start, but only up to its entry point: its libraries are mapped then. Throws SystemError where that can't be done; the
   * command then starts with `release`, unless it has started already.
   */
  runToEntry(): void;
  /** Lets the command start, or go on. */
  release(): void;
  /** Ends it if it still runs. */
  terminate(): void;
  readonly exited: Promise<ChildEnd>;
}

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why the command could not be executed. */
  readonly problem: string | undefined;
}

interface State {
  ended: boolean;
  /** Of a failed execve. */
  errno: number;
  started: boolean;
  /** Lets a held command go on. */
  goOn: (() => void) | undefined;
}

/** The file behind the first word of a command; a text says what is wrong. */
export function resolveCommand(word: string, path: string): { readonly file: string } | { readonly problem: string } {
  const candidates = word.includes("/") ? [word] : path.split(":").map((folder) => join(folder, word));
  const file = candidates.find(isExecutableFile);
  if (file === undefined) return { problem: `path '${word}' does not exist or is not executable` };
  return isElf(file) ? { file } : { problem: `'${word}' is not an ELF executable` };
}

function isExecutableFile(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    // Not there, or not for us: the next candidate may be.
    return false;
  }
}

function isElf(file: string): boolean {
  const fd = openSync(file, "r");
  const magic = Buffer.alloc(4);
  readSync(fd, magic, 0, 4, 0);
  closeSync(fd);
  return magic.equals(Buffer.from([0x7f, 0x45, 0x4c, 0x46]));
}

/** Starts a command, split at single blanks, stopped before it executes. Throws an Error that says what is wrong. */
export function startChild(command: string): Child {
  const [word = "", ...args] = command.split(" ");
  const resolved = resolveCommand(word, process.env["PATH"] ?? "");
  if ("problem" in resolved) throw new Error(resolved.problem);
  const gate = spawnGate([resolved.file, word, ...args]);
  const { pid } = gate;
  if (pid === undefined) throw new Error("the process can't be made");
  const line = gate.stdio[3];
  const state: State = { ended: false, errno: 0, started: false, goOn: undefined };
  if (line instanceof Socket) {
    line.on("data", (bytes: Buffer) => {
      state.errno = bytes[0] ?? 0;
    });
    // The child is gone, which its exit tells.
    line.on("error", () => undefined);
  }
  const exited = new Promise<ChildEnd>((resolve) => {
    // "close" comes when all is read of what the child wrote on the line.
    gate.on("close", (code, signal) => {
      state.ended = true;
      resolve({ code, signal, problem: state.errno === 0 ? undefined : `${resolved.file}: ${errnoText(state.errno)}` });
    });
  });
  const start = () => {
    if (line instanceof Socket && !state.started) line.end("\n");
    state.started = true;
  };
  const goOn = () => {
    state.goOn?.();
    state.goOn = undefined;
  };
  return {
    pid,
    runToEntry: () => {
      if (!state.started) state.goOn = stopAtEntry(pid, start);
    },
    release: () => {
      start();
      goOn();
    },
    terminate: () => {
      if (state.ended) return;
      gate.kill("SIGTERM");
      goOn();
      // A stopped process takes the signal when it goes on.
      gate.kill("SIGCONT");
    },
    exited,
  };
}

/** Runs the program that becomes the command: from memory, or where that is not allowed from a file for the moment. */
function spawnGate(words: readonly string[]): ChildProcess {
  const program = gateProgram(process.arch === "arm64" ? "arm64" : "x64");
  const run = (file: string) =>
    spawn(file, words, { argv0: "bpftrace", stdio: ["inherit", "inherit", "inherit", "pipe"] });
  const fd = memoryFile("bpftrace", program);
  if (fd !== undefined) {
    const child = run(`/proc/self/fd/${fd}`);
    closeFd(fd);
    if (child.pid !== undefined) return child;
    // Why it can't be run from memory does not matter when it runs from the file.
    child.on("error", () => undefined);
  }
  const folder = mkdtempSync(join(tmpdir(), "bpftrace-"));
  try {
    const file = join(folder, "bpftrace");
    writeFileSync(file, program, { mode: 0o700 });
    const child = run(file);
    child.on("error", () => undefined);
    return child;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
