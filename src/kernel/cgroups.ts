// Control groups: the id of a directory, and the directories of an id in all mounted hierarchies.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { wildcardPattern } from "../define/points.ts";

export interface CgroupHierarchy {
  /** `unified` for version 2, else the last part of the mount point. */
  readonly name: string;
  readonly mountPoint: string;
}

/** Hierarchies in the text of /proc/mounts: the unified one first, the others by name (proc(5), octal escapes). */
export function parseHierarchies(text: string): readonly CgroupHierarchy[] {
  const found: CgroupHierarchy[] = [];
  for (const line of text.split("\n")) {
    const [, escaped = "", kind] = line.split(" ");
    const mountPoint = escaped.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    if (kind === "cgroup2") found.push({ name: "unified", mountPoint });
    if (kind === "cgroup") found.push({ name: mountPoint.slice(mountPoint.lastIndexOf("/") + 1), mountPoint });
  }
  const rank = ({ name }: CgroupHierarchy) => (name === "unified" ? "" : name);
  return found.sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
}

/** The kernel's id of a cgroup directory: its inode number (kernfs). */
export function cgroupIdOf(path: string): bigint | undefined {
  try {
    const { ino } = statSync(path, { bigint: true });
    return ino;
  } catch {
    // No such directory.
    return undefined;
  }
}

/** Path below a root of the directory with an inode number; `/` for the root itself. */
function findDirectory(root: string, id: bigint): string | undefined {
  const queue = [""];
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    const full = join(root, path);
    if (cgroupIdOf(full) === id) return path === "" ? "/" : path;
    queue.push(...subdirectories(full).map((name) => `${path}/${name}`));
  }
  return undefined;
}

function subdirectories(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    // The group was removed meanwhile, or may not be read.
    return [];
  }
}

/** Text of `cgroup_path(id, filter)`: `name:path` for each hierarchy that matches. Found paths are kept while they stay true. */
export function cgroupPaths(): (id: bigint, filter: string) => string {
  const known = new Map<string, string>();
  const pathIn = ({ mountPoint }: CgroupHierarchy, id: bigint): string | undefined => {
    const key = `${mountPoint}\0${id}`;
    const cached = known.get(key);
    if (cached !== undefined && cgroupIdOf(join(mountPoint, cached)) === id) return cached;
    const found = findDirectory(mountPoint, id);
    if (found === undefined) known.delete(key);
    else known.set(key, found);
    return found;
  };
  return (id, filter) => {
    const pattern = wildcardPattern(filter);
    const hierarchies = parseHierarchies(readFileSync("/proc/mounts", "latin1")).filter(({ name }) => pattern.test(name));
    return hierarchies
      .flatMap((hierarchy) => {
        const path = pathIn(hierarchy, id);
        return path === undefined ? [] : [`${hierarchy.name}:${path}`];
      })
      .join(",");
  };
}
