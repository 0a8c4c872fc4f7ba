// Argument specifications of USDT probes, as compilers write them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseUsdtArguments, type UsdtOperand } from "./usdt-arguments.ts";

function memory(operand: Partial<Extract<UsdtOperand, { kind: "memory" }>>): UsdtOperand {
  return { kind: "memory", base: undefined, index: undefined, scale: 1, displacement: 0n, symbol: undefined, ...operand };
}

const x64: readonly (readonly [string, number, boolean, UsdtOperand])[] = [
  ["-4@%edi", 4, true, { kind: "register", register: "di", shift: 0 }],
  ["8@%r12", 8, false, { kind: "register", register: "r12", shift: 0 }],
  ["2@%r9w", 2, false, { kind: "register", register: "r9", shift: 0 }],
  ["1@%ah", 1, false, { kind: "register", register: "ax", shift: 8 }],
  ["1@%sil", 1, false, { kind: "register", register: "si", shift: 0 }],
  ["8@$-9", 8, false, { kind: "constant", value: -9n }],
  ["4@$0x1f", 4, false, { kind: "constant", value: 31n }],
  ["4@-20(%rbp)", 4, false, memory({ base: "bp", displacement: -20n })],
  ["8@(%rax)", 8, false, memory({ base: "ax" })],
  ["8@16(%rsp,%rdx)", 8, false, memory({ base: "sp", index: "dx", displacement: 16n })],
  ["2@-8(%rbx,%r8,4)", 2, false, memory({ base: "bx", index: "r8", scale: 4, displacement: -8n })],
  ["4@(,%rcx,8)", 4, false, memory({ index: "cx", scale: 8 })],
  ["4@counter(%rip)", 4, false, memory({ symbol: "counter" })],
  ["4@table+12(%rip)", 4, false, memory({ symbol: "table", displacement: 12n })],
  ["8@global", 8, false, memory({ symbol: "global" })],
  ["%rax", 8, false, { kind: "register", register: "ax", shift: 0 }],
];

test("operands of x86-64", () => {
  for (const [text, size, signed, operand] of x64) {
    assert.deepEqual(parseUsdtArguments(text, "x64"), [{ size, signed, operand }], text);
  }
});

const arm64: readonly (readonly [string, UsdtOperand])[] = [
  ["8@x3", { kind: "register", register: "r3", shift: 0 }],
  ["8@w30", { kind: "register", register: "r30", shift: 0 }],
  ["8@sp", { kind: "register", register: "sp", shift: 0 }],
  ["8@42", { kind: "constant", value: 42n }],
  ["8@[sp]", memory({ base: "sp" })],
  ["8@[sp, 16]", memory({ base: "sp", displacement: 16n })],
  ["8@[x29, #-8]", memory({ base: "r29", displacement: -8n })],
  ["8@[x1, x2]", memory({ base: "r1", index: "r2" })],
  ["8@[x1, x2, lsl 3]", memory({ base: "r1", index: "r2", scale: 8 })],
];

test("operands of arm64", () => {
  for (const [text, operand] of arm64) {
    assert.deepEqual(parseUsdtArguments(text, "arm64"), [{ size: 8, signed: false, operand }], text);
  }
});

test("several arguments with blanks inside brackets", () => {
  const operands = parseUsdtArguments("8@[sp, 16] -4@w0 1@7", "arm64").map(({ operand }) => operand);
  assert.deepEqual(operands.map((operand) => (typeof operand === "string" ? operand : operand.kind)), ["memory", "register", "constant"]);
});

test("what cannot be read is named", () => {
  for (const text of ["8f@%xmm0", "3@%eax", "8@%xmm0", "8@(%nope)", "8@[x99]"]) {
    const [argument] = parseUsdtArguments(text, "x64");
    assert.equal(typeof argument?.operand, "string", text);
  }
});
