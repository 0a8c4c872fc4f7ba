// Names of user addresses: those of this very process; processes that have ended are in processes.test.ts.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { openElf } from "./open-elf.ts";
import { parseMaps } from "./mappings.ts";
import { splitFilesOf } from "./split-files.ts";
import { UserSymbols } from "./user-symbols.ts";
import { readVdso } from "./vdso.ts";

const options = { demangles: false, debugFolders: [], splitFiles: splitFilesOf(() => undefined), cache: "PER_PID", showsSource: false } as const;

interface Sample {
  readonly address: bigint;
  readonly names: readonly string[];
  readonly path: string;
  readonly size: bigint;
}

/** Functions of this process with their addresses in memory, some from each mapped file. */
function samples(): readonly Sample[] {
  const found: Sample[] = [];
  for (const mapping of parseMaps(readFileSync("/proc/self/maps", "latin1"), Date.now())) {
    const file = mapping.path.startsWith("/") ? openElf(mapping.path) : undefined;
    if (file === undefined) continue;
    const inside = file.symbols().filter(({ address, type, size }) => {
      const offset = file.fileOffset(address);
      if (type !== 2 || size < 16 || offset === undefined) return false;
      const page = Math.floor(offset / 4096);
      return page >= mapping.offset && Math.floor((offset + size) / 4096) < mapping.offset + mapping.end - mapping.start;
    });
    for (const one of inside.filter((_, i) => i % Math.ceil(inside.length / 20) === 0)) {
      // The search gives the symbol that begins last: others may begin before it and contain it.
      const names = inside.filter((s) => s.address === one.address).map((s) => s.name);
      found.push({
        address: BigInt(mapping.start - mapping.offset) * 4096n + BigInt(file.fileOffset(one.address) ?? 0),
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
  const symbols = new UserSymbols(options);
  after(() => symbols.close());

  test("addresses of functions have their names", () => {
    assert.ok(all.length > 20, "node and its libraries have symbols");
    for (const { address, names, path } of all) {
      const found = symbols.frame(process.pid, address, false);
      assert.equal(found.module, path);
      assert.equal(found.offset, 0n, names.join());
      assert.ok(names.includes(found.name ?? ""), `${found.name} is one of ${names.join()}`);
      assert.equal(symbols.name(process.pid, address), found.name);
    }
  });

  test("addresses inside functions have an offset", () => {
    const [first] = all;
    assert.ok(first !== undefined);
    const { name, offset, module } = symbols.frame(process.pid, first.address + 5n, false);
    assert.equal(name, symbols.name(process.pid, first.address));
    assert.deepEqual([offset, module], [5n, first.path]);
  });

  test("the code that the kernel gives every process has names", () => {
    const vdso = parseMaps(readFileSync("/proc/self/maps", "latin1"), Date.now()).find(({ path }) => path === "[vdso]");
    const file = readVdso()?.file;
    assert.ok(vdso !== undefined && file !== undefined);
    const symbol = file.symbols().find(({ name, type }) => type === 2 && name.includes("gettime"));
    assert.ok(symbol !== undefined);
    const found = symbols.frame(process.pid, BigInt(vdso.start) * 4096n + symbol.address + 1n, false);
    assert.match(found.name ?? "", /gettime/);
    assert.deepEqual([found.offset, found.module], [1n, "[vdso]"]);
  });

  test("addresses outside of all mappings have no name", () => {
    assert.equal(symbols.name(process.pid, 1n), undefined);
    assert.deepEqual(symbols.frame(process.pid, 1n, false), { name: undefined, offset: 0n, module: undefined, source: undefined, inlined: [] });
  });
});

test("a process that is gone has no names", () => {
  assert.equal(new UserSymbols(options).name(0x7fff_ffff, 0x1000n), undefined);
});
