// The cache of shared libraries that ldconfig(8) writes (glibc: sysdeps/generic/dl-cache.h).
//
//   [old table: "ld.so-1.7.0\0", u32 count at 12, entries of 12 bytes]      8-aligned, then
//   0  "glibc-ld.so.cache1.1"   20 u32 entries   24 u32 string bytes   48 entries of 24 bytes
//   entry: 0 s32 flags   4 u32 key   8 u32 value (offsets of strings from the start of the new header)   16 u64 hwcap

const magic = "glibc-ld.so.cache1.1";
const headerSize = 48;
const entrySize = 24;

/** Low byte 3: ELF for glibc 2; the next byte is the ABI. */
const abiFlags: Readonly<Record<"x64" | "arm64", number>> = { x64: 0x0303, arm64: 0x0a03 };

export interface CachedLibrary {
  /** The name that programs ask for: `libc.so.6`. */
  readonly name: string;
  readonly path: string;
}

/** The libraries of an architecture, in the order of the cache; none when the bytes are no such cache. */
export function readLibraryCache(bytes: Uint8Array, arch: "x64" | "arm64"): readonly CachedLibrary[] {
  const cache = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const start = cache.indexOf(magic, 0, "latin1");
  if (start < 0 || start + headerSize > cache.length) return [];
  const count = Math.min(cache.readUInt32LE(start + 20), Math.floor((cache.length - start - headerSize) / entrySize));
  const text = (offset: number) => {
    const end = cache.indexOf(0, start + offset);
    return cache.subarray(start + offset, end < 0 ? cache.length : end).toString("latin1");
  };
  const libraries: CachedLibrary[] = [];
  for (let i = 0; i < count; i++) {
    const entry = start + headerSize + i * entrySize;
    if (cache.readInt32LE(entry) !== abiFlags[arch]) continue;
    libraries.push({ name: text(cache.readUInt32LE(entry + 4)), path: text(cache.readUInt32LE(entry + 8)) });
  }
  return libraries;
}

/** The library that `libc` or `libc.so.6` means. */
export function findLibrary(libraries: readonly CachedLibrary[], text: string): string | undefined {
  const wanted = text.includes(".so") ? text : `${text}.so`;
  return libraries.find(({ name }) => name.startsWith(wanted))?.path;
}
