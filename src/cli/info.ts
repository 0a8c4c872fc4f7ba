// --info: what this machine and its kernel support.

import { arch, release, type, version as osVersion } from "node:os";
import { hostTarget } from "../kernel/target.ts";
import { hostUserTargets } from "../symbols/user-targets.ts";
import { version } from "./version.ts";

const shown = ["ring_buffer", "for_each_map_elem", "bpf_loop", "map_lookup_percpu_elem", "ktime_get_tai_ns", "get_func_ip", "uprobe_multi"];

export function printInfo(): number {
  const target = hostTarget(hostUserTargets(), new Set());
  const yes = (value: boolean) => (value ? "yes" : "no");
  const lines = [
    "System",
    `  OS: ${type()} ${release()} ${osVersion()}`,
    `  Arch: ${arch()}`,
    "",
    "Build",
    `  version: v${version}`,
    "",
    "Kernel features",
    ...shown.map((feature) => `  ${feature}: ${yes(target.has(feature))}`),
    `  btf: ${yes(target.kernelTypes !== undefined)}`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return 0;
}
