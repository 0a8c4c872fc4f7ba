// What the backend produces: eBPF bytecode with the places that the loader has to fill in.

import type { Span } from "../source/source.ts";

/**
 * A word the loader must complete. map: fd of the map into the low half of ld_imm64; map-value: the same, the high half
 * already holds `offset`; constant: the number itself into both halves; kfunc: BTF id into the immediate of the call.
 */
export interface Relocation {
  /** Index of the instruction word. */
  readonly at: number;
  readonly kind: "map" | "map-value" | "constant" | "kfunc";
  readonly name: string;
  readonly offset: number;
}

export interface BytecodeFunction {
  readonly name: string;
  readonly start: number;
  readonly parameters: number;
  /** The verifier checks it once, for all arguments, and not anew at each call (which costs quadratic time where there are many). */
  readonly global: boolean;
}

export interface BytecodeProgram {
  /** 8 bytes for each instruction word. */
  readonly code: Uint8Array;
  readonly relocations: readonly Relocation[];
  /** For func_info: the first is the program's entry. `start` is a word index, `parameters` a count. */
  readonly functions: readonly BytecodeFunction[];
  /** For line_info: ascending, at most one for a word, the first word of every function included when its place is known. */
  readonly lines: readonly { readonly at: number; readonly span: Span }[];
  /** Bytes of stack that each function uses. */
  readonly stackBytes: readonly number[];
}

/** What the backend must know of the machine. */
export interface BackendTarget {
  /** sdiv and smod of instruction set v4 (Linux 6.6; before 6.12 the minimum divided by -1 may trap on x86). */
  readonly signedDivision: boolean;
  /** Sign-extending moves of instruction set v4 (Linux 6.6). */
  readonly signedMoves?: boolean;
  /** Jumps with 32-bit offsets, instruction set v4 (Linux 6.6). */
  readonly longJumps?: boolean;
}

/** The stack of a function, or of a program and its callback together, does not fit the kernel's 512 bytes. */
export class StackLimitError extends Error {
  readonly function: string;
  readonly bytes: number;

  constructor(name: string, bytes: number) {
    super(`${name} needs ${bytes} bytes of stack; the kernel allows ${stackLimit}`);
    this.name = "StackLimitError";
    this.function = name;
    this.bytes = bytes;
  }
}

/** MAX_BPF_STACK: bytes for a whole call chain. */
export const stackLimit = 512;
