// What each process has, or had, at an address: told by events, which outlive the process, or read from /proc.
//
// A process has one image for each program that it executed, as only its id says which one a stack was taken of. An
// address is known when all images that have something there agree.

import type { TaskEvent } from "../sys/task-events.ts";
import { insertMapping, type Mapping, mappingAt, plainPath, showSame } from "./mappings.ts";

interface ProcessRecord {
  /** The last one is current. Lists are never changed, as a child starts with its parent's. */
  readonly images: (readonly Mapping[])[];
  /** Whether the current image has everything that was mapped before. */
  complete: boolean;
  ended: boolean;
  /** When /proc was read: earlier events say nothing new. */
  readAt: number;
  /** Pages that /proc did not have either. */
  readonly misses: Set<number>;
}

/** What /proc has of a process; undefined when it is gone. */
export type ReadMaps = (pid: number) => readonly Mapping[] | undefined;

/** Ended processes and images of one process that are kept. */
const endedLimit = 16_384;
const imageLimit = 16;

export class ProcessMaps {
  private readonly read: ReadMaps;
  private readonly processes = new Map<number, ProcessRecord>();
  /** In the order in which they ended. */
  private readonly ended = new Set<number>();
  /** Nothing else tells that a process has ended. */
  private readonly hasEvents: boolean;

  constructor(read: ReadMaps, hasEvents: boolean) {
    this.read = read;
    this.hasEvents = hasEvents;
  }

  apply(event: TaskEvent): void {
    switch (event.kind) {
      case "fork":
        return this.fork(event.pid, event.parent);
      case "exec": {
        const record = this.record(event.pid);
        if (event.time < record.readAt) return;
        record.complete = true;
        return this.pushImage(record, []);
      }
      case "map":
        return this.map(event);
      case "exit":
        return this.end(event.pid);
    }
  }

  /** Events were lost: of processes that run nothing is certain. */
  forgetRunning(): void {
    for (const [pid, { ended }] of this.processes) if (!ended) this.processes.delete(pid);
  }

  /** Reads the mappings of a process that no event told of. */
  capture(pid: number): void {
    const record = this.record(pid);
    if (!record.complete && !record.ended) this.readAgain(pid, record);
  }

  has(pid: number): boolean {
    return this.processes.get(pid)?.complete ?? false;
  }

  /** Whether it may still run. */
  isRunning(pid: number): boolean {
    return this.processes.get(pid)?.ended !== true;
  }

  /** What was last known of a process's mappings. */
  mappings(pid: number): readonly Mapping[] {
    this.capture(pid);
    return this.processes.get(pid)?.images.at(-1) ?? [];
  }

  /** Reads a process's mappings once more, whatever is known. */
  refresh(pid: number): void {
    const record = this.record(pid);
    if (!record.ended) this.readAgain(pid, record);
  }

  /** The mapping of a page; undefined when there is none, and when different ones were there. */
  find(pid: number, page: number): Mapping | undefined {
    this.capture(pid);
    const record = this.processes.get(pid);
    if (record === undefined) return undefined;
    const known = matches(record, page);
    if (known.length > 0 || record.ended || record.misses.has(page)) return agreed(known);
    record.misses.add(page);
    this.readAgain(pid, record);
    return agreed(matches(record, page));
  }

  private record(pid: number): ProcessRecord {
    const known = this.processes.get(pid);
    if (known !== undefined) return known;
    const made: ProcessRecord = { images: [[]], complete: false, ended: false, readAt: 0, misses: new Set() };
    this.processes.set(pid, made);
    return made;
  }

  private readAgain(pid: number, record: ProcessRecord): void {
    const mappings = this.read(pid);
    if (mappings === undefined) {
      if (!this.hasEvents && record.images.every((image) => image.length === 0)) this.processes.delete(pid);
      return;
    }
    record.readAt = Number(process.hrtime.bigint());
    // What was there and is gone may be in a stack that was taken before.
    const current = record.images.at(-1) ?? [];
    const changed = current.some((old) => !mappings.some((m) => showSame(m, old) && m.start <= old.start && m.end >= old.end));
    if (record.complete && changed) this.pushImage(record, mappings);
    else record.images[record.images.length - 1] = mappings;
    record.complete = true;
  }

  private pushImage(record: ProcessRecord, mappings: readonly Mapping[]): void {
    if (record.images.at(-1)?.length === 0) record.images.pop();
    record.images.push(mappings);
    if (record.images.length > imageLimit) record.images.shift();
    record.misses.clear();
  }

  private fork(pid: number, parent: number): void {
    this.capture(parent);
    const from = this.record(parent);
    const record = this.record(pid);
    // An id may be used again: the image of the process before stays, as stacks of it may be shown yet.
    record.ended = false;
    this.ended.delete(pid);
    record.complete = from.complete;
    this.pushImage(record, from.images.at(-1) ?? []);
  }

  private map(event: TaskEvent & { readonly kind: "map" }): void {
    const record = this.record(event.pid);
    if (!record.complete && !record.ended) this.readAgain(event.pid, record);
    if (event.time < record.readAt) return;
    const { start, pages, offset, device, inode } = event;
    const path = plainPath(event.path);
    const isFile = path.startsWith("/") && inode !== 0;
    const added: Mapping = { start, end: start + pages, offset: isFile ? offset : 0, path, device: isFile ? device : "0:0", inode, seen: wallClock(event.time) };
    const { mappings, replaced } = insertMapping(record.images.at(-1) ?? [], added);
    record.misses.clear();
    if (replaced) this.pushImage(record, mappings);
    else record.images[record.images.length - 1] = mappings;
  }

  private end(pid: number): void {
    const record = this.processes.get(pid);
    if (record === undefined) return;
    record.ended = true;
    this.ended.add(pid);
    if (this.ended.size <= endedLimit) return;
    const [oldest] = this.ended;
    if (oldest === undefined) return;
    this.ended.delete(oldest);
    this.processes.delete(oldest);
  }
}

/** Milliseconds since the epoch of a time in nanoseconds of the monotonic clock. */
function wallClock(time: number): number {
  return Date.now() + (time - Number(process.hrtime.bigint())) / 1e6;
}

function matches(record: ProcessRecord, page: number): readonly Mapping[] {
  return record.images.flatMap((image) => mappingAt(image, page) ?? []);
}

function agreed(found: readonly Mapping[]): Mapping | undefined {
  const last = found.at(-1);
  return last !== undefined && found.every((mapping) => showSame(mapping, last)) ? last : undefined;
}
