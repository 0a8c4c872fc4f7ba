// A sink for events with somebody who looks on.

import type { EventSink } from "../runtime/event-sink.ts";

export interface Watcher {
  /** All probes are attached. */
  attached?(): void;
  /** The last event has come. */
  ending?(): void;
  /** The script reports an error of its own. */
  error?(): void;
}

/** The sink, with a watcher told what happens before the sink is. */
export function watchSink(sink: EventSink, watcher: Watcher): EventSink {
  return {
    attached: (count) => {
      sink.attached(count);
      watcher.attached?.();
    },
    event: (kind, text) => sink.event(kind, text),
    line: (kind, text) => sink.line(kind, text),
    value: (value) => sink.value(value),
    map: (snapshot) => sink.map(snapshot),
    lost: (count) => sink.lost(count),
    ending: () => {
      watcher.ending?.();
      sink.ending();
    },
    warn: (message) => sink.warn(message),
    note: (message) => sink.note(message),
    message: (severity, kind, text, place, failure) => {
      if (severity === "error") watcher.error?.();
      sink.message(severity, kind, text, place, failure);
    },
    text: (value) => sink.text(value),
    endOfBurst: () => sink.endOfBurst(),
    lastEvents: () => sink.lastEvents(),
    bytes: sink.bytes,
    written: () => sink.written(),
    get full() {
      return sink.full;
    },
    ready: () => sink.ready(),
    get abandoned() {
      return sink.abandoned;
    },
    finish: () => sink.finish(),
  };
}
