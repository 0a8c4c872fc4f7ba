// What lowering collects over a whole program: uses of actions, string constants, sizes of scratch memory.

import type { ActionSpec, SourcePlace } from "../define/action.ts";
import type { HostMap } from "../define/host-map.ts";
import type { Span } from "../source/source.ts";
import { alignUp } from "../types/type.ts";

/** Resources of one compilation. */
export class Resources {
  readonly actions: ActionSpec[] = [];
  /** Whether some probe sends packets. */
  sendsPackets = false;
  /** Whether programs look if another one runs on their CPU. */
  guardsPrograms = false;
  /** Maps that user space fills, by name. */
  readonly hostMaps = new Map<string, HostMap>();
  /** Bytes of scratch memory that each CPU needs so far. */
  scratchSize = 0;
  private readonly constants: number[] = [];
  private readonly constantOffsets = new Map<string, number>();

  /** Adds a use of an action; gives its id. */
  addAction(spec: ActionSpec): number {
    this.actions.push(spec);
    return this.actions.length - 1;
  }

  /** Offset of a NUL-terminated literal in the constants map. */
  constant(text: string): number {
    const known = this.constantOffsets.get(text);
    if (known !== undefined) return known;
    const offset = this.constants.length;
    for (let i = 0; i < text.length; i++) this.constants.push(text.charCodeAt(i));
    this.constants.push(0);
    while (this.constants.length % 8 !== 0) this.constants.push(0);
    this.constantOffsets.set(text, offset);
    return offset;
  }

  /** Content of the constants map; empty when there are none. */
  constantBytes(): Uint8Array {
    return Uint8Array.from(this.constants);
  }
}

/** Scratch memory of one probe: a stack of allocations above those of the probes before it. */
export class ScratchRegion {
  private readonly resources: Resources;
  private readonly base: number;
  private top: number;

  constructor(resources: Resources) {
    this.resources = resources;
    this.base = alignUp(resources.scratchSize, 64);
    this.top = this.base;
  }

  /** Reserves memory; gives its offset from the CPU's scratch memory. */
  allocate(size: number): number {
    const offset = this.top;
    this.top = alignUp(offset + size, 8);
    if (this.top > this.resources.scratchSize) this.resources.scratchSize = this.top;
    return offset;
  }

  mark(): number {
    return this.top;
  }

  /** Frees what was allocated since the mark. */
  release(mark: number): void {
    this.top = mark;
  }
}

/** A span as plain data. */
export function sourcePlace(span: Span): SourcePlace {
  const start = span.file.position(span.start);
  const end = span.file.position(span.end);
  const text: string[] = [];
  for (let line = start.line; line <= end.line; line++) text.push(span.file.line(line));
  return {
    file: span.file.name,
    line: start.line,
    column: start.column,
    endLine: end.line,
    endColumn: end.column,
    text,
    expandedFrom: span.expandedFrom === undefined ? undefined : sourcePlace(span.expandedFrom),
  };
}
