// Names of user addresses: mappings of the process, then the symbols of the mapped file.

import { readFileSync } from "node:fs";
import type { ElfFile } from "../formats/elf/elf.ts";
import { demangle } from "./demangle/demangle.ts";
import { openElf } from "./open-elf.ts";

interface Mapping {
  readonly start: bigint;
  readonly end: bigint;
  readonly offset: bigint;
  readonly path: string;
}

/** /proc/PID/maps: executable mappings of files. */
export function parseMaps(text: string): readonly Mapping[] {
  return text.split("\n").flatMap((line) => {
    const match = /^([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) \S+ \d+\s*(.*)$/.exec(line);
    if (match === null || !match[3]?.includes("x")) return [];
    const [, start = "0", end = "0", , offset = "0", path = ""] = match;
    return [{ start: BigInt(`0x${start}`), end: BigInt(`0x${end}`), offset: BigInt(`0x${offset}`), path }];
  });
}

export class UserSymbols {
  private readonly mappings = new Map<number, readonly Mapping[]>();
  private readonly files = new Map<string, ElfFile | undefined>();
  /** Readable names of symbols that were shown. */
  private readonly names = new Map<string, string>();
  private readonly demangles: boolean;

  constructor(demangles: boolean) {
    this.demangles = demangles;
  }

  /** Reads the mappings of a process now, for addresses that are to be named after its end. */
  remember(pid: number): void {
    const before = this.mappings.get(pid);
    this.mappings.delete(pid);
    if (this.mapsOf(pid).length === 0 && before !== undefined) this.mappings.set(pid, before);
  }

  private mapsOf(pid: number): readonly Mapping[] {
    const known = this.mappings.get(pid);
    if (known !== undefined) return known;
    try {
      const made = parseMaps(readFileSync(`/proc/${pid}/maps`, "latin1"));
      this.mappings.set(pid, made);
      return made;
    } catch {
      // The process is gone: its addresses stay numbers.
      return [];
    }
  }

  private file(pid: number, path: string): ElfFile | undefined {
    if (this.files.has(path)) return this.files.get(path);
    const file = openElf(`/proc/${pid}/root${path}`) ?? openElf(path);
    this.files.set(path, file);
    return file;
  }

  private readable(symbol: string): string {
    if (!this.demangles) return symbol;
    const known = this.names.get(symbol);
    if (known !== undefined) return known;
    const name = demangle(symbol) ?? symbol;
    this.names.set(symbol, name);
    return name;
  }

  /** The symbol that contains an address. */
  resolve(pid: number, address: bigint): { readonly name: string; readonly offset: bigint; readonly module: string } | undefined {
    const mapping = this.mapsOf(pid).find((m) => address >= m.start && address < m.end);
    if (mapping === undefined || !mapping.path.startsWith("/")) return undefined;
    const file = this.file(pid, mapping.path);
    const virtual = file?.addressOf(address - mapping.start + mapping.offset);
    const symbol = virtual === undefined ? undefined : file?.symbolAt(virtual);
    if (symbol === undefined || virtual === undefined) return undefined;
    return { name: this.readable(symbol.name), offset: virtual - symbol.address, module: mapping.path };
  }

  /** What a line of a stack shows. */
  frame(pid: number, address: bigint): { readonly symbol: string | undefined; readonly module: string | undefined } {
    const found = this.resolve(pid, address);
    const mapping = this.mapsOf(pid).find((m) => address >= m.start && address < m.end);
    const module = mapping?.path === "" ? undefined : mapping?.path;
    return { symbol: found === undefined ? undefined : `${found.name}+${found.offset}`, module };
  }
}
