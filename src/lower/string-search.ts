// Where a string is in another one, and how long a string is.

import { helpers } from "../bpf/helpers.ts";
import type { Text } from "../define/code.ts";
import type { IrBuilder } from "../ir/builder.ts";
import type { Value } from "../ir/model.ts";
import type { Expression } from "../syntax/ast.ts";
import { sizeOf } from "../types/type.ts";
import type { FunctionLowering } from "./function.ts";
import { addressIn, longLoop, type LongLoopBody, shortLoop, when } from "./long-loops.ts";

interface Search {
  readonly haystack: Value;
  readonly needle: Value;
  readonly haystackSize: number;
  readonly needleSize: number;
}

/** Index of the needle's first place in the haystack, -1 without one; 0 for an empty needle. */
export function searchString(f: FunctionLowering, haystack: Text, needle: Text): Value {
  const search: Search = { haystack: haystack.address, needle: needle.address, haystackSize: haystack.size, needleSize: needle.size };
  const long = search.haystackSize > shortLoop || search.needleSize > shortLoop;
  return long ? searchLong(f, search) : searchShort(f, search);
}

// ---- short strings ----------------------------------------------------------------------------------------

function searchShort(f: FunctionLowering, { haystack, needle, haystackSize, needleSize }: Search): Value {
  const { ir } = f;
  const result = ir.variable();
  ir.write(result, ir.const(-1));
  const done = ir.newBlock();
  f.repeat(haystackSize, (i) => {
    const next = ir.newBlock();
    f.repeat(needleSize, (j) => {
      const y = ir.load(1, ir.binary("add", needle, j), 0);
      when(ir, "eq", y, ir.const(0), () => {
        ir.write(result, i);
        ir.jump(done);
      });
      const at = ir.binary("add", i, j);
      when(ir, "uge", at, ir.const(haystackSize), () => ir.jump(next));
      const x = ir.load(1, ir.binary("add", haystack, at), 0);
      when(ir, "ne", x, y, () => ir.jump(next));
    });
    ir.write(result, i);
    ir.jump(done);
    ir.startSealed(next);
    const end = ir.load(1, ir.binary("add", haystack, i), 0);
    when(ir, "eq", end, ir.const(0), () => ir.jump(done));
  });
  ir.jump(done);
  ir.startSealed(done);
  return ir.read(result);
}

// ---- long strings -----------------------------------------------------------------------------------------

/** Words of the frame of a long search. */
const inFrame = { haystack: 0, needle: 1, result: 2 } as const;
/** Places of the haystack that one round looks at. */
const placesPerRound = 4;

function searchLong(f: FunctionLowering, search: Search): Value {
  const { haystack, needle, haystackSize, needleSize } = search;
  const matches = matchFunction(f, haystackSize, needleSize);
  const empty = f.ir.load(1, needle, 0);
  return f.choose("eq", empty, f.ir.const(0), () => f.ir.const(0), () => {
    const rounds = Math.ceil(haystackSize / placesPerRound);
    const words = [haystack, needle, f.ir.const(-1)];
    const frame = longLoop(f, `find_${haystackSize}_${needleSize}`, rounds, words, (body) => searchRound(body, haystackSize, matches));
    return f.ir.load(8, frame, 8 * inFrame.result);
  });
}

function searchRound({ b, round, frame, stop }: LongLoopBody, haystackSize: number, matches: string): void {
  const haystack = addressIn(b, frame, inFrame.haystack);
  const first = b.load(1, addressIn(b, frame, inFrame.needle), 0);
  const start = b.binary("mul", round, b.const(placesPerRound));
  for (let n = 0; n < placesPerRound; n++) {
    const at = b.offset(start, n);
    when(b, "uge", at, b.const(haystackSize), stop);
    const x = b.load(1, b.binary("add", haystack, at), 0);
    const next = b.newBlock();
    const candidate = b.newBlock();
    b.branch("eq", x, first, candidate, next);
    b.startSealed(candidate);
    when(b, "ne", b.callFunction(matches, [frame, at]), b.const(0), () => {
      b.store(8, frame, 8 * inFrame.result, at);
      stop();
    });
    b.jump(next);
    b.startSealed(next);
    when(b, "eq", x, b.const(0), stop);
  }
}

/** A function (frame, place): whether the needle is at that place of the haystack. */
function matchFunction(f: FunctionLowering, haystackSize: number, needleSize: number): string {
  const suffix = `match_${haystackSize}_${needleSize}`;
  if (needleSize <= shortLoop) return f.shared(suffix, ["stack", "int"], (b) => matchShort(b, haystackSize, needleSize));
  const body = f.shared(`${suffix}_byte`, ["int", "stack"], (b) => matchByte(b, haystackSize, needleSize));
  return f.shared(suffix, ["stack", "int"], (b) => {
    const own = b.slotAddress(b.slot(32));
    b.store(8, own, 0, addressIn(b, b.parameter(0), inFrame.haystack));
    b.store(8, own, 8, addressIn(b, b.parameter(0), inFrame.needle));
    b.store(8, own, 16, b.parameter(1));
    b.store(8, own, 24, b.const(1));
    b.call(helpers.loop.id, [b.const(needleSize), b.functionAddress(body), own, b.const(0)]);
    b.return(b.load(8, own, 24));
  });
}

/** A round of a long comparison; the frame: haystack, needle, place, whether all is equal so far. */
function matchByte(b: IrBuilder, haystackSize: number, needleSize: number): void {
  const own = b.parameter(1);
  const differ = () => {
    b.store(8, own, 24, b.const(0));
    b.return(b.const(1));
  };
  const round = b.parameter(0);
  when(b, "uge", round, b.const(needleSize), () => b.return(b.const(1)));
  const y = b.load(1, b.binary("add", addressIn(b, own, 1), round), 0);
  when(b, "eq", y, b.const(0), () => b.return(b.const(1)));
  const at = b.binary("add", b.load(8, own, 16), round);
  when(b, "uge", at, b.const(haystackSize), differ);
  const x = b.load(1, b.binary("add", addressIn(b, own, 0), at), 0);
  when(b, "ne", x, y, differ);
  b.return(b.const(0));
}

/** The first bytes are equal already. */
function matchShort(b: IrBuilder, haystackSize: number, needleSize: number): void {
  const haystack = addressIn(b, b.parameter(0), inFrame.haystack);
  const needle = addressIn(b, b.parameter(0), inFrame.needle);
  for (let j = 1; j < needleSize; j++) {
    const y = b.load(1, needle, j);
    when(b, "eq", y, b.const(0), () => b.return(b.const(1)));
    const at = b.offset(b.parameter(1), j);
    when(b, "uge", at, b.const(haystackSize), () => b.return(b.const(0)));
    const x = b.load(1, b.binary("add", haystack, at), 0);
    when(b, "ne", x, y, () => b.return(b.const(0)));
  }
  b.return(b.const(1));
}

// ---- length -----------------------------------------------------------------------------------------------

/** Bytes before the NUL; the size of a string without one. */
export function stringLength(f: FunctionLowering, expression: Expression): Value {
  const size = sizeOf(f.typeOf(expression));
  const { address, offset } = f.place(f.operand(expression));
  const text = f.ir.offset(address, offset);
  // The helper copies a string and gives its length, much faster than a loop; a full one loses its last byte to the NUL.
  const copied = f.ir.call(helpers.probeReadKernelStr.id, [f.temporary(size), f.ir.const(size), text]);
  const length = f.ir.binary("sub", copied, f.ir.const(1));
  const last = f.ir.load(1, text, size - 1);
  return f.choose("ne", last, f.ir.const(0), () => {
    // Only where the string goes up to its last byte that byte counts.
    const full = f.ir.compare("eq", copied, f.ir.const(size));
    return f.ir.binary("add", length, full);
  }, () => length);
}
