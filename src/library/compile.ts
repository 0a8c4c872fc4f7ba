// Compiling a script for the running machine: the pure compiler with the files, headers and kernel that it asks for.

import { existsSync, readFileSync, statSync } from "node:fs";
import { release } from "node:os";
import type { CTypes } from "../analysis/context.ts";
import { type CText, readCDefinitions } from "../cdecl/c-definitions.ts";
import { headerPaths } from "../cdecl/header-paths.ts";
import type { CompiledProgram } from "../compile/compiled-program.ts";
import { type Fact, observeTarget } from "../compile/facts.ts";
import { compileProgram } from "../compile/pipeline.ts";
import type { Registry } from "../define/registry.ts";
import type { Target } from "../define/target.ts";
import { hostTarget } from "../kernel/target.ts";
import { defaultConfig } from "../language/config/index.ts";
import { createLanguage } from "../language/index.ts";
import { type Diagnostic, Diagnostics } from "../source/diagnostic.ts";
import type { SourceFile } from "../source/source.ts";
import { type SplitFilesOf, splitFilesOf } from "../symbols/split-files.ts";
import { hostUserTargets } from "../symbols/user-targets.ts";
import type { CDefinition, Program } from "../syntax/ast.ts";
import { importFiles } from "./import-files.ts";

export interface ScriptOptions {
  /** Allows functions that change the system. */
  readonly unsafe: boolean;
  /** Process that probes are filtered by. */
  readonly pid: number | undefined;
  /** Whether several probes may become one program: not where some of them may be left out later. */
  readonly sharedPrograms: boolean;
  /** $1, $2 …, as byte strings. */
  readonly positional: readonly string[];
  /** Named parameters: value, or undefined for a name alone. */
  readonly named: ReadonlyMap<string, string | undefined>;
  /** BPFTRACE_* variables are read from here. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folders that #include searches first, and imports after the folder of the script. */
  readonly includePaths: readonly string[];
  /** Headers included before the script. */
  readonly includes: readonly string[];
  /** Kernel features to do without. */
  readonly disabledFeatures: readonly string[];
  /** 0 none, 1 failed map updates and the like, 2 failed reads as well. */
  readonly warningLevel: 0 | 1 | 2;
  /** Whether programs may load kernel memory instead of calling probe_read, where this kernel is known to allow it. */
  readonly plainLoads: boolean;
  /** Notes what the program takes for granted of the machine, so that it can run on another one. */
  readonly observe: boolean;
  /** Gets each intermediate form of the compiler. */
  readonly stage: ((stage: string, value: unknown) => void) | undefined;
}

/** What a script is compiled for. */
export interface Machine {
  readonly registry: Registry;
  readonly target: Target;
  /** Searched first for separate debug files. */
  readonly debugFolders: readonly string[];
  /** Where details of debug information are that a file does not have itself. */
  readonly splitFiles: SplitFilesOf;
}

export type ScriptResult =
  | {
      readonly kind: "compiled";
      readonly program: CompiledProgram;
      /** What it takes for granted of this machine; empty unless `observe` was asked for. */
      readonly facts: readonly Fact[];
      readonly diagnostics: readonly Diagnostic[];
    }
  | { readonly kind: "failed"; readonly diagnostics: readonly Diagnostic[] }
  | { readonly kind: "bad-environment"; readonly problem: string; readonly diagnostics: readonly Diagnostic[] };

export interface MachineOptions {
  /** A list of kernel functions that can be traced (as in available_filter_functions), instead of the kernel's own. */
  readonly traceableFunctions?: string | undefined;
  /** Folders that are searched first for separate debug files. */
  readonly debugFolders?: readonly string[];
  /** Is told, once of each program, that its debug information is damaged or details of it are missing; without it nobody is. */
  readonly warn?: (message: string) => void;
}

/** The language on this machine. */
export function thisMachine(disabledFeatures: readonly string[], options: MachineOptions = {}): Machine {
  const { traceableFunctions, debugFolders = [], warn = () => undefined } = options;
  const splitFiles = splitFilesOf(warn);
  const target = hostTarget(hostUserTargets({ debugFolders, splitFiles, warn }), { disabled: new Set(disabledFeatures), traceableFunctions });
  return { registry: createLanguage(), target, debugFolders, splitFiles };
}

export function compileScript(file: SourceFile, options: ScriptOptions, machine: Machine): ScriptResult {
  const diagnostics = new Diagnostics();
  const { registry } = machine;
  const observed = options.observe ? observeTarget(machine.target) : { target: machine.target, facts: () => [] };
  const { target } = observed;
  const { unsafe, pid, sharedPrograms, positional, named, environment } = options;
  const result = compileProgram({
    file,
    registry,
    target,
    defaults: defaultConfig,
    options: { unsafe, pid, sharedPrograms, positional, named, environment },
    warningLevel: options.warningLevel,
    plainLoads: options.plainLoads,
    diagnostics,
    imports: { files: importFiles, folders: options.includePaths },
    readCTypes: (program) => readCTypes(program, file, options, target, diagnostics),
    trace: options.stage,
  });
  const all = diagnostics.all();
  switch (result.kind) {
    case "compiled":
      return { kind: "compiled", program: result.program, facts: observed.facts(), diagnostics: all };
    case "failed":
      return { kind: "failed", diagnostics: all };
    case "bad-environment":
      return { kind: "bad-environment", problem: result.problem, diagnostics: all };
  }
}

type HeaderOptions = Pick<ScriptOptions, "includePaths" | "includes" | "environment">;

/** Types of the script's C definitions; without any there is nothing to read. */
export function readCTypes(
  program: Program,
  file: SourceFile,
  options: HeaderOptions,
  target: Target,
  diagnostics: Diagnostics,
): CTypes {
  if (program.cDefinitions.length === 0 && options.includes.length === 0) {
    return noCTypes;
  }
  const types = target.kernelTypes;
  const texts = definitionTexts(program, file);
  const definitions = readCDefinitions(
    {
      ...texts.own,
      imported: texts.imported,
      includes: options.includes,
      includePaths: headerPaths({
        folders: options.includePaths,
        environment: options.environment,
        architecture: target.arch,
        kernelFolders: kernelFolders(options.environment, types !== undefined),
      }),
      defines: types === undefined ? {} : { BPFTRACE_HAVE_BTF: "1" },
      reader: { read: (path) => (isFile(path) ? readFileSync(path).toString("latin1") : undefined) },
      architecture: target.arch,
      missingIncludesAllowed: types !== undefined,
      externalTypes: (tag, name) =>
        tag === "enum" ? types?.enum(name) : tag === "typedef" ? types?.named(name) : types?.struct(tag, name),
      pointerSpace: "none",
    },
    diagnostics,
  );
  return {
    struct: (tag, name) => definitions.structs.get(`${tag} ${name}`),
    enum: (name) => definitions.enums.get(name),
    typedef: (name) => definitions.typedefs.get(name),
    enumerator: (name) => definitions.enumerators.get(name),
    macro: (name) => definitions.macros.get(name),
    isFunctionMacro: (name) => definitions.functionMacros.has(name),
  };
}

/** Source and build folder of the kernel. Where its types are known its headers are only read when the user names them. */
function kernelFolders(environment: ScriptOptions["environment"], typesAreKnown: boolean): readonly string[] {
  const named = [environment["BPFTRACE_KERNEL_SOURCE"], environment["BPFTRACE_KERNEL_BUILD"]].filter((folder) => folder !== undefined);
  if (named.length > 0 || typesAreKnown) return named;
  return ["source", "build"].map((folder) => `/lib/modules/${release()}/${folder}`).filter((folder) => existsSync(folder));
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

const noCTypes: CTypes = {
  struct: () => undefined,
  enum: () => undefined,
  typedef: () => undefined,
  enumerator: () => undefined,
  macro: () => undefined,
  isFunctionMacro: () => false,
};

/** The C definitions of the script and of each imported one. */
function definitionTexts(program: Program, script: SourceFile): { readonly own: CText; readonly imported: readonly CText[] } {
  const own: CDefinition[] = [];
  const files = new Map<SourceFile, CDefinition[]>();
  for (const definition of program.cDefinitions) {
    const { file } = definition.span;
    const known = file === script ? own : files.get(file);
    if (known === undefined) files.set(file, [definition]);
    else known.push(definition);
  }
  return {
    own: { text: definitionText(own, script), file: script },
    imported: [...files].map(([file, definitions]) => ({ text: definitionText(definitions, file), file })),
  };
}

/** C definitions at their lines and columns, everything else blank. */
function definitionText(definitions: readonly CDefinition[], file: SourceFile): string {
  let text = "";
  for (const { span, kind } of definitions) {
    text += file.text.slice(text.length, span.start).replace(/[^\n]/g, " ");
    const piece = file.text.slice(span.start, span.end);
    text += piece;
    if (kind === "declaration" && !piece.trimEnd().endsWith(";")) text = `${text};`;
  }
  return text;
}
