// Bytes and pointers: memcmp, is_err, strcap, kptr, uptr, bswap.

import { present } from "../../base/invariant.ts";
import { type BuiltinDef, builtin } from "../../define/builtin.ts";
import { type Code, noOperand, scalarOperand } from "../../define/code.ts";
import type { Value } from "../../ir/model.ts";
import type { Expression } from "../../syntax/ast.ts";
import { type AddressSpace, bool, int32, int64, pointerTo, sizeOf, type Type, typeName, uint64 } from "../../types/type.ts";
import { pointerLength } from "./string.ts";

/** Bytes that a value has in memory; undefined for pointers, whose target is compared. */
function capacity(type: Type): number | undefined {
  return type.kind === "pointer" ? undefined : sizeOf(type);
}

/** Address of `size` bytes of an argument: its own, or a copy of what it points to. */
export function bytesOf(code: Code, expression: Expression, size: number): Value {
  const type = code.typeOf(expression);
  if (type.kind === "pointer") {
    const copy = code.temporary(size);
    const space = type.space === "none" ? code.point.space : type.space;
    code.probeRead(space, copy, code.ir.const(size), code.integer(expression));
    return copy;
  }
  const operand = code.operand(expression);
  if (operand.kind === "scalar") {
    const copy = code.temporary(8);
    code.ir.store(8, copy, 0, operand.value);
    return copy;
  }
  const { address, offset } = code.place(operand);
  return code.ir.offset(address, offset);
}

const memcmp = builtin({
  names: ["memcmp"],
  form: "function",
  doc: "Compares the first `n` bytes of two values, or of what two pointers point to: 0 when they are equal, else the difference of the first bytes that differ.",
  signature: "int32 memcmp(a, b, const int n)",
  example: 'begin { print(memcmp("abd", "abc", 3)); }',
  parameters: [
    { name: "a", kind: "any" },
    { name: "b", kind: "any" },
    { name: "n", kind: "int-literal" },
  ],
  type: () => int32,
  check: (site) => {
    const literal = site.arguments[2]?.literal;
    const n = literal?.kind === "int" ? literal.value : 0n;
    if (n < 0n) return site.error("argument", "memcmp() length must not be negative");
    for (const { type, span } of site.arguments.slice(0, 2)) {
      const bytes = type === undefined ? undefined : capacity(type);
      if (type === undefined || bytes === undefined || n <= BigInt(bytes)) continue;
      site.error("argument", `memcmp() can't compare ${n} bytes of a value of type '${typeName(type)}'`, span);
    }
  },
  lower: (code, call) => {
    const [a, b, n] = call.arguments;
    if (a === undefined || b === undefined || n === undefined) return noOperand;
    const literal = code.literalOf(n);
    const size = literal?.kind === "int" ? Number(literal.value) : 0;
    if (size === 0) return scalarOperand(int32, code.ir.const(0));
    return scalarOperand(int32, code.memoryDifference(bytesOf(code, a, size), bytesOf(code, b, size), size));
  },
});

/** Largest errno that a pointer can hold (MAX_ERRNO, include/linux/err.h). */
const maxErrno = 4095;

const isErr = builtin({
  names: ["is_err"],
  form: "function",
  doc: "Whether a kernel pointer is an error number instead of an address.",
  signature: "bool is_err(T * p)",
  example: "begin { print(is_err((int8 *)0xfffffffffffffffe)); }",
  parameters: [{ name: "p", kind: "int" }],
  type: () => bool,
  lower: (code, call) => {
    const value = code.integer(present(call.arguments[0], "pointer"));
    return scalarOperand(bool, code.ir.compare("uge", value, code.ir.const(-maxErrno)));
  },
});

const strcap = builtin({
  names: ["strcap"],
  form: "function",
  doc: "Bytes that a string can hold, elements of an array, or the length of the string that a pointer points to.",
  signature: "int64 strcap(string | char[N] | char * s)",
  example: 'begin { print(strcap("abc")); }',
  parameters: [{ name: "s", kind: "any" }],
  fold: (site) => {
    const type = site.arguments[0]?.type;
    if (type?.kind === "string") return { kind: "int", value: BigInt(type.size) };
    return type?.kind === "array" ? { kind: "int", value: BigInt(type.count) } : undefined;
  },
  type: () => int64,
  check: (site) => {
    const type = site.arguments[0]?.type;
    if (type === undefined || ["string", "array", "pointer"].includes(type.kind)) return;
    site.error("argument", `strcap() expects a string, an array or a pointer (${typeName(type)} provided)`);
  },
  lower: (code, call) => scalarOperand(int64, pointerLength(code, present(call.arguments[0], "string"))),
});

// ---- pointers and bytes -------------------------------------------------------------------------------------

function inSpace(name: string, space: AddressSpace, doc: string): BuiltinDef {
  return builtin({
    names: [name],
    form: "function",
    doc,
    signature: `T * ${name}(T * p)`,
    example: `begin { print(${name}((int8 *)16)); }`,
    parameters: [{ name: "p", kind: "int" }],
    check: (site) => {
      const type = site.arguments[0]?.type;
      if (type === undefined || type.kind === "pointer" || type.kind === "int") return;
      site.error("argument", `${name}() expects a pointer or an integer (${typeName(type)} provided)`);
    },
    type: (site) => {
      const type = site.arguments[0]?.type;
      if (type?.kind === "pointer") return pointerTo(type.to, space);
      return type === undefined ? undefined : pointerTo(uint64, space);
    },
    lower: (code, call) => scalarOperand(call.type, code.integer(present(call.arguments[0], "pointer"))),
  });
}

const bswap = builtin({
  names: ["bswap"],
  form: "function",
  doc: "Reverses the bytes of an integer.",
  signature: "uintN bswap(uintN n)",
  example: "begin { print(bswap((uint16)258)); }",
  parameters: [{ name: "n", kind: "int" }],
  type: (site) => {
    const type = site.arguments[0]?.type;
    return type === undefined ? undefined : type.kind === "int" ? { ...type, signed: false } : uint64;
  },
  check: (site) => {
    const type = site.arguments[0]?.type;
    if (type !== undefined && type.kind !== "int") site.error("argument", `bswap() expects an integer (${typeName(type)} provided)`);
  },
  lower: (code, call) => {
    const value = code.integer(present(call.arguments[0], "integer"));
    const bits = sizeOf(call.type) * 8;
    if (bits === 8) return scalarOperand(call.type, code.ir.extend(value, 8, false));
    return scalarOperand(call.type, code.ir.byteSwap(value, bits === 16 ? 16 : bits === 32 ? 32 : 64));
  },
});

export const memoryFunctions: readonly BuiltinDef[] = [
  memcmp,
  isErr,
  strcap,
  inSpace("kptr", "kernel", "Marks a pointer as one to kernel memory."),
  inSpace("uptr", "user", "Marks a pointer as one to user memory."),
  bswap,
];
