// Executables and libraries by the names that attach points use: paths, programs in PATH, `libNAME`.

import { readUsdtLocations } from "../formats/elf/stapsdt.ts";
import { existsSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { UserSymbol, UserTargets } from "../define/target.ts";
import type { ElfFile } from "../formats/elf/elf.ts";
import { openElf } from "./open-elf.ts";

const functionTypes: readonly number[] = [2, 10];

/** Path of a library by /etc/ld.so.cache: entries of the glibc format hold name and path (sysdeps/generic/dl-cache.h). */
export function findLibrary(text: string, cache: Buffer): string | undefined {
  const magic = "glibc-ld.so.cache1.1";
  const start = cache.indexOf(magic, 0, "latin1");
  if (start < 0) return undefined;
  const count = cache.readUInt32LE(start + 20);
  const wanted = text.includes(".so") ? text : `${text}.so`;
  const string = (at: number) => cache.subarray(start + at, cache.indexOf(0, start + at)).toString("latin1");
  for (let i = 0; i < count; i++) {
    const entry = start + 48 + i * 24;
    const flags = cache.readInt32LE(entry);
    const key = string(cache.readUInt32LE(entry + 4));
    // FLAG_ELF_LIBC6 with the 64-bit ABI of the machine: 0x0303 on x86-64, 0x0a03 on arm64.
    if (key.startsWith(wanted) && (flags === 0x0303 || flags === 0x0a03)) return string(cache.readUInt32LE(entry + 8));
  }
  return undefined;
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

function resolveOne(text: string): string | undefined {
  if (text.startsWith("lib") && !text.includes("/")) {
    const found = existsSync("/etc/ld.so.cache") ? findLibrary(text, readFileSync("/etc/ld.so.cache")) : undefined;
    if (found !== undefined) return found;
  }
  if (text.includes("/")) return isFile(text) ? text : undefined;
  if (isFile(text)) return resolve(text);
  const folder = (process.env["PATH"] ?? "").split(":").find((f) => isFile(join(f, text)));
  return folder === undefined ? undefined : join(folder, text);
}

/** Targets on this machine. */
export function hostUserTargets(): UserTargets {
  const files = new Map<string, ElfFile | undefined>();
  const open = (path: string) => {
    if (!files.has(path)) files.set(path, openElf(path));
    return files.get(path);
  };
  const symbolOf = (file: ElfFile, name: string, address: bigint, size: number): UserSymbol | undefined => {
    const fileOffset = file.fileOffset(address);
    return fileOffset === undefined ? undefined : { name, address, size, fileOffset };
  };
  return {
    resolve: (text) => {
      const path = resolveOne(text);
      const usable = path !== undefined && open(path) !== undefined;
      return { paths: usable ? [path] : [], warnings: [] };
    },
    executableOf: (pid) => {
      try {
        return readlinkSync(`/proc/${pid}/exe`);
      } catch {
        // The process is gone.
        return undefined;
      }
    },
    usdt: (path) => {
      const file = open(path);
      return file === undefined ? [] : readUsdtLocations(file);
    },
    functions: (path) => {
      const file = open(path);
      const byName = new Map<string, UserSymbol>();
      for (const { name, address, size, type } of file?.symbols() ?? []) {
        const symbol = functionTypes.includes(type) && file !== undefined ? symbolOf(file, name, address, size) : undefined;
        if (symbol !== undefined && !byName.has(name)) byName.set(name, symbol);
      }
      return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    symbol: (path, name) => {
      const file = open(path);
      const found = file?.symbols().find((s) => s.name === name);
      return file === undefined || found === undefined ? undefined : symbolOf(file, name, found.address, found.size);
    },
    symbolAt: (path, address) => {
      const file = open(path);
      const found = file?.symbolAt(address);
      return file === undefined || found === undefined ? undefined : symbolOf(file, found.name, found.address, found.size);
    },
    fileOffset: (path, address) => open(path)?.fileOffset(address),
    demangle: (symbol) => symbol,
    bytes: (path, offset, length) => open(path)?.content(offset, length) ?? new Uint8Array(0),
  };
}
