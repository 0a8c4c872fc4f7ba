// The running machine as the compiler's Target: everything is read when it is first asked for.

import { readFileSync, statSync } from "node:fs";
import { release } from "node:os";
import type { KernelTypes, Target, UserTargets } from "../define/target.ts";
import { prototypeC } from "../formats/btf/c-spelling.ts";
import { plainLoad } from "../formats/btf/plain-load.ts";
import { btfKinds, type BtfReader } from "../formats/btf/reader.ts";
import { measureFromBoot } from "../sys/clock.ts";
import { cgroupIdOf } from "./cgroups.ts";
import { loadedPrograms } from "./bpf-programs.ts";
import { kernelFeatures, parseRelease } from "./features.ts";
import { kernelFunctions } from "./functions.ts";
import { allowsKernelFunction } from "./kernel-functions.ts";
import { lazy } from "./lazy.ts";
import { functionId, type KernelBtf, moduleBtf, modulesWithBtf, vmlinuxBtf } from "./module-btf.ts";
import { createTracepoints } from "./tracefs.ts";

/** `0-3,6` as numbers (Documentation/admin-guide/cputopology.rst). */
export function parseCpuList(text: string): readonly number[] {
  return text.trim().split(",").filter((part) => part !== "").flatMap((part) => {
    const [first = 0, last = first] = part.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

function kernelTypes(btf: KernelBtf): KernelTypes {
  const { reader, types } = btf;
  return {
    struct: (tag, name) => types.struct(tag, name),
    enum: (name) => types.enum(name),
    named: (name) => types.named(name),
    enumerator: (name) => types.enumerator(name),
    hasFunction: (name) => reader.find(btfKinds.func, name) !== undefined,
    functionModules: (name) =>
      reader.find(btfKinds.func, name) === undefined
        ? modulesWithBtf().filter((module) => functionId(name, module) !== undefined)
        : ["vmlinux"],
    functionPrototype: (name, module) => moduleBtf(module ?? "vmlinux")?.types.prototype(name),
    parameterCount: (name, module) => {
      const btf = moduleBtf(module ?? "vmlinux")?.reader;
      const id = btf?.find(btfKinds.func, name);
      if (btf === undefined || id === undefined) return undefined;
      const prototype = btf.sizeOrType(id);
      const count = btf.members(prototype);
      // The dots of a declaration are a last parameter without type (Documentation/bpf/btf.rst, BTF_KIND_FUNC_PROTO).
      return count > 0 && btf.extra(prototype, 2 * count - 1) === 0 ? Number.POSITIVE_INFINITY : count;
    },
    typeId: (tag, name) => types.id(tag, name),
    plainLoad: (struct, offset, size) => {
      const id = types.idOf(struct.layout);
      const load = id === undefined ? undefined : plainLoad(reader, id, offset, size);
      return id === undefined || load === undefined ? undefined : { struct: id, pointee: load.pointee };
    },
    structId: (struct) => types.idOf(struct.layout),
    variable: (name) => {
      const id = reader.find(btfKinds.variable, name);
      return id === undefined ? undefined : types.type(reader.sizeOrType(id), "kernel");
    },
    traceParameters: (event) => {
      const prototype = types.prototype(`__probestub_${event}`) ?? types.prototype(`__traceiter_${event}`);
      return prototype?.parameters.slice(1);
    },
    traceDeclarations: (event) => {
      const id = reader.find(btfKinds.func, `__probestub_${event}`) ?? reader.find(btfKinds.func, `__traceiter_${event}`);
      return id === undefined ? undefined : prototypeC(reader, id).parameters.slice(1);
    },
    functionDeclaration: (name, module) => {
      const btf = moduleBtf(module ?? "vmlinux")?.reader;
      const id = btf?.find(btfKinds.func, name);
      return btf === undefined || id === undefined ? undefined : prototypeC(btf, id);
    },
    rawTracepoints: () => rawTracepointNames(reader),
    examined: () => [...types.examined],
    iterators: () => [...reader.index(btfKinds.struct).keys()].filter((n) => n.startsWith("bpf_iter__") && !n.endsWith("__safe_trusted")).map((n) => n.slice(10)).sort(),
  };
}

function rawTracepointNames(reader: BtfReader): readonly string[] {
  const names = new Set<string>();
  for (const name of reader.index(btfKinds.func).keys()) {
    const match = /^__(?:probestub|traceiter)_(.+)$/.exec(name);
    if (match?.[1] !== undefined) names.add(match[1]);
  }
  return [...names].sort();
}

/** Inode of the initial PID namespace (include/linux/proc_ns.h). */
const initialPidNamespace = 0xefff_fffcn;

function ownPidNamespace(): Target["pidNamespace"] {
  const { dev, ino } = statSync("/proc/self/ns/pid", { bigint: true });
  return ino === initialPidNamespace ? undefined : { device: dev, inode: ino };
}

export interface HostOptions {
  /** Features to do without. */
  readonly disabled: ReadonlySet<string>;
  /** A list of functions that can be traced, instead of the kernel's own. */
  readonly traceableFunctions: string | undefined;
}

/** The machine that this runs on. */
export function hostTarget(userTargets: UserTargets, { disabled, traceableFunctions }: HostOptions): Target {
  const running = parseRelease(release());
  const possible = lazy(() => parseCpuList(readFileSync("/sys/devices/system/cpu/possible", "latin1")).length);
  const online = lazy(() => parseCpuList(readFileSync("/sys/devices/system/cpu/online", "latin1")));
  const types = lazy(() => {
    const btf = vmlinuxBtf();
    return btf === null ? null : kernelTypes(btf);
  });
  const boot = lazy(() => measureFromBoot("realtime"));
  const programs = lazy(loadedPrograms);
  const namespace = lazy(() => ({ value: ownPidNamespace() }));
  return {
    arch: process.arch === "arm64" ? "arm64" : "x64",
    release: running,
    get possibleCpus() {
      return possible();
    },
    get onlineCpus() {
      return online();
    },
    has: kernelFeatures(running, disabled),
    get kernelTypes() {
      return types() ?? undefined;
    },
    tracepoints: createTracepoints(),
    userTargets,
    kernelFunctions: kernelFunctions(() => vmlinuxBtf()?.reader.index(btfKinds.func).keys() ?? [], traceableFunctions),
    loadedPrograms: () => programs(),
    get pidNamespace() {
      return namespace().value;
    },
    get bootToRealtime() {
      return boot();
    },
    cgroupId: cgroupIdOf,
    allowsKernelFunction: (name, program) => allowsKernelFunction(vmlinuxBtf()?.reader, name, program),
  };
}
