// Writing numbers and strings as bytes: functions that put text at a place of a buffer and give the place after it.
// The caller has made room. 64-bit numbers come as two unsigned halves.

/** Longest text of a 64-bit number in any base that is written here. */
export const longestNumber = 22;

/** Two decimal digits of each number below 100. */
const pairs = Uint8Array.from({ length: 200 }, (_, i) => 48 + (i % 2 === 0 ? Math.floor(i / 20) : Math.floor(i / 2) % 10));

function countDigits(value: number): number {
  if (value < 10000) return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4;
  if (value < 100_000_000) return value < 1_000_000 ? (value < 100_000 ? 5 : 6) : value < 10_000_000 ? 7 : 8;
  return value < 1_000_000_000 ? 9 : 10;
}

/** Writes exactly `count` digits of a number below 2^32, with leading zeros. */
function fixed(out: Uint8Array, at: number, value: number, count: number): number {
  let rest = value;
  let place = at + count;
  while (place - at >= 2) {
    const next = Math.floor(rest / 100);
    const pair = (rest - next * 100) * 2;
    place -= 2;
    out[place] = pairs[pair] ?? 0;
    out[place + 1] = pairs[pair + 1] ?? 0;
    rest = next;
  }
  if (place > at) out[at] = 48 + (rest % 10);
  return at + count;
}

/** Decimal number below 2^32. */
export function decimal32(out: Uint8Array, at: number, value: number): number {
  return fixed(out, at, value, countDigits(value));
}

/** Decimal number of two unsigned halves. */
export function decimal64(out: Uint8Array, at: number, high: number, low: number): number {
  if (high === 0) return decimal32(out, at, low);
  // 2^32 is 4294 * 10^6 + 967296: a part below 10^6 and one above it, each of them below 2^53.
  const below = high * 967296 + low;
  const carry = Math.floor(below / 1e6);
  const above = high * 4294 + carry;
  const first = Math.floor(above / 1e9);
  const middle = above - first * 1e9;
  const place = first > 0 ? fixed(out, decimal32(out, at, first), middle, 9) : decimal32(out, at, middle);
  return fixed(out, place, below - carry * 1e6, 6);
}

/** Signed decimal number below 2^31 in size. */
export function signed32(out: Uint8Array, at: number, value: number): number {
  if (value >= 0) return decimal32(out, at, value);
  out[at] = 45;
  return decimal32(out, at + 1, -value);
}

/** Signed decimal number of two halves in two's complement. */
export function signed64(out: Uint8Array, at: number, high: number, low: number): number {
  if (high < 0x8000_0000) return decimal64(out, at, high, low);
  out[at] = 45;
  const negated = -low >>> 0;
  return decimal64(out, at + 1, (~high + (negated === 0 ? 1 : 0)) >>> 0, negated);
}

/** Hexadecimal number; `letter` is the code of its digit ten. */
export function hex64(out: Uint8Array, at: number, high: number, low: number, letter: number): number {
  const count = high === 0 ? hexDigits(low) : 8 + hexDigits(high);
  let rest = low;
  for (let i = count - 1; i >= 0; i--) {
    const digit = rest & 15;
    out[at + i] = digit < 10 ? 48 + digit : letter - 10 + digit;
    rest = count - i === 8 ? high : rest >>> 4;
  }
  return at + count;
}

/** Hexadecimal number after 0x. */
export function address(out: Uint8Array, at: number, high: number, low: number): number {
  out[at] = 48;
  out[at + 1] = 120;
  return hex64(out, at + 2, high, low, 97);
}

function hexDigits(value: number): number {
  return value === 0 ? 1 : 8 - (Math.clz32(value) >>> 2);
}

/** Strings that are longer than this are copied by the platform. */
const shortString = 64;

/** Bytes up to a NUL, `size` at most. */
export function cString(out: Uint8Array, at: number, from: Uint8Array, start: number, size: number): number {
  const near = size < shortString ? size : shortString;
  for (let i = 0; i < near; i++) {
    const byte = from[start + i] ?? 0;
    if (byte === 0) return at + i;
    out[at + i] = byte;
  }
  if (near === size) return at + size;
  const nul = from.indexOf(0, start + near);
  const end = nul < 0 || nul > start + size ? start + size : nul;
  out.set(from.subarray(start + near, end), at + near);
  return at + end - start;
}

/** Bytes that are known before. */
export function copyBytes(out: Uint8Array, at: number, bytes: Uint8Array): number {
  const { length } = bytes;
  if (length > shortString) out.set(bytes, at);
  else for (let i = 0; i < length; i++) out[at + i] = bytes[i] ?? 0;
  return at + length;
}

/** Moves the text between two places to the right until it has the width, filling up on its left. */
export function padStart(out: Uint8Array, start: number, end: number, width: number, fill: number): number {
  const missing = width - (end - start);
  if (missing <= 0) return end;
  for (let at = end - 1; at >= start; at--) out[at + missing] = out[at] ?? 0;
  for (let at = start; at < start + missing; at++) out[at] = fill;
  return end + missing;
}

/** Fills up on the right. */
export function padEnd(out: Uint8Array, start: number, end: number, width: number, fill: number): number {
  const last = start + width;
  for (let at = end; at < last; at++) out[at] = fill;
  return Math.max(end, last);
}
