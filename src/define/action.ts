// Asynchronous actions: what user space does when it reads an event. A definition prepares one handler for each use.

import type { ByteBuffer } from "../output/byte-buffer.ts";
import type { MapSnapshot, Value } from "../output/value.ts";
import type { Type } from "../types/type.ts";

/** Plain data that goes with one use of an action: a format string, a map name. */
export type ActionParameters = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** A field of the event record: at `offset` of the record a value of `type`. */
export interface EventField {
  readonly type: Type;
  readonly offset: number;
}

/** One use of an action in a program; its index in the list is the id at the start of the record. */
export interface ActionSpec {
  readonly action: string;
  readonly parameters: ActionParameters;
  readonly fields: readonly EventField[];
  /** Bytes of the record, id included. */
  readonly size: number;
  /** Where in the source, for messages of the action. */
  readonly place: SourcePlace | undefined;
}

/** A place in a script as plain data. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** The source lines of the place. */
  readonly text: readonly string[];
  /** The call of the macro that it is in. */
  readonly expandedFrom: SourcePlace | undefined;
}

/** Memory that holds a record: the ring buffer's data area. */
export interface RecordView {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
}

export type MessageKind = "warning" | "error";

/** A helper that failed: its name, what it returned, and the text of that errno. */
export interface HelperFailure {
  readonly helper: string;
  readonly code: number;
  readonly error: string;
}

/** What handlers may do. The runtime implements it; output formats differ behind it. */
export interface ActionHost {
  readonly truncationTrailer: string;
  readonly maxCatBytes: number;
  /** Strings of this size are cut ones when they have no NUL. */
  readonly maxStrlen: number;
  /** Program output as bytes, when it is plain text; handlers may add to it and then call `written`. */
  readonly bytes: ByteBuffer | undefined;
  /** Says that output was added to `bytes`. */
  written(): void;
  /** The value of a field of a record. */
  decode(view: RecordView, at: number, field: EventField): Value;
  /** Text of one value, as %s prints it. */
  render(value: Value): string;
  /** Adds one piece of program output of this JSON kind (`printf`, `time`, `cat`, `join`, `syscall`). */
  output(kind: string, text: string): void;
  /** The same, where JSON does not have the final line feed. */
  outputLine(kind: string, text: string): void;
  printValue(value: Value): void;
  printMap(snapshot: MapSnapshot): void;
  /** Content of a map now; top and div as print() takes them, 0 for none. */
  snapshot(map: string, top: number, div: number): MapSnapshot;
  clearMap(map: string): void;
  zeroMap(map: string): void;
  /** Ends the run with this status. */
  exit(status: number): void;
  /** A located message on stderr (or as a JSON event of `kind`). */
  message(severity: MessageKind, kind: string, text: string, place: SourcePlace | undefined, failure?: HelperFailure): void;
  /** Runs a shell command and waits for it. */
  shell(command: string): { readonly status: number; readonly output: string };
  /** First bytes of a file, or the errno text. */
  readFile(path: string, limit: number): { readonly ok: true; readonly bytes: string } | { readonly ok: false; readonly error: string };
  /** Makes a file that begins with `header`, once for each path; gives what adds bytes to it. */
  createFile(path: string, header: Uint8Array): (bytes: Uint8Array) => void;
  /** A program met an address of a process that no known mapping has. */
  mappingsChanged(pid: number): void;
  /** Wall clock minus boot clock, in nanoseconds. */
  readonly bootToRealtime: bigint;
  /** Nanoseconds since the epoch. */
  now(): bigint;
}

export interface ActionDef {
  readonly name: string;
  /** Makes the handler of one use; it is called with the place of each record. */
  prepare(spec: ActionSpec, host: ActionHost): (view: RecordView, at: number) => void;
}
