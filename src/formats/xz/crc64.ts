// CRC-64 as .xz has it (ECMA-182, reflected), in two halves of 32 bits.

const highPolynomial = 0xc96c_5795;
const lowPolynomial = 0xd787_0f42;

const [highTable, lowTable] = makeTables();

function makeTables(): readonly [Uint32Array, Uint32Array] {
  const [high, low] = [new Uint32Array(256), new Uint32Array(256)];
  for (let byte = 0; byte < 256; byte++) {
    let [h, l] = [0, byte];
    for (let bit = 0; bit < 8; bit++) {
      const odd = (l & 1) === 1;
      l = ((l >>> 1) | (h << 31)) >>> 0;
      h >>>= 1;
      if (odd) [h, l] = [(h ^ highPolynomial) >>> 0, (l ^ lowPolynomial) >>> 0];
    }
    high[byte] = h;
    low[byte] = l;
  }
  return [high, low];
}

export function crc64(bytes: Uint8Array): bigint {
  let [high, low] = [0xffff_ffff, 0xffff_ffff];
  for (let i = 0; i < bytes.length; i++) {
    const index = (low ^ (bytes[i] ?? 0)) & 0xff;
    low = (((low >>> 8) | (high << 24)) ^ (lowTable[index] ?? 0)) >>> 0;
    high = ((high >>> 8) ^ (highTable[index] ?? 0)) >>> 0;
  }
  return (BigInt((high ^ 0xffff_ffff) >>> 0) << 32n) | BigInt((low ^ 0xffff_ffff) >>> 0);
}
