// For tests: ZIP archives of stored members, whose data may begin at multiples of a page as mapping needs it.

import { crc32 } from "../../src/formats/crc32.ts";

export interface ZipEntry {
  readonly name: string;
  readonly bytes: Buffer;
  /** The data begins at a multiple of it. */
  readonly alignment?: number;
  /** What the headers say of the compression; the bytes are stored all the same. */
  readonly method?: number;
  readonly flags?: number;
}

/** Header fields that the local header and the central entry share, from `version needed` to the length of the name. */
function commonFields({ name, bytes, method = 0, flags = 0 }: ZipEntry): Buffer {
  const fields = Buffer.alloc(24);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(flags, 2);
  fields.writeUInt16LE(method, 4);
  fields.writeUInt32LE(crc32(bytes), 10);
  fields.writeUInt32LE(bytes.length, 14);
  fields.writeUInt32LE(bytes.length, 18);
  fields.writeUInt16LE(Buffer.byteLength(name), 22);
  return fields;
}

function localHeader(entry: ZipEntry, at: number): Buffer {
  const mark = Buffer.from("PK\x03\x04", "latin1");
  const name = Buffer.from(entry.name);
  const end = at + 30 + name.length;
  const extra = Buffer.alloc((Math.ceil(end / (entry.alignment ?? 1)) * (entry.alignment ?? 1)) - end);
  const extraSize = Buffer.alloc(2);
  extraSize.writeUInt16LE(extra.length, 0);
  return Buffer.concat([mark, commonFields(entry), extraSize, name, extra]);
}

function centralEntry(entry: ZipEntry, at: number): Buffer {
  const head = Buffer.from("PK\x01\x02\x14\x00", "latin1");
  const rest = Buffer.alloc(16);
  rest.writeUInt32LE(at, 12);
  return Buffer.concat([head, commonFields(entry), rest, Buffer.from(entry.name)]);
}

export function makeZip(entries: readonly ZipEntry[], comment = ""): Buffer {
  const pieces: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const header = localHeader(entry, at);
    central.push(centralEntry(entry, at));
    pieces.push(header, entry.bytes);
    at += header.length + entry.bytes.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...pieces, directory, end, Buffer.from(comment)]);
}
