// The compiler, stage by stage: source text to a program that a loader can take. Pure: all it knows comes in.

import { analyseProgram } from "../analysis/analyse.ts";
import type { AnalysisOptions, CTypes } from "../analysis/context.ts";
import { balanceChains } from "../analysis/balance-chains.ts";
import { type ImportInput, resolveImports } from "../analysis/imports.ts";
import { applySettings } from "../analysis/settings.ts";
import { compileModule } from "../backend/compile-module.ts";
import { type BytecodeProgram, StackLimitError } from "../backend/bytecode.ts";
import type { AnalysedProgram } from "../define/analysed.ts";
import type { Config } from "../define/config.ts";
import { internalMaps, linkConstants, runningStride } from "../define/internal-names.ts";
import type { Registry } from "../define/registry.ts";
import type { Target } from "../define/target.ts";
import { expandReads } from "../ir/passes/expand-reads.ts";
import { optimise } from "../ir/passes/index.ts";
import { withoutLoads } from "../lower/read-plan.ts";
import { type LoweredProbe, type LoweredProgram, lowerProgram } from "../lower/program.ts";
import type { Diagnostics } from "../source/diagnostic.ts";
import type { SourceFile } from "../source/source.ts";
import { deepestPlace } from "../syntax/nesting.ts";
import { parseProgram } from "../syntax/parser.ts";
import type { Program } from "../syntax/ast.ts";
import { checkHelpers, checkKernel, checkPoints } from "./kernel-needs.ts";
import { checkMapCount } from "./map-limit.ts";
import type { CompiledProbe, CompiledProgram, MapSpec, UserMapSpec } from "./compiled-program.ts";

export interface CompileInput {
  readonly file: SourceFile;
  readonly registry: Registry;
  readonly target: Target;
  readonly defaults: Config;
  readonly options: AnalysisOptions;
  readonly warningLevel: 0 | 1 | 2;
  /** Whether programs may load kernel memory instead of calling probe_read, where this kernel is known to allow it. */
  readonly plainLoads: boolean;
  readonly diagnostics: Diagnostics;
  /** Where imports are looked for. */
  readonly imports: Omit<ImportInput, "diagnostics">;
  /** Types of the C definitions of the script and its imports. */
  readCTypes(program: Program): CTypes;
  /** Called with the text of each intermediate form that `-d` asks for. */
  readonly trace: ((stage: string, value: unknown) => void) | undefined;
}

export type CompileResult =
  | { readonly kind: "compiled"; readonly program: CompiledProgram; readonly bytecode: readonly BytecodeProgram[] }
  /** Diagnostics say why. */
  | { readonly kind: "failed" }
  /** A bad environment variable: `KEY: reason`. */
  | { readonly kind: "bad-environment"; readonly problem: string };

/** Compiles a script. */
export function compileProgram(input: CompileInput): CompileResult {
  let parsed: Program | undefined;
  try {
    parsed = parseProgram(input.file, input.diagnostics);
    return input.diagnostics.hasErrors() ? { kind: "failed" } : runStages(input, balanceChains(parsed));
  } catch (problem) {
    // The stages are recursive. What is nested too deeply is refused before them, but who calls the compiler may have left little of
    // the stack.
    if (!(problem instanceof RangeError && problem.message.includes("call stack"))) throw problem;
    const place = parsed === undefined ? undefined : deepestPlace(parsed);
    input.diagnostics.error("too-deep", place, "The program is nested too deeply to be compiled");
    return { kind: "failed" };
  }
}

function runStages(input: CompileInput, script: Program): CompileResult {
  const { diagnostics, registry, target, options } = input;
  input.trace?.("ast", script);
  const settings = applySettings(registry, input.defaults, script.config, options.environment, diagnostics);
  if (settings.environmentProblem !== undefined) return { kind: "bad-environment", problem: settings.environmentProblem };
  const { program, cImports } = resolveImports(script, { ...input.imports, diagnostics });
  if (diagnostics.hasErrors()) return { kind: "failed" };
  const cTypes = input.readCTypes(program);
  if (diagnostics.hasErrors()) return { kind: "failed" };
  const { config } = settings;
  checkKernel(target, diagnostics);
  if (diagnostics.hasErrors()) return { kind: "failed" };
  const analysed = analyseProgram({ program, config, registry, target, options, cTypes, cImports, diagnostics });
  if (analysed === undefined) return { kind: "failed" };
  checkPoints(analysed.probes.flatMap((probe) => probe.points), target, diagnostics);
  input.trace?.("types", analysed);
  const generated = generateCode(input, analysed);
  if (generated === undefined) return { kind: "failed" };
  const { lowered, probes } = generated;
  return {
    kind: "compiled",
    program: {
      config,
      maps: mapSpecs(config, target, lowered),
      userMaps: lowered.layouts.map((layout): UserMapSpec => ({ ...layout, layout: layout.kind })),
      probes,
      actions: lowered.resources.actions,
    },
    bytecode: probes.map((probe) => probe.bytecode),
  };
}

interface GeneratedCode {
  readonly lowered: LoweredProgram;
  readonly probes: readonly CompiledProbe[];
}

/** Lowers and compiles all probes; those that need too much stack again, with their variables in scratch memory. */
function generateCode(input: CompileInput, analysed: AnalysedProgram): GeneratedCode | undefined {
  const roomy = new Set<string>();
  for (;;) {
    const options = { warningLevel: input.warningLevel, pid: input.options.pid, roomy };
    const lowered = lowerProgram(analysed, input.registry, input.target, options);
    const result = compileProbes(input, lowered, roomy);
    if (!("tooLarge" in result)) return input.diagnostics.hasErrors() ? undefined : { lowered, probes: result };
    if (input.diagnostics.hasErrors()) return undefined;
    const { probe, error } = result.tooLarge;
    if (roomy.has(probe.functionName)) {
      reportStackLimit(input, probe, error);
      return undefined;
    }
    roomy.add(probe.functionName);
  }
}

function reportStackLimit(input: CompileInput, probe: LoweredProbe, error: StackLimitError): void {
  const message = `The probe needs ${error.bytes} bytes of BPF stack; the kernel allows 512`;
  input.diagnostics.error("stack-limit", probe.points[0]?.span, message, {
    hint: "split large expressions, or the work over several probes",
  });
}

type StackOverflow = { readonly tooLarge: { readonly probe: LoweredProbe; readonly error: StackLimitError } };

/** Values that come from memory stay there in programs whose registers and stack are too few. */
const memoryPasses: ReadonlySet<string> = new Set(["forward-memory"]);

function compileProbes(
  input: CompileInput,
  lowered: LoweredProgram,
  roomy: ReadonlySet<string>,
): readonly CompiledProbe[] | StackOverflow {
  const stride = BigInt(lowered.resources.scratchSize);
  const probes: CompiledProbe[] = [];
  for (const probe of lowered.probes) {
    const { module, functionName, points } = probe;
    input.trace?.("ir", module);
    checkHelpers(module, input.target, input.diagnostics);
    expandReads(module, input.plainLoads ? probe.reads : withoutLoads(probe.reads));
    input.trace?.("ir after expand-reads", module);
    const skipped = roomy.has(functionName) ? memoryPasses : undefined;
    optimise(module, (pass, result) => input.trace?.(`ir after ${pass}`, result), skipped);
    input.trace?.("optimised ir", module);
    try {
      const compiled = compileModule(module, { signedDivision: input.target.has("signed_division") });
      const bytecode = fillConstant(compiled, linkConstants.scratchStride, stride);
      checkMapCount(bytecode, points[0]?.span, input.diagnostics);
      input.trace?.("bytecode", { name: functionName, bytecode });
      for (const point of points) {
        const { name, program, attach, count } = point;
        probes.push({ name, functionName, program, attach, bytecode, count });
      }
    } catch (problem) {
      if (!(problem instanceof StackLimitError)) throw problem;
      return { tooLarge: { probe, error: problem } };
    }
  }
  return probes;
}

/** Fills in a number that the compiler knows only at the end. */
function fillConstant(program: BytecodeProgram, name: string, value: bigint): BytecodeProgram {
  const code = Buffer.from(program.code);
  const rest = program.relocations.filter((relocation) => {
    if (relocation.kind !== "constant" || relocation.name !== name) return true;
    code.writeUInt32LE(Number(value & 0xffff_ffffn), relocation.at * 8 + 4);
    code.writeUInt32LE(Number(value >> 32n), relocation.at * 8 + 12);
    return false;
  });
  return { ...program, code, relocations: rest };
}

// ---- maps ------------------------------------------------------------------------------------------------

const mapTypes = { array: 2, perfEventArray: 4, ringBuffer: 27 } as const;
const readOnlyInProgram = 0x80;
const pageSize = 4096;

function mapSpecs(config: Config, target: Target, lowered: LoweredProgram): readonly MapSpec[] {
  const { resources } = lowered;
  const plain = { content: undefined, readOnly: false, flags: 0, inner: undefined } as const;
  const specs: MapSpec[] = lowered.layouts.map(({ storage, type, keySize, valueSize, maxEntries }) => ({
    ...plain,
    name: storage,
    type,
    keySize,
    valueSize,
    maxEntries,
  }));
  const array = { ...plain, type: mapTypes.array, keySize: 4, maxEntries: 1 };
  specs.push({ ...plain, name: internalMaps.events, type: mapTypes.ringBuffer, keySize: 0, valueSize: 0, maxEntries: ringSize(config, target.possibleCpus) });
  specs.push({ ...array, name: internalMaps.lost, valueSize: 8 });
  specs.push({ ...array, name: internalMaps.ended, valueSize: 8 });
  if (resources.sendsPackets) {
    specs.push({ ...plain, name: internalMaps.packets, type: mapTypes.perfEventArray, keySize: 4, valueSize: 4, maxEntries: target.possibleCpus });
  }
  const cpus = 2 ** Math.ceil(Math.log2(Math.max(1, target.possibleCpus)));
  if (resources.guardsPrograms) specs.push({ ...array, name: internalMaps.running, valueSize: runningStride * cpus });
  if (resources.scratchSize > 0) {
    specs.push({ ...array, name: internalMaps.scratch, valueSize: resources.scratchSize * cpus });
  }
  for (const map of resources.hostMaps.values()) specs.push({ ...plain, ...map });
  const constants = resources.constantBytes();
  if (constants.length > 0) {
    specs.push({
      ...array,
      name: internalMaps.constants,
      valueSize: constants.length,
      flags: readOnlyInProgram,
      content: constants,
      readOnly: true,
    });
  }
  return specs;
}

/** Bytes of the ring buffer: a power of two of pages, at least one for each CPU. */
function ringSize(config: Config, cpus: number): number {
  const wanted = config.perfRbPages > 0 ? Math.max(config.perfRbPages, cpus) * pageSize : 16 * 1024 * 1024;
  return Math.max(pageSize, 2 ** Math.ceil(Math.log2(wanted)));
}
