// Encodes eBPF instructions as bytes.
//
//   byte 0   1        2-3      4-7
//        op  src|dst  offset   immediate      (little-endian; ld_imm64 takes a second word with the high half)

import { assertNever, invariant } from "../base/invariant.ts";
import type { BpfInstruction, Operand } from "./instruction.ts";
import { aluCodes, atomicCodes, classes, jumpCodes, sizeCodes, wordsOf } from "./instruction.ts";

interface Word {
  readonly code: number;
  readonly destination: number;
  readonly source: number;
  readonly offset: number;
  readonly immediate: number;
}

const sourceIsRegister = 0x08;
const modeMemory = 0x60;
const modeMemorySigned = 0x80;
const modeAtomic = 0xc0;

function word(code: number, destination: number, source: number, offset: number, immediate: number): Word {
  return { code, destination, source, offset, immediate };
}

function withOperand(code: number, destination: number, offset: number, source: Operand): Word {
  if (source.kind === "register") return word(code | sourceIsRegister, destination, source.register, offset, 0);
  return word(code, destination, 0, offset, source.value);
}

function firstWord(i: BpfInstruction): Word {
  switch (i.op) {
    case "alu": {
      const code = aluCodes[i.operation] | (i.width === 64 ? classes.alu64 : classes.alu);
      const signed = i.operation === "sdiv" || i.operation === "smod";
      return withOperand(code, i.register, signed ? 1 : 0, i.source);
    }
    case "negate":
      return word(0x80 | (i.width === 64 ? classes.alu64 : classes.alu), i.register, 0, 0, 0);
    case "move-signed":
      return word(0xb0 | sourceIsRegister | (i.width === 64 ? classes.alu64 : classes.alu), i.register, i.from, i.bits, 0);
    case "byte-order": {
      const code = i.order === "swap" ? 0xd0 | classes.alu64 : 0xd0 | classes.alu | (i.order === "big" ? 0x08 : 0);
      return word(code, i.register, 0, 0, i.bits);
    }
    case "load":
      return word(classes.ldx | sizeCodes[i.size] | (i.signed ? modeMemorySigned : modeMemory), i.register, i.base, i.offset, 0);
    case "store":
      if (i.source.kind === "register") {
        return word(classes.stx | sizeCodes[i.size] | modeMemory, i.base, i.source.register, i.offset, 0);
      }
      return word(classes.st | sizeCodes[i.size] | modeMemory, i.base, 0, i.offset, i.source.value);
    case "atomic": {
      const operation = atomicCodes[i.operation] | (i.fetch ? 1 : 0);
      return word(classes.stx | sizeCodes[i.size] | modeAtomic, i.base, i.from, i.offset, operation);
    }
    case "load-immediate":
      return word(classes.ld | sizeCodes[8], i.register, i.pseudo, 0, Number(BigInt.asIntN(32, i.value)));
    case "jump":
      return i.long ? word(classes.jmp32, 0, 0, 0, i.offset) : word(classes.jmp, 0, 0, i.offset, 0);
    case "branch":
      return withOperand(jumpCodes[i.condition] | (i.width === 64 ? classes.jmp : classes.jmp32), i.left, i.offset, i.right);
    case "call": {
      const source = i.kind === "helper" ? 0 : i.kind === "function" ? 1 : 2;
      return word(0x80 | classes.jmp, 0, source, i.module, i.target);
    }
    case "exit":
      return word(0x90 | classes.jmp, 0, 0, 0, 0);
    default:
      return assertNever(i);
  }
}

function put(view: DataView, at: number, w: Word): void {
  invariant(w.offset >= -0x8000 && w.offset <= 0x7fff, "the offset fits the instruction");
  invariant(w.immediate >= -0x80000000 && w.immediate <= 0x7fffffff, "the immediate fits the instruction");
  view.setUint8(at, w.code);
  view.setUint8(at + 1, (w.source << 4) | w.destination);
  view.setInt16(at + 2, w.offset, true);
  view.setInt32(at + 4, w.immediate, true);
}

/** The bytes of a program: 8 for each instruction word. Throws InternalError when a field does not fit. */
export function encodeInstructions(instructions: readonly BpfInstruction[]): Uint8Array {
  let words = 0;
  for (const instruction of instructions) words += wordsOf(instruction);
  const bytes = new Uint8Array(words * 8);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const instruction of instructions) {
    put(view, at, firstWord(instruction));
    at += 8;
    if (instruction.op === "load-immediate") {
      view.setInt32(at + 4, Number(BigInt.asIntN(32, instruction.value >> 32n)), true);
      at += 8;
    }
  }
  return bytes;
}
