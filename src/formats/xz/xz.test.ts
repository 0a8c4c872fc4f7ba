// Decompressing what the xz tool wrote, where it is installed; damage; the checksum.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import fc from "fast-check";
import { MalformedFile } from "../malformed-file.ts";
import { crc64 } from "./crc64.ts";
import { decompressXz } from "./xz.ts";

const hasXz = spawnSync("xz", ["--version"]).status === 0;

function compress(input: Buffer, ...options: readonly string[]): Buffer {
  const run = spawnSync("xz", ["--stdout", "--threads=1", ...options], { input, maxBuffer: 1 << 28 });
  assert.equal(run.status, 0, run.stderr.toString());
  return run.stdout;
}

/** Bytes with repetitions at many distances, and noise. */
function mixed(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let seed = 12345;
  const next = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed >>> 8;
  };
  for (let at = 0; at < size; ) {
    const length = Math.min(size - at, 1 + (next() % 400));
    const distance = 1 + (next() % Math.max(1, at));
    const copy = at > 0 && next() % 3 !== 0;
    for (let i = 0; i < length; i++, at++) bytes[at] = copy ? (bytes[at - distance] ?? 0) : next() % 256;
  }
  return bytes;
}

test("the checksum is that of the standard", () => assert.equal(crc64(Buffer.from("123456789")), 0x995d_c9bb_df19_39fan));

test("a file as it was written once", () => {
  const file = "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQASYmVlcyBhbmQgYnVtYmxlYmVlcwAAVgbRnvFjuh0AASsTnAlI0h+2830BAAAAAARZWg==";
  assert.equal(Buffer.from(decompressXz(Buffer.from(file, "base64"))).toString(), "bees and bumblebees");
});

describe("what xz wrote", { skip: hasXz ? false : "xz is not installed" }, () => {
  const inputs: readonly (readonly [string, Buffer])[] = [
    ["nothing", Buffer.alloc(0)],
    ["one byte", Buffer.from("x")],
    ["zeroes", Buffer.alloc(300_000)],
    ["text", Buffer.from("the quick brown fox jumps over the lazy dog\n".repeat(3000))],
    ["a mixture", mixed(400_000)],
    ["the running program's first megabytes", readFileSync(process.execPath).subarray(0, 3 << 20)],
  ];
  const variants: readonly (readonly string[])[] = [
    ["-6"],
    ["-0"],
    ["-9e"],
    ["--check=crc32"],
    ["--check=none"],
    ["--check=sha256"],
    ["--block-size=65536"],
    ["--lzma2=preset=6,lc=0,lp=2,pb=4"],
    ["--lzma2=preset=1,lc=4,lp=0,pb=0,dict=4096"],
  ];
  for (const [name, input] of inputs) {
    for (const options of variants) {
      test(`${name} ${options.join(" ")}`, () => assert.ok(Buffer.from(decompressXz(compress(input, ...options))).equals(input)));
    }
  }

  test("several streams with padding between", () => {
    const parts = [compress(Buffer.from("one ")), Buffer.alloc(8), compress(Buffer.from("two"))];
    assert.equal(Buffer.from(decompressXz(Buffer.concat(parts))).toString(), "one two");
  });

  test("random bytes and repetitions", () => {
    const piece = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.tuple(fc.nat(255), fc.nat(700)).map(([byte, count]) => new Uint8Array(count).fill(byte)));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const input = Buffer.concat(pieces);
        assert.ok(Buffer.from(decompressXz(compress(input))).equals(input));
      }),
      { numRuns: 40, seed: 11 },
    );
  });

  test("other filters are refused", () => {
    assert.throws(() => decompressXz(compress(Buffer.alloc(1000), "--x86", "--lzma2")), /filter that is not supported/);
  });

  test("damage is refused or does no harm", () => {
    const whole = compress(Buffer.from("some text, some text, some other text"), "--check=crc64");
    const refused = (bytes: Buffer) => {
      try {
        decompressXz(bytes);
        return false;
      } catch (problem) {
        assert.ok(problem instanceof MalformedFile, String(problem));
        return true;
      }
    };
    for (let length = 0; length < whole.length; length++) assert.ok(refused(whole.subarray(0, length)), `${length} bytes`);
    for (let at = 0; at < whole.length; at++) {
      for (const bit of [1, 0x80]) {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] ?? 0) ^ bit;
        refused(bytes);
      }
    }
    const changed = Buffer.from(whole);
    const middle = whole.length >> 1;
    changed[middle] = (changed[middle] ?? 0) ^ 0x10;
    assert.ok(refused(changed));
  });
});
