// The two tracers that are compared: this project's command, and a bpftrace that is installed.
import { existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { spawnSync } from "node:child_process";

const root = resolve(import.meta.dirname, "..");

export const ours = { name: "this one", words: [process.execPath, join(root, "dist/bpftrace.cjs")] };

/** A bpftrace of the search path that is not this project's. */
export function findPeer(path) {
  const candidates = path === undefined ? (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "bpftrace")) : [path];
  for (const candidate of candidates) {
    if (!existsSync(candidate)) continue;
    const { stdout, status } = spawnSync(candidate, ["--version"], { encoding: "utf8" });
    const version = /bpftrace v(\S+)/.exec(stdout ?? "")?.[1];
    if (status !== 0 || version === undefined) continue;
    const shebang = spawnSync("head", ["-c", "40", candidate], { encoding: "latin1" }).stdout;
    if (shebang.includes("node")) continue;
    // Its limit for the size of scripts is low by default.
    return { name: `bpftrace ${version}`, words: [candidate], environment: { BPFTRACE_NODE_MAX: "10000000", BPFTRACE_MAX_AST_NODES: "10000000" } };
  }
  return undefined;
}
