// Files that processes have mapped, as the tracer can open them.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { parseMaps } from "./mappings.ts";

const deletedMark = " (deleted)";

/** Paths of executable mappings, in the process's own terms; nothing when the process is gone. */
export function mappedPaths(pid: number): readonly string[] {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/maps`, "latin1");
  } catch {
    // It has ended, or is not ours to look at.
    return [];
  }
  const present = text.split("\n").filter((line) => !line.endsWith(deletedMark)).join("\n");
  const paths = parseMaps(present, Date.now()).map(({ path }) => path).filter((path) => path.startsWith("/"));
  return [...new Set(paths)];
}

/** The program of a process as the tracer can open it; the kernel keeps one that was deleted. Throws when the process is gone. */
export function executablePath(pid: number): string {
  const link = readlinkSync(`/proc/${pid}/exe`);
  return link.endsWith(deletedMark) ? `/proc/${pid}/exe` : `/proc/${pid}/root${link}`;
}

function deletedExecutable(pid: number): readonly string[] {
  try {
    const path = executablePath(pid);
    return path === `/proc/${pid}/exe` ? [path] : [];
  } catch {
    // The process is gone, or a thread of the kernel.
    return [];
  }
}

/** Every file that a process, or any process, has mapped, below that process's root. */
export function mappedFiles(pid: number | undefined): readonly string[] {
  const pids = pid === undefined ? readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number) : [pid];
  return pids.flatMap((process) => [...deletedExecutable(process), ...mappedPaths(process).map((path) => `/proc/${process}/root${path}`)]);
}

/** Whether a process sees other mounts than the tracer. */
export function hasOwnMounts(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`) !== readlinkSync("/proc/self/ns/mnt");
  } catch {
    // Gone: its files can't be reached either way.
    return false;
  }
}

/** PATH of a process, or of the tracer. */
export function searchPath(pid: number | undefined): readonly string[] {
  let text = process.env["PATH"] ?? "";
  if (pid !== undefined) {
    try {
      const variables = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
      text = variables.find((variable) => variable.startsWith("PATH="))?.slice("PATH=".length) ?? text;
    } catch {
      // Its environment is not ours to read: our own PATH is the best guess.
    }
  }
  return text.split(":").filter((folder) => folder !== "");
}
