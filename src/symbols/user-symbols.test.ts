// Names of user addresses: mappings of a process as text, and addresses of this very process.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { openElf } from "./open-elf.ts";
import { parseMaps, UserSymbols } from "./user-symbols.ts";

const maps = `55d0c0a00000-55d0c0a21000 r--p 00000000 08:01 1234   /usr/bin/app with blanks
55d0c0a21000-55d0c0b00000 r-xp 00021000 08:01 1234   /usr/bin/app with blanks
7f0000000000-7f0000001000 rwxp 00000000 00:00 0
7ffd1e9f7000-7ffd1e9f9000 r-xp 00000000 00:00 0      [vdso]
7ffd1e9d0000-7ffd1e9f1000 rw-p 00000000 00:00 0      [stack]
a line that is none
`;

test("executable mappings are read, with or without a file", () => {
  assert.deepEqual(parseMaps(maps), [
    { start: 0x55d0c0a21000n, end: 0x55d0c0b00000n, offset: 0x21000n, path: "/usr/bin/app with blanks" },
    { start: 0x7f0000000000n, end: 0x7f0000001000n, offset: 0n, path: "" },
    { start: 0x7ffd1e9f7000n, end: 0x7ffd1e9f9000n, offset: 0n, path: "[vdso]" },
  ]);
});

interface Sample {
  readonly address: bigint;
  readonly names: readonly string[];
  readonly path: string;
  readonly size: bigint;
}

/** Functions of this process with their addresses in memory, some from each mapped file. */
function samples(): readonly Sample[] {
  const found: Sample[] = [];
  for (const mapping of parseMaps(readFileSync("/proc/self/maps", "latin1"))) {
    const file = mapping.path.startsWith("/") ? openElf(mapping.path) : undefined;
    if (file === undefined) continue;
    const inside = file.symbols().filter(({ address, type, size }) => {
      const offset = file.fileOffset(address);
      if (type !== 2 || size < 16 || offset === undefined) return false;
      return BigInt(offset) >= mapping.offset && BigInt(offset) + BigInt(size) <= mapping.offset + mapping.end - mapping.start;
    });
    for (const one of inside.filter((_, i) => i % Math.ceil(inside.length / 20) === 0)) {
      // The search gives the symbol that begins last: others may begin before it and contain it.
      const names = inside.filter((s) => s.address === one.address).map((s) => s.name);
      found.push({
        address: mapping.start + BigInt(file.fileOffset(one.address) ?? 0) - mapping.offset,
        names,
        path: mapping.path,
        size: BigInt(one.size),
      });
    }
  }
  return found;
}

describe("this process", () => {
  const all = samples();
  const symbols = new UserSymbols(false);

  test("addresses of functions have their names", () => {
    assert.ok(all.length > 20, "node and its libraries have symbols");
    for (const { address, names, path } of all) {
      const found = symbols.resolve(process.pid, address);
      assert.ok(found !== undefined, names.join());
      assert.equal(found.module, path);
      assert.equal(found.offset, 0n, names.join());
      assert.ok(names.includes(found.name), `${found.name} is one of ${names.join()}`);
    }
  });

  test("addresses inside functions have an offset", () => {
    const [first] = all;
    assert.ok(first !== undefined);
    const found = symbols.resolve(process.pid, first.address + 5n);
    assert.equal(found?.offset, 5n);
    const frame = symbols.frame(process.pid, first.address + 5n);
    assert.equal(frame.symbol, `${found?.name}+5`);
    assert.equal(frame.module, first.path);
  });

  test("addresses outside of all mappings have no name", () => {
    assert.equal(symbols.resolve(process.pid, 1n), undefined);
    assert.deepEqual(symbols.frame(process.pid, 1n), { symbol: undefined, module: undefined });
  });
});

test("a process that is gone has no names", () => {
  assert.equal(new UserSymbols(true).resolve(0x7fff_ffff, 0x1000n), undefined);
});
