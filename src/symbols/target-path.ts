// What the target of a uprobe means: a path, a program in PATH, a library by its name, a pattern, the files of processes.

import { existsSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { findLibrary, readLibraryCache } from "../formats/ld-so-cache.ts";
import { globFiles } from "./glob.ts";
import { hasOwnMounts, mappedFiles, mappedPaths, searchPath } from "./mapped-files.ts";

export interface FoundTargets {
  readonly paths: readonly string[];
  readonly warnings: readonly string[];
}

export interface TargetSearch {
  readonly text: string;
  readonly pid: number | undefined;
  /** Takes any file, ELF or not. */
  readonly anyFile: boolean;
  /** Whether a file is an executable or a library. */
  isProgram(path: string): boolean;
  /** Whether a library is there for old programs only and has no functions. */
  isPlaceholder(path: string): boolean;
}

/** The file of a library as the process or the linker's cache has it. */
function libraryPath(text: string, pid: number | undefined): string | undefined {
  if (pid !== undefined) {
    const name = text.replace(/\.so.*$/, "");
    const loaded = mappedPaths(pid).find((path) => {
      const at = path.lastIndexOf(`/${name}`);
      const rest = at < 0 ? "" : path.slice(at + name.length + 1);
      return /^[.-]/.test(rest) && rest.includes(".so");
    });
    if (loaded !== undefined) return loaded;
  }
  if (!existsSync("/etc/ld.so.cache")) return undefined;
  return findLibrary(readLibraryCache(readFileSync("/etc/ld.so.cache"), process.arch === "arm64" ? "arm64" : "x64"), text);
}

/** glibc 2.34 moved libpthread, libdl, librt, libutil and libanl into libc. */
const movedIntoLibc = /^lib(?:pthread|dl|rt|util|anl)(?:\.so.*)?$/;

function libraryWithFunctions({ text, pid, isPlaceholder }: TargetSearch): string | undefined {
  const path = libraryPath(text, pid);
  const moved = movedIntoLibc.test(text) && (path === undefined || isPlaceholder(path));
  return moved ? (libraryPath("libc.so.6", pid) ?? path) : path;
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

/** Files that a target text means; those that are no programs are left out. */
export function findTargets(search: TargetSearch): FoundTargets {
  const { pid } = search;
  const wildcard = search.text.includes("*");
  if (search.text === "*") return usable(search, mappedFiles(pid), []);
  const isLibrary = search.text.startsWith("lib") && !search.text.includes("/") && !wildcard;
  const text = (isLibrary ? libraryWithFunctions(search) : undefined) ?? search.text;
  const root = pid !== undefined && hasOwnMounts(pid) ? `/proc/${pid}/root` : "";
  if (text.includes("/")) {
    const path = root !== "" && text.startsWith("/") ? `${root}${text}` : text;
    return usable(search, wildcard ? globFiles(path) : isFile(path) ? [path] : [], []);
  }
  const folders = searchPath(pid).map((folder) => `${root}${folder}`);
  if (wildcard) return usable(search, [...globFiles(text).map((name) => resolve(name)), ...folders.flatMap((folder) => globFiles(`${folder}/${text}`))], []);
  const here = isFile(text) ? [resolve(text)] : [];
  const { paths } = usable(search, [...here, ...folders.map((folder) => `${folder}/${text}`).filter(isFile)], []);
  const [first, ...others] = sameFilesOnce(paths);
  if (first === undefined) return { paths: [], warnings: [] };
  const warnings = others.length === 0 ? [] : [`${text} is found more than once: ${first} is taken, not ${others.join(", ")}`];
  return { paths: [first], warnings };
}

function usable(search: TargetSearch, paths: readonly string[], warnings: readonly string[]): FoundTargets {
  const any = search.anyFile && !search.text.includes("*");
  return { paths: [...new Set(paths)].filter((path) => any || search.isProgram(path)), warnings };
}

/** /bin and /usr/bin are one folder on many systems: a file is named once. */
function sameFilesOnce(paths: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return paths.filter((path) => {
    const { dev, ino } = statSync(path);
    const key = `${dev}:${ino}`;
    return !seen.has(key) && seen.add(key);
  });
}
