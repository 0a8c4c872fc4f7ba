// Executables and libraries on this machine with their symbols, for user probes.

import { readlinkSync, statSync } from "node:fs";
import type { UserSymbol, UserTargets } from "../define/target.ts";
import { Dwarf } from "../formats/dwarf/dwarf.ts";
import type { ElfFile, ElfSymbol } from "../formats/elf/elf.ts";
import { miniDebugFile } from "../formats/elf/mini-debug.ts";
import { readUsdtLocations } from "../formats/elf/stapsdt.ts";
import { openDebugFile } from "./debug-file.ts";
import { demangle, demangleFunctionName } from "./demangle/demangle.ts";
import { elfType, openElf } from "./open-elf.ts";
import { findTargets } from "./target-path.ts";

/** STT_FUNC and STT_GNU_IFUNC; STT_NOTYPE symbols are labels. */
const functionTypes: readonly number[] = [2, 10];
const labelType = 0;

/** ET_EXEC and ET_DYN. */
const fixedProgram = 2;
const sharedProgram = 3;

interface OpenFile {
  readonly elf: ElfFile;
  /** The file with the symbols that were stripped; null: looked for and not there. */
  debug: ElfFile | null | undefined;
  /** One entry for each name, sorted. */
  functions: readonly UserSymbol[] | undefined;
  symbols: ReadonlyMap<string, ElfSymbol> | undefined;
  /** Null: looked for and not there. */
  dwarf: Dwarf | null | undefined;
}

/** Names compared by their bytes. */
function byName(a: UserSymbol, b: UserSymbol): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function place(elf: ElfFile, symbol: ElfSymbol): UserSymbol | undefined {
  const { name, address, size } = symbol;
  const fileOffset = elf.fileOffset(address);
  return fileOffset === undefined ? undefined : { name, address, size, fileOffset };
}

function functionsOf(elf: ElfFile, symbols: Iterable<ElfSymbol>): readonly UserSymbol[] {
  const found = new Map<string, UserSymbol>();
  for (const symbol of symbols) {
    const placed = functionTypes.includes(symbol.type) && !found.has(symbol.name) ? place(elf, symbol) : undefined;
    if (placed !== undefined) found.set(symbol.name, placed);
  }
  return [...found.values()].sort(byName);
}

function symbolsOf(elf: ElfFile): ReadonlyMap<string, ElfSymbol> {
  const found = new Map<string, ElfSymbol>();
  for (const symbol of elf.symbols()) {
    if (symbol.type !== labelType && !found.has(symbol.name)) found.set(symbol.name, symbol);
  }
  return found;
}

function isExecutableByOwner(path: string): boolean {
  return (statSync(path).mode & 0o100) !== 0;
}

/** Targets on this machine; files are read when they are first asked for. `debugFolders` are searched first for stripped symbols. */
export function hostUserTargets(debugFolders: readonly string[]): UserTargets {
  const files = new Map<string, OpenFile | undefined>();
  const open = (path: string) => {
    if (!files.has(path)) {
      const elf = openElf(path);
      files.set(path, elf === undefined ? undefined : { elf, debug: undefined, functions: undefined, symbols: undefined, dwarf: undefined });
    }
    return files.get(path);
  };
  /** A symbol of the file or of its debug file by name. */
  const named = (path: string, file: OpenFile, name: string) => {
    file.symbols ??= symbolsOf(file.elf);
    return file.symbols.get(name) ?? debugOf(path, file)?.symbols().find((s) => s.name === name && s.type !== labelType);
  };
  const debugOf = (path: string, file: OpenFile) => {
    if (file.debug === undefined) file.debug = openDebugFile(path, file.elf, debugFolders) ?? miniDebugFile(file.elf) ?? null;
    return file.debug ?? undefined;
  };
  const debugInformation = (path: string) => {
    const file = open(path);
    if (file !== undefined && file.dwarf === undefined) {
      const separate = debugOf(path, file);
      file.dwarf = Dwarf.open(file.elf) ?? (separate === undefined ? undefined : Dwarf.open(separate)) ?? null;
    }
    return file?.dwarf ?? undefined;
  };
  const isProgram = (path: string) => {
    const type = elfType(path);
    return type === sharedProgram || (type === fixedProgram && isExecutableByOwner(path));
  };
  const isPlaceholder = (path: string) => open(path)?.elf.symbols().some(({ name }) => name.endsWith("_version_placeholder")) ?? false;
  return {
    resolve: (text, { pid, anyFile }) => findTargets({ text, pid, anyFile, isProgram, isPlaceholder }),
    executableOf: (pid) => {
      try {
        return `/proc/${pid}/root${readlinkSync(`/proc/${pid}/exe`)}`;
      } catch {
        // The process is gone.
        return undefined;
      }
    },
    usdt: (path) => {
      const elf = open(path)?.elf;
      return elf === undefined ? [] : readUsdtLocations(elf);
    },
    functions: (path) => {
      const file = open(path);
      if (file !== undefined) {
        file.functions ??= functionsOf(file.elf, [...file.elf.symbols(), ...(debugOf(path, file)?.symbols() ?? [])]);
      }
      return file?.functions ?? [];
    },
    symbol: (path, name) => {
      const file = open(path);
      const found = file === undefined ? undefined : named(path, file, name);
      return file === undefined || found === undefined ? undefined : place(file.elf, found);
    },
    addressOf: (path, name) => {
      const file = open(path);
      return file === undefined ? undefined : named(path, file, name);
    },
    symbolAt: (path, address) => {
      const file = open(path);
      const found = file === undefined ? undefined : (file.elf.symbolAt(address) ?? debugOf(path, file)?.symbolAt(address));
      return file === undefined || found === undefined ? undefined : place(file.elf, found);
    },
    parameters: (path, name) => debugInformation(path)?.function(name)?.parameters,
    sourceLine: (path, file, line, column) => {
      const dwarf = debugInformation(path);
      if (dwarf === undefined) return { kind: "no-debug-information" };
      const files = dwarf.sourceFiles(file);
      const [only, other] = files;
      if (only === undefined || other !== undefined) return { kind: "files", files };
      const address = dwarf.addressOf(only, line, column);
      return address === undefined ? { kind: "no-line" } : { kind: "address", address };
    },
    fileOffset: (path, address) => open(path)?.elf.fileOffset(address),
    demangle: (symbol) => demangle(symbol) ?? symbol,
    functionName: demangleFunctionName,
    bytes: (path, offset, length) => open(path)?.elf.content(offset, length) ?? new Uint8Array(0),
  };
}
