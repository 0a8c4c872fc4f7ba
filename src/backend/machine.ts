// Machine code before registers are assigned: eBPF operations over virtual registers, in SSA form with block parameters.

import type { AluOperation, JumpCondition, MemorySize } from "../bpf/instruction.ts";
import type { StackSlot } from "../ir/model.ts";
import type { Span } from "../source/source.ts";

/** Virtual registers are numbered from here on; the machine's own are 0-10. */
export const firstVirtual = 16;

/** Where an operand comes from. All but registers and spills can be computed anew wherever they are needed. */
export type Source =
  | { readonly kind: "register"; readonly register: number }
  /** Signed 64 bits. */
  | { readonly kind: "constant"; readonly value: bigint }
  /** Address of (or, as the base of an access, memory in) the stack frame. */
  | { readonly kind: "frame"; readonly slot: StackSlot; readonly offset: number }
  | { readonly kind: "map"; readonly name: string }
  | { readonly kind: "map-value"; readonly name: string; readonly offset: number }
  | { readonly kind: "link-constant"; readonly name: string }
  | { readonly kind: "function"; readonly name: string }
  /** A spilled virtual register. */
  | { readonly kind: "spill"; readonly index: number };

const machineRegisters: readonly Destination[] = Array.from({ length: firstVirtual }, (_, register) => ({ kind: "register", register }));

/** A register as an operand; machine registers are shared objects. */
export function registerSource(register: number): Destination {
  return machineRegisters[register] ?? { kind: "register", register };
}

/** Where the argument of a parameter goes. */
export type Destination = Source & { readonly kind: "register" | "spill" };

/**
 * Operands, in the order of `operands`:
 * copy (value); alu (left, right); extend, byte-swap (value); load (base); store, atomic-add (base, value);
 * spill (value, the spill); clamp (value, maximum); compare, branch (left, right); call (arguments); jump (arguments); return (value).
 */
export type MachineOperation =
  | { readonly op: "copy" }
  | { readonly op: "alu"; readonly operation: AluOperation }
  | { readonly op: "extend"; readonly bits: 8 | 16 | 32; readonly signed: boolean }
  | { readonly op: "byte-swap"; readonly bits: 16 | 32 | 64 }
  | { readonly op: "load"; readonly size: MemorySize; readonly offset: number }
  | { readonly op: "store"; readonly size: MemorySize; readonly offset: number }
  | { readonly op: "atomic-add"; readonly size: 4 | 8; readonly offset: number }
  | { readonly op: "spill" }
  | { readonly op: "clamp" }
  | { readonly op: "compare"; readonly condition: JumpCondition }
  | { readonly op: "call"; readonly kind: "helper"; readonly helper: number }
  | { readonly op: "call"; readonly kind: "function" | "kfunc"; readonly name: string }
  | { readonly op: "jump"; readonly target: MachineBlock }
  | {
      readonly op: "branch";
      readonly condition: JumpCondition;
      /** 32: the low halves are compared. */
      readonly width: 32 | 64;
      readonly then: MachineBlock;
      readonly else: MachineBlock;
    }
  | { readonly op: "return" };

export interface MachineInstruction {
  readonly operation: MachineOperation;
  /** Virtual register it defines. The spiller may change it and the operands. */
  result: number | undefined;
  readonly operands: Source[];
  readonly span: Span | undefined;
}

/** Its last instruction is a jump, branch or return; only jumps have arguments. */
export interface MachineBlock {
  /** Index in the function's blocks. */
  readonly index: number;
  readonly parameters: Destination[];
  instructions: MachineInstruction[];
}

export interface MachineFunction {
  readonly name: string;
  /** Where the function keeps what arrives in r1… */
  readonly parameters: Destination[];
  /** In the order of the code. */
  readonly blocks: readonly MachineBlock[];
  /** Virtual registers below this are in use. */
  nextRegister: number;
}

/** The virtual registers that parameters live in. */
export function registersOf(parameters: readonly Destination[]): number[] {
  return parameters.flatMap((parameter) => (parameter.kind === "register" ? [parameter.register] : []));
}

/** Operands that the instruction reads after it began to write its result: they cannot share its register. */
export function isLateOperand(operation: MachineOperation, index: number): boolean {
  switch (operation.op) {
    case "alu":
    case "clamp":
      return index === 1;
    case "compare":
      return true;
    default:
      return false;
  }
}

/** Operands that may also be a spill or something computed on the spot, since they are moved into place first anyway. */
export function isAnywhereOperand(operation: MachineOperation, index: number): boolean {
  switch (operation.op) {
    case "copy":
    case "extend":
    case "byte-swap":
    case "call":
    case "jump":
    case "return":
      return true;
    case "alu":
    case "clamp":
      return index === 0;
    default:
      return false;
  }
}

/** Whether a constant fits the sign-extended 32-bit immediate of an instruction. */
export function fitsImmediate(value: bigint): boolean {
  return value >= -0x80000000n && value <= 0x7fffffffn;
}

/** Whether an offset fits a memory instruction. */
export function fitsOffset(offset: number): boolean {
  return offset >= -0x8000 && offset <= 0x7fff;
}
