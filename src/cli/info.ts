// --info: what this machine and its kernel support.

import { machine, release, type, version as osVersion } from "node:os";
import {
  hasHelper,
  hasIterators,
  hasKprobeMulti,
  hasKprobeSession,
  hasModuleBtf,
  hasPathHelper,
  hasUprobeMulti,
  hasUprobeRefcount,
  instructionLimit,
} from "../kernel/features.ts";
import { vmlinuxBtf } from "../kernel/module-btf.ts";
import { version } from "./version.ts";

/** Helpers by their numbers (include/uapi/linux/bpf.h). */
const helpers = { get_func_ip: 173, loop: 181, lookup_percpu_elem: 195, get_tai_ns: 208 } as const;

const columnWidth = 35;

type Answer = readonly [string, boolean | number];

/** Answers in two columns. */
function inColumns(answers: readonly Answer[]): string {
  const cells = answers.map(([label, value]) => `${label}: ${typeof value === "number" ? value : value ? "yes" : "no"}`);
  const rows: string[] = [];
  for (let i = 0; i < cells.length; i += 2) rows.push(`  ${(cells[i] ?? "").padEnd(columnWidth)}${cells[i + 1] ?? ""}`.trimEnd());
  return rows.map((row) => `${row}\n`).join("");
}

/** Prints what is supported, without the features that the user wants to do without. */
export function printInfo(noFeatures: readonly string[]): number {
  const wanted = (feature: string) => !noFeatures.includes(feature);
  const btf = vmlinuxBtf()?.reader;
  const helperAnswers = Object.entries(helpers).map(([name, id]): Answer => [name, hasHelper(id)]);
  const groups: readonly (readonly [string, string])[] = [
    ["System", `  OS: ${type()} ${release()} ${osVersion()}\n  Arch: ${machine()}\n`],
    ["Build", `  version: v${version}\n  node: ${process.version}\n  compiler: own, to eBPF (no LLVM)\n`],
    ["Kernel helpers", inColumns([["dpath", hasPathHelper(btf)], ...helperAnswers])],
    ["Kernel features", inColumns([["Instruction limit", instructionLimit()], ["btf", btf !== undefined], ["module btf", hasModuleBtf()], ["uprobe refcount", hasUprobeRefcount()]])],
    [
      "Probe types",
      inColumns([
        ["kprobe_multi", wanted("kprobe_multi") && hasKprobeMulti()],
        ["kprobe_session", wanted("kprobe_session") && hasKprobeSession()],
        ["uprobe_multi", wanted("uprobe_multi") && hasUprobeMulti()],
        ["iter", hasIterators(btf)],
      ]),
    ],
  ];
  process.stdout.write(groups.map(([title, text]) => `${title}\n${text}`).join("\n"));
  return 0;
}
