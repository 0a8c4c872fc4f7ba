// Compiled formats give the text that formatting of values gives, for every conversion and type that analysis lets pass.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRegistry } from "../define/registry.ts";
import { decodeValue, type Decoder } from "../runtime/decode.ts";
import { alignmentOf, alignUp, intType, none, pointerTo, sizeOf, type Type } from "../types/type.ts";
import { ByteBuffer } from "./byte-buffer.ts";
import { accepts, conversionsOf, formatValues, parseFormat } from "./format.ts";
import { compileFormat, type FormatWriterOptions, type RecordField, type RecordMemory } from "./format-writer.ts";

const maxStrlen = 24;

const decoder: Decoder = {
  registry: createRegistry({ builtins: [], aggregations: [], actions: [], probes: [], valueTypes: [], config: [] }),
  host: {
    kernelSymbol: () => undefined,
    userSymbol: () => undefined,
    userName: String,
    cgroupPath: () => "",
    bootToRealtime: 0n,
    maxStrlen,
    complain: () => undefined,
  },
  stackText: () => "",
};

const options: FormatWriterOptions = {
  truncationTrailer: "..",
  maxStrlen,
  decode: (record, at, field) =>
    decodeValue(decoder, new DataView(record.bytes.buffer, record.bytes.byteOffset), at + field.offset, field.type),
};

const colour: Type = {
  kind: "enum",
  name: "colour",
  bytes: 4,
  signed: true,
  enumerators: [{ name: "RED", value: 0n }, { name: "BLUE", value: -1n }],
};

const types: readonly Type[] = [
  { kind: "bool" },
  ...([1, 2, 4, 8] as const).flatMap((bytes) => [intType(bytes, true), intType(bytes, false)]),
  colour,
  pointerTo(none, "kernel"),
  { kind: "string", size: 1 },
  { kind: "string", size: 16 },
  { kind: "string", size: maxStrlen },
  { kind: "string", size: 300 },
  { kind: "buffer", capacity: 7 },
  { kind: "array", element: intType(2, true), count: 3 },
  { kind: "tuple", elements: [intType(1, false), { kind: "string", size: 4 }] },
  { kind: "record", fields: [{ name: "a", type: { kind: "tuple", elements: [intType(8, true)] } }] },
];

const letters = ["d", "i", "u", "x", "X", "o", "c", "p", "s", "r", "rx", "rh", "gr"];

const conversion = fc
  .record({
    flags: fc.tuple(fc.constantFrom("", "-"), fc.constantFrom("", "+"), fc.constantFrom("", "#"), fc.constantFrom("", "0")),
    width: fc.oneof(fc.constant(""), fc.integer({ min: 1, max: 40 }).map(String)),
    precision: fc.oneof({ weight: 5, arbitrary: fc.constant("") }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 20 }).map((n) => `.${n}`) }),
    length: fc.constantFrom("", "", "hh", "h", "l", "ll", "j", "z", "t", "L"),
    letter: fc.constantFrom(...letters),
  })
  .map(({ flags, width, precision, length, letter }) => `%${flags.join("")}${width}${precision}${length}${letter}`);

const piece = fc
  .tuple(fc.stringMatching(/^[ -$&-~\x80-\xff]{0,5}$/), conversion, fc.constantFrom(...types))
  .filter(([, format, type]) => conversionsOf(parseFormat(format)).every((c) => accepts(c, type)));

function layout(list: readonly Type[]): { readonly fields: readonly RecordField[]; readonly size: number } {
  let at = 4;
  const fields = list.map((type) => {
    const offset = alignUp(at, alignmentOf(type));
    at = offset + sizeOf(type);
    return { type, offset };
  });
  return { fields, size: alignUp(at, 8) };
}

function recordOf(bytes: Uint8Array): RecordMemory {
  return { bytes, words: new Uint32Array(bytes.buffer, 0, bytes.length >>> 2) };
}

/** Bytes of a record: random, or with runs of zeros and ones so that strings end and numbers are extreme. */
const content = fc.infiniteStream(fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 0, 0xff, 0x80, 0x7f, 65)));

test("compiled formats agree with formatting of values", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 5 }), content, fc.constantFrom(0, 8, 64), (parts, bytes, at) => {
      const format = parseFormat(parts.map(([text, conversions]) => text + conversions).join(""));
      const { fields, size } = layout(parts.map(([, , type]) => type));
      const record = recordOf(Uint8Array.from(bytes.take(at + size + 8)));
      const expected = formatValues(format, fields.map((field) => options.decode(record, at, field)), options);
      const out = new ByteBuffer();
      out.append("before ");
      compileFormat(format, fields, options)(record, at, out);
      assert.equal(out.text(), `before ${expected}`);
    }),
    { numRuns: 2000 },
  );
});

test("a compiled format makes room for texts that are longer than the buffer", () => {
  const { fields, size } = layout([{ kind: "string", size: 20000 }]);
  const record = recordOf(new Uint8Array(size).fill(66));
  const out = new ByteBuffer();
  compileFormat(parseFormat("<%s>"), fields, options)(record, 0, out);
  assert.equal(out.length, 20002);
});
