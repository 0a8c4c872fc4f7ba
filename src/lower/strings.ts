// Comparison of strings: up to the shorter capacity, ending at a NUL in both.

import type { Operand, Place } from "../define/code.ts";
import type { IrBuilder } from "../ir/builder.ts";
import type { AccessSize, Value } from "../ir/model.ts";
import type { Expression } from "../syntax/ast.ts";
import { sizeOf } from "../types/type.ts";
import { chunks, type FunctionLowering } from "./function.ts";
import { addressIn, longLoop, type LongLoopBody, shortLoop, when } from "./long-loops.ts";

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
  // An array of characters may be full to the last byte: a longer text is another one.
  if (limit === undefined && text.length > capacity) return f.ir.const(0);
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

/**
 * Compares word by word in a loop. Per word x of the left and y of the right side: z has the high bit of each zero
 * byte of x (exact for the lowest one), m covers the bytes up to and including that one, or all when there is none.
 * What differs below m decides; a NUL without a difference before it ends both strings.
 */
function compareRuntime(f: FunctionLowering, left: Operand, right: Operand, limit: number | undefined): Value {
  if (left.kind === "none" || left.kind === "arguments" || right.kind === "none" || right.kind === "arguments") return f.ir.const(0);
  const count = Math.min(sizeOf(left.type), sizeOf(right.type), limit ?? Number.MAX_SAFE_INTEGER);
  const a = f.place(left);
  const b = f.place(right);
  const bytes = wordSize(count, a, b);
  const words = Math.floor(count / bytes);
  const result = f.ir.variable();
  f.ir.write(result, f.ir.const(1));
  const done = f.ir.newBlock();
  const step = (size: AccessSize, at: Value) => {
    const x = f.ir.load(size, f.ir.binary("add", f.ir.offset(a.address, a.offset), at), 0);
    const y = f.ir.load(size, f.ir.binary("add", f.ir.offset(b.address, b.offset), at), 0);
    const { counted, over } = compareWords(f.ir, x, y, size);
    f.ir.write(result, f.ir.compare("eq", counted, f.ir.const(0)));
    when(f.ir, "ne", over, f.ir.const(0), () => f.ir.jump(done));
  };
  if (words <= shortLoop) f.repeat(words, (round) => step(bytes, f.ir.binary("mul", round, f.ir.const(bytes))));
  else {
    const addresses = [f.ir.offset(a.address, a.offset), f.ir.offset(b.address, b.offset), f.ir.const(undecided)];
    const frame = longLoop(f, `equal_${bytes}_${words}`, words, addresses, (body) => compareRound(body, words, bytes));
    f.ir.write(result, f.ir.load(8, frame, 16));
    when(f.ir, "ne", f.ir.read(result), f.ir.const(undecided), () => f.ir.jump(done));
    f.ir.write(result, f.ir.const(1));
  }
  for (const [offset, rest] of chunks(count - words * bytes, words * bytes)) step(rest, f.ir.const(words * bytes + offset));
  const longer = sizeOf(left.type) > count ? a : sizeOf(right.type) > count ? b : undefined;
  // One side is full to the last byte without a NUL: the other one must end there.
  if (limit === undefined && longer !== undefined) {
    const next = f.ir.load(1, longer.address, longer.offset + count);
    f.ir.write(result, f.ir.compare("eq", next, f.ir.const(0)));
  }
  f.ir.jump(done);
  f.ir.startSealed(done);
  return f.ir.read(result);
}

/** In the frame of a long comparison as long as neither a difference nor an end was met. */
const undecided = 2;

function compareRound({ b, round, frame, stop }: LongLoopBody, words: number, bytes: AccessSize): void {
  when(b, "uge", round, b.const(words), stop);
  const at = b.binary("mul", round, b.const(bytes));
  const x = b.load(bytes, b.binary("add", addressIn(b, frame, 0), at), 0);
  const y = b.load(bytes, b.binary("add", addressIn(b, frame, 1), at), 0);
  const { counted, over } = compareWords(b, x, y, bytes);
  when(b, "ne", over, b.const(0), () => {
    b.store(8, frame, 16, b.compare("eq", counted, b.const(0)));
    stop();
  });
}

/** The differences that count, and whether the comparison is over: there are some, or both strings end. */
function compareWords(b: IrBuilder, x: Value, y: Value, size: AccessSize): { readonly counted: Value; readonly over: Value } {
  const difference = b.binary("xor", x, y);
  const below = b.binary("sub", x, b.const(repeated(0x01n, size)));
  const inverse = b.binary("and", b.binary("xor", x, b.const(-1)), b.const(repeated(0x80n, size)));
  const zeros = b.binary("and", below, inverse);
  const mask = b.binary("xor", zeros, b.binary("sub", zeros, b.const(1)));
  const counted = b.binary("and", difference, mask);
  return { counted, over: b.binary("or", counted, zeros) };
}

/** The widest words that are aligned at both places. */
function wordSize(count: number, a: Place, b: Place): AccessSize {
  for (const bytes of [8, 4, 2] as const) {
    if (count >= bytes && a.offset % bytes === 0 && b.offset % bytes === 0) return bytes;
  }
  return 1;
}

/** A byte in each place of a word. */
function repeated(byte: bigint, size: AccessSize): bigint {
  let word = 0n;
  for (let i = 0; i < size; i++) word = (word << 8n) | byte;
  return word;
}
