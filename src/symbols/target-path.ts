// What the target of a uprobe means: a path, a program in PATH, a library by its name, a pattern, the files of processes.

import { existsSync, readFileSync, type Stats, statSync } from "node:fs";
import { resolve } from "node:path";
import type { FoundTargets } from "../define/target.ts";
import { findLibrary, readLibraryCache } from "../formats/ld-so-cache.ts";
import { openMember, splitMemberPath } from "./archive-member.ts";
import { globFiles } from "./glob.ts";
import { hasOwnMounts, mappedFiles, mappedPaths, searchPath } from "./mapped-files.ts";

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

function statOrNothing(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // The process that had it has ended.
    return undefined;
  }
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
  if (search.text === "*") return usable(search, sameFilesOnce(mappedFiles(pid)), []);
  const rootOf = () => (pid !== undefined && hasOwnMounts(pid) ? `/proc/${pid}/root` : "");
  const archived = findMember(search.text.startsWith("/") ? `${rootOf()}${search.text}` : search.text);
  if (archived !== undefined) return archived;
  const isLibrary = search.text.startsWith("lib") && !search.text.includes("/") && !wildcard;
  const text = (isLibrary ? libraryWithFunctions(search) : undefined) ?? search.text;
  const root = rootOf();
  if (text.includes("/")) {
    const path = root !== "" && text.startsWith("/") ? `${root}${text}` : text;
    return usable(search, wildcard ? globFiles(path) : isFile(path) ? [path] : [], []);
  }
  const folders = searchPath(pid).map((folder) => `${root}${folder}`);
  if (wildcard) return usable(search, [...globFiles(text).map((name) => resolve(name)), ...folders.flatMap((folder) => globFiles(`${folder}/${text}`))], []);
  const here = isFile(text) ? [resolve(text)] : [];
  const { paths } = usable(search, [...here, ...folders.map((folder) => `${folder}/${text}`).filter(isFile)], []);
  const [first, ...others] = sameFilesOnce(paths);
  if (first === undefined) return { paths: [], warnings: [], problem: undefined };
  const warnings = others.length === 0 ? [] : [`${text} is found more than once: ${first} is taken, not ${others.join(", ")}`];
  return { paths: [first], warnings, problem: undefined };
}

/** ARCHIVE!/MEMBER; undefined when it is not written like that. */
function findMember(text: string): FoundTargets | undefined {
  const path = splitMemberPath(text);
  if (path === undefined) return undefined;
  const opened = openMember(path);
  const whole = `${resolve(path.archive)}!/${path.member}`;
  if (opened.kind === "elf") return { paths: [whole], warnings: [], problem: undefined };
  return { paths: [], warnings: [], problem: opened.why };
}

function usable(search: TargetSearch, paths: readonly string[], warnings: readonly string[]): FoundTargets {
  const any = search.anyFile && !search.text.includes("*");
  return { paths: [...new Set(paths)].filter((path) => any || search.isProgram(path)), warnings, problem: undefined };
}

/** A file is named once: /bin and /usr/bin are one folder on many systems, and processes share libraries. Files that are gone are left out. */
function sameFilesOnce(paths: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return paths.filter((path) => {
    const found = statOrNothing(path);
    const key = found === undefined ? undefined : `${found.dev}:${found.ino}`;
    return key !== undefined && !seen.has(key) && seen.add(key);
  });
}
