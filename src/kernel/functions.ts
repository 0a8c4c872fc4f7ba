// Kernel functions that probes can attach to, by module: from tracefs, or from type information where that may not be read.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { KernelFunctions } from "../define/target.ts";
import { readKernelFile } from "../sys/kernel-file.ts";
import { kernelSymbols } from "./kallsyms.ts";
import { tracefsPath } from "./tracefs.ts";

interface TraceableFunction {
  readonly name: string;
  readonly module: string;
}

/** Functions that the list has, but that cannot be traced or must not be. */
const excludedNames: ReadonlySet<string> = new Set(["arch_cpu_idle", "default_idle", "bpf_dispatcher_xdp_func"]);
const excludedPrefixes = ["__ftrace_invalid_address__", "rcu_"];

function isExcluded(name: string): boolean {
  return excludedNames.has(name) || excludedPrefixes.some((prefix) => name.startsWith(prefix));
}

/** Lines `SYMBOL` or `SYMBOL [MODULE]` of available_filter_functions. */
export function parseFilterFunctions(text: string): readonly TraceableFunction[] {
  const functions: TraceableFunction[] = [];
  for (const line of text.split("\n")) {
    const blank = line.indexOf(" ");
    const name = blank < 0 ? line : line.slice(0, blank);
    if (name === "" || isExcluded(name)) continue;
    const module = blank < 0 ? "vmlinux" : line.slice(blank + 2, -1);
    functions.push({ name, module });
  }
  return functions;
}

/** Symbols that kprobes refuse: lines `0xA-0xB SYMBOL [MODULE]`. */
export function parseBlacklist(text: string): ReadonlySet<string> {
  return new Set(text.split("\n").map((line) => line.split(/\s+/)[1] ?? ""));
}

function readBlacklist(): ReadonlySet<string> {
  try {
    return parseBlacklist(readFileSync("/sys/kernel/debug/kprobes/blacklist", "latin1"));
  } catch {
    // Not mounted, or not for us: the kernel refuses such functions itself.
    return new Set();
  }
}

/** The list of tracefs; undefined when it may not be read. */
function readFilterFunctions(): readonly TraceableFunction[] | undefined {
  try {
    return parseFilterFunctions(readKernelFile(join(tracefsPath(), "available_filter_functions")).toString("latin1"));
  } catch {
    // A locked-down kernel refuses even root: the caller has other sources.
    return undefined;
  }
}

/**
 * The functions of the running kernel; `known` gives names of functions in its type information. `given`: a list in the
 * format of tracefs that counts instead of the kernel's own.
 */
export function kernelFunctions(known: () => Iterable<string>, given: string | undefined): KernelFunctions {
  const cache: { list: readonly TraceableFunction[] | undefined; modules: ReadonlyMap<string, readonly string[]> | undefined } = {
    list: undefined,
    modules: undefined,
  };
  const traceable = () => {
    cache.list ??= withoutRefused(given === undefined ? (readFilterFunctions() ?? fromTypes(known)) : ofLoadedModules(given));
    return cache.list;
  };
  const modulesOf = (name: string) => {
    cache.modules ??= modulesByName(traceable());
    return cache.modules.get(name) ?? [];
  };
  return {
    traceable,
    listIsGiven: given !== undefined,
    modulesOf,
    loadedModules,
    address: (symbol) => kernelSymbols().address(symbol),
  };
}

function fromTypes(known: () => Iterable<string>): readonly TraceableFunction[] {
  return [...known()].filter((name) => !isExcluded(name)).map((name) => ({ name, module: "vmlinux" }));
}

/** Functions of a list that this kernel can have. */
function ofLoadedModules(text: string): readonly TraceableFunction[] {
  const modules = new Set(["vmlinux", ...loadedModules()]);
  return parseFilterFunctions(text).filter(({ module }) => modules.has(module));
}

function withoutRefused(listed: readonly TraceableFunction[]): readonly TraceableFunction[] {
  const blacklist = readBlacklist();
  return listed.filter(({ name }) => !blacklist.has(name));
}

function modulesByName(list: readonly TraceableFunction[]): ReadonlyMap<string, readonly string[]> {
  const modules = new Map<string, string[]>();
  for (const { name, module } of list) {
    const known = modules.get(name);
    if (known === undefined) modules.set(name, [module]);
    else if (!known.includes(module)) known.push(module);
  }
  return modules;
}

/** Names of loaded modules (proc(5)); none when the kernel has no modules. */
function loadedModules(): readonly string[] {
  try {
    return readFileSync("/proc/modules", "latin1").split("\n").map((line) => line.split(" ")[0] ?? "").filter((name) => name !== "");
  } catch {
    // A kernel without modules has no such file.
    return [];
  }
}
