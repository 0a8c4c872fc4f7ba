// The .xz format (tukaani.org/xz/xz-file-format.txt): streams of blocks compressed with LZMA2, as .gnu_debugdata holds.
//
//   stream: magic, flags, CRC | blocks | index | footer
//   block:  header (size, flags, filters, CRC) | LZMA2 chunks | padding to 4 | check
//   chunk:  control byte, sizes [, properties] | data; a control byte 0 ends them

import { crc32 } from "../crc32.ts";
import { MalformedFile } from "../malformed-file.ts";
import { crc64 } from "./crc64.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import { LzmaDecoder, type LzmaProperties, readProperties } from "./lzma.ts";
import { RangeDecoder } from "./range-decoder.ts";

const magic = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
const headerSize = 12;
/** Bytes of a check by its kind: none, CRC32, CRC64, SHA-256 and such that are not in use. */
const checkSizes = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const checks = { crc32: 1, crc64: 4 } as const;
const lzma2Filter = 0x21;

interface Position {
  readonly bytes: Buffer;
  at: number;
}

/** Decompresses a whole file. Throws MalformedFile when it is damaged or uses another filter than LZMA2; SHA-256 checks are not looked at. */
export function decompressXz(bytes: Buffer): Uint8Array {
  const out = new GrowingBytes(bytes.length * 4);
  const position: Position = { bytes, at: 0 };
  try {
    do readStream(position, out);
    while (skipPadding(position));
  } catch (problem) {
    if (problem instanceof RangeError) throw new MalformedFile("compressed data ends too early");
    throw problem;
  }
  return out.whole();
}

/** Zeroes may stand between streams; whether there is another one. */
function skipPadding(position: Position): boolean {
  while (position.at < position.bytes.length && position.bytes[position.at] === 0) position.at += 1;
  return position.at < position.bytes.length;
}

function expect(condition: boolean, what: string): void {
  if (!condition) throw new MalformedFile(`compressed data has a wrong ${what}`);
}

function readStream(position: Position, out: GrowingBytes): void {
  const { bytes } = position;
  const start = position.at;
  expect(bytes.subarray(start, start + magic.length).equals(magic), "beginning");
  const flags = bytes.subarray(start + 6, start + 8);
  expect(crc32(flags) === bytes.readUInt32LE(start + 8), "header");
  const check = flags[1] ?? 0;
  expect(flags[0] === 0 && check < checkSizes.length, "kind of check");
  position.at += headerSize;
  while (bytes.readUInt8(position.at) !== 0) readBlock(position, check, out);
  skipIndex(position);
  // Footer: CRC, size of the index, flags, "YZ".
  const footer = position.at;
  expect(bytes.toString("latin1", footer + 10, footer + 12) === "YZ", "end");
  expect(crc32(bytes.subarray(footer + 4, footer + 10)) === bytes.readUInt32LE(footer), "footer");
  expect(bytes.subarray(footer + 8, footer + 10).equals(flags), "footer");
  position.at = footer + headerSize;
}

/** Seven bits a byte, from the lowest. */
function readNumber(position: Position): number {
  let value = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = position.bytes.readUInt8(position.at);
    position.at += 1;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
    expect(factor < 2 ** 49, "number");
  }
}

function readBlock(position: Position, check: number, out: GrowingBytes): void {
  const { bytes } = position;
  const start = position.at;
  const size = (bytes.readUInt8(start) + 1) * 4;
  expect(crc32(bytes.subarray(start, start + size - 4)) === bytes.readUInt32LE(start + size - 4), "block header");
  const flags = bytes.readUInt8(start + 1);
  const header: Position = { bytes, at: start + 2 };
  if ((flags & 0x40) !== 0) readNumber(header);
  const expected = (flags & 0x80) === 0 ? undefined : readNumber(header);
  if ((flags & 3) !== 0 || readNumber(header) !== lzma2Filter) throw new MalformedFile("compressed data uses a filter that is not supported");
  position.at = start + size;
  const from = out.length;
  readChunks(position, out);
  expect(expected === undefined || out.length - from === expected, "size");
  position.at = start + Math.ceil((position.at - start) / 4) * 4;
  checkBlock(position, check, out.whole().subarray(from));
}

function checkBlock(position: Position, kind: number, content: Uint8Array): void {
  const { bytes, at } = position;
  if (kind === checks.crc32) expect(crc32(content) === bytes.readUInt32LE(at), "checksum");
  else if (kind === checks.crc64) expect(crc64(content) === bytes.readBigUInt64LE(at), "checksum");
  position.at += checkSizes[kind] ?? 0;
}

function readChunks(position: Position, out: GrowingBytes): void {
  const { bytes } = position;
  let decoder: LzmaDecoder | undefined;
  let properties: LzmaProperties | undefined;
  let origin = out.length;
  for (;;) {
    const control = bytes.readUInt8(position.at);
    if (control === 0) break;
    if (control === 1 || control >= 0xe0) origin = out.length;
    if (control < 0x80) {
      expect(control <= 2, "chunk");
      const length = bytes.readUInt16BE(position.at + 1) + 1;
      const start = position.at + 3;
      expect(start + length <= bytes.length, "length");
      out.append(bytes.subarray(start, start + length));
      position.at = start + length;
      continue;
    }
    const size = (control & 0x1f) * 0x1_0000 + bytes.readUInt16BE(position.at + 1) + 1;
    const length = bytes.readUInt16BE(position.at + 3) + 1;
    position.at += 5;
    const reset = (control >> 5) & 3;
    if (reset >= 2) {
      properties = readProperties(bytes.readUInt8(position.at));
      position.at += 1;
      decoder = new LzmaDecoder(properties, out);
    } else if (reset === 1) decoder?.reset();
    if (decoder === undefined) throw new MalformedFile("compressed data begins in the middle");
    const code = new RangeDecoder(bytes, position.at, length);
    decoder.run(code, size, origin);
    expect(code.finish(), "chunk");
    position.at += length;
  }
  position.at += 1;
}

/** The index repeats the sizes of the blocks; its checksum is looked at. */
function skipIndex(position: Position): void {
  const start = position.at;
  position.at += 1;
  const count = readNumber(position);
  for (let i = 0; i < count; i++) {
    readNumber(position);
    readNumber(position);
  }
  const end = start + Math.ceil((position.at - start) / 4) * 4;
  expect(crc32(position.bytes.subarray(start, end)) === position.bytes.readUInt32LE(end), "index");
  position.at = end + 4;
}
