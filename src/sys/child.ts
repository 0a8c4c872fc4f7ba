// The command of -c: a shell that waits for a byte and then becomes the command, so that its process id is known before.

import { spawn } from "node:child_process";
import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";

export interface Child {
  readonly pid: number;
  /** Lets the command start. */
  release(): void;
  /** Ends it if it still runs. */
  terminate(): void;
  /** Resolves when it has ended, with its status or signal. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
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
  // The shell reads from descriptor 3, closes it, and is replaced: the process id stays.
  const script = 'read -r _ <&3; f="$1"; shift; exec 3<&-; exec "$f" "$@"';
  const shell = spawn("/bin/sh", ["-c", script, "sh", resolved.file, ...args], {
    stdio: ["inherit", "inherit", "inherit", "pipe"],
  });
  const gate = shell.stdio[3];
  const state = { ended: false };
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    shell.on("exit", (code, signal) => {
      state.ended = true;
      resolve({ code, signal });
    });
  });
  return {
    pid: shell.pid ?? 0,
    release: () => {
      if (gate !== null && gate !== undefined && "write" in gate) gate.end("\n");
    },
    terminate: () => {
      if (!state.ended) shell.kill("SIGTERM");
    },
    exited,
  };
}
