// Kernel symbols by address and by name.

import assert from "node:assert/strict";
import { test } from "node:test";
import { indexSymbols, kernelNames, kernelSymbols } from "./kallsyms.ts";

const symbols = indexSymbols(Buffer.from(`0000000000000000 A absolute
ffffffff81000100 T first
ffffffff81000140 t alias_one
ffffffff81000140 T alias_two
ffffffff81000180 t show
ffffffff81000200 D some_data
ffffffff81000240 T second
ffffffffc0001000 t show	[overlay]
ffffffffc0002000 t bpf_prog_6deef7357e7b4530_begin	[bpf]
`));

test("an address belongs to the function that starts below it", () => {
  assert.deepEqual(symbols.resolve(0xffffffff81000182n), { name: "show", offset: 2n });
  assert.deepEqual(symbols.resolve(0xffffffff81000141n), { name: "alias_two", offset: 1n }, "the last of those at one place");
  assert.equal(symbols.resolve(0xffffffff810000ffn), undefined);
  assert.equal(symbols.resolve(5n), undefined);
  assert.equal(symbols.resolve(0x7fff81000182n), undefined);
});

test("data names no code, but has an address", () => {
  assert.deepEqual(symbols.resolve(0xffffffff81000210n), { name: "show", offset: 0x90n });
  assert.equal(symbols.address("some_data"), 0xffffffff81000200n);
});

test("a name may have several addresses, of modules too", () => {
  assert.deepEqual(symbols.addresses("show"), [0xffffffff81000180n, 0xffffffffc0001000n]);
  assert.deepEqual(symbols.addresses("missing"), []);
});

test("a function reaches up to the next one", () => {
  assert.equal(symbols.size("first"), 0x40n);
  assert.equal(symbols.size("show"), 0xc0n);
  assert.equal(symbols.size("missing"), undefined);
  assert.equal(symbols.size("absolute"), undefined);
});

test("modules and BPF programs are symbols as all others", () => {
  assert.deepEqual(symbols.resolve(0xffffffffc0001010n), { name: "show", offset: 0x10n });
  assert.deepEqual(symbols.resolve(0xffffffffc0002004n), { name: "bpf_prog_6deef7357e7b4530_begin", offset: 4n });
  assert.deepEqual(symbols.resolve(0xffffffffffffffffn)?.name, "bpf_prog_6deef7357e7b4530_begin");
});

test("hidden addresses name nothing", () => {
  const hidden = indexSymbols(Buffer.from("0000000000000000 T first\n0000000000000000 t second\n"));
  assert.equal(hidden.resolve(0xffffffff81000182n), undefined);
  assert.deepEqual(hidden.addresses("first"), []);
  assert.equal(indexSymbols(Buffer.alloc(0)).resolve(0xffffffff81000182n), undefined);
});

/** What a search through all lines finds. */
function searched(text: string, address: bigint): { readonly name: string; readonly offset: bigint } | undefined {
  const functions = text.split("\n").flatMap((line) => {
    const [start = "", type = "", name = ""] = line.split(/[ \t]/);
    return "tTwW".includes(type) && start.startsWith("fff") ? [{ start: BigInt(`0x${start}`), name }] : [];
  });
  let best: { readonly start: bigint; readonly name: string } | undefined;
  for (const found of functions) if (found.start <= address && (best === undefined || found.start >= best.start)) best = found;
  return best === undefined ? undefined : { name: best.name, offset: address - best.start };
}

test("ordered and unordered symbols are searched alike", () => {
  const line = (address: number, type: string, name: string) => `ffffffff${address.toString(16)} ${type} ${name}\n`;
  for (const inOrder of [true, false]) {
    let state = 7;
    const next = (limit: number) => {
      state = (state * 1103515245 + 12345) % 2147483648;
      return Math.floor((state / 2147483648) * limit);
    };
    const starts = Array.from({ length: 400 }, () => 0x81000000 + next(1 << 12));
    if (inOrder) starts.sort((a, b) => a - b);
    const own = starts.map((start, i) => line(start, "tTdDWr"[next(6)] ?? "t", `own_${i}`));
    const others = Array.from({ length: 30 }, (_, i) => line(0xc0000000 + next(1 << 12), "t", `other_${i}\t[module]`));
    const text = ["0000000000000000 A start\n", ...own, ...others].join("");
    const index = indexSymbols(Buffer.from(text));
    for (let i = 0; i < 600; i++) {
      const address = (i % 2 === 0 ? 0xffffffff80ffff00n : 0xffffffffbfffff00n) + BigInt(next((1 << 12) + 600));
      assert.deepEqual(index.resolve(address), searched(text, address), `${address.toString(16)}, ${inOrder}`);
    }
  }
});

test("names are found one by one and many at a time", () => {
  const lines = Array.from({ length: 50 }, (_, i) => `ffffffff8100${(0x1000 + i * 16).toString(16)} t function_${i}\n`);
  const many = indexSymbols(Buffer.from(lines.join("")));
  for (let i = 0; i < 50; i++) {
    assert.equal(many.address(`function_${i}`), 0xffffffff81001000n + BigInt(i * 16));
    assert.equal(many.address(`function_${i}x`), undefined);
  }
});

test("this kernel's symbols lead back to their names", () => {
  const own = kernelSymbols();
  const address = own.address("vfs_read") ?? 0n;
  const names = kernelNames();
  assert.ok(address !== 0n, "addresses are not hidden from root");
  assert.deepEqual(names(address + 1n), { name: "vfs_read", offset: 1n });
  assert.equal(names(1n), undefined);
});
