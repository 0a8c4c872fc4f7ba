// The eBPF instruction set as data: one tagged union, named after the kernel's Documentation/bpf/standardization/instruction-set.rst.

/** Machine registers: r0 result, r1-r5 arguments and scratch, r6-r9 saved across calls, r10 frame pointer (read-only). */
export const framePointer = 10;

/** sdiv and smod need instruction set v4 (Linux 6.6). */
export type AluOperation =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "sdiv"
  | "or"
  | "and"
  | "lsh"
  | "rsh"
  | "mod"
  | "smod"
  | "xor"
  | "mov"
  | "arsh";

/** How a branch compares; `set` tests left & right. The s-forms are signed. */
export type JumpCondition = "eq" | "ne" | "gt" | "ge" | "lt" | "le" | "sgt" | "sge" | "slt" | "sle" | "set";

export type MemorySize = 1 | 2 | 4 | 8;

export type Operand =
  | { readonly kind: "register"; readonly register: number }
  /** Signed 32 bits, sign-extended where the operation is 64 bits wide. */
  | { readonly kind: "immediate"; readonly value: number };

/** What the 64-bit immediate of ld_imm64 stands for: the source register field of the instruction. */
export const pseudo = {
  none: 0,
  mapFd: 1,
  mapValue: 2,
  btfId: 3,
  function: 4,
  mapIndex: 5,
  mapIndexValue: 6,
} as const;

/** Offsets of jumps and calls count instruction words from the following one. */
export type BpfInstruction =
  | {
      readonly op: "alu";
      readonly operation: AluOperation;
      readonly width: 32 | 64;
      readonly register: number;
      readonly source: Operand;
    }
  | { readonly op: "negate"; readonly width: 32 | 64; readonly register: number }
  /** Sign-extending move (v4, Linux 6.6). */
  | {
      readonly op: "move-signed";
      readonly bits: 8 | 16 | 32;
      readonly width: 32 | 64;
      readonly register: number;
      readonly from: number;
    }
  /** To big- or little-endian order, or an unconditional swap (v4). The bits above become 0. */
  | {
      readonly op: "byte-order";
      readonly order: "big" | "little" | "swap";
      readonly bits: 16 | 32 | 64;
      readonly register: number;
    }
  | {
      readonly op: "load";
      readonly size: MemorySize;
      /** Sign-extending loads need v4 (Linux 6.6). */
      readonly signed: boolean;
      readonly register: number;
      readonly base: number;
      readonly offset: number;
    }
  | {
      readonly op: "store";
      readonly size: MemorySize;
      readonly base: number;
      readonly offset: number;
      readonly source: Operand;
    }
  | {
      readonly op: "atomic";
      readonly operation: "add" | "or" | "and" | "xor" | "exchange" | "compare-exchange";
      /** Whether the source register receives the old value; always true for the exchanges. */
      readonly fetch: boolean;
      readonly size: 4 | 8;
      readonly base: number;
      readonly offset: number;
      readonly from: number;
    }
  /** Two words long. With mapValue the low half is the map's fd and the high half the offset. */
  | { readonly op: "load-immediate"; readonly register: number; readonly pseudo: number; readonly value: bigint }
  /** `long` has a 32-bit offset (v4, Linux 6.6). */
  | { readonly op: "jump"; readonly long: boolean; readonly offset: number }
  | {
      readonly op: "branch";
      readonly condition: JumpCondition;
      readonly width: 32 | 64;
      readonly left: number;
      readonly right: Operand;
      readonly offset: number;
    }
  /** helper: its number; function: words to the callee; kfunc: BTF id (and index of the module's fd). */
  | { readonly op: "call"; readonly kind: "helper" | "function" | "kfunc"; readonly target: number; readonly module: number }
  | { readonly op: "exit" };

/** How many 8-byte words an instruction takes. */
export function wordsOf(instruction: BpfInstruction): 1 | 2 {
  return instruction.op === "load-immediate" ? 2 : 1;
}

/** Operation codes of ALU instructions (high four bits). */
export const aluCodes: Readonly<Record<AluOperation, number>> = {
  add: 0x00,
  sub: 0x10,
  mul: 0x20,
  div: 0x30,
  sdiv: 0x30,
  or: 0x40,
  and: 0x50,
  lsh: 0x60,
  rsh: 0x70,
  mod: 0x90,
  smod: 0x90,
  xor: 0xa0,
  mov: 0xb0,
  arsh: 0xc0,
};

/** Operation codes of conditional jumps (high four bits). */
export const jumpCodes: Readonly<Record<JumpCondition, number>> = {
  eq: 0x10,
  gt: 0x20,
  ge: 0x30,
  set: 0x40,
  ne: 0x50,
  sgt: 0x60,
  sge: 0x70,
  lt: 0xa0,
  le: 0xb0,
  slt: 0xc0,
  sle: 0xd0,
};

/** Instruction classes (low three bits). */
export const classes = { ld: 0, ldx: 1, st: 2, stx: 3, alu: 4, jmp: 5, jmp32: 6, alu64: 7 } as const;

/** Size field of memory instructions. */
export const sizeCodes: Readonly<Record<MemorySize, number>> = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 };

/** Immediate field of atomic instructions, without the fetch bit (1). */
export const atomicCodes = { add: 0x00, or: 0x40, and: 0x50, xor: 0xa0, exchange: 0xe0, "compare-exchange": 0xf0 } as const;
