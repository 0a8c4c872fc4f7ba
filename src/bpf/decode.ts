// Decodes the bytes of an eBPF program into instructions: the inverse of encode.ts.

import type { AluOperation, BpfInstruction, JumpCondition, MemorySize, Operand } from "./instruction.ts";
import { aluCodes, classes, jumpCodes } from "./instruction.ts";

/** A decoded instruction and the index of its first word. */
export interface PlacedInstruction {
  readonly at: number;
  readonly instruction: BpfInstruction;
}

/** Bytes that are no instruction this table knows. */
export class UnknownInstructionError extends Error {
  readonly at: number;
  readonly code: number;

  constructor(at: number, code: number) {
    super(`no instruction has the code 0x${code.toString(16).padStart(2, "0")} (word ${at})`);
    this.name = "UnknownInstructionError";
    this.at = at;
    this.code = code;
  }
}

interface Fields {
  readonly code: number;
  readonly destination: number;
  readonly source: number;
  readonly offset: number;
  readonly immediate: number;
}

const aluNames = new Map<number, AluOperation>();
for (const name of ["add", "sub", "mul", "div", "or", "and", "lsh", "rsh", "mod", "xor", "mov", "arsh"] as const) {
  aluNames.set(aluCodes[name], name);
}
const conditions = new Map<number, JumpCondition>();
for (const name of ["eq", "ne", "gt", "ge", "lt", "le", "sgt", "sge", "slt", "sle", "set"] as const) {
  conditions.set(jumpCodes[name], name);
}
const sizes = new Map<number, MemorySize>([
  [0x10, 1],
  [0x08, 2],
  [0x00, 4],
  [0x18, 8],
]);
const atomics = new Map<number, (BpfInstruction & { op: "atomic" })["operation"]>([
  [0x00, "add"],
  [0x40, "or"],
  [0x50, "and"],
  [0xa0, "xor"],
  [0xe0, "exchange"],
  [0xf0, "compare-exchange"],
]);

function operandOf(f: Fields): Operand {
  if ((f.code & 0x08) !== 0) return { kind: "register", register: f.source };
  return { kind: "immediate", value: f.immediate };
}

function bits(value: number): 8 | 16 | 32 | undefined {
  return value === 8 || value === 16 || value === 32 ? value : undefined;
}

function decodeAlu(f: Fields, width: 32 | 64): BpfInstruction | undefined {
  const high = f.code & 0xf0;
  if (high === 0x80) return { op: "negate", width, register: f.destination };
  if (high === 0xd0) {
    const size = f.immediate;
    if (size !== 16 && size !== 32 && size !== 64) return undefined;
    const order = width === 64 ? "swap" : (f.code & 0x08) !== 0 ? "big" : "little";
    return { op: "byte-order", order, bits: size, register: f.destination };
  }
  const name = aluNames.get(high);
  if (name === undefined) return undefined;
  const extension = bits(f.offset);
  if (name === "mov" && f.offset !== 0 && extension !== undefined) {
    return { op: "move-signed", bits: extension, width, register: f.destination, from: f.source };
  }
  const signed = f.offset === 1;
  const operation = signed && name === "div" ? "sdiv" : signed && name === "mod" ? "smod" : name;
  return { op: "alu", operation, width, register: f.destination, source: operandOf(f) };
}

function decodeJump(f: Fields, width: 32 | 64): BpfInstruction | undefined {
  const high = f.code & 0xf0;
  if (high === 0x00) return { op: "jump", long: width === 32, offset: width === 32 ? f.immediate : f.offset };
  if (width === 64 && high === 0x90) return { op: "exit" };
  if (width === 64 && high === 0x80) {
    const kind = f.source === 0 ? "helper" : f.source === 1 ? "function" : f.source === 2 ? "kfunc" : undefined;
    return kind === undefined ? undefined : { op: "call", kind, target: f.immediate, module: f.offset };
  }
  const condition = conditions.get(high);
  if (condition === undefined) return undefined;
  return { op: "branch", condition, width, left: f.destination, right: operandOf(f), offset: f.offset };
}

function decodeAtomic(f: Fields, size: MemorySize): BpfInstruction | undefined {
  const operation = atomics.get(f.immediate & 0xf0);
  if (operation === undefined || (size !== 4 && size !== 8)) return undefined;
  return { op: "atomic", operation, fetch: (f.immediate & 1) !== 0, size, base: f.destination, offset: f.offset, from: f.source };
}

function decodeMemory(f: Fields, kind: number): BpfInstruction | undefined {
  const size = sizes.get(f.code & 0x18);
  const mode = f.code & 0xe0;
  if (size === undefined) return undefined;
  if (kind === classes.ldx && (mode === 0x60 || mode === 0x80)) {
    return { op: "load", size, signed: mode === 0x80, register: f.destination, base: f.source, offset: f.offset };
  }
  if (kind === classes.stx && mode === 0xc0) return decodeAtomic(f, size);
  if (mode !== 0x60) return undefined;
  const source: Operand =
    kind === classes.stx ? { kind: "register", register: f.source } : { kind: "immediate", value: f.immediate };
  return { op: "store", size, base: f.destination, offset: f.offset, source };
}

function decodeWord(f: Fields): BpfInstruction | undefined {
  switch (f.code & 0x07) {
    case classes.alu:
      return decodeAlu(f, 32);
    case classes.alu64:
      return decodeAlu(f, 64);
    case classes.jmp:
      return decodeJump(f, 64);
    case classes.jmp32:
      return decodeJump(f, 32);
    case classes.ldx:
    case classes.st:
    case classes.stx:
      return decodeMemory(f, f.code & 0x07);
    default:
      return undefined;
  }
}

/** The instructions of a program. Throws UnknownInstructionError. */
export function decodeInstructions(code: Uint8Array): PlacedInstruction[] {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  const words = Math.floor(code.length / 8);
  const result: PlacedInstruction[] = [];
  for (let at = 0; at < words; at += 1) {
    const byte = at * 8;
    const registers = view.getUint8(byte + 1);
    const fields: Fields = {
      code: view.getUint8(byte),
      destination: registers & 0x0f,
      source: registers >> 4,
      offset: view.getInt16(byte + 2, true),
      immediate: view.getInt32(byte + 4, true),
    };
    if (fields.code === 0x18 && at + 1 < words) {
      const high = BigInt(view.getUint32(byte + 12, true));
      const value = (high << 32n) | BigInt(view.getUint32(byte + 4, true));
      result.push({ at, instruction: { op: "load-immediate", register: fields.destination, pseudo: fields.source, value } });
      at += 1;
      continue;
    }
    const instruction = decodeWord(fields);
    if (instruction === undefined) throw new UnknownInstructionError(at, fields.code);
    result.push({ at, instruction });
  }
  return result;
}
