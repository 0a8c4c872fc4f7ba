// The first difference of two pieces of memory.

import type { IrBuilder } from "../ir/builder.ts";
import type { Value } from "../ir/model.ts";
import type { FunctionLowering } from "./function.ts";
import { addressIn, longLoop, type LongLoopBody, shortLoop, when } from "./long-loops.ts";

/** Difference of the first bytes that differ, as signed characters; 0 without one. */
export function memoryDifference(f: FunctionLowering, a: Value, b: Value, size: number): Value {
  return size <= 2 * shortLoop ? differenceShort(f, a, b, size) : differenceLong(f, a, b, size);
}

function loadSigned(b: IrBuilder, address: Value, at: Value): Value {
  return b.extend(b.load(1, b.binary("add", address, at), 0), 8, true);
}

function differenceShort(f: FunctionLowering, a: Value, b: Value, size: number): Value {
  const { ir } = f;
  const result = ir.variable();
  ir.write(result, ir.const(0));
  const done = ir.newBlock();
  f.repeat(size, (i) => {
    const x = loadSigned(ir, a, i);
    const y = loadSigned(ir, b, i);
    when(ir, "ne", x, y, () => {
      ir.write(result, ir.binary("sub", x, y));
      ir.jump(done);
    });
  });
  ir.jump(done);
  ir.startSealed(done);
  return ir.read(result);
}

const bytesPerRound = 8;

function differenceLong(f: FunctionLowering, a: Value, b: Value, size: number): Value {
  const rounds = Math.ceil(size / bytesPerRound);
  const frame = longLoop(f, `memcmp_${size}`, rounds, [a, b, f.ir.const(0)], (body) => compareRound(body, size));
  return f.ir.load(8, frame, 16);
}

function compareRound({ b, round, frame, stop }: LongLoopBody, size: number): void {
  const [left, right] = [addressIn(b, frame, 0), addressIn(b, frame, 1)];
  const start = b.binary("mul", round, b.const(bytesPerRound));
  for (let n = 0; n < bytesPerRound; n++) {
    const at = b.offset(start, n);
    when(b, "uge", at, b.const(size), stop);
    const x = loadSigned(b, left, at);
    const y = loadSigned(b, right, at);
    when(b, "ne", x, y, () => {
      b.store(8, frame, 16, b.binary("sub", x, y));
      stop();
    });
  }
}
