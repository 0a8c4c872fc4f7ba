// Comparison of strings: up to the shorter capacity, ending at a NUL in both.

import type { Operand } from "../define/code.ts";
import type { Value } from "../ir/model.ts";
import type { Expression } from "../syntax/ast.ts";
import { sizeOf } from "../types/type.ts";
import { chunks, type FunctionLowering } from "./function.ts";

/** The right side of a comparison. */
export type StringSide = { readonly literal: string } | { readonly operand: Operand };

/** 1 when both are equal in their first `limit` bytes (undefined: all), 0 otherwise. */
export function compareStrings(f: FunctionLowering, left: Operand, right: StringSide, limit: number | undefined): Value {
  return "literal" in right ? compareLiteral(f, left, right.literal, limit) : compareRuntime(f, left, right.operand, limit);
}

/** strncmp-like comparison of two expressions. */
export function stringsEqual(f: FunctionLowering, left: Expression, right: Expression, limit: number): Value {
  const leftLiteral = f.literalOf(left);
  const rightLiteral = f.literalOf(right);
  if (rightLiteral?.kind === "string") return compareLiteral(f, f.operand(left), rightLiteral.value, limit);
  if (leftLiteral?.kind === "string") return compareLiteral(f, f.operand(right), leftLiteral.value, limit);
  return compareRuntime(f, f.operand(left), f.operand(right), limit);
}

/** Compares with a literal by whole words: the differences of all bytes that count are gathered in one register. */
function compareLiteral(f: FunctionLowering, operand: Operand, literal: string, limit: number | undefined): Value {
  if (operand.kind === "none" || operand.kind === "arguments") return f.ir.const(0);
  const end = literal.indexOf("\0");
  const text = end < 0 ? literal : literal.slice(0, end);
  const capacity = sizeOf(operand.type);
  const count = Math.min(text.length + 1, capacity, limit ?? Number.MAX_SAFE_INTEGER);
  if (count === 0) return f.ir.const(1);
  const place = f.place(operand);
  let difference = f.ir.const(0);
  for (const [offset, bytes] of chunks(count, place.offset)) {
    let word = 0n;
    for (let i = bytes - 1; i >= 0; i--) {
      const at = offset + i;
      word = (word << 8n) | BigInt(at < text.length ? text.charCodeAt(at) : 0);
    }
    const loaded = f.ir.load(bytes, place.address, place.offset + offset);
    difference = f.ir.binary("or", difference, f.ir.binary("xor", loaded, f.ir.const(word)));
  }
  return f.ir.compare("eq", difference, f.ir.const(0));
}

/** Compares byte by byte in a bounded loop. */
function compareRuntime(f: FunctionLowering, left: Operand, right: Operand, limit: number | undefined): Value {
  if (left.kind === "none" || left.kind === "arguments" || right.kind === "none" || right.kind === "arguments") return f.ir.const(0);
  const count = Math.min(sizeOf(left.type), sizeOf(right.type), limit ?? Number.MAX_SAFE_INTEGER);
  const a = f.place(left);
  const b = f.place(right);
  const result = f.ir.variable();
  f.ir.write(result, f.ir.const(1));
  const done = f.ir.newBlock();
  f.repeat(count, (i) => {
    const x = f.ir.load(1, f.ir.binary("add", f.ir.offset(a.address, a.offset), i), 0);
    const y = f.ir.load(1, f.ir.binary("add", f.ir.offset(b.address, b.offset), i), 0);
    const same = f.ir.newBlock();
    const differ = f.ir.newBlock();
    f.ir.branch("eq", x, y, same, differ);
    f.ir.startSealed(differ);
    f.ir.write(result, f.ir.const(0));
    f.ir.jump(done);
    f.ir.startSealed(same);
    const more = f.ir.newBlock();
    f.ir.branch("eq", x, f.ir.const(0), done, more);
    f.ir.startSealed(more);
  });
  f.ir.jump(done);
  f.ir.startSealed(done);
  return f.ir.read(result);
}
