// Who takes what a run produces: the printer of the command line, or a program that uses the library.

import type { HelperFailure, SourcePlace } from "../define/action.ts";
import type { ByteBuffer } from "../output/byte-buffer.ts";
import type { MapSnapshot, Value } from "../output/value.ts";

export interface EventSink {
  /** All probes are attached. */
  attached(count: number): void;
  /** A piece of output of an action; `kind` is its JSON type, `text` a byte string. */
  event(kind: string, text: string): void;
  /** A line of output of an action, without its line feed. */
  line(kind: string, text: string): void;
  value(value: Value): void;
  map(snapshot: MapSnapshot): void;
  /** Events that found the ring buffer full since the last report. */
  lost(count: bigint): void;
  /** No program sends events any more but the ones at the end: what comes now is what was left. */
  lastEvents(): void;
  /** Between the last event and the maps that are printed at the end. */
  ending(): void;
  warn(message: string): void;
  note(message: string): void;
  /** A message of an action at its place in the script. */
  message(severity: "warning" | "error", kind: string, text: string, place: SourcePlace | undefined, failure?: HelperFailure): void;
  /** Text of a value, as %s prints it; a byte string. */
  text(value: Value): string;
  /** A burst of events is over. */
  endOfBurst(): void;
  /** Text output as bytes, if that is what the sink makes of it: who adds to it calls `written`. */
  readonly bytes: ByteBuffer | undefined;
  written(): void;
  /** It takes no more until `ready` resolves; events wait in the ring buffer meanwhile. */
  readonly full: boolean;
  ready(): Promise<void>;
  /** Nobody takes the output any more: the run need not go on. */
  readonly abandoned: boolean;
  /** The run is over; resolves when everything has been taken. */
  finish(): Promise<void>;
}
