// All that the compiler may know of the machine. The host side fills it in lazily; tests make their own.

import type { ProgramKind } from "./attach-spec.ts";
import type { FeatureName } from "./features.ts";
import type { UsdtLocation } from "../formats/elf/stapsdt.ts";
import type { EnumType, StructType, Type } from "../types/type.ts";

export interface Target {
  readonly arch: "x64" | "arm64";
  readonly release: { readonly major: number; readonly minor: number; readonly patch: number };
  /** Possible CPUs (the length of per-CPU values) and those online. */
  readonly possibleCpus: number;
  readonly onlineCpus: readonly number[];
  /** Whether the kernel has a feature of the table (define/features.ts). */
  has(feature: FeatureName): boolean;
  readonly kernelTypes: KernelTypes | undefined;
  readonly tracepoints: Tracepoints;
  readonly userTargets: UserTargets;
  readonly kernelFunctions: KernelFunctions;
  /** BPF programs that are loaded now, by id. */
  loadedPrograms(): readonly BpfProgram[];
  /** Device and inode of the tracer's PID namespace when it is not the initial one. */
  readonly pidNamespace: { readonly device: bigint; readonly inode: bigint } | undefined;
  /** Wall clock minus boot clock at start, in nanoseconds. */
  readonly bootToRealtime: bigint;
  /** Id of the cgroup directory at a path, if there is one. */
  cgroupId(path: string): bigint | undefined;
  /** Whether the kernel lets programs of a kind call one of its functions. */
  allowsKernelFunction(name: string, program: ProgramKind): boolean;
}

/** A parameter of a kernel function or raw tracepoint. */
export interface Parameter {
  readonly name: string;
  readonly type: Type;
}

/** Types of the running kernel (BTF). */
export interface KernelTypes {
  struct(tag: "struct" | "union", name: string): StructType | undefined;
  enum(name: string): EnumType | undefined;
  /** The type behind a typedef or a base type name such as `u32`, `size_t`, `char`. */
  named(name: string): Type | undefined;
  enumerator(name: string): { readonly enum: EnumType; readonly value: bigint } | undefined;
  /** Whether the kernel itself (no module) has a function. */
  hasFunction(name: string): boolean;
  /** Id of a type in the kernel's BTF. */
  typeId(tag: "struct" | "union" | "enum", name: string): number | undefined;
  /** Id of a struct that came from the kernel's BTF. */
  structId(struct: StructType): number | undefined;
  /**
   * Ids of a struct and of the one that the word at `offset` points to, if any, as programs may load that; undefined when they may not, or when the
   * struct is none of the kernel's BTF.
   */
  plainLoad(struct: StructType, offset: number, size: number): { readonly struct: number; readonly pointee: number | undefined } | undefined;
  /** Modules (vmlinux included) whose BTF has the function. */
  functionModules(name: string): readonly string[];
  /** Parameters and result of a kernel function. */
  functionPrototype(
    name: string,
    module: string | undefined,
  ): { readonly parameters: readonly Parameter[]; readonly returns: Type } | undefined;
  /** Number of its parameters; infinite when it ends in dots. */
  parameterCount(name: string, module: string | undefined): number | undefined;
  /** Type of a variable: of the per-CPU ones at least. */
  variable(name: string): Type | undefined;
  /** Parameters that a raw tracepoint passes. */
  traceParameters(event: string): readonly Parameter[] | undefined;
  /** The same as C text, `TYPE NAME`. */
  traceDeclarations(event: string): readonly string[] | undefined;
  /** Parameters (`TYPE NAME`) and result of a kernel function as C text. */
  functionDeclaration(
    name: string,
    module: string | undefined,
  ): { readonly parameters: readonly string[]; readonly parameterTypes: readonly string[]; readonly returns: string } | undefined;
  /** Names of all raw tracepoints. */
  rawTracepoints(): readonly string[];
  /** Names of the iterators (`bpf_iter__NAME`). */
  iterators(): readonly string[];
  /** Named structs and unions whose fields were looked at so far. */
  examined(): readonly StructType[];
}

/** A field of a tracepoint's record, from its format file. */
export interface TracepointField {
  readonly name: string;
  /** The C type as written. */
  readonly ctype: string;
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
  readonly kind: "scalar" | "char-array" | "array" | "data-loc" | "rel-loc";
  /** Elements of an array, else 1. */
  readonly count: number;
}

export interface Tracepoints {
  /** `category:event`, sorted. Throws SystemError when tracefs cannot be had. */
  list(): readonly string[];
  format(category: string, event: string): { readonly id: number; readonly fields: readonly TracepointField[] } | undefined;
}

export interface UserSymbol {
  readonly name: string;
  /** Virtual address in the file's own terms. */
  readonly address: bigint;
  readonly size: number;
  /** Offset in the file, or in the archive that contains it. */
  readonly fileOffset: number;
}

/** A parameter of a user function. */
export interface UserParameter extends Parameter {
  /** The type as C writes it. */
  readonly ctype: string;
}

export type SourceAddress =
  | { readonly kind: "address"; readonly address: bigint }
  /** The file has no debug information. */
  | { readonly kind: "no-debug-information" }
  /** No compile unit, or several, have the source file. */
  | { readonly kind: "files"; readonly files: readonly string[] }
  /** No instruction belongs to the line. */
  | { readonly kind: "no-line" };

/** Files that the target of an attach point means. */
export interface FoundTargets {
  readonly paths: readonly string[];
  readonly warnings: readonly string[];
  /** Why there is none, where that is known. */
  readonly problem: string | undefined;
}

/** Executables and libraries to put uprobes into. */
export interface UserTargets {
  /** Paths that a target text means: a path, a program in PATH, `libNAME`, a pattern. */
  resolve(
    text: string,
    search: { readonly pid: number | undefined; readonly anyFile: boolean },
  ): FoundTargets;
  /** The program file of a process, below the root of that process. */
  executableOf(pid: number): string | undefined;
  /** Functions of a file, sorted by name, one entry for each name. */
  functions(path: string): readonly UserSymbol[];
  symbol(path: string, name: string): UserSymbol | undefined;
  /** Virtual address and size of a function or variable. */
  addressOf(path: string, name: string): { readonly address: bigint; readonly size: number } | undefined;
  /** The symbol that contains a virtual address. */
  symbolAt(path: string, address: bigint): UserSymbol | undefined;
  /** USDT probes of a file. */
  usdt(path: string): readonly UsdtLocation[];
  /** Parameters of a function by the file's debug information, in order. */
  parameters(path: string, name: string): readonly UserParameter[] | undefined;
  /** The instruction of a source line. */
  sourceLine(path: string, file: string, line: number, column: number | undefined): SourceAddress;
  /** File offset of a virtual address. */
  fileOffset(path: string, address: bigint): number | undefined;
  /** The name that a mangled symbol stands for, or the symbol itself. */
  demangle(symbol: string): string;
  /** The same of a function, without result and parameters; undefined when the symbol is not mangled. */
  functionName(symbol: string): string | undefined;
  /** Bytes of the file at a file offset. */
  bytes(path: string, offset: number, length: number): Uint8Array;
}

/** A function of a loaded BPF program. */
export interface BpfFunction {
  readonly name: string;
  /** In the type information of its program. */
  readonly typeId: number;
  prototype(): { readonly parameters: readonly Parameter[]; readonly returns: Type } | undefined;
  /** The same as C text. */
  declaration(): { readonly parameters: readonly string[]; readonly returns: string };
}

/** A loaded BPF program with type information. */
export interface BpfProgram {
  readonly id: number;
  /** enum bpf_prog_type. */
  readonly type: number;
  /** The first one is the program itself. */
  readonly functions: readonly BpfFunction[];
}

export interface KernelFunctions {
  /** Functions that kprobes and fentry may use with their modules (`vmlinux` for the kernel itself), in the kernel's order; some are there twice. */
  traceable(): readonly { readonly name: string; readonly module: string }[];
  /** The user gave the list: it alone says what can be traced. */
  readonly listIsGiven: boolean;
  /** Modules that have a traceable function of a name. */
  modulesOf(name: string): readonly string[];
  loadedModules(): readonly string[];
  /** Address of a kernel symbol. */
  address(symbol: string): bigint | undefined;
}
