// Object files of compiled programs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { writeBpfObject } from "./bpf-object.ts";
import { ElfFile } from "./elf.ts";

const code = Uint8Array.from({ length: 32 }, (_, i) => i);
const object = Buffer.from(
  writeBpfObject({
    license: "GPL",
    maps: [
      { name: "first", type: 1, keySize: 4, valueSize: 8, maxEntries: 10, flags: 0 },
      { name: "second", type: 2, keySize: 4, valueSize: 16, maxEntries: 1, flags: 128 },
    ],
    programs: [
      { section: "s_one", name: "one", code, maps: [{ at: 2, map: "second" }] },
      { section: "s_two", name: "two", code: code.subarray(0, 16), maps: [] },
    ],
  }),
);

function section(index: number): { readonly type: number; readonly content: Buffer; readonly info: number } {
  const at = Number(object.readBigUInt64LE(40)) + index * 64;
  const start = Number(object.readBigUInt64LE(at + 24));
  const size = Number(object.readBigUInt64LE(at + 32));
  return { type: object.readUInt32LE(at + 4), content: object.subarray(start, start + size), info: object.readUInt32LE(at + 44) };
}

test("the file is a relocatable eBPF object", () => {
  assert.equal(ElfFile.parse(object)?.type, 1);
  assert.equal(object.readUInt16LE(18), 247);
  assert.equal(object.readUInt16LE(60), 9);
});

test("programs, maps and the licence are in sections of their own", () => {
  assert.equal(section(3).content.toString("latin1"), "GPL\0");
  assert.deepEqual([0, 4, 8, 12, 16].map((at) => section(4).content.readUInt32LE(20 + at)), [2, 4, 16, 1, 128]);
  assert.deepEqual([...section(5).content], [...code]);
  assert.deepEqual([...section(7).content], [...code.subarray(0, 16)]);
});

test("a load of a map refers to the map's symbol", () => {
  const { type, content, info } = section(6);
  assert.deepEqual([type, info, content.length], [9, 5, 16]);
  assert.equal(content.readBigUInt64LE(0), 16n);
  assert.equal(content.readUInt32LE(8), 1);
  const symbol = section(2).content.subarray(content.readUInt32LE(12) * 24);
  const strings = section(1).content;
  const name = symbol.readUInt32LE(0);
  assert.equal(strings.subarray(name, strings.indexOf(0, name)).toString("latin1"), "second");
  assert.equal(symbol.readBigUInt64LE(8), 20n);
});
