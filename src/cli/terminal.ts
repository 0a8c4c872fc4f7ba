// What the command itself says on stderr: errors, warnings and hints, in colour where that is wanted.

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

/** The terminal of this process; BPFTRACE_COLOR decides about colours. */
export function openTerminal(noWarnings: boolean): Terminal {
  const text = process.env["BPFTRACE_COLOR"];
  const wish = readWish(text);
  const both = process.stderr.isTTY === true && process.stdout.isTTY === true;
  const color = wish === "always" || (wish !== "never" && both);
  const write = (line: string) => {
    process.stderr.write(line);
  };
  const terminal: Terminal = {
    color,
    write,
    error: (message) => write(paintMessage("error", message, color)),
    warn: (message) => {
      if (!noWarnings) write(paintMessage("warning", message, color));
    },
    hint: (message) => write(`HINT: ${message}\n`),
  };
  if (wish === undefined) terminal.warn(`BPFTRACE_COLOR is '${text ?? ""}', should be auto, always or never: auto is taken`);
  return terminal;
}
