// Imported files from the file system.

import { type Stats, readdirSync, readFileSync, statSync } from "node:fs";
import type { ImportFiles, ImportPath } from "../define/import-files.ts";
import { reasonOf } from "../sys/system-error.ts";

export const importFiles: ImportFiles = { find };

function find(path: string): ImportPath {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? { kind: "missing" } : describe(path, found);
  } catch (problem) {
    return { kind: "unusable", reason: reasonOf(problem) };
  }
}

function describe(path: string, found: Stats): ImportPath {
  const identity = `${found.dev}:${found.ino}`;
  const writableByAll = (found.mode & 0o002) !== 0;
  if (found.isDirectory()) return { kind: "folder", identity, writableByAll, names: readdirSync(path).sort() };
  if (!found.isFile()) return { kind: "unusable", reason: "it is neither a file nor a folder" };
  return { kind: "file", identity, writableByAll, read: () => read(path) };
}

function read(path: string): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string } {
  try {
    return { ok: true, text: readFileSync(path).toString("latin1") };
  } catch (problem) {
    return { ok: false, reason: reasonOf(problem) };
  }
}
