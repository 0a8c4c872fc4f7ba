import assert from "node:assert/strict";
import { test } from "node:test";
import { RecordStream } from "./record-stream.ts";

/** Records of the ids 0, 1 and 2 have 8, 16 and 24 bytes. */
function record(id: number, value: number): Uint8Array {
  const bytes = new Uint8Array((id + 1) * 8);
  new Uint32Array(bytes.buffer).set([id, value]);
  return bytes;
}

function readIn(pieceSize: number, bytes: Uint8Array): readonly string[] {
  const found: string[] = [];
  const stream = new RecordStream((id) => (id < 3 ? (id + 1) * 8 : 0));
  for (let at = 0; at < bytes.length; at += pieceSize) {
    stream.read(bytes.subarray(at, at + pieceSize), ({ words }, place) => found.push(`${words[place >>> 2]}:${words[(place >>> 2) + 1]}`));
  }
  return found;
}

test("records come out whole and in order however the bytes were cut", () => {
  const records = Array.from({ length: 60 }, (_, i) => record(i % 3, i));
  const bytes = Buffer.concat(records);
  const expected = records.map((_, i) => `${i % 3}:${i}`);
  for (const size of [1, 3, 8, 20, 64, 500, bytes.length]) assert.deepEqual(readIn(size, bytes), expected, `pieces of ${size}`);
});

test("an unknown record is an error, not an endless loop", () => {
  assert.throws(() => readIn(8, record(0, 1).map((byte, i) => (i === 0 ? 9 : byte))), /unknown action/);
});
