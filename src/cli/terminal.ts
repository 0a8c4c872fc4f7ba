// What the command itself says on stderr: errors, warnings and hints, in colour where that is wanted.

import { writeSync } from "node:fs";
import { paintMessage } from "../source/render.ts";

export interface Terminal {
  readonly color: boolean;
  /** Text as it is. */
  write(text: string): void;
  error(message: string): void;
  warn(message: string): void;
  hint(message: string): void;
}

type ColorWish = "auto" | "always" | "never";

function readWish(text: string | undefined): ColorWish | undefined {
  if (text === undefined) return "auto";
  return text === "auto" || text === "always" || text === "never" ? text : undefined;
}

/** Writes to stderr at once; through Node's stream, which can wait, from the moment that stderr takes no more. */
function openErrorOutput(): (text: string) => void {
  const state = { direct: true };
  return (text) => {
    let bytes: Uint8Array = Buffer.from(text);
    while (state.direct && bytes.length > 0) {
      try {
        bytes = bytes.subarray(writeSync(2, bytes));
      } catch {
        state.direct = false;
      }
    }
    if (bytes.length > 0) process.stderr.write(bytes);
  };
}

/** The terminal of this process; BPFTRACE_COLOR decides about colours. */
export function openTerminal(noWarnings: boolean): Terminal {
  const text = process.env["BPFTRACE_COLOR"];
  const wish = readWish(text);
  const write = openErrorOutput();
  const terminal: Terminal = {
    // Found out when there is something to say: Node's streams for terminals take a few milliseconds to load.
    get color() {
      return wish === "always" || (wish !== "never" && process.stderr.isTTY === true && process.stdout.isTTY === true);
    },
    write,
    error: (message) => write(paintMessage("error", message, terminal.color)),
    warn: (message) => {
      if (!noWarnings) write(paintMessage("warning", message, terminal.color));
    },
    hint: (message) => write(`HINT: ${message}\n`),
  };
  if (wish === undefined) terminal.warn(`BPFTRACE_COLOR is '${text ?? ""}', should be auto, always or never: auto is taken`);
  return terminal;
}
