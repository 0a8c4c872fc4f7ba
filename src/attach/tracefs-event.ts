// Probes as dynamic events of tracefs (Documentation/trace/kprobetrace.rst, uprobetracer.rst), for kernels that don't offer
// them as perf events of their own. Such an event outlives the process that defined it: a guard removes it whatever ends us.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { tracefsPath } from "../kernel/tracefs.ts";
import { errnoOf, SystemError } from "../sys/system-error.ts";
import { openOrThrow, plain } from "./perf-event.ts";

export interface TraceEventSpec {
  readonly kind: "kprobe" | "uprobe";
  readonly onReturn: boolean;
  /** What the name of the event ends in; for those who look at the list. */
  readonly label: string;
  /** Where it is, in the words of tracefs. */
  readonly place: string;
  /** Process that it is for; -1: all. */
  readonly pid: number;
}

export interface TraceEvent {
  readonly fd: number;
  /** To be called when the descriptor is closed: the kernel keeps events that are in use. */
  remove(): void;
}

/** enum perf_type_id. */
const tracepointType = 2;
const noDevice = 19;
/** MAX_EVENT_NAME_LEN of the kernel is 64. */
const maxLabel = 30;

/** Defines an event and opens it. Throws SystemError with the kernel's errno. */
export function openTraceEvent(name: string, spec: TraceEventSpec): TraceEvent {
  const { kind, onReturn, place, pid } = spec;
  const tracefs = tracefsPath();
  const control = join(tracefs, `${kind}_events`);
  if (!existsSync(control)) {
    throw new SystemError("attach", name, noDevice, `this kernel has no ${kind}s (CONFIG_${kind.toUpperCase()}_EVENTS)`);
  }
  guard(tracefs);
  const group = onReturn ? `${kind.slice(0, 1)}ret${kind.slice(1)}s` : `${kind}s`;
  const label = spec.label.replace(/[^A-Za-z0-9_]/g, "_").slice(0, maxLabel);
  const event = `${ownMark()}${randomBytes(4).toString("hex")}_${label}`;
  writeControl(control, `${onReturn ? "r" : "p"}:${group}/${event} ${place}`, name);
  const remove = () => writeControl(control, `-:${group}/${event}`, name);
  try {
    const id = BigInt(readFileSync(join(tracefs, "events", group, event, "id"), "latin1").trim());
    return { fd: openOrThrow(name, { ...plain, type: tracepointType, config: id }, pid, pid === -1 ? 0 : -1), remove };
  } catch (problem) {
    remove();
    throw problem;
  }
}

function writeControl(file: string, line: string, name: string): void {
  try {
    appendFileSync(file, `${line}\n`);
  } catch (problem) {
    throw new SystemError("attach", name, errnoOf(problem));
  }
}

/** The beginning of the names of our events. */
function ownMark(): string {
  return `bpftrace_${process.pid}_`;
}

/** Waits for the end of its input, then removes what is left of the events; they are in use until our descriptors are closed. */
const guardScript = `
cat > /dev/null
tries=0
while [ $tries -lt 100 ]; do
  left=
  for file in "$1/kprobe_events" "$1/uprobe_events"; do
    [ -r "$file" ] || continue
    for event in $(grep -o ":[a-z]*/$2[^ ]*" "$file"); do
      left=yes
      echo "-$event" >> "$file"
    done
  done
  [ -z "$left" ] && exit 0
  tries=$((tries + 1))
  sleep 0.1
done
`;

const guards = new Set<string>();

/** Starts the guard of this process, once: its input ends when we do. */
function guard(tracefs: string): void {
  if (guards.has(tracefs)) return;
  guards.add(tracefs);
  const child = spawn("/bin/sh", ["-c", guardScript, "bpftrace-guard", tracefs, ownMark()], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  child.on("error", () => guards.delete(tracefs));
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
}
