// The maps that programs unwind user stacks with, as user space writes them: define/unwind-layout.ts has their layout.

import { present } from "../base/invariant.ts";
import { mappingLayout, maximumMappings, maximumSegments, processLayout, rowLayout, segmentRows, unwindMaps } from "../define/unwind-layout.ts";
import type { RecipeTable } from "../symbols/unwind-recipes.ts";
import type { UnwindTable } from "../symbols/unwind-table.ts";
import { createMap, deleteElement, lookupElement, updateElement } from "../sys/bpf.ts";
import { closeFd } from "../sys/memory.ts";

/** A part of a table that lies in one segment; addresses are the file's own. */
export interface TablePiece {
  readonly start: number;
  readonly end: number;
  /** segment * segmentRows + first row */
  readonly place: number;
  readonly rows: number;
}

/** A part of a process's memory and its rows; without a piece there are none. */
export interface UnwindMapping {
  readonly start: bigint;
  readonly end: bigint;
  readonly piece: TablePiece | undefined;
  /** Address in the process minus address in the file. */
  readonly bias: bigint;
}

interface Segment {
  readonly fd: number;
  readonly bytes: Buffer;
  used: number;
}

const firstKey = new Uint8Array(4);

function numberKey(number: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeUInt32LE(number);
  return key;
}

export class UnwindMaps {
  private readonly segments: Segment[] = [];
  private readonly fds: { readonly processes: number; readonly segments: number; readonly recipes: number };
  private writtenRecipes = 0;

  /** `maps`: descriptors by name. */
  constructor(maps: ReadonlyMap<string, number>) {
    const fd = (name: string) => present(maps.get(name), `map ${name}`);
    this.fds = { processes: fd(unwindMaps.processes.name), segments: fd(unwindMaps.segments.name), recipes: fd(unwindMaps.recipes.name) };
  }

  /** Bytes of the rows in the kernel. */
  get size(): number {
    return this.segments.length * segmentRows * rowLayout.size;
  }

  /** Writes a table; undefined when there is no more room for it. */
  addTable({ addresses, recipes, end }: UnwindTable): readonly TablePiece[] | undefined {
    const pieces: TablePiece[] = [];
    for (let at = 0; at < addresses.length; ) {
      const segment = this.roomySegment();
      if (segment === undefined) return undefined;
      const first = segment.used;
      const rows = Math.min(addresses.length - at, segmentRows - first);
      const start = addresses[at] ?? 0;
      for (let i = 0; i < rows; i++) {
        const row = (first + i) * rowLayout.size;
        segment.bytes.writeUInt32LE((addresses[at + i] ?? 0) - start, row + rowLayout.address);
        segment.bytes.writeUInt32LE(recipes[at + i] ?? 0, row + rowLayout.recipe);
      }
      segment.used += rows;
      updateElement(segment.fd, firstKey, segment.bytes);
      at += rows;
      pieces.push({ start, end: addresses[at] ?? end, place: this.segments.indexOf(segment) * segmentRows + first, rows });
    }
    return pieces;
  }

  private roomySegment(): Segment | undefined {
    const last = this.segments.at(-1);
    if (last !== undefined && last.used < segmentRows) return last;
    if (this.segments.length === maximumSegments) return undefined;
    const fd = createMap({ name: unwindMaps.segments.name, ...unwindMaps.segments.inner });
    const segment = { fd, bytes: Buffer.alloc(segmentRows * rowLayout.size), used: 0 };
    this.segments.push(segment);
    updateElement(this.fds.segments, numberKey(this.segments.length - 1), numberKey(fd));
    return segment;
  }

  /** Recipes are written before the mappings that lead to them. */
  writeRecipes(recipes: RecipeTable): void {
    if (recipes.size === this.writtenRecipes) return;
    updateElement(this.fds.recipes, firstKey, recipes.bytes);
    this.writtenRecipes = recipes.size;
  }

  /** Replaces what programs know of a process; gives how many mappings there was no room for. */
  setProcess(pid: number, mappings: readonly UnwindMapping[]): number {
    const value = Buffer.alloc(unwindMaps.processes.valueSize);
    const kept = mappings.slice(0, maximumMappings);
    value.writeUInt32LE(kept.length, processLayout.count);
    value.writeBigUInt64LE(this.misses(pid), processLayout.misses);
    for (const [i, { start, end, piece, bias }] of kept.entries()) {
      const at = processLayout.mappings + i * processLayout.mappingSize;
      value.writeBigUInt64LE(start, at + mappingLayout.start);
      value.writeBigUInt64LE(end, at + mappingLayout.end);
      if (piece === undefined) continue;
      value.writeBigUInt64LE(BigInt.asUintN(64, BigInt(piece.start) + bias), at + mappingLayout.delta);
      value.writeUInt32LE(piece.place, at + mappingLayout.place);
      value.writeUInt32LE(piece.rows, at + mappingLayout.rows);
    }
    updateElement(this.fds.processes, numberKey(pid), value);
    return mappings.length - kept.length;
  }

  removeProcess(pid: number): void {
    deleteElement(this.fds.processes, numberKey(pid));
  }

  /** Addresses that were in no mapping of a process so far. */
  misses(pid: number): bigint {
    return lookupElement(this.fds.processes, numberKey(pid), unwindMaps.processes.valueSize)?.readBigUInt64LE(processLayout.misses) ?? 0n;
  }

  close(): void {
    for (const { fd } of this.segments.splice(0)) closeFd(fd);
  }
}
