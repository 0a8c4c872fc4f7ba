// The backend's door: an IR module becomes eBPF bytecode. Stages: legalise, select, allocate registers, lay out the frame, emit, link.

import { invariant, present } from "../base/invariant.ts";
import type { IrFunction, IrModule } from "../ir/model.ts";
import { allocateRegisters } from "./allocate.ts";
import type { BackendTarget, BytecodeProgram } from "./bytecode.ts";
import { StackLimitError, stackLimit } from "./bytecode.ts";
import type { EmittedFunction } from "./emitted.ts";
import { emitFunction } from "./emit.ts";
import { layOutFrame } from "./frame.ts";
import { legalise } from "./legalise.ts";
import { linkProgram } from "./link.ts";
import { selectInstructions } from "./select.ts";

/**
 * Compiles a module; the module is not changed. Throws StackLimitError when a function, or the entry with a callback, needs more stack
 * than the kernel gives.
 */
export function compileModule(module: IrModule, target: BackendTarget): BytecodeProgram {
  const callbacks = addressTaken(module);
  const isGlobal = (fn: IrFunction, index: number): boolean =>
    index === 0 || (!callbacks.has(fn.name) && fn.parameters.every(({ type }) => type === "int"));
  const emitted = reachable(module.functions.map((fn, index) => compileFunction(fn, target, isGlobal(fn, index))));
  checkStack(emitted);
  return linkProgram(emitted, { longJumps: target.longJumps ?? false });
}

function compileFunction(fn: IrFunction, target: BackendTarget, global: boolean): EmittedFunction {
  const machine = selectInstructions(legalise(fn, target));
  const allocation = allocateRegisters(machine);
  const frame = layOutFrame(machine, allocation);
  return emitFunction(machine, allocation, frame, { signedMoves: target.signedMoves ?? false, global });
}

/** The kernel adds up the frames of a call chain, each rounded up to 32 bytes (check_max_stack_depth in kernel/bpf/verifier.c). */
function checkStack(emitted: readonly EmittedFunction[]): void {
  const frames = new Map(emitted.map((fn) => [fn.name, fn.stackBytes]));
  const callees = new Map(emitted.map((fn) => [fn.name, referencedFunctions(fn)]));
  const depth = (name: string, path: readonly string[]): number => {
    invariant(!path.includes(name), `function ${name} does not reach itself`);
    const below = [...(callees.get(name) ?? [])].map((callee) => depth(callee, [...path, name]));
    return Math.max(32, Math.ceil((frames.get(name) ?? 0) / 32) * 32) + Math.max(0, ...below);
  };
  for (const fn of emitted) if (fn.stackBytes > stackLimit) throw new StackLimitError(fn.name, fn.stackBytes);
  const [entry] = emitted;
  invariant(entry !== undefined, "a module has functions");
  const total = depth(entry.name, []);
  if (total > stackLimit) throw new StackLimitError(entry.name, total);
}

function addressTaken(module: IrModule): Set<string> {
  const result = new Set<string>();
  for (const fn of module.functions) {
    for (const { instructions } of fn.blocks) for (const i of instructions) if (i.op === "function") result.add(i.name);
  }
  return result;
}

/** The functions that the first one needs: the kernel refuses code that nothing reaches. */
function reachable(functions: readonly EmittedFunction[]): readonly EmittedFunction[] {
  const [entry] = functions;
  invariant(entry !== undefined, "a module has functions");
  const byName = new Map(functions.map((fn) => [fn.name, fn]));
  const reached = new Set([entry]);
  for (const fn of reached) {
    for (const name of referencedFunctions(fn)) reached.add(present(byName.get(name), `function ${name}`));
  }
  return functions.filter((fn) => reached.has(fn));
}

/** Names of the functions whose address a function takes or that it calls. */
function referencedFunctions(fn: EmittedFunction): Set<string> {
  const result = new Set<string>();
  for (const { items } of fn.blocks) {
    for (const { functionName } of items) if (functionName !== undefined) result.add(functionName);
  }
  return result;
}
