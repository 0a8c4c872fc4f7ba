// Lengths of x86-64 instructions; the encodings are those of the Intel manual.

import assert from "node:assert/strict";
import { test } from "node:test";
import { instructionLength, isInstructionStart } from "./instruction-length.ts";

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text.split(" ").map((byte) => Number.parseInt(byte, 16)));
}

const instructions: readonly (readonly [string, string])[] = [
  ["push rbp", "55"],
  ["nop", "90"],
  ["endbr64", "f3 0f 1e fa"],
  ["mov rbp, rsp", "48 89 e5"],
  ["sub rsp, 0x10", "48 83 ec 10"],
  ["sub rsp, 0x1000", "48 81 ec 00 10 00 00"],
  ["add eax, imm32", "05 01 02 03 04"],
  ["add ax, imm16", "66 05 01 02"],
  ["mov eax, imm32", "b8 01 02 03 04"],
  ["mov rax, imm64", "48 b8 01 02 03 04 05 06 07 08"],
  ["mov rax, [rip+disp32]", "48 8b 05 01 02 03 04"],
  ["mov eax, [rsp]", "8b 04 24"],
  ["mov eax, [rsp+8]", "8b 44 24 08"],
  ["mov eax, [rax*8+disp32]", "8b 04 c5 01 02 03 04"],
  ["mov byte [rdi], 1", "c6 07 01"],
  ["mov dword [rdi+0x100], imm32", "c7 87 00 01 00 00 01 02 03 04"],
  ["mov word [rdi], imm16", "66 c7 07 01 02"],
  ["movabs al, [moffs]", "a0 01 02 03 04 05 06 07 08"],
  ["test dil, 1", "40 f6 c7 01"],
  ["test edi, imm32", "f7 c7 01 02 03 04"],
  ["not edi", "f7 d7"],
  ["call rel32", "e8 01 02 03 04"],
  ["call rel32 with a prefix", "66 e8 01 02 03 04"],
  ["call [rip+disp32]", "ff 15 01 02 03 04"],
  ["jmp rel8", "eb 05"],
  ["je rel32", "0f 84 01 02 03 04"],
  ["ret", "c3"],
  ["ret imm16", "c2 08 00"],
  ["enter", "c8 10 00 00"],
  ["leave", "c9"],
  ["imul eax, edi, imm8", "6b c7 03"],
  ["imul eax, edi, imm32", "69 c7 01 02 03 04"],
  ["nopl of nine bytes", "66 0f 1f 84 00 00 00 00 00"],
  ["rep stosq", "f3 48 ab"],
  ["fs:mov rax, [0x28]", "64 48 8b 04 25 28 00 00 00"],
  ["syscall", "0f 05"],
  ["bt eax, imm8", "0f ba e0 05"],
  ["pshufd xmm0, xmm1, imm8", "66 0f 70 c1 1b"],
  ["pshufb xmm0, xmm1", "66 0f 38 00 c1"],
  ["palignr xmm0, xmm1, imm8", "66 0f 3a 0f c1 04"],
  ["vzeroupper", "c5 f8 77"],
  ["vmovdqu ymm0, [rsi]", "c5 fe 6f 06"],
  ["vpermq ymm0, ymm0, imm8", "c4 e3 fd 00 c0 d8"],
  ["vmovdqu64 zmm16, [rsi+0x40]", "62 e1 fe 48 6f 46 01"],
  ["pop [rax]", "8f 00"],
  ["fstp qword [rsp-8]", "dd 5c 24 f8"],
];

for (const [name, code] of instructions) {
  const own = bytes(code);
  test(`${name} has ${own.length} bytes`, () => {
    assert.equal(instructionLength(Uint8Array.from([...own, 0xcc, 0xcc, 0xcc, 0xcc]), 0), own.length);
  });
}

test("what 64-bit mode does not have is no instruction", () => {
  for (const code of ["06", "ea 00 00 00 00 00 00", "0f 04", "d6"]) assert.equal(instructionLength(bytes(code), 0), undefined);
});

test("an instruction that is cut off has no length", () => {
  assert.equal(instructionLength(bytes("e8 01 02"), 0), undefined);
  assert.equal(instructionLength(new Uint8Array(), 0), undefined);
});

test("starts of instructions are told from their insides", () => {
  const code = bytes("55 48 89 e5 48 83 ec 10 c3");
  const starts = Array.from({ length: 9 }, (_, offset) => isInstructionStart(code, offset));
  assert.deepEqual(starts, [true, true, false, false, true, false, false, false, true]);
});

test("behind something unknown nothing can be told", () => {
  assert.equal(isInstructionStart(bytes("55 06 90 90"), 3), undefined);
});
