// Loops over long strings: inside a program the verifier would follow every round, so their bodies are callbacks of bpf_loop,
// which it looks at once.

import { helpers } from "../bpf/helpers.ts";
import type { IrBuilder } from "../ir/builder.ts";
import type { Block, Value, ValueType } from "../ir/model.ts";
import type { FunctionLowering } from "./function.ts";

/** Up to so many rounds a loop costs the verifier little and stands where it is. */
export const shortLoop = 32;

/** The body of a long loop. `frame` is the address of the words that were given to the loop. */
export interface LongLoopBody {
  readonly b: IrBuilder;
  readonly round: Value;
  readonly frame: Value;
  /** Ends the loop; what follows in the body is another path. */
  stop(): void;
}

/**
 * Runs `fill`'s code for rounds 0 … rounds - 1, or until it stops. `suffix` names the body: equal names have equal bodies.
 * Gives the address of the frame, whose words the body may change.
 */
export function longLoop(
  f: FunctionLowering,
  suffix: string,
  rounds: number,
  words: readonly Value[],
  fill: (body: LongLoopBody) => void,
): Value {
  const name = f.shared(suffix, ["int", "stack"], (b) => fillBody(b, fill));
  const frame = f.ir.slotAddress(f.ir.slot(8 * words.length));
  for (const [i, word] of words.entries()) f.ir.store(8, frame, 8 * i, word);
  f.ir.call(helpers.loop.id, [f.ir.const(rounds), f.ir.functionAddress(name), frame, f.ir.const(0)]);
  return frame;
}

function fillBody(b: IrBuilder, fill: (body: LongLoopBody) => void): void {
  fill({ b, round: b.parameter(0), frame: b.parameter(1), stop: () => b.return(b.const(1)) });
  b.return(b.const(0));
}

/** A word of a frame that is an address. */
export function addressIn(b: IrBuilder, frame: Value, index: number, type: ValueType = "memory"): Value {
  return b.load(8, frame, 8 * index, type);
}

/** Runs `then` on a path of its own, which has to end by itself, when the comparison holds. */
export function when(b: IrBuilder, comparison: "eq" | "ne" | "uge", left: Value, right: Value, then: () => void): void {
  const [yes, no]: readonly [Block, Block] = [b.newBlock(), b.newBlock()];
  b.branch(comparison, left, right, yes, no);
  b.startSealed(yes);
  then();
  b.startSealed(no);
}
