// Names of code that a process made itself: lines `START SIZE NAME` in hex of /tmp/perf-PID.map, as JIT compilers write it.

import { readFileSync, statSync } from "node:fs";
import { ascendingOrder, countUpTo } from "../base/ascending-order.ts";

export interface JitSymbol {
  readonly name: string;
  readonly address: bigint;
}

/** Addresses as numbers: user addresses above 2^53 are only made by processes that ask for them. */
export class JitMap {
  private readonly starts: Float64Array;
  private readonly ends: Float64Array;
  private readonly reaches: Float64Array;
  private readonly names: readonly string[];
  /** Number of the line. */
  private readonly lines: Uint32Array;

  constructor(text: string) {
    const entries = text.split("\n").flatMap((line) => {
      const [, start = "", size = "", name = ""] = /^(?:0x)?([0-9a-f]+) (?:0x)?([0-9a-f]+) (.+)$/i.exec(line) ?? [];
      return name === "" ? [] : [{ start: Number.parseInt(start, 16), size: Number.parseInt(size, 16), name }];
    });
    this.lines = ascendingOrder(Float64Array.from(entries, ({ start }) => start));
    const sorted = Array.from(this.lines, (i) => entries[i] ?? { start: 0, size: 0, name: "" });
    this.starts = Float64Array.from(sorted, ({ start }) => start);
    this.ends = Float64Array.from(sorted, ({ start, size }) => start + size);
    this.names = sorted.map(({ name }) => name);
    let reach = 0;
    this.reaches = this.ends.map((end) => (reach = Math.max(reach, end)));
  }

  /** What was written last of the entries that contain the address: memory is used again. */
  find(address: bigint): JitSymbol | undefined {
    const at = Number(address);
    let best: number | undefined;
    for (let i = countUpTo(this.starts, at) - 1; i >= 0 && (this.reaches[i] ?? 0) > at; i--) {
      if ((this.ends[i] ?? 0) > at && (best === undefined || (this.lines[i] ?? 0) > (this.lines[best] ?? 0))) best = i;
    }
    return best === undefined ? undefined : { name: this.names[best] ?? "", address: BigInt(this.starts[best] ?? 0) };
  }
}

interface KnownMap {
  readonly map: JitMap;
  readonly version: string;
}

/** Larger files are not read. */
const sizeLimit = 1 << 28;

/** The maps of processes, read again when they have grown. */
export class JitMaps {
  private readonly known = new Map<string, KnownMap>();

  find(path: string, address: bigint): JitSymbol | undefined {
    return this.open(path)?.find(address);
  }

  private open(path: string): JitMap | undefined {
    const status = statSync(path, { throwIfNoEntry: false });
    if (status === undefined || !status.isFile() || status.size > sizeLimit) return undefined;
    const version = `${status.dev}:${status.ino}:${status.size}:${status.mtimeMs}`;
    const known = this.known.get(path);
    if (known?.version === version) return known.map;
    try {
      const made = { map: new JitMap(readFileSync(path, "latin1")), version };
      this.known.set(path, made);
      return made.map;
    } catch {
      // Removed meanwhile, or not for us.
      return undefined;
    }
  }
}
