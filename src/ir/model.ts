// The intermediate representation: an SSA control-flow graph with block parameters. Everything is 64 bits wide.

import type { Span } from "../source/source.ts";

/**
 * What a value is, as the verifier sees it:
 * int; ctx (the program's context); stack (address of a slot); map (a map itself, only as a helper argument);
 * memory (map value or ring buffer record, known to be there); memory-or-null (must be compared with 0 before use);
 * btf (kernel pointer the verifier knows the type of); function (address of a callback).
 */
export type ValueType = "int" | "ctx" | "stack" | "map" | "memory" | "memory-or-null" | "btf" | "function";

export interface Value {
  /** Unique in its function. */
  readonly id: number;
  readonly type: ValueType;
}

export type BinaryOperation =
  | "add"
  | "sub"
  | "mul"
  | "udiv"
  | "sdiv"
  | "umod"
  | "smod"
  | "and"
  | "or"
  | "xor"
  | "shl"
  | "lshr"
  | "ashr";

export type Comparison = "eq" | "ne" | "ult" | "ule" | "ugt" | "uge" | "slt" | "sle" | "sgt" | "sge";

export type AccessSize = 1 | 2 | 4 | 8;

/** Operations. `result` is the value they define; those without one are effects. */
export type Instruction =
  | { readonly op: "const"; readonly result: Value; readonly value: bigint; readonly span: Span | undefined }
  /** A 64-bit number that the loader fills in, for instance `cpid`. */
  | { readonly op: "link-constant"; readonly result: Value; readonly name: string; readonly span: Span | undefined }
  /** udiv and umod by zero give what eBPF gives: 0 and the dividend. Shift amounts are taken modulo 64. */
  | {
      readonly op: "binary";
      readonly result: Value;
      readonly operation: BinaryOperation;
      readonly left: Value;
      readonly right: Value;
      readonly span: Span | undefined;
    }
  /** 0 or 1. */
  | {
      readonly op: "compare";
      readonly result: Value;
      readonly comparison: Comparison;
      readonly left: Value;
      readonly right: Value;
      readonly span: Span | undefined;
    }
  /** The low `bits` of a value, sign- or zero-extended to 64. */
  | {
      readonly op: "extend";
      readonly result: Value;
      readonly bits: 8 | 16 | 32;
      readonly signed: boolean;
      readonly operand: Value;
      readonly span: Span | undefined;
    }
  /** Reverses the bytes of the low `bits`; the rest becomes 0. */
  | {
      readonly op: "byte-swap";
      readonly result: Value;
      readonly bits: 16 | 32 | 64;
      readonly operand: Value;
      readonly span: Span | undefined;
    }
  /** min(operand, maximum) as unsigned: a bound for the verifier, dropped only where the range is proven. */
  | {
      readonly op: "clamp";
      readonly result: Value;
      readonly operand: Value;
      readonly maximum: bigint;
      readonly span: Span | undefined;
    }
  /** Zero-extending load, sign-extended by a following `extend` where wanted. */
  | {
      readonly op: "load";
      readonly result: Value;
      readonly size: AccessSize;
      readonly address: Value;
      readonly offset: number;
      /** BTF id of the kernel struct that the loaded word points to, when the verifier knows that. */
      readonly pointee?: number;
      readonly span: Span | undefined;
    }
  /**
   * Zero-extending read of kernel memory at an address that may be bad: then it gives 0. No machine has this: passes/expand-reads.ts makes it a
   * load or a call of probe_read_kernel, as the kernel allows.
   */
  | {
      readonly op: "read";
      readonly result: Value;
      readonly size: AccessSize;
      readonly address: Value;
      readonly offset: number;
      /** BTF id of the kernel struct at the address, if the verifier lets programs load this part of it. */
      readonly struct: number | undefined;
      /** BTF id of the kernel struct that the word then points to, as the verifier sees it. */
      readonly pointee: number | undefined;
      readonly span: Span | undefined;
    }
  | {
      readonly op: "store";
      readonly size: AccessSize;
      readonly address: Value;
      readonly offset: number;
      readonly value: Value;
      readonly span: Span | undefined;
    }
  | {
      readonly op: "atomic-add";
      readonly size: 4 | 8;
      readonly address: Value;
      readonly offset: number;
      readonly value: Value;
      readonly span: Span | undefined;
    }
  | { readonly op: "slot-address"; readonly result: Value; readonly slot: StackSlot; readonly span: Span | undefined }
  /** The map itself, for helpers. */
  | { readonly op: "map"; readonly result: Value; readonly map: string; readonly span: Span | undefined }
  /** Address inside the only value of an array map (BPF_PSEUDO_MAP_VALUE). */
  | {
      readonly op: "map-value";
      readonly result: Value;
      readonly map: string;
      readonly offset: number;
      readonly span: Span | undefined;
    }
  /** Address of another function of the module (BPF_PSEUDO_FUNC). */
  | { readonly op: "function"; readonly result: Value; readonly name: string; readonly span: Span | undefined }
  /** A helper by its number (bpf/helpers.ts); at most five arguments. */
  | {
      readonly op: "call";
      readonly result: Value;
      readonly helper: number;
      readonly arguments: readonly Value[];
      /** BTF id of the kernel struct that the result points to, when the verifier knows that. */
      readonly pointee?: number;
      readonly span: Span | undefined;
    }
  /** A function of the module: up to five arguments in its parameters. Stack addresses among them stay valid in the callee. */
  | {
      readonly op: "call-function";
      readonly result: Value;
      readonly name: string;
      readonly arguments: readonly Value[];
      readonly span: Span | undefined;
    }
  /** A kernel function by name; the loader finds its BTF id. */
  | {
      readonly op: "call-kfunc";
      readonly result: Value;
      readonly name: string;
      readonly arguments: readonly Value[];
      readonly span: Span | undefined;
    };

export interface BlockTarget {
  readonly block: Block;
  /** One for each parameter of the block. */
  readonly arguments: Value[];
}

export type Terminator =
  | { readonly op: "jump"; readonly target: BlockTarget; readonly span: Span | undefined }
  | {
      readonly op: "branch";
      readonly comparison: Comparison;
      readonly left: Value;
      readonly right: Value;
      readonly then: BlockTarget;
      readonly else: BlockTarget;
      readonly span: Span | undefined;
    }
  | { readonly op: "return"; readonly value: Value; readonly span: Span | undefined };

/** A basic block; mutable while passes work on it. */
export interface Block {
  /** Unique in its function. */
  readonly id: number;
  parameters: Value[];
  instructions: Instruction[];
  terminator: Terminator | undefined;
}

/** Memory of a function's stack frame, placed late; slots whose lifetimes do not overlap share space. */
export interface StackSlot {
  /** Unique in its function. */
  readonly id: number;
  readonly size: number;
  readonly alignment: 1 | 2 | 4 | 8;
}

export interface IrFunction {
  readonly name: string;
  /** Arguments in r1…: a program has one of type ctx, a callback what its helper passes, others what their callers pass. */
  readonly parameters: readonly Value[];
  readonly slots: StackSlot[];
  /** The first one is the entry; it has no parameters and no predecessors. */
  blocks: Block[];
  /** Ids below these are in use. */
  nextValue: number;
  nextBlock: number;
}

/** One eBPF program: functions[0] is its entry, the others are reached through `function` values (callbacks) and calls. */
export interface IrModule {
  readonly functions: readonly IrFunction[];
}
