// Keeps the verifier's work linear where one value is tested many times, as in a long row of `if (pid == 1) …  if (pid == 2) …`: it follows
// the path where the value is 1 through all later tests, then the one where it is 2, and so on, as what it learned in a branch makes the
// paths differ for good. A test of a copy teaches it nothing about the value itself, so the paths are the same where they meet.

import { present } from "../base/invariant.ts";
import { newValue } from "../ir/rewrite.ts";
import type { Block, Instruction, IrFunction, Terminator, Value } from "../ir/model.ts";

/** So many tests of a value cost the verifier less than the copies cost the program. */
const fewTests = 64;

/** By value: how often a branch compares it with a constant. */
export function countTests(blocks: readonly Block[], valueCount: number, isConstant: (value: Value) => boolean): Uint32Array {
  const counts = new Uint32Array(valueCount);
  for (const { terminator } of blocks) {
    if (terminator?.op !== "branch" || terminator.left.type !== "int" || !isConstant(terminator.right)) continue;
    counts[terminator.left.id] = (counts[terminator.left.id] ?? 0) + 1;
  }
  return counts;
}

/** Makes the branch at the end of a block test a copy, if its value is one of those tested often. */
export function testCopy(fn: IrFunction, block: Block, counts: Uint32Array): void {
  const branch: Terminator = present(block.terminator, "terminator");
  if (branch.op !== "branch" || (counts[branch.left.id] ?? 0) <= fewTests) return;
  const { span } = branch;
  const zero = newValue(fn);
  const copy = newValue(fn);
  // A plain copy would not do: the verifier knows that both registers hold the same. Arithmetic makes it forget.
  const added: readonly Instruction[] = [
    { op: "const", result: zero, value: 0n, span },
    { op: "binary", operation: "or", result: copy, left: branch.left, right: zero, span },
  ];
  block.instructions = [...block.instructions, ...added];
  block.terminator = { ...branch, left: copy };
}
