// Finding the `.dwo` files and the `.dwp` package that have the details of a program's debug information.

import { realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import type { SplitFiles } from "../formats/dwarf/split-units.ts";
import { openElf } from "./open-elf.ts";

/** Gives the files that belong to the program (or its debug file) at a path. */
export type SplitFilesOf = (path: string) => SplitFiles;

/** How processes with another root see their files, as we see them. */
const otherRoot = /^(\/proc\/(?:self|\d+)\/(?:root|fd\/\d+))(\/.*)$/;

/** `warn` is told once of each program whose details are not there. */
export function splitFilesOf(warn: (message: string) => void): SplitFilesOf {
  const warned = new Set<string>();
  return (given) => {
    const path = realPath(given);
    const [, root = "", own = path] = otherRoot.exec(path) ?? [];
    const packagePath = `${path}.dwp`;
    return {
      package: () => openElf(packagePath),
      unit: (folder, name) => {
        for (const candidate of unitPaths(root, dirname(path), folder, name)) {
          const file = openElf(candidate);
          if (file !== undefined) return file;
        }
        return undefined;
      },
      missing: (folder, name, reason) => {
        if (warned.has(own)) return;
        warned.add(own);
        const unit = isAbsolute(name) || folder === "" ? name : join(folder, name);
        const why = reason === undefined ? `neither ${unit} nor ${own}.dwp has them` : `${unit} or ${own}.dwp can't be read: ${reason}`;
        warn(`Details of the debug information of ${own} are missing: ${why}`);
      },
    };
  };
}

/** Of another root a link would lead astray: its files are taken by the path that they have there. */
function realPath(path: string): string {
  if (otherRoot.test(path)) return path;
  try {
    return realpathSync(path);
  } catch {
    // It is gone, or it is inside an archive.
    return path;
  }
}

/** Where the compiler left a file, then beside the program: all may have been moved together. */
function unitPaths(root: string, beside: string, folder: string, name: string): readonly string[] {
  const built = isAbsolute(name) ? name : isAbsolute(folder) ? join(folder, name) : undefined;
  const moved = isAbsolute(name) ? [] : [join(beside, name)];
  return [...new Set([...(built === undefined ? [] : [`${root}${built}`]), ...moved, join(beside, basename(name))])];
}
