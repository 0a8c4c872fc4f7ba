// Which machine register is taken when: for every register a sorted list of the live ranges assigned to it.

import { present } from "../base/invariant.ts";
import type { Ranges } from "./liveness.ts";

interface Track {
  readonly starts: number[];
  readonly ends: number[];
  readonly owners: number[];
}

export class RegisterFile {
  private readonly tracks: Track[];

  constructor(registers: number) {
    this.tracks = Array.from({ length: registers }, () => ({ starts: [], ends: [], owners: [] }));
  }

  /** True when the register is free throughout the ranges. */
  isFree(register: number, ranges: Ranges): boolean {
    const track = this.track(register);
    for (let at = 0; at < ranges.length; at += 2) {
      const index = firstEndingAfter(track, ranges[at] ?? 0);
      const start = track.starts[index];
      if (start !== undefined && start < (ranges[at + 1] ?? 0)) return false;
    }
    return true;
  }

  /** Virtual registers that use the register somewhere in the ranges. */
  conflicts(register: number, ranges: Ranges): Set<number> {
    const track = this.track(register);
    const result = new Set<number>();
    for (let at = 0; at < ranges.length; at += 2) {
      const end = ranges[at + 1] ?? 0;
      for (let index = firstEndingAfter(track, ranges[at] ?? 0); (track.starts[index] ?? end) < end; index += 1) {
        result.add(present(track.owners[index], "owner"));
      }
    }
    return result;
  }

  take(register: number, owner: number, ranges: Ranges): void {
    const track = this.track(register);
    for (let at = 0; at < ranges.length; at += 2) {
      const index = firstEndingAfter(track, ranges[at] ?? 0);
      track.starts.splice(index, 0, ranges[at] ?? 0);
      track.ends.splice(index, 0, ranges[at + 1] ?? 0);
      track.owners.splice(index, 0, owner);
    }
  }

  release(register: number, ranges: Ranges): void {
    const track = this.track(register);
    for (let at = 0; at < ranges.length; at += 2) {
      const index = firstEndingAfter(track, ranges[at] ?? 0);
      track.starts.splice(index, 1);
      track.ends.splice(index, 1);
      track.owners.splice(index, 1);
    }
  }

  private track(register: number): Track {
    return present(this.tracks[register], "machine register");
  }
}

/** Index of the first range that ends after the position; all ranges of a register are disjoint and ascending. */
function firstEndingAfter(track: Track, position: number): number {
  const { ends } = track;
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
