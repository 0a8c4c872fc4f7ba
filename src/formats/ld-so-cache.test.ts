// Reading the cache of shared libraries.

import assert from "node:assert/strict";
import { test } from "node:test";
import { findLibrary, readLibraryCache } from "./ld-so-cache.ts";

/** A cache of entries (flags, name, path), behind `before` bytes of something else. */
function makeCache(entries: readonly (readonly [number, string, string])[], before: number): Buffer {
  const strings: string[] = [];
  const base = 48 + entries.length * 24;
  const place = (text: string) => {
    const at = base + strings.join("").length;
    strings.push(`${text}\0`);
    return at;
  };
  const head = Buffer.alloc(base);
  head.write("glibc-ld.so.cache1.1", "latin1");
  head.writeUInt32LE(entries.length, 20);
  for (const [i, [flags, name, path]] of entries.entries()) {
    head.writeInt32LE(flags, 48 + i * 24);
    head.writeUInt32LE(place(name), 48 + i * 24 + 4);
    head.writeUInt32LE(place(path), 48 + i * 24 + 8);
  }
  return Buffer.concat([Buffer.alloc(before), head, Buffer.from(strings.join(""), "latin1")]);
}

const entries = [
  [0x0003, "libc.so.6", "/lib32/libc.so.6"],
  [0x0303, "libcrypt.so.1", "/lib64/libcrypt.so.1"],
  [0x0303, "libc.so.6", "/lib64/libc.so.6"],
  [0x0a03, "libc.so.6", "/lib/aarch64/libc.so.6"],
] as const;

for (const before of [0, 64]) {
  test(`libraries of each architecture are found behind ${before} bytes`, () => {
    const cache = makeCache(entries, before);
    assert.deepEqual(readLibraryCache(cache, "x64").map((l) => l.path), ["/lib64/libcrypt.so.1", "/lib64/libc.so.6"]);
    assert.deepEqual(readLibraryCache(cache, "arm64").map((l) => l.path), ["/lib/aarch64/libc.so.6"]);
  });
}

const names: readonly (readonly [string, string | undefined])[] = [
  ["libc", "/lib64/libc.so.6"],
  ["libc.so", "/lib64/libc.so.6"],
  ["libc.so.6", "/lib64/libc.so.6"],
  ["libcrypt", "/lib64/libcrypt.so.1"],
  ["libc.so.7", undefined],
  ["libabsent", undefined],
];

for (const [text, path] of names) {
  test(`${text} means ${path ?? "nothing"}`, () => {
    assert.equal(findLibrary(readLibraryCache(makeCache(entries, 0), "x64"), text), path);
  });
}

test("bytes that are no cache hold no libraries", () => {
  assert.deepEqual(readLibraryCache(Buffer.from("ld.so-1.7.0"), "x64"), []);
  assert.deepEqual(readLibraryCache(makeCache(entries, 0).subarray(0, 60), "x64"), []);
});
