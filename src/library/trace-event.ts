// What a traced program reports to a user of the library, and the queue between the run and the reader.

import { fromByteString } from "../base/byte-string.ts";
import type { HelperFailure, SourcePlace } from "../define/action.ts";
import { renderText, type TextOptions } from "../output/text.ts";
import type { MapSnapshot, Value } from "../output/value.ts";
import type { EventSink } from "../runtime/event-sink.ts";

export type TraceEvent =
  /** All probes are attached: events can come. */
  | { readonly type: "attached"; readonly probes: number }
  /** Text of an action; `kind` is `printf`, `time`, `cat`, `join`, `syscall` … */
  | { readonly type: "output"; readonly kind: string; readonly text: string }
  /** print() of a value. */
  | { readonly type: "value"; readonly value: Value; readonly text: string }
  /** print() of a map, or a map at the end of the run. */
  | { readonly type: "map"; readonly map: MapSnapshot }
  /** Events that were lost because the reader was slower than the kernel. */
  | { readonly type: "lost"; readonly count: bigint }
  /** A warning or error while the program runs; `place` is where in the script. */
  | {
      readonly type: "message";
      readonly severity: "warning" | "error" | "note";
      readonly text: string;
      readonly place: SourcePlace | undefined;
    };

/** With so many events in the queue, others wait in the kernel's buffer. */
const queueLimit = 1 << 16;

/** Collects events; its reader waits for them. One reader at a time. */
export class TraceQueue implements EventSink {
  private readonly options: TextOptions;
  private events: TraceEvent[] = [];
  private wake: (() => void) | undefined;
  private taken: (() => void) | undefined;
  private bounded = true;

  constructor(options: TextOptions) {
    this.options = options;
  }

  private push(event: TraceEvent): void {
    this.events.push(event);
    this.wake?.();
  }

  /** All events that wait; the queue is empty afterwards. */
  take(): readonly TraceEvent[] {
    const taken = this.events;
    this.events = [];
    this.taken?.();
    return taken;
  }

  /** Resolves when there is something to take. */
  filled(): Promise<void> {
    if (this.events.length > 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  attached(probes: number): void {
    this.push({ type: "attached", probes });
  }

  event(kind: string, text: string): void {
    this.push({ type: "output", kind, text: fromByteString(text) });
  }

  line(kind: string, text: string): void {
    this.event(kind, `${text}\n`);
  }

  value(value: Value): void {
    this.push({ type: "value", value, text: fromByteString(this.text(value)) });
  }

  map(map: MapSnapshot): void {
    this.push({ type: "map", map });
  }

  lost(count: bigint): void {
    this.push({ type: "lost", count });
  }

  lastEvents(): void {
    // Whoever waits for the status of the run need not have read the events.
    this.bounded = false;
  }

  ending(): void {
    // The reader sees the end of a run by the end of the events.
  }

  warn(text: string): void {
    this.push({ type: "message", severity: "warning", text, place: undefined });
  }

  note(text: string): void {
    this.push({ type: "message", severity: "note", text, place: undefined });
  }

  message(severity: "warning" | "error", _kind: string, text: string, place: SourcePlace | undefined, failure?: HelperFailure): void {
    const info = failure === undefined ? "" : ` (${failure.helper} returned ${failure.code})`;
    this.push({ type: "message", severity, text: fromByteString(text) + info, place });
  }

  text(value: Value): string {
    return renderText(value, this.options);
  }

  endOfBurst(): void {
    // Events are there as soon as they are pushed.
  }

  readonly bytes = undefined;

  written(): void {
    // There are no bytes.
  }

  get full(): boolean {
    return this.bounded && this.events.length >= queueLimit;
  }

  async ready(): Promise<void> {
    if (!this.full) return;
    await new Promise<void>((resolve) => {
      this.taken = resolve;
    });
  }

  get abandoned(): boolean {
    return false;
  }

  async finish(): Promise<void> {
    // The reader takes what is left when it comes to it.
  }
}
