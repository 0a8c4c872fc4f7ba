// The maps of unwind tables as the kernel has them: tables that go over several segments, and what is known of processes.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mappingLayout, maximumMappings, processLayout, rowLayout, segmentRows, unwindMaps } from "../define/unwind-layout.ts";
import { createMap, lookupElement } from "../sys/bpf.ts";
import { closeFd } from "../sys/memory.ts";
import { UnwindMaps } from "./unwind-maps.ts";

const isRoot = process.getuid?.() === 0;

function key(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes;
}

/** `count` rows from an address on, four bytes each, with the numbers of the rows as recipes. */
function table(start: number, count: number) {
  return {
    addresses: Float64Array.from({ length: count }, (_, i) => start + i * 4),
    recipes: Uint16Array.from({ length: count }, (_, i) => i & 0xfff),
    end: start + count * 4,
  };
}

describe("unwind maps", { skip: isRoot ? false : "root only" }, () => {
  function withMaps(use: (maps: UnwindMaps, fds: ReadonlyMap<string, number>) => void): void {
    const { processes, segments, recipes } = unwindMaps;
    const inner = createMap({ name: "inner", ...segments.inner });
    const fds = new Map([
      [processes.name, createMap(processes)],
      [segments.name, createMap(segments, inner)],
      [recipes.name, createMap(recipes)],
    ]);
    const maps = new UnwindMaps(fds);
    try {
      use(maps, fds);
    } finally {
      maps.close();
      for (const fd of [inner, ...fds.values()]) closeFd(fd);
    }
  }

  test("tables fill one segment after the other", () => {
    withMaps((maps) => {
      const small = maps.addTable(table(0x1000, 100));
      const large = maps.addTable(table(0x40_0000, segmentRows + 50));
      assert.deepEqual(small, [{ start: 0x1000, end: 0x1000 + 400, place: 0, rows: 100 }]);
      const first = segmentRows - 100;
      assert.deepEqual(large, [
        { start: 0x40_0000, end: 0x40_0000 + first * 4, place: 100, rows: first },
        { start: 0x40_0000 + first * 4, end: 0x40_0000 + (segmentRows + 50) * 4, place: segmentRows, rows: 150 },
      ]);
      assert.equal(maps.size, 2 * segmentRows * rowLayout.size);
    });
  });

  test("a process has its mappings with pieces of tables, and those that are too many are left out", () => {
    withMaps((maps, fds) => {
      const piece = { start: 0x2000, end: 0x3000, place: 7, rows: 3 };
      const bias = 0x5555_0000_0000n;
      const start = bias + 0x2000n;
      assert.equal(maps.setProcess(42, [{ start, end: start + 0x1000n, piece, bias }, { start: start + 0x1000n, end: start + 0x2000n, piece: undefined, bias: 0n }]), 0);
      const value = lookupElement(fds.get(unwindMaps.processes.name) ?? -1, key(42), unwindMaps.processes.valueSize);
      assert.ok(value !== undefined);
      assert.equal(value.readUInt32LE(processLayout.count), 2);
      const at = processLayout.mappings;
      assert.equal(value.readBigUInt64LE(at + mappingLayout.start), start);
      // Addresses of rows count from the start of the piece.
      assert.equal(start - value.readBigUInt64LE(at + mappingLayout.delta), 0n);
      assert.equal(value.readUInt32LE(at + mappingLayout.place), 7);
      assert.equal(value.readUInt32LE(at + mappingLayout.rows), 3);
      assert.equal(value.readUInt32LE(at + processLayout.mappingSize + mappingLayout.rows), 0);
      const many = Array.from({ length: maximumMappings + 5 }, (_, i) => ({ start: BigInt(i * 0x1000), end: BigInt((i + 1) * 0x1000), piece: undefined, bias: 0n }));
      assert.equal(maps.setProcess(42, many), 5);
      assert.equal(maps.misses(42), 0n);
      maps.removeProcess(42);
      assert.equal(lookupElement(fds.get(unwindMaps.processes.name) ?? -1, key(42), unwindMaps.processes.valueSize), undefined);
    });
  });
});
