// Executables and libraries on this machine with their symbols, for user probes.

import { statSync } from "node:fs";
import type { SourceAddress, UserSymbol, UserTargets } from "../define/target.ts";
import { DwarfError } from "../formats/dwarf/cursor.ts";
import { Dwarf } from "../formats/dwarf/dwarf.ts";
import type { ElfFile, ElfSymbol } from "../formats/elf/elf.ts";
import { miniDebugFile } from "../formats/elf/mini-debug.ts";
import { readUsdtLocations, type UsdtLocation } from "../formats/elf/stapsdt.ts";
import { MalformedFile } from "../formats/malformed-file.ts";
import { containingFile, openMember, splitMemberPath } from "./archive-member.ts";
import { openDebugFile } from "./debug-file.ts";
import { demangle, demangleFunctionName } from "./demangle/demangle.ts";
import { executablePath } from "./mapped-files.ts";
import { elfType, openElf, readBytes } from "./open-elf.ts";
import type { SplitFilesOf } from "./split-files.ts";
import { findTargets } from "./target-path.ts";

/** STT_FUNC and STT_GNU_IFUNC; STT_NOTYPE symbols are labels. */
const functionTypes: readonly number[] = [2, 10];
const labelType = 0;

/** ET_EXEC and ET_DYN. */
const fixedProgram = 2;
const sharedProgram = 3;

interface OpenFile {
  readonly elf: ElfFile;
  /** Where it begins in the file that has it: 0, or its place in an archive. */
  readonly base: number;
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

function place({ elf, base }: OpenFile, symbol: ElfSymbol): UserSymbol | undefined {
  const { name, address, size } = symbol;
  const fileOffset = elf.fileOffset(address);
  return fileOffset === undefined ? undefined : { name, address, size, fileOffset: base + fileOffset };
}

function functionsOf(file: OpenFile, symbols: Iterable<ElfSymbol>): readonly UserSymbol[] {
  const found = new Map<string, UserSymbol>();
  for (const symbol of symbols) {
    const placed = functionTypes.includes(symbol.type) && !found.has(symbol.name) ? place(file, symbol) : undefined;
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

function moveLocation(location: UsdtLocation, by: number): UsdtLocation {
  const { fileOffset, semaphoreOffset } = location;
  return { ...location, fileOffset: fileOffset + by, semaphoreOffset: semaphoreOffset === 0 ? 0 : semaphoreOffset + by };
}

function isExecutableByOwner(path: string): boolean {
  return (statSync(path).mode & 0o100) !== 0;
}

/** An ELF file, by itself or in an archive. */
function openTarget(path: string): { readonly elf: ElfFile; readonly base: number } | undefined {
  const member = splitMemberPath(path);
  if (member !== undefined) {
    const opened = openMember(member);
    return opened.kind === "elf" ? { elf: opened.elf, base: opened.offset } : undefined;
  }
  const elf = openElf(path);
  return elf === undefined ? undefined : { elf, base: 0 };
}

export interface HostFiles {
  /** Searched first for stripped symbols. */
  readonly debugFolders: readonly string[];
  readonly splitFiles: SplitFilesOf;
  /** Is told of files whose debug information is damaged. */
  readonly warn: (message: string) => void;
}

/** Targets on this machine; files are read when they are first asked for. */
export function hostUserTargets({ debugFolders, splitFiles, warn }: HostFiles): UserTargets {
  const files = new Map<string, OpenFile | undefined>();
  const open = (path: string) => {
    if (!files.has(path)) {
      const found = openTarget(path);
      files.set(path, found && { ...found, debug: undefined, functions: undefined, symbols: undefined, dwarf: undefined });
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
  const openDebugInformation = (path: string, file: OpenFile) => {
    if (file.dwarf === undefined) {
      const separate = debugOf(path, file);
      const split = splitFiles(path);
      file.dwarf = Dwarf.open(file.elf, split) ?? (separate === undefined ? undefined : Dwarf.open(separate, split)) ?? null;
    }
    return file.dwarf ?? undefined;
  };
  /** What a file's debug information says; undefined without any. When it is damaged, that is said and nothing more asked of it. */
  const fromDebugInformation = <T>(path: string, ask: (dwarf: Dwarf) => T): T | undefined => {
    const file = open(path);
    if (file === undefined) return undefined;
    try {
      const dwarf = openDebugInformation(path, file);
      return dwarf === undefined ? undefined : ask(dwarf);
    } catch (problem) {
      if (!(problem instanceof DwarfError || problem instanceof MalformedFile)) throw problem;
      file.dwarf = null;
      warn(`The debug information of ${path} can't be read: ${problem.message}`);
      return undefined;
    }
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
        return executablePath(pid);
      } catch {
        // The process is gone.
        return undefined;
      }
    },
    usdt: (path) => {
      const file = open(path);
      return file === undefined ? [] : readUsdtLocations(file.elf).map((location) => moveLocation(location, file.base));
    },
    functions: (path) => {
      const file = open(path);
      if (file !== undefined) {
        file.functions ??= functionsOf(file, [...file.elf.symbols(), ...(debugOf(path, file)?.symbols() ?? [])]);
      }
      return file?.functions ?? [];
    },
    symbol: (path, name) => {
      const file = open(path);
      const found = file === undefined ? undefined : named(path, file, name);
      return file === undefined || found === undefined ? undefined : place(file, found);
    },
    addressOf: (path, name) => {
      const file = open(path);
      return file === undefined ? undefined : named(path, file, name);
    },
    symbolAt: (path, address) => {
      const file = open(path);
      const found = file === undefined ? undefined : (file.elf.symbolAt(address) ?? debugOf(path, file)?.symbolAt(address));
      return file === undefined || found === undefined ? undefined : place(file, found);
    },
    parameters: (path, name) => fromDebugInformation(path, (dwarf) => dwarf.function(name)?.parameters),
    sourceLine: (path, file, line, column) => {
      const found = fromDebugInformation(path, (dwarf): SourceAddress => {
        const files = dwarf.sourceFiles(file);
        const [only, other] = files;
        if (only === undefined || other !== undefined) return { kind: "files", files };
        const address = dwarf.addressOf(only, line, column);
        return address === undefined ? { kind: "no-line" } : { kind: "address", address };
      });
      return found ?? { kind: "no-debug-information" };
    },
    fileOffset: (path, address) => {
      const file = open(path);
      const offset = file?.elf.fileOffset(address);
      return file === undefined || offset === undefined ? undefined : file.base + offset;
    },
    demangle: (symbol) => demangle(symbol) ?? symbol,
    functionName: demangleFunctionName,
    bytes: (path, offset, length) => {
      const file = open(path);
      return file?.base === 0 ? file.elf.content(offset, length) : readBytes(containingFile(path), offset, length);
    },
  };
}
