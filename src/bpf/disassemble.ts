// Prints eBPF instructions the way the kernel's verifier log does: `r1 = *(u64 *)(r10 -8)`.

import { assertNever } from "../base/invariant.ts";
import { decodeInstructions } from "./decode.ts";
import { helperById } from "./helpers.ts";
import type { AluOperation, BpfInstruction, JumpCondition, Operand } from "./instruction.ts";
import { pseudo } from "./instruction.ts";

const aluSymbols: Readonly<Record<AluOperation, string>> = {
  add: "+=",
  sub: "-=",
  mul: "*=",
  div: "/=",
  sdiv: "s/=",
  or: "|=",
  and: "&=",
  lsh: "<<=",
  rsh: ">>=",
  mod: "%=",
  smod: "s%=",
  xor: "^=",
  mov: "=",
  arsh: "s>>=",
};

const conditionSymbols: Readonly<Record<JumpCondition, string>> = {
  eq: "==",
  ne: "!=",
  gt: ">",
  ge: ">=",
  lt: "<",
  le: "<=",
  sgt: "s>",
  sge: "s>=",
  slt: "s<",
  sle: "s<=",
  set: "&",
};

const atomicSymbols = { add: "+=", or: "|=", and: "&=", xor: "^=" } as const;

function name(register: number, width: 32 | 64): string {
  return `${width === 64 ? "r" : "w"}${register}`;
}

function operand(source: Operand, width: 32 | 64): string {
  return source.kind === "register" ? name(source.register, width) : `${source.value}`;
}

function signed(value: number): string {
  return value < 0 ? `${value}` : `+${value}`;
}

function memory(size: number, sign: "u" | "s", base: number, offset: number): string {
  return `*(${sign}${size * 8} *)(r${base} ${signed(offset)})`;
}

function immediate64(i: BpfInstruction & { op: "load-immediate" }): string {
  const low = BigInt.asUintN(32, i.value);
  const high = i.value >> 32n;
  switch (i.pseudo) {
    case pseudo.mapFd:
      return `map[fd:${low}]`;
    case pseudo.mapValue:
      return `map[fd:${low}][0]+${high}`;
    case pseudo.function:
      return `func[${signed(Number(BigInt.asIntN(32, low)))}]`;
    default:
      return `0x${BigInt.asUintN(64, i.value).toString(16)}`;
  }
}

function callee(i: BpfInstruction & { op: "call" }): string {
  if (i.kind === "function") return `pc${signed(i.target)}`;
  if (i.kind === "kfunc") return `kernel-function#${i.target}`;
  const helper = helperById(i.target);
  return helper === undefined ? `unknown#${i.target}` : `bpf_${helper.name}#${i.target}`;
}

function atomic(i: BpfInstruction & { op: "atomic" }): string {
  const place = memory(i.size, "u", i.base, i.offset);
  const address = `(u${i.size * 8} *)(r${i.base} ${signed(i.offset)})`;
  if (i.operation === "exchange") return `r${i.from} = atomic_xchg(${address}, r${i.from})`;
  if (i.operation === "compare-exchange") return `r0 = atomic_cmpxchg(${address}, r0, r${i.from})`;
  if (i.fetch) return `r${i.from} = atomic_fetch_${i.operation}(${address}, r${i.from})`;
  return `lock ${place} ${atomicSymbols[i.operation]} r${i.from}`;
}

/** One instruction as text, without its position. */
export function printInstruction(i: BpfInstruction): string {
  switch (i.op) {
    case "alu":
      return `${name(i.register, i.width)} ${aluSymbols[i.operation]} ${operand(i.source, i.width)}`;
    case "negate":
      return `${name(i.register, i.width)} = -${name(i.register, i.width)}`;
    case "move-signed":
      return `${name(i.register, i.width)} = (s${i.bits})${name(i.from, i.width)}`;
    case "byte-order": {
      const order = { big: "be", little: "le", swap: "bswap" }[i.order];
      return `r${i.register} = ${order}${i.bits} r${i.register}`;
    }
    case "load":
      return `r${i.register} = ${memory(i.size, i.signed ? "s" : "u", i.base, i.offset)}`;
    case "store":
      return `${memory(i.size, "u", i.base, i.offset)} = ${operand(i.source, 64)}`;
    case "atomic":
      return atomic(i);
    case "load-immediate":
      return `r${i.register} = ${immediate64(i)}`;
    case "jump":
      return `${i.long ? "gotol" : "goto"} pc${signed(i.offset)}`;
    case "branch": {
      const right = i.right.kind === "register" ? name(i.right.register, i.width) : hexadecimal(i.right.value);
      return `if ${name(i.left, i.width)} ${conditionSymbols[i.condition]} ${right} goto pc${signed(i.offset)}`;
    }
    case "call":
      return `call ${callee(i)}`;
    case "exit":
      return "exit";
    default:
      return assertNever(i);
  }
}

function hexadecimal(value: number): string {
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

/** A whole program, one instruction a line: `   3: (79) r1 = *(u64 *)(r10 -8)`. */
export function disassemble(code: Uint8Array): string {
  return decodeInstructions(code)
    .map(({ at, instruction }) => {
      const opcode = (code[at * 8] ?? 0).toString(16).padStart(2, "0");
      return `${at.toString().padStart(4)}: (${opcode}) ${printInstruction(instruction)}\n`;
    })
    .join("");
}
