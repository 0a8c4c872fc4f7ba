// The order of numbers: large tables of addresses are sorted by index, without an object for each entry.

const digitBits = 11;
const digitCount = 1 << digitBits;
const wordSize = 0x1_0000_0000;

/** Indices of integers (0 to 2^53) in ascending order; equal ones keep their order. */
export function ascendingOrder(keys: Float64Array): Uint32Array {
  const order = new Uint32Array(keys.length);
  let [least, most, sorted] = [keys[0] ?? 0, keys[0] ?? 0, true];
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] ?? 0;
    order[i] = i;
    if (i > 0 && key < (keys[i - 1] ?? 0)) sorted = false;
    if (key < least) least = key;
    if (key > most) most = key;
  }
  if (sorted) return order;
  const low = new Uint32Array(keys.length);
  const high = new Uint32Array(keys.length);
  for (let i = 0; i < keys.length; i++) {
    const key = (keys[i] ?? 0) - least;
    high[i] = key / wordSize;
    low[i] = key % wordSize;
  }
  const span = most - least;
  return sortByWord(sortByWord(order, low, Math.min(span, wordSize - 1)), high, Math.floor(span / wordSize));
}

/** Digit by digit from the lowest (radix sort): each pass keeps the order of those before it. `most`: the largest word. */
function sortByWord(start: Uint32Array, words: Uint32Array, most: number): Uint32Array {
  let order = start;
  for (let shift = 0; shift < 32 && most >>> shift !== 0; shift += digitBits) {
    const next = new Uint32Array(digitCount + 1);
    for (let i = 0; i < words.length; i++) {
      const at = (((words[i] ?? 0) >>> shift) & (digitCount - 1)) + 1;
      next[at] = (next[at] ?? 0) + 1;
    }
    for (let i = 1; i <= digitCount; i++) next[i] = (next[i] ?? 0) + (next[i - 1] ?? 0);
    const sorted = new Uint32Array(order.length);
    for (let k = 0; k < order.length; k++) {
      const i = order[k] ?? 0;
      const digit = ((words[i] ?? 0) >>> shift) & (digitCount - 1);
      const to = next[digit] ?? 0;
      sorted[to] = i;
      next[digit] = to + 1;
    }
    order = sorted;
  }
  return order;
}

/** How many of the first entries of an ascending list are at most `key`. */
export function countUpTo(keys: Float64Array, key: number): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? 0) <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}
