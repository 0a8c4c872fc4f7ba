// Finding the separate file with the symbols and the debug information of a stripped one.

import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { crc32 } from "../formats/crc32.ts";
import { buildId, debugLink } from "../formats/elf/debug-link.ts";
import { ElfFile } from "../formats/elf/elf.ts";
import { openElf } from "./open-elf.ts";

/** Where debug files are: beside the file (the empty name), below it, and in the system's folder. */
const ownFolders = ["", ".debug", "/usr/lib/debug"];

/** Undefined when there is none. `folders` are looked into first; a leading `+` changes nothing, checksums count always. */
export function openDebugFile(path: string, file: ElfFile, folders: readonly string[]): ElfFile | undefined {
  const all = [...folders.map((folder) => folder.replace(/^\+/, "")), ...ownFolders];
  return byBuildId(file, all) ?? byLink(path, file, all);
}

function byBuildId(file: ElfFile, folders: readonly string[]): ElfFile | undefined {
  const id = buildId(file);
  if (id === undefined) return undefined;
  for (const folder of folders.filter(isAbsolute)) {
    const candidate = join(folder, ".build-id", id.slice(0, 2), `${id.slice(2)}.debug`);
    const found = openElf(candidate);
    if (found !== undefined && buildId(found) === id) return found;
  }
  return undefined;
}

function byLink(path: string, file: ElfFile, folders: readonly string[]): ElfFile | undefined {
  const link = debugLink(file);
  if (link === undefined) return undefined;
  const real = existsSync(path) ? realpathSync(path) : path;
  const beside = dirname(real);
  for (const folder of folders) {
    const candidate = isAbsolute(folder) ? join(folder, beside, link.name) : join(beside, folder, link.name);
    if (candidate === real || !existsSync(candidate)) continue;
    const bytes = readFileSync(candidate);
    if (crc32(bytes) === link.crc) return ElfFile.parse(bytes);
  }
  return undefined;
}
