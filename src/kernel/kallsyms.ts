// Kernel symbols from /proc/kallsyms, read when an address has to be named.
//
//   ADDRESS TYPE NAME[<TAB>[MODULE]]      16 hex digits; zeroes when addresses are hidden (kernel.kptr_restrict)

import { ascendingOrder, countUpTo } from "../base/ascending-order.ts";
import { readKernelFile } from "../sys/kernel-file.ts";

export interface KernelSymbol {
  readonly name: string;
  readonly offset: bigint;
}

export interface KernelSymbols {
  /** The symbol with the greatest start up to an address. */
  resolve(address: bigint): KernelSymbol | undefined;
  address(name: string): bigint | undefined;
  /** Addresses of all functions of a name. */
  addresses(name: string): readonly bigint[];
  /** Bytes up to the next function. */
  size(name: string): bigint | undefined;
}

const cache = new Map<"symbols", KernelSymbols>();

/** The kernel's symbols as they were at the first call. */
export function kernelSymbols(): KernelSymbols {
  const known = cache.get("symbols");
  if (known !== undefined) return known;
  const made = indexSymbols(readKernelFile("/proc/kallsyms"));
  cache.set("symbols", made);
  return made;
}

/** Milliseconds after which symbols may have changed that come and go. */
const freshness = 1000;

/**
 * Names of addresses while programs come and go: the kernel's own code stays as it is, but of modules and BPF programs those count
 * that are there now.
 */
export function kernelNames(): (address: bigint) => KernelSymbol | undefined {
  const names = new Map<bigint, KernelSymbol | undefined>();
  // What was read before may lack the programs that were loaded since.
  const readBefore = cache.has("symbols");
  let changing: { readonly symbols: KernelSymbols; readonly readAt: number } | undefined;
  let core: readonly (readonly [bigint, bigint])[] | undefined;
  const find = (address: bigint) => {
    const now = process.uptime() * 1000;
    if (core === undefined) {
      core = coreRanges(kernelSymbols());
      if (!readBefore) changing = { symbols: kernelSymbols(), readAt: now };
    }
    if (core.some(([start, end]) => address >= start && address < end)) return kernelSymbols().resolve(address);
    if (changing === undefined || now > changing.readAt + freshness) changing = { symbols: indexSymbols(readKernelFile("/proc/kallsyms")), readAt: now };
    return changing.symbols.resolve(address);
  };
  return (address) => {
    if (!names.has(address)) names.set(address, find(address));
    return names.get(address);
  };
}

/** The kernel's own code, without that which is freed after booting: modules may be there now. */
function coreRanges(symbols: KernelSymbols): readonly (readonly [bigint, bigint])[] {
  const start = symbols.address("_stext");
  const end = symbols.address("_etext");
  return start === undefined || end === undefined ? [] : [[start, end]];
}

const lineFeed = 10;
const tab = 9;
const blank = 32;
const typeAt = 17;
const nameAt = 19;
/** By type: whether such symbols are code. */
const isText = Uint8Array.from({ length: 256 }, (_, type) => (Buffer.from("tTwW").includes(type) ? 1 : 0));
/** Kernel addresses begin with so many bits that are set: the rest is exact as a number. */
const commonBits = 12n;
const restMask = (1n << (64n - commonBits)) - 1n;
/** Searches by name from which on an index pays. */
const searchesByHand = 8;

function restOf(address: bigint): number {
  return Number(address & restMask);
}

function addressOf(rest: number): bigint {
  return (~restMask & 0xffff_ffff_ffff_ffffn) | BigInt(rest);
}

/** Value of a hex digit; letters are small. */
function digit(byte: number): number {
  return byte >= 97 ? byte - 87 : byte - 48;
}

/** Where functions begin, without the common bits, and where their lines are. */
interface Functions {
  /** The last one up to an address; undefined when there is none. */
  upTo(rest: number): FunctionPlace | undefined;
  /** Where the first one after an address begins. */
  after(rest: number): number | undefined;
}

interface FunctionPlace {
  readonly start: number;
  readonly line: number;
}

/**
 * The functions of a text of symbols. The kernel's own symbols come first, in ascending order: they are searched where they stand. The
 * others, of modules and programs, lie elsewhere and are sorted.
 */
function functionsOf(text: Buffer): Functions {
  const own = new OrderedLines(text, ownSymbolsEnd(text));
  let others: Functions | undefined;
  const both = () => {
    others ??= sortedFunctions(text, own.end);
    return others;
  };
  return {
    upTo: (rest) => {
      const first = own.upTo(rest);
      if (first !== undefined && rest < own.last) return first;
      const second = both().upTo(rest);
      return second === undefined || (first !== undefined && first.start > second.start) ? first : second;
    },
    after: (rest) => {
      const first = own.after(rest);
      if (first !== undefined && own.upTo(rest) !== undefined) return first;
      const second = both().after(rest);
      return second === undefined || (first !== undefined && first < second) ? first : second;
    },
  };
}

/** Where the symbols of modules begin, whose names are in brackets; 0 when those before are not in order. */
function ownSymbolsEnd(text: Buffer): number {
  const found = text.indexOf(tab);
  const end = found < 0 ? text.length : text.lastIndexOf(lineFeed, found) + 1;
  const samples = 256;
  let before = -1;
  for (let i = 0; i < samples; i++) {
    const start = startAt(text, lineAt(text, Math.floor((end * i) / samples)));
    if (start < before) return 0;
    before = start;
  }
  return end;
}

/** The beginning of the line that contains a place. */
function lineAt(text: Buffer, at: number): number {
  return at === 0 ? 0 : text.lastIndexOf(lineFeed, at - 1) + 1;
}

/** The address of a line without the common bits; -1 when it does not begin with them. */
function startAt(text: Buffer, line: number): number {
  if (text[line] !== 0x66 || text[line + 1] !== 0x66 || text[line + 2] !== 0x66) return -1;
  let rest = 0;
  for (let i = 3; i < 16; i++) rest = rest * 16 + digit(text[line + i] ?? 0);
  return rest;
}

/** Lines in ascending order of their addresses. */
class OrderedLines {
  readonly end: number;
  /** Address of the last line. */
  readonly last: number;
  private readonly text: Buffer;

  constructor(text: Buffer, end: number) {
    this.text = text;
    this.end = end;
    this.last = end === 0 ? -1 : startAt(text, lineAt(text, end - 1));
  }

  /** The first line whose address is greater; `end` when there is none. */
  private lineAfter(rest: number): number {
    let [low, high] = [0, this.end];
    while (low < high) {
      const line = Math.max(low, lineAt(this.text, (low + high) >> 1));
      if (startAt(this.text, line) > rest) high = line;
      else low = this.next(line);
    }
    return low;
  }

  private next(line: number): number {
    const feed = this.text.indexOf(lineFeed, line);
    return feed < 0 ? this.end : Math.min(feed + 1, this.end);
  }

  private isFunction(line: number): boolean {
    return isText[this.text[line + typeAt] ?? 0] === 1;
  }

  upTo(rest: number): FunctionPlace | undefined {
    for (let after = this.lineAfter(rest); after > 0; ) {
      const line = lineAt(this.text, after - 1);
      const start = startAt(this.text, line);
      if (start < 0) return undefined;
      if (this.isFunction(line)) return { start, line };
      after = line;
    }
    return undefined;
  }

  after(rest: number): number | undefined {
    for (let line = this.lineAfter(rest); line < this.end; line = this.next(line)) {
      if (this.isFunction(line)) return startAt(this.text, line);
    }
    return undefined;
  }
}

/** Symbols of code from a place on whose address is not hidden, sorted. */
function sortedFunctions(text: Buffer, from: number): Functions {
  const most = Math.ceil((text.length - from) / (nameAt + 2));
  const starts = new Float64Array(most);
  const lines = new Uint32Array(most);
  let count = 0;
  for (let at = from; at + nameAt < text.length; ) {
    const start = isText[text[at + typeAt] ?? 0] === 1 ? startAt(text, at) : -1;
    if (start >= 0) {
      starts[count] = start;
      lines[count] = at;
      count += 1;
    }
    const end = text.indexOf(lineFeed, at + nameAt);
    if (end < 0) break;
    at = end + 1;
  }
  const order = ascendingOrder(starts.subarray(0, count));
  const sorted = Float64Array.from(order, (place) => starts[place] ?? 0);
  return {
    upTo: (rest) => {
      const found = countUpTo(sorted, rest) - 1;
      const start = sorted[found];
      return start === undefined ? undefined : { start, line: lines[order[found] ?? 0] ?? 0 };
    },
    after: (rest) => sorted[countUpTo(sorted, rest)],
  };
}

/** Indexes the text of /proc/kallsyms; only text symbols name code. */
export function indexSymbols(text: Buffer): KernelSymbols {
  let byAddress: Functions | undefined;
  let byName: ReadonlyMap<string, number> | undefined;
  let searches = 0;
  const functions = () => {
    byAddress ??= functionsOf(text);
    return byAddress;
  };
  const addressAt = (line: number) => BigInt(`0x${text.toString("latin1", line, line + 16)}`);
  const lineOf = (name: string) => {
    searches += 1;
    if (searches <= searchesByHand) return findLine(text, name, 0);
    byName ??= linesByName(text);
    return byName.get(name);
  };
  return {
    resolve: (address) => {
      if (address >> (64n - commonBits) !== (1n << commonBits) - 1n) return undefined;
      const found = functions().upTo(restOf(address));
      return found === undefined ? undefined : { name: nameOf(text, found.line), offset: address - addressOf(found.start) };
    },
    address: (name) => {
      const line = lineOf(name);
      return line === undefined ? undefined : addressAt(line);
    },
    addresses: (name) => {
      const found: bigint[] = [];
      for (let line = findLine(text, name, 0); line !== undefined; line = findLine(text, name, line + nameAt)) {
        if (isText[text[line + typeAt] ?? 0] === 1 && addressAt(line) !== 0n) found.push(addressAt(line));
      }
      return found;
    },
    size: (name) => {
      const line = lineOf(name);
      const start = line === undefined ? 0n : addressAt(line);
      if (start === 0n) return undefined;
      const next = functions().after(restOf(start));
      return next === undefined ? undefined : addressOf(next) - start;
    },
  };
}

function nameOf(text: Buffer, line: number): string {
  let end = line + nameAt;
  while (end < text.length && text[end] !== lineFeed && text[end] !== tab && text[end] !== blank) end += 1;
  return text.toString("latin1", line + nameAt, end);
}

/** The first line from a place on that has a name. */
function findLine(text: Buffer, name: string, from: number): number | undefined {
  const wanted = Buffer.from(` ${name}`, "latin1");
  for (let at = text.indexOf(wanted, from); at >= 0; at = text.indexOf(wanted, at + 1)) {
    const line = at - nameAt + 1;
    if (line >= 0 && (line === 0 || text[line - 1] === lineFeed) && nameOf(text, line) === name) return line;
  }
  return undefined;
}

function linesByName(text: Buffer): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  for (let at = 0; at + nameAt < text.length; ) {
    const name = nameOf(text, at);
    if (!lines.has(name)) lines.set(name, at);
    const end = text.indexOf(lineFeed, at + nameAt);
    if (end < 0) break;
    at = end + 1;
  }
  return lines;
}
