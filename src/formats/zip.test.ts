import assert from "node:assert/strict";
import { test } from "node:test";
import { makeZip } from "../../test/support/zip.ts";
import { findZipMember } from "./zip.ts";

function find(archive: Buffer, name: string) {
  return findZipMember({ size: archive.length, read: (offset, length) => archive.subarray(offset, offset + length) }, name);
}

const archive = makeZip(
  [
    { name: "first", bytes: Buffer.from("one") },
    { name: "lib/second.so", bytes: Buffer.from("two two"), alignment: 4096 },
    { name: "packed", bytes: Buffer.from("x"), method: 8 },
    { name: "secret", bytes: Buffer.from("x"), flags: 1 },
  ],
  "the end record follows a comment: PK\x05\x06",
);

test("a stored member is found with its place and size", () => {
  assert.deepEqual(find(archive, "first"), { kind: "stored", offset: 35, size: 3 });
  const second = find(archive, "lib/second.so");
  assert.ok(second.kind === "stored");
  assert.deepEqual([second.offset % 4096, archive.subarray(second.offset, second.offset + second.size).toString()], [0, "two two"]);
});

test("what is in the way is said", () => {
  const why = (bytes: Buffer, name: string) => {
    const found = find(bytes, name);
    return found.kind === "unusable" ? found.why : "found";
  };
  assert.match(why(archive, "third"), /no member 'third'/);
  assert.match(why(archive, "packed"), /compressed/);
  assert.match(why(archive, "secret"), /encrypted/);
  assert.match(why(Buffer.from("no archive"), "first"), /no ZIP archive/);
  assert.match(why(Buffer.alloc(0), "first"), /no ZIP archive/);
});

test("a damaged archive gives an error for every cut and changed byte, or the right member", () => {
  for (let at = 0; at < archive.length; at += at < 60 || at > archive.length - 400 ? 1 : 997) {
    find(archive.subarray(at), "lib/second.so");
    const changed = Buffer.from(archive);
    changed[at] = 0xff;
    const found = find(changed, "lib/second.so");
    if (found.kind === "stored") assert.ok(found.offset + found.size <= changed.length);
  }
});
