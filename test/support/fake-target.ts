// For tests: a machine that is only data, so that compilations do not depend on where they run.

import type { Target, UserSymbol, UserTargets } from "../../src/define/target.ts";
import { int32 } from "../../src/types/type.ts";
import { fakeKernelFunctions, fakeKernelTypes, fakeTracepoints } from "./fake-kernel.ts";

const names = ["_Z3fooi", "getenv", "main", "malloc", "readline"];
const symbols: readonly UserSymbol[] = names.map((name, i) => ({
  name,
  address: 0x1000n + BigInt(i) * 64n,
  size: 64,
  fileOffset: 0x1000 + i * 64,
}));
const files: ReadonlyMap<string, string> = new Map([
  ["/bin/app", "/bin/app"],
  ["/bin/bash", "/bin/bash"],
  ["app", "/bin/app"],
  ["bash", "/bin/bash"],
  ["libc", "/lib/libc.so.6"],
]);

const userTargets: UserTargets = {
  resolve: (text) => {
    const path = files.get(text);
    return { paths: path === undefined ? [] : [path], warnings: [], problem: undefined };
  },
  executableOf: () => "/bin/app",
  functions: () => symbols,
  symbol: (_path, name) => symbols.find((symbol) => symbol.name === name),
  addressOf: (_path, name) => symbols.find((symbol) => symbol.name === name),
  usdt: () => [{ provider: "app", name: "step", address: 0x1010n, fileOffset: 0x1010, semaphoreOffset: 0, arguments: "-4@%edi 8@8(%rsp)" }],
  symbolAt: (_path, address) => symbols.find((s) => address >= s.address && address < s.address + BigInt(s.size)),
  fileOffset: (_path, address) => (address >= 0x1000n && address < 0x2000n ? Number(address) : undefined),
  parameters: (_path, name) => (name === "main" ? [{ name: "argc", type: int32, ctype: "int" }] : undefined),
  sourceLine: () => ({ kind: "no-debug-information" }),
  functionName: (symbol) => (symbol === "_Z3fooi" ? "foo" : undefined),
  demangle: (symbol) => (symbol === "_Z3fooi" ? "foo(int)" : symbol),
  bytes: (_path, _offset, length) => new Uint8Array(length),
};

/** A machine of two CPUs with every kernel feature but those named. */
export function fakeTarget(without: readonly string[] = []): Target {
  return {
    arch: "x64",
    release: { major: 6, minor: 12, patch: 0 },
    possibleCpus: 2,
    onlineCpus: [0, 1],
    has: (feature) => !without.includes(feature),
    kernelTypes: fakeKernelTypes(),
    tracepoints: fakeTracepoints(),
    userTargets,
    kernelFunctions: {
      traceable: () => fakeKernelFunctions.map((name) => ({ name, module: "vmlinux" })),
      listIsGiven: false,
      modulesOf: (name) => (fakeKernelFunctions.includes(name) ? ["vmlinux"] : []),
      loadedModules: () => [],
      address: (symbol) => (fakeKernelFunctions.includes(symbol) ? 0xffff_ffff_8100_0000n : undefined),
    },
    allowsKernelFunction: () => false,
    loadedPrograms: () => [],
    pidNamespace: undefined,
    bootToRealtime: 1_700_000_000_000_000_000n,
    cgroupId: () => undefined,
  };
}
