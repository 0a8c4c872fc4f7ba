// Where program output and messages go, as text or as JSON lines.

import { fromByteString, toByteString } from "../base/byte-string.ts";
import type { HelperFailure, SourcePlace } from "../define/action.ts";
import type { ByteBuffer } from "../output/byte-buffer.ts";
import { jsonEvent, jsonMap, jsonString, jsonValue } from "../output/json.ts";
import { renderMapText, renderText, type TextOptions } from "../output/text.ts";
import type { MapSnapshot, Value } from "../output/value.ts";
import type { EventSink } from "./event-sink.ts";
import type { OutputWriter } from "./writer.ts";

export interface OutputOptions extends TextOptions {
  readonly format: "text" | "json";
  /** No warnings of any kind. */
  readonly noWarnings: boolean;
  /** No line about the attached probes. */
  readonly quiet: boolean;
  /** Lines for stderr, complete with their line feed; JS text. */
  complain(text: string): void;
}

/** What takes the bytes of the output. */
export interface OutputTarget extends Pick<OutputWriter, "write" | "written" | "endOfBurst" | "flush" | "full" | "ready" | "abandoned" | "finish"> {
  /** The bytes that are not written yet, if others may add to them. */
  readonly buffer: ByteBuffer | undefined;
}

export class Output implements EventSink {
  private readonly writer: OutputTarget;
  private readonly options: OutputOptions;

  constructor(writer: OutputTarget, options: OutputOptions) {
    this.writer = writer;
    this.options = options;
  }

  private get json(): boolean {
    return this.options.format === "json";
  }

  text(value: Value): string {
    return renderText(value, this.options);
  }

  attached(count: number): void {
    if (this.options.quiet) return;
    if (this.json) {
      this.writer.write(`{"type": "attached_probes", "count": ${count}, "data": {"probes": ${count}}}\n`);
    } else this.options.complain(`Attached ${count} ${count === 1 ? "probe" : "probes"}\n`);
  }

  /** A piece of output of an action. */
  event(kind: string, text: string): void {
    this.writer.write(this.json ? toByteString(jsonEvent(kind, jsonString(text))) : text);
  }

  /** A line of output of an action; the line feed is not part of its JSON. */
  line(kind: string, text: string): void {
    this.event(kind, this.json ? text : `${text}\n`);
  }

  value(value: Value): void {
    if (this.json) this.writer.write(toByteString(jsonEvent("value", jsonValue(value, this.options))));
    else this.writer.write(`${this.text(value)}\n`);
  }

  map(snapshot: MapSnapshot): void {
    if (this.json) this.writer.write(toByteString(jsonMap(snapshot, this.options)));
    else this.writer.write(renderMapText(snapshot, this.options));
  }

  lost(count: bigint): void {
    if (this.json) this.writer.write(`{"type": "lost_events", "count": ${count}, "data": {"events": ${count}}}\n`);
    else this.options.complain(`Lost ${count} events\n`);
  }

  lastEvents(): void {
    // They are printed like all others.
  }

  /** The mark between the events and the maps at the end. */
  ending(): void {
    if (!this.json) this.writer.write("\n\n");
  }

  warn(message: string): void {
    if (!this.options.noWarnings) this.options.complain(`WARNING: ${message}\n`);
  }

  note(message: string): void {
    this.options.complain(`${message}\n`);
  }

  /** A message of an action at its place in the script. */
  message(severity: "warning" | "error", kind: string, text: string, place: SourcePlace | undefined, failure?: HelperFailure): void {
    if (severity === "warning" && this.options.noWarnings) return;
    if (this.json) {
      this.writer.write(toByteString(jsonMessage(kind, text, place, failure)));
      return;
    }
    const info = failure === undefined ? "" : `\nAdditional Info - helper: ${failure.helper}, retcode: ${failure.code}`;
    this.writer.flush();
    // What went wrong outside of the program does not have its place in front of it in bpftrace either.
    const outside = severity === "error" && kind === "runtime_error";
    this.options.complain(fromByteString(locatedMessage(severity, text + info, outside ? undefined : place)));
  }

  endOfBurst(): void {
    this.writer.endOfBurst();
  }

  get bytes(): ByteBuffer | undefined {
    return this.json ? undefined : this.writer.buffer;
  }

  written(): void {
    this.writer.written();
  }

  get full(): boolean {
    return this.writer.full;
  }

  ready(): Promise<void> {
    return this.writer.ready();
  }

  get abandoned(): boolean {
    return this.writer.abandoned;
  }

  finish(): Promise<void> {
    return this.writer.finish();
  }
}

function jsonMessage(kind: string, text: string, place: SourcePlace | undefined, failure: HelperFailure | undefined): string {
  const helper = failure === undefined ? "" : `, "helper": ${jsonString(failure.helper)}, "retcode": ${failure.code}`;
  const where = place === undefined ? "" : `, "filename": ${jsonString(place.file)}, "line": ${place.line}, "col": ${place.column}`;
  return `{"type": "${kind}", "msg": ${jsonString(failure?.error ?? text)}${helper}${where}}\n`;
}

function locatedMessage(severity: "warning" | "error", text: string, place: SourcePlace | undefined): string {
  const word = severity === "warning" ? "WARNING" : "ERROR";
  if (place === undefined) return `${word}: ${text}\n`;
  const outer = place.expandedFrom;
  const rest = outer === undefined ? "" : locatedMessage(severity, "expanded from", outer);
  const single = place.line === place.endLine;
  const at = single ? `${place.line}:${place.column}-${place.endColumn}` : `${place.line}-${place.endLine}`;
  const head = `${place.file}:${at}: ${word}: ${text}\n`;
  if (!single) return `${head}${place.text.join("\n")}\n${rest}`;
  const line = place.text[0] ?? "";
  const before = line.slice(0, place.column - 1).replaceAll("\t", "    ").length;
  const width = Math.max(1, place.endColumn - place.column);
  return `${head}${line.replaceAll("\t", "    ")}\n${" ".repeat(before)}${"~".repeat(width)}\n${rest}`;
}
