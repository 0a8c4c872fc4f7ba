// Words to those who started the command: systemd, or a test that waits until all is attached.

import { notifyServiceManager } from "../sys/service-manager.ts";
import { reasonOf } from "../sys/system-error.ts";
import type { Terminal } from "./terminal.ts";

const attachedWord = "__BPFTRACE_NOTIFY_PROBES_ATTACHED";

function tellServiceManager(state: string, terminal: Terminal): void {
  const socket = process.env["NOTIFY_SOCKET"];
  if (socket === undefined || socket === "") return;
  try {
    notifyServiceManager(socket, state);
  } catch (problem) {
    terminal.warn(`systemd was not told: ${reasonOf(problem)}`);
  }
}

/** Whether anybody wants to be told. */
export function isWatched(): boolean {
  return process.env[attachedWord] !== undefined || (process.env["NOTIFY_SOCKET"] ?? "") !== "";
}

/** All probes are attached. */
export function announceAttached(terminal: Terminal): void {
  if (process.env[attachedWord] !== undefined) process.stdout.write(`${attachedWord}\n`);
  tellServiceManager("READY=1\nSTATUS=Processing events...", terminal);
}

/** The run is about to end. */
export function announceEnd(terminal: Terminal): void {
  tellServiceManager("STOPPING=1\nSTATUS=Shutting down...", terminal);
}
