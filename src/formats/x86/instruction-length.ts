// Lengths of x86-64 instructions in 64-bit mode (Intel SDM volume 2, chapter 2 and the opcode maps of appendix A).
//
//   [legacy prefixes] [REX] [escape bytes | VEX | EVEX | XOP] opcode [ModRM [SIB] [displacement]] [immediate]

/** What follows an opcode. `z`: 2 bytes with an operand size prefix, else 4. `v`: like z, but 8 with REX.W. */
type Immediate = "none" | "byte" | "word" | "z" | "v" | "address" | "word+byte" | "test-byte" | "test-z";

interface Form {
  readonly modrm: boolean;
  readonly immediate: Immediate;
}

const longest = 15;

const legacyPrefixes = new Set([0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3]);

/** Opcodes that 64-bit mode does not have (those that begin VEX, EVEX and XOP are taken out before). */
const invalidOneByte = new Set([0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f, 0x60, 0x61, 0x82, 0x9a, 0xce, 0xd4, 0xd5, 0xd6, 0xea]);

function oneByteForm(opcode: number): Form | undefined {
  if (invalidOneByte.has(opcode)) return undefined;
  if (opcode < 0x40) return arithmeticForm(opcode & 7);
  if (opcode < 0x60) return plain;
  if (opcode === 0x63) return withModrm;
  if (opcode === 0x68) return { modrm: false, immediate: "z" };
  if (opcode === 0x69) return { modrm: true, immediate: "z" };
  if (opcode === 0x6a) return byteImmediate;
  if (opcode === 0x6b) return { modrm: true, immediate: "byte" };
  if (opcode < 0x70) return plain;
  if (opcode < 0x80) return byteImmediate;
  if (opcode === 0x81) return { modrm: true, immediate: "z" };
  if (opcode < 0x84) return { modrm: true, immediate: "byte" };
  if (opcode < 0x90) return withModrm;
  if (opcode < 0xa0) return plain;
  if (opcode < 0xa4) return { modrm: false, immediate: "address" };
  if (opcode === 0xa8) return byteImmediate;
  if (opcode === 0xa9) return { modrm: false, immediate: "z" };
  if (opcode < 0xb0) return plain;
  if (opcode < 0xb8) return byteImmediate;
  if (opcode < 0xc0) return { modrm: false, immediate: "v" };
  return highForm(opcode);
}

const plain: Form = { modrm: false, immediate: "none" };
const withModrm: Form = { modrm: true, immediate: "none" };
const byteImmediate: Form = { modrm: false, immediate: "byte" };

/** add, or, adc …: four forms with ModRM, then two with an immediate, then old ones. */
function arithmeticForm(column: number): Form {
  if (column < 4) return withModrm;
  return { modrm: false, immediate: column === 4 ? "byte" : column === 5 ? "z" : "none" };
}

/** Opcodes from 0xc0. */
function highForm(opcode: number): Form {
  switch (opcode) {
    case 0xc0:
    case 0xc1:
    case 0xc6:
      return { modrm: true, immediate: "byte" };
    case 0xc7:
      return { modrm: true, immediate: "z" };
    case 0xc2:
    case 0xca:
      return { modrm: false, immediate: "word" };
    case 0xc8:
      return { modrm: false, immediate: "word+byte" };
    case 0xcd:
    case 0xe0:
    case 0xe1:
    case 0xe2:
    case 0xe3:
    case 0xe4:
    case 0xe5:
    case 0xe6:
    case 0xe7:
    case 0xeb:
      return byteImmediate;
    case 0xe8:
    case 0xe9:
      // Near branches take 32 bits whatever the prefix says (SDM: Intel 64 ignores 66h here).
      return { modrm: false, immediate: "z" };
    case 0xf6:
      return { modrm: true, immediate: "test-byte" };
    case 0xf7:
      return { modrm: true, immediate: "test-z" };
    default:
      return { modrm: (opcode >= 0xd0 && opcode <= 0xdf && opcode !== 0xd7) || opcode >= 0xfe, immediate: "none" };
  }
}

/** Two-byte opcodes (0F xx). */
function twoByteForm(opcode: number): Form | undefined {
  const withoutModrm = [0x05, 0x06, 0x07, 0x08, 0x09, 0x0b, 0x0e, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x37, 0x77, 0xa0, 0xa1, 0xa2, 0xa8, 0xa9, 0xaa];
  const invalid = [0x04, 0x0a, 0x0c, 0x24, 0x25, 0x26, 0x27, 0x36, 0x39, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f];
  if (invalid.includes(opcode)) return undefined;
  if (withoutModrm.includes(opcode) || (opcode >= 0xc8 && opcode <= 0xcf)) return plain;
  if (opcode >= 0x80 && opcode <= 0x8f) return { modrm: false, immediate: "z" };
  const withByte = [0x0f, 0x70, 0x71, 0x72, 0x73, 0xa4, 0xac, 0xba, 0xc2, 0xc4, 0xc5, 0xc6];
  return { modrm: true, immediate: withByte.includes(opcode) ? "byte" : "none" };
}

/** Opcodes of the maps that VEX, EVEX and XOP prefixes name. */
function mappedForm(map: number, opcode: number): Form | undefined {
  switch (map) {
    case 1:
      return opcode === 0x77 ? plain : twoByteForm(opcode);
    case 2:
    case 5:
    case 6:
    case 9:
      return withModrm;
    case 3:
    case 8:
      return { modrm: true, immediate: "byte" };
    case 10:
      return { modrm: true, immediate: "z" };
    default:
      return undefined;
  }
}

interface Prefixes {
  readonly length: number;
  readonly operandSize: boolean;
  readonly addressSize: boolean;
  readonly wide: boolean;
}

function readPrefixes(code: Uint8Array, start: number): Prefixes {
  let at = start;
  let operandSize = false;
  let addressSize = false;
  for (; legacyPrefixes.has(code[at] ?? 0); at++) {
    if (code[at] === 0x66) operandSize = true;
    if (code[at] === 0x67) addressSize = true;
  }
  const rex = code[at] ?? 0;
  if ((rex & 0xf0) !== 0x40) return { length: at - start, operandSize, addressSize, wide: false };
  return { length: at + 1 - start, operandSize, addressSize, wide: (rex & 8) !== 0 };
}

/** Length of the instruction at `start`; undefined when it is none, or does not end within the bytes. */
export function instructionLength(code: Uint8Array, start: number): number | undefined {
  const prefixes = readPrefixes(code, start);
  const opcode = readOpcode(code, start + prefixes.length);
  if (opcode === undefined) return undefined;
  let at = opcode.end;
  const { form } = opcode;
  const modrm = code[at] ?? 0;
  if (form.modrm) at += modrmLength(code, at);
  at += immediateLength(form.immediate, prefixes, modrm, opcode.branch);
  const length = at - start;
  return length > longest || at > code.length ? undefined : length;
}

interface Opcode {
  readonly form: Form;
  readonly end: number;
  /** A near branch, whose displacement has 4 bytes always. */
  readonly branch: boolean;
}

function readOpcode(code: Uint8Array, start: number): Opcode | undefined {
  const first = code[start];
  const second = code[start + 1] ?? 0;
  if (first === undefined) return undefined;
  const mapped = (map: number, at: number): Opcode | undefined => {
    const form = mappedForm(map, code[at] ?? 0);
    return form === undefined ? undefined : { form, end: at + 1, branch: false };
  };
  if (first === 0xc5) return mapped(1, start + 2);
  if (first === 0xc4) return mapped(second & 0x1f, start + 3);
  if (first === 0x62) return mapped(second & 7, start + 4);
  // 8F is pop, unless its ModRM names a map of XOP.
  if (first === 0x8f && (second & 0x1f) >= 8) return mapped(second & 0x1f, start + 3);
  if (first !== 0x0f) {
    const form = oneByteForm(first);
    return form === undefined ? undefined : { form, end: start + 1, branch: first === 0xe8 || first === 0xe9 };
  }
  if (second === 0x38) return { form: withModrm, end: start + 3, branch: false };
  if (second === 0x3a) return { form: { modrm: true, immediate: "byte" }, end: start + 3, branch: false };
  const form = twoByteForm(second);
  return form === undefined ? undefined : { form, end: start + 2, branch: second >= 0x80 && second <= 0x8f };
}

/** ModRM with its SIB byte and displacement. */
function modrmLength(code: Uint8Array, at: number): number {
  const modrm = code[at] ?? 0;
  const mode = modrm >> 6;
  const register = modrm & 7;
  if (mode === 3) return 1;
  const sib = register === 4 ? 1 : 0;
  if (mode === 1) return 2 + sib;
  if (mode === 2) return 5 + sib;
  const base = sib === 1 ? (code[at + 1] ?? 0) & 7 : register;
  return 1 + sib + (base === 5 ? 4 : 0);
}

function immediateLength(kind: Immediate, prefixes: Prefixes, modrm: number, branch: boolean): number {
  const z = prefixes.operandSize && !prefixes.wide && !branch ? 2 : 4;
  // Of the group F6/F7 only `test` has an immediate.
  const isTest = ((modrm >> 3) & 7) < 2;
  switch (kind) {
    case "none":
      return 0;
    case "byte":
      return 1;
    case "word":
      return 2;
    case "word+byte":
      return 3;
    case "z":
      return z;
    case "v":
      return prefixes.wide ? 8 : z;
    case "address":
      return prefixes.addressSize ? 4 : 8;
    case "test-byte":
      return isTest ? 1 : 0;
    case "test-z":
      return isTest ? z : 0;
  }
}

/** Whether an instruction begins `offset` bytes behind the start of a function; undefined when it can't be told. */
export function isInstructionStart(code: Uint8Array, offset: number): boolean | undefined {
  let at = 0;
  while (at < offset) {
    const length = instructionLength(code, at);
    if (length === undefined) return undefined;
    at += length;
  }
  return at === offset;
}
