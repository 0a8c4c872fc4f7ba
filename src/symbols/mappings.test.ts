// Mappings as text, and lists of them that change.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileOffsetOf, insertMapping, type Mapping, mappingAt, parseMaps } from "./mappings.ts";

const maps = `55d0c0a00000-55d0c0a21000 r--p 00000000 08:01 1234   /usr/bin/app with blanks
55d0c0a21000-55d0c0b00000 r-xp 00021000 08:01 1234   /usr/bin/app with blanks
7f0000000000-7f0000001000 rwxp 00000000 00:00 0
7f0000002000-7f0000003000 r-xp 00001000 fe:00 77                         /tmp/old (deleted)
7ffd1e9f7000-7ffd1e9f9000 r-xp 00000000 00:00 0      [vdso]
7ffd1e9d0000-7ffd1e9f1000 rw-p 00000000 00:00 0      [stack]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
a line that is none
`;

test("executable mappings are read, with or without a file", () => {
  const memory = { device: "0:0", inode: 0, seen: 5 };
  assert.deepEqual(parseMaps(maps, 5), [
    { start: 0x55d0c0a21, end: 0x55d0c0b00, offset: 0x21, path: "/usr/bin/app with blanks", device: "8:1", inode: 1234, seen: 5 },
    { start: 0x7f0000000, end: 0x7f0000001, offset: 0, path: "", ...memory },
    { start: 0x7f0000002, end: 0x7f0000003, offset: 1, path: "/tmp/old", device: "254:0", inode: 77, seen: 5 },
    { start: 0x7ffd1e9f7, end: 0x7ffd1e9f9, offset: 0, path: "[vdso]", ...memory },
    { start: 0xffffffffff600, end: 0xffffffffff601, offset: 0, path: "[vsyscall]", ...memory },
  ]);
  assert.equal(parseMaps("", 5).length, 0);
});

function file(start: number, end: number, path: string, offset = 0): Mapping {
  return { start, end, offset, path, device: "8:1", inode: path.length, seen: 5 };
}

test("an address has a place in the file", () => {
  assert.equal(fileOffsetOf(file(0x10, 0x20, "/a", 4), 0x12_345n), 0x6345n);
});

describe("a list", () => {
  const list = [file(10, 20, "/a"), file(30, 40, "/bb", 5)];

  test("is searched by page", () => {
    assert.deepEqual([9, 10, 19, 20, 29, 30, 39, 40].map((page) => mappingAt(list, page)?.path), [
      undefined, "/a", "/a", undefined, undefined, "/bb", "/bb", undefined,
    ]);
  });

  test("takes what comes between", () => {
    const { mappings, replaced } = insertMapping(list, file(20, 30, "/ccc"));
    assert.deepEqual(mappings.map(({ path }) => path), ["/a", "/ccc", "/bb"]);
    assert.equal(replaced, false);
  });

  test("loses what is covered, and keeps what stands out", () => {
    const { mappings, replaced } = insertMapping(list, file(15, 33, "/ccc"));
    assert.deepEqual(mappings, [file(10, 15, "/a"), file(15, 33, "/ccc"), file(33, 40, "/bb", 8)]);
    assert.equal(replaced, true);
  });

  test("does not change by more of the same", () => {
    const { mappings, replaced } = insertMapping(list, file(32, 45, "/bb", 7));
    assert.deepEqual(mappings.map(({ start, end }) => [start, end]), [[10, 20], [30, 32], [32, 45]]);
    assert.equal(replaced, false);
  });
});
