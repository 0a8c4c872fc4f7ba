// What emit.ts hands to link.ts: instructions by block, with symbolic ends.

import type { BpfInstruction, JumpCondition, Operand } from "../bpf/instruction.ts";
import type { Span } from "../source/source.ts";
import type { Relocation } from "./bytecode.ts";

/** An instruction and what is to be known about it. */
export interface Item {
  readonly instruction: BpfInstruction;
  readonly span: Span | undefined;
  readonly relocation: Omit<Relocation, "at"> | undefined;
  /** Name of the function whose address ld_imm64 loads, or that is called. */
  readonly functionName: string | undefined;
}

/** How a block ends; targets are block indices. */
export type Ending =
  | { readonly kind: "exit" }
  | { readonly kind: "jump"; readonly target: number; readonly span: Span | undefined }
  | {
      readonly kind: "branch";
      readonly condition: JumpCondition;
      readonly width: 32 | 64;
      readonly left: number;
      readonly right: Operand;
      readonly then: number;
      readonly else: number;
      readonly span: Span | undefined;
    };

export interface EmittedBlock {
  readonly items: Item[];
  readonly ending: Ending;
}

export interface EmittedFunction {
  readonly name: string;
  readonly parameters: number;
  /** It is the entry, or it is only called, and with nothing but numbers. */
  readonly global: boolean;
  readonly blocks: readonly EmittedBlock[];
  readonly stackBytes: number;
}
