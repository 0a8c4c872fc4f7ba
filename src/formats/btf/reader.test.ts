// Looking up types by name: the first few names are searched for, then an index is made; both must agree.

import assert from "node:assert/strict";
import { test } from "node:test";
import { btfKinds, BtfReader } from "./reader.ts";
import { BtfWriter } from "./writer.ts";

function sample(): { readonly bytes: Uint8Array; readonly functions: ReadonlyMap<string, number>; readonly int: number } {
  const writer = new BtfWriter();
  const int = writer.int("read", 4, true);
  const prototype = writer.functionPrototype(int, []);
  const functions = new Map(["read", "read_all", "vfs_read", "re", "write"].map((name) => [name, writer.function(name, prototype, true)]));
  writer.function("read", prototype, true);
  return { bytes: writer.bytes(), functions, int };
}

test("a name is found by kind, the first of several types", () => {
  const { bytes, functions, int } = sample();
  const reader = new BtfReader(bytes);
  assert.equal(reader.find(btfKinds.int, "read"), int);
  for (const [name, id] of functions) assert.equal(reader.find(btfKinds.func, name), id, name);
  assert.equal(reader.find(btfKinds.struct, "read"), undefined);
  for (const missing of ["rea", "ead", "read_al", "a0", "x"]) assert.equal(reader.find(btfKinds.func, missing), undefined, missing);
});

test("many names are found by an index with the same result", () => {
  const { bytes, functions } = sample();
  const reader = new BtfReader(bytes);
  for (let i = 0; i < 20; i++) assert.equal(reader.find(btfKinds.func, `missing_${i}`), undefined);
  for (const [name, id] of functions) assert.equal(reader.find(btfKinds.func, name), id, name);
  assert.deepEqual([...reader.index(btfKinds.func)], [...functions]);
});
