// Encoding, decoding and printing of instructions, against bytes and texts as the kernel documents them.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeInstructions, UnknownInstructionError } from "./decode.ts";
import { disassemble, printInstruction } from "./disassemble.ts";
import { encodeInstructions } from "./encode.ts";
import type { BpfInstruction, Operand } from "./instruction.ts";
import { pseudo } from "./instruction.ts";

const register = (number: number): Operand => ({ kind: "register", register: number });
const immediate = (value: number): Operand => ({ kind: "immediate", value });

const cases: readonly { readonly bytes: string; readonly text: string; readonly instruction: BpfInstruction }[] = [
  { bytes: "bf16000000000000", text: "r6 = r1", instruction: { op: "alu", operation: "mov", width: 64, register: 6, source: register(1) } },
  { bytes: "07020000f8ffffff", text: "r2 += -8", instruction: { op: "alu", operation: "add", width: 64, register: 2, source: immediate(-8) } },
  { bytes: "bc21000000000000", text: "w1 = w2", instruction: { op: "alu", operation: "mov", width: 32, register: 1, source: register(2) } },
  { bytes: "c70100003f000000", text: "r1 s>>= 63", instruction: { op: "alu", operation: "arsh", width: 64, register: 1, source: immediate(63) } },
  { bytes: "3f21010000000000", text: "r1 s/= r2", instruction: { op: "alu", operation: "sdiv", width: 64, register: 1, source: register(2) } },
  { bytes: "9701010007000000", text: "r1 s%= 7", instruction: { op: "alu", operation: "smod", width: 64, register: 1, source: immediate(7) } },
  { bytes: "8703000000000000", text: "r3 = -r3", instruction: { op: "negate", width: 64, register: 3 } },
  { bytes: "bf12080000000000", text: "r2 = (s8)r1", instruction: { op: "move-signed", bits: 8, width: 64, register: 2, from: 1 } },
  { bytes: "dc01000010000000", text: "r1 = be16 r1", instruction: { op: "byte-order", order: "big", bits: 16, register: 1 } },
  { bytes: "d701000040000000", text: "r1 = bswap64 r1", instruction: { op: "byte-order", order: "swap", bits: 64, register: 1 } },
  { bytes: "79a1f8ff00000000", text: "r1 = *(u64 *)(r10 -8)", instruction: { op: "load", size: 8, signed: false, register: 1, base: 10, offset: -8 } },
  { bytes: "9112040000000000", text: "r2 = *(s8 *)(r1 +4)", instruction: { op: "load", size: 1, signed: true, register: 2, base: 1, offset: 4 } },
  { bytes: "631afcff00000000", text: "*(u32 *)(r10 -4) = r1", instruction: { op: "store", size: 4, base: 10, offset: -4, source: register(1) } },
  { bytes: "7a0af0ff05000000", text: "*(u64 *)(r10 -16) = 5", instruction: { op: "store", size: 8, base: 10, offset: -16, source: immediate(5) } },
  {
    bytes: "db10000000000000",
    text: "lock *(u64 *)(r0 +0) += r1",
    instruction: { op: "atomic", operation: "add", fetch: false, size: 8, base: 0, offset: 0, from: 1 },
  },
  { bytes: "1801000000000000" + "0000000001000000", text: "r1 = 0x100000000", instruction: { op: "load-immediate", register: 1, pseudo: pseudo.none, value: 1n << 32n } },
  { bytes: "1811000007000000" + "0000000000000000", text: "r1 = map[fd:7]", instruction: { op: "load-immediate", register: 1, pseudo: pseudo.mapFd, value: 7n } },
  { bytes: "1821000007000000" + "0000000010000000", text: "r1 = map[fd:7][0]+16", instruction: { op: "load-immediate", register: 1, pseudo: pseudo.mapValue, value: (16n << 32n) | 7n } },
  { bytes: "0500030000000000", text: "goto pc+3", instruction: { op: "jump", long: false, offset: 3 } },
  { bytes: "060000000000feff", text: "gotol pc-131072", instruction: { op: "jump", long: true, offset: -131072 } },
  { bytes: "1500feff00000000", text: "if r0 == 0x0 goto pc-2", instruction: { op: "branch", condition: "eq", width: 64, left: 0, right: immediate(0), offset: -2 } },
  { bytes: "ce21010000000000", text: "if w1 s< w2 goto pc+1", instruction: { op: "branch", condition: "slt", width: 32, left: 1, right: register(2), offset: 1 } },
  { bytes: "8500000001000000", text: "call bpf_map_lookup_elem#1", instruction: { op: "call", kind: "helper", target: 1, module: 0 } },
  { bytes: "8510000005000000", text: "call pc+5", instruction: { op: "call", kind: "function", target: 5, module: 0 } },
  { bytes: "8520000009000000", text: "call kernel-function#9", instruction: { op: "call", kind: "kfunc", target: 9, module: 0 } },
  { bytes: "9500000000000000", text: "exit", instruction: { op: "exit" } },
];

describe("instructions", () => {
  for (const { bytes, text, instruction } of cases) {
    it(`encode, decode and print: ${text}`, () => {
      const code = encodeInstructions([instruction]);
      assert.equal(Buffer.from(code).toString("hex"), bytes);
      assert.deepEqual(decodeInstructions(code), [{ at: 0, instruction }]);
      assert.equal(printInstruction(instruction), text);
    });
  }

  it("count words, not instructions, when a 64-bit immediate comes before", () => {
    const code = encodeInstructions([
      { op: "load-immediate", register: 1, pseudo: pseudo.none, value: 1n },
      { op: "exit" },
    ]);
    assert.equal(disassemble(code), "   0: (18) r1 = 0x1\n   2: (95) exit\n");
  });

  it("that do not exist are named by place and code", () => {
    assert.throws(() => decodeInstructions(new Uint8Array([0xff, 0, 0, 0, 0, 0, 0, 0])), UnknownInstructionError);
  });

  it("with an offset that does not fit are refused", () => {
    assert.throws(() => encodeInstructions([{ op: "jump", long: false, offset: 40_000 }]), /offset fits the instruction/);
  });
});
