// ELF: the running node's own file, a small file made by hand, and that damage does no harm.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import fc from "fast-check";
import { buildId, debugLink } from "./debug-link.ts";
import { ElfFile } from "./elf.ts";
import { readUsdtLocations } from "./stapsdt.ts";

// ---- a file by hand ------------------------------------------------------------------------------------------
//
//   0 header | 64 program header | 120 code (file offset 0x78, address 0x401078) | symbols | strings | section names | sections

interface Content {
  readonly name: string;
  readonly type: number;
  readonly link: number;
  readonly bytes: Buffer;
}

const codeAt = 120;
const loadAddress = 0x40_1000n;

function symbol(name: number, type: number, address: bigint, size: number, section = 1): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32LE(name, 0);
  bytes.writeUInt8(type, 4);
  bytes.writeUInt16LE(section, 6);
  bytes.writeBigUInt64LE(address, 8);
  bytes.writeBigUInt64LE(BigInt(size), 16);
  return bytes;
}

function note(owner: string, type: number, description: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(owner.length + 1, 0);
  head.writeUInt32LE(description.length, 4);
  head.writeUInt32LE(type, 8);
  const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  return Buffer.concat([head, padded(Buffer.from(`${owner}\0`)), padded(description)]);
}

function usdtNote(): Buffer {
  const addresses = Buffer.alloc(24);
  addresses.writeBigUInt64LE(loadAddress + BigInt(codeAt) + 4n, 0);
  return note("stapsdt", 3, Buffer.concat([addresses, Buffer.from("app\0step\0-4@%edi\0")]));
}

function contents(): readonly Content[] {
  const strings = Buffer.from("\0first\0second\0data\0outside\0mark\0label\0");
  const at = (name: string) => strings.indexOf(name);
  const base = loadAddress + BigInt(codeAt);
  const symbols = Buffer.concat([
    symbol(0, 0, 0n, 0, 0),
    symbol(at("second"), 2, base + 16n, 8),
    symbol(at("first"), 2, base, 16),
    symbol(at("data"), 1, base + 24n, 8),
    symbol(at("outside"), 2, 0n, 0, 0),
    symbol(at("mark"), 0, base + 16n, 0),
    symbol(at("label"), 0, base + 40n, 0),
  ]);
  const link = Buffer.concat([Buffer.from("app.debug\0\0\0"), Buffer.from([0x78, 0x56, 0x34, 0x12])]);
  return [
    { name: ".symtab", type: 2, link: 2, bytes: symbols },
    { name: ".strtab", type: 3, link: 0, bytes: strings },
    { name: ".note.gnu.build-id", type: 7, link: 0, bytes: note("GNU", 3, Buffer.from("0123456789abcdef", "hex")) },
    { name: ".gnu_debuglink", type: 1, link: 0, bytes: link },
    { name: ".note.stapsdt", type: 7, link: 0, bytes: usdtNote() },
  ];
}

function makeElf(): Buffer {
  const sections = contents();
  const names = Buffer.from(`\0${sections.map((s) => s.name).join("\0")}\0.shstrtab\0`);
  const all = [...sections, { name: ".shstrtab", type: 3, link: 0, bytes: names }];
  const header = Buffer.alloc(codeAt + 32);
  header.writeUInt32BE(0x7f45_4c46, 0);
  header.set([2, 1, 1], 4);
  header.writeUInt16LE(2, 16);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt32LE(1, 64);
  header.writeBigUInt64LE(0n, 72);
  header.writeBigUInt64LE(loadAddress, 80);
  header.writeBigUInt64LE(BigInt(header.length), 96);
  const table = [Buffer.alloc(64)];
  let at = header.length;
  for (const section of all) {
    const entry = Buffer.alloc(64);
    entry.writeUInt32LE(names.indexOf(section.name), 0);
    entry.writeUInt32LE(section.type, 4);
    entry.writeBigUInt64LE(BigInt(at), 24);
    entry.writeBigUInt64LE(BigInt(section.bytes.length), 32);
    entry.writeUInt32LE(section.link, 40);
    table.push(entry);
    at += section.bytes.length;
  }
  header.writeBigUInt64LE(BigInt(at), 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(table.length, 60);
  header.writeUInt16LE(table.length - 1, 62);
  return Buffer.concat([header, ...all.map((section) => section.bytes), ...table]);
}

function parsed(bytes: Buffer): ElfFile {
  const file = ElfFile.parse(bytes);
  assert.ok(file !== undefined, "it is an ELF file");
  return file;
}

describe("a file made by hand", () => {
  const file = parsed(makeElf());
  const base = loadAddress + BigInt(codeAt);

  test("addresses and offsets go both ways, and only inside the file", () => {
    assert.equal(file.type, 2);
    assert.equal(file.fileOffset(base), codeAt);
    assert.equal(file.addressOf(BigInt(codeAt)), base);
    assert.equal(file.fileOffset(loadAddress - 1n), undefined);
    assert.equal(file.fileOffset(loadAddress + 152n), undefined);
    assert.equal(file.addressOf(1_000_000n), undefined);
  });

  test("code is mapped in whole pages, whatever the offset of its segment", () => {
    const bytes = makeElf();
    assert.equal(parsed(bytes).codeAddresses()(0n), undefined, "a segment that can't be executed is no code");
    bytes.writeUInt32LE(5, 68);
    // A segment at 0x1680 of the file and 0x402680 of memory, 0x2000 bytes long.
    bytes.writeBigUInt64LE(0x1680n, 72);
    bytes.writeBigUInt64LE(0x40_2680n, 80);
    bytes.writeBigUInt64LE(0x2000n, 96);
    const addressOf = parsed(bytes).codeAddresses();
    assert.equal(addressOf(0x1000n), 0x40_2000n);
    assert.equal(addressOf(0x3000n), 0x40_4000n);
    assert.equal(addressOf(0x4000n), undefined);
    assert.equal(addressOf(0n), undefined);
  });

  test("the frame header is found by its program header", () => {
    const bytes = makeElf();
    assert.equal(parsed(bytes).frameHeader(), undefined);
    bytes.writeUInt32LE(0x6474_e550, 64);
    const header = parsed(bytes).frameHeader();
    assert.equal(header?.address, loadAddress);
    assert.equal(header?.bytes.length, codeAt + 32);
  });

  test("defined symbols come by address", () => {
    assert.deepEqual(file.symbols().map(({ name, address, size, type }) => [name, address - base, size, type]), [
      ["first", 0n, 16, 2],
      ["second", 16n, 8, 2],
      ["mark", 16n, 0, 0],
      ["data", 24n, 8, 1],
      ["label", 40n, 0, 0],
    ]);
  });

  const places: readonly (readonly [bigint, string | undefined])[] = [
    [-1n, undefined],
    [0n, "first"],
    [15n, "first"],
    [16n, "second"],
    [23n, "second"],
    [31n, "data"],
    [32n, undefined],
    [40n, "label"],
    [50n, "label"],
  ];
  for (const [offset, name] of places) {
    test(`byte ${offset} of the code belongs to ${name ?? "nothing"}`, () => {
      assert.equal(file.symbolAt(base + offset)?.name, name);
    });
  }

  test("notes name the build, the debug file and the USDT probes", () => {
    assert.equal(buildId(file), "0123456789abcdef");
    assert.deepEqual(debugLink(file), { name: "app.debug", crc: 0x1234_5678 });
    assert.deepEqual(readUsdtLocations(file), [
      { provider: "app", name: "step", address: base + 4n, fileOffset: codeAt + 4, semaphoreOffset: 0, arguments: "-4@%edi" },
    ]);
  });

  test("sections are found by name", () => {
    assert.equal(file.section(".strtab")?.bytes.length, 38);
    assert.equal(file.section(".text"), undefined);
  });
});

test("the running node has functions where it says", () => {
  const file = parsed(readFileSync(process.execPath));
  const functions = file.symbols().filter((s) => s.type === 2 && s.size > 0);
  assert.ok(functions.length > 100);
  const step = Math.ceil(functions.length / 200);
  for (let i = 0; i < functions.length; i += step) {
    const one = functions[i];
    assert.ok(one !== undefined);
    const at = file.fileOffset(one.address);
    assert.ok(at !== undefined, one.name);
    assert.equal(file.addressOf(BigInt(at)), one.address);
    assert.equal(file.symbolAt(one.address)?.address, one.address);
    assert.equal(file.symbolAt(one.address + BigInt(one.size) - 1n) !== undefined, true);
  }
});

describe("damage", () => {
  const whole = makeElf();

  /** Everything that can be asked of a file. */
  function use(bytes: Buffer): void {
    const file = ElfFile.parse(bytes);
    if (file === undefined) return;
    for (const { name, address } of file.symbols()) {
      assert.equal(typeof name, "string");
      file.symbolAt(address);
      file.fileOffset(address);
    }
    file.addressOf(0n);
    for (const name of [".strtab", ".nothing", ""]) file.section(name);
    buildId(file);
    debugLink(file);
    readUsdtLocations(file);
  }

  test("what is no 64-bit little-endian ELF file is none", () => {
    const big = Buffer.from(whole);
    big[5] = 2;
    const narrow = Buffer.from(whole);
    narrow[4] = 1;
    for (const bytes of [Buffer.alloc(0), Buffer.from("#!/bin/sh"), whole.subarray(0, 64), big, narrow]) {
      assert.equal(ElfFile.parse(bytes), undefined);
    }
  });

  test("a file may end anywhere", () => {
    for (let length = 65; length < whole.length; length++) assert.doesNotThrow(() => use(whole.subarray(0, length)));
  });

  test("any byte may be another one", () => {
    for (let at = 0; at < whole.length; at++) {
      for (const byte of [0, 1, 0x7f, 0x80, 0xff]) {
        const bytes = Buffer.from(whole);
        bytes[at] = byte;
        assert.doesNotThrow(() => use(bytes), `byte ${at} is ${byte}`);
      }
    }
  });

  test("many bytes may be others", () => {
    const edit = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 2, maxLength: 20 }), (edits) => {
        const bytes = Buffer.from(whole);
        for (const { at, byte } of edits) bytes[at] = byte;
        use(bytes);
      }),
      { numRuns: 3000, seed: 5 },
    );
  });
});
