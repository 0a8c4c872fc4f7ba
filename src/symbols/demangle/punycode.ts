// Punycode (RFC 3492), as Rust writes identifiers with characters outside ASCII.

import { malformed } from "./malformed.ts";

const base = 36;
const tMin = 1;
const tMax = 26;
const skew = 38;
const damp = 700;
const initialBias = 72;
const initialCode = 128;
const lastCode = 0x10ffff;

function digitValue(character: string | undefined): number {
  if (character === undefined) throw malformed;
  if (/^[a-z]$/.test(character)) return character.charCodeAt(0) - 97;
  if (/^[0-9]$/.test(character)) return character.charCodeAt(0) - 48 + 26;
  throw malformed;
}

function adapt(delta: number, count: number, first: boolean): number {
  let rest = Math.floor(delta / (first ? damp : 2));
  rest += Math.floor(rest / count);
  let k = 0;
  while (rest > ((base - tMin) * tMax) / 2) {
    rest = Math.floor(rest / (base - tMin));
    k += base;
  }
  return k + Math.floor(((base - tMin + 1) * rest) / (rest + skew));
}

/** The text of its ASCII characters and the digits that insert the others. Throws `malformed`. */
export function decodePunycode(ascii: string, digits: string): string {
  const output = [...ascii];
  let code = initialCode;
  let bias = initialBias;
  let index = 0;
  let at = 0;
  while (at < digits.length) {
    const before = index;
    let weight = 1;
    for (let k = base; ; k += base) {
      const digit = digitValue(digits[at++]);
      index += digit * weight;
      const threshold = Math.min(tMax, Math.max(tMin, k - bias));
      if (digit < threshold) break;
      weight *= base - threshold;
      if (weight > 2 ** 40) throw malformed;
    }
    const count = output.length + 1;
    bias = adapt(index - before, count, before === 0);
    code += Math.floor(index / count);
    index %= count;
    if (code > lastCode || (code >= 0xd800 && code < 0xe000)) throw malformed;
    output.splice(index++, 0, String.fromCodePoint(code));
  }
  return output.join("");
}
