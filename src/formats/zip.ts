// Members of ZIP archives that are stored as they are, so that they can be mapped (APPNOTE.TXT of PKWARE, sections 4.3 to 4.5).
//
//   local header + data …, central directory, [zip64 end], end record with comment
//   end record: u32 0x06054b50, …, u16 entries @10, u32 directory size @12, u32 directory offset @16, u16 comment length @20
//   central entry: u32 0x02014b50, u16 flags @8, u16 method @10, u32 packed size @20, u32 size @24, u16 name @28, extra @30,
//                  comment @32, u32 local header @42, name @46
//   local header: u32 0x04034b50, …, u16 name @26, extra @28, 30 bytes in all

const endMark = 0x0605_4b50;
const centralMark = 0x0201_4b50;
const localMark = 0x0403_4b50;

const endSize = 22;
const maxComment = 0xffff;
const storedMethod = 0;
const encryptedFlag = 1;
/** Numbers that do not fit are in zip64 records. */
const elsewhere = 0xffff_ffff;

/** An archive to read from. */
export interface ArchiveBytes {
  readonly size: number;
  /** Bytes at an offset; fewer at the end. */
  read(offset: number, length: number): Uint8Array;
}

export type ZipMember =
  | { readonly kind: "stored"; readonly offset: number; readonly size: number }
  /** `why` tells what is in the way. */
  | { readonly kind: "unusable"; readonly why: string };

/** Where a member's bytes are. */
export function findZipMember(archive: ArchiveBytes, name: string): ZipMember {
  const directory = readDirectory(archive);
  if (directory === undefined) return unusable("it is no ZIP archive");
  if (directory === "zip64") return unusable("archives of 4 GiB and more (zip64) can't be read");
  const wanted = Buffer.from(name, "latin1");
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === centralMark; ) {
    const [nameSize, extraSize, commentSize] = [directory.readUInt16LE(at + 28), directory.readUInt16LE(at + 30), directory.readUInt16LE(at + 32)];
    if (directory.subarray(at + 46, at + 46 + nameSize).equals(wanted)) return readEntry(archive, directory, at);
    at += 46 + nameSize + extraSize + commentSize;
  }
  return unusable(`it has no member '${name}'`);
}

function unusable(why: string): ZipMember {
  return { kind: "unusable", why };
}

function bytesOf(archive: ArchiveBytes, offset: number, length: number): Buffer {
  const bytes = archive.read(offset, length);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The central directory; undefined where there is none. */
function readDirectory(archive: ArchiveBytes): Buffer | "zip64" | undefined {
  const tailSize = Math.min(archive.size, endSize + maxComment);
  const tail = bytesOf(archive, archive.size - tailSize, tailSize);
  for (let at = tail.length - endSize; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== endMark || at + endSize + tail.readUInt16LE(at + 20) !== tail.length) continue;
    const [size, offset] = [tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)];
    if (size === elsewhere || offset === elsewhere) return "zip64";
    return offset + size > archive.size ? undefined : bytesOf(archive, offset, size);
  }
  return undefined;
}

function readEntry(archive: ArchiveBytes, directory: Buffer, at: number): ZipMember {
  if ((directory.readUInt16LE(at + 8) & encryptedFlag) !== 0) return unusable("the member is encrypted");
  if (directory.readUInt16LE(at + 10) !== storedMethod) return unusable("the member is compressed: only stored ones can be mapped and probed");
  const [size, header] = [directory.readUInt32LE(at + 24), directory.readUInt32LE(at + 42)];
  if (size === elsewhere || header === elsewhere) return unusable("members of 4 GiB and more (zip64) can't be read");
  const local = bytesOf(archive, header, 30);
  if (local.length < 30 || local.readUInt32LE(0) !== localMark) return unusable("the archive is damaged");
  const offset = header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  return offset + size > archive.size ? unusable("the archive is damaged") : { kind: "stored", offset, size };
}
