// Kernel symbols from /proc/kallsyms, read when an address has to be named.

import { readFileSync } from "node:fs";

export interface KernelSymbols {
  /** The symbol with the greatest start up to an address. */
  resolve(address: bigint): { readonly name: string; readonly offset: bigint } | undefined;
  address(name: string): bigint | undefined;
  /** Addresses of all functions of a name. */
  addresses(name: string): readonly bigint[];
  /** Bytes up to the next function. */
  size(name: string): bigint | undefined;
}

const cache = new Map<"symbols", KernelSymbols>();

/** The kernel's symbols, indexed once. */
export function kernelSymbols(): KernelSymbols {
  const known = cache.get("symbols");
  if (known !== undefined) return known;
  const made = indexSymbols(readFileSync("/proc/kallsyms", "latin1"));
  cache.set("symbols", made);
  return made;
}

/** How many functions have a name: one search over the text, without an index. */
export function countFunctions(name: string): number {
  return cache.get("symbols")?.addresses(name).length ?? countIn(readFileSync("/proc/kallsyms"), name);
}

/** Counts the text symbols of a name in lines as of /proc/kallsyms. */
export function countIn(text: Buffer, name: string): number {
  const wanted = ` ${name}`;
  let count = 0;
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
    const after = text.toString("latin1", at + wanted.length, at + wanted.length + 1);
    if (/^[tTwW]$/.test(text.toString("latin1", at - 1, at)) && /^[\n\t]?$/.test(after)) count += 1;
  }
  return count;
}

/** Indexes lines `address type name [module]`; only text symbols name code. */
export function indexSymbols(text: string): KernelSymbols {
  const entries: { readonly address: bigint; readonly name: string }[] = [];
  const byName = new Map<string, bigint>();
  for (const line of text.split("\n")) {
    const [hex = "", type = "", name = ""] = line.split(/[ \t]/);
    if (name === "" || hex === "") continue;
    const address = BigInt(`0x${hex}`);
    if (!byName.has(name)) byName.set(name, address);
    if (/^[tTwW]$/.test(type) && address !== 0n) entries.push({ address, name });
  }
  entries.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  /** Index of the first entry above an address. */
  const above = (address: bigint) => {
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((entries[middle]?.address ?? 0n) <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    resolve: (address) => {
      const found = entries[above(address) - 1];
      return found === undefined ? undefined : { name: found.name, offset: address - found.address };
    },
    address: (name) => byName.get(name),
    addresses: (name) => entries.filter((entry) => entry.name === name).map((entry) => entry.address),
    size: (name) => {
      const start = byName.get(name);
      const next = start === undefined || start === 0n ? undefined : entries[above(start)]?.address;
      return start === undefined || next === undefined ? undefined : next - start;
    },
  };
}
