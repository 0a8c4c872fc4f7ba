// What an iterator's program writes into the iterator's own file: the records of events, which the tracer reads in order and
// without loss; or text, where the iterator is pinned for others to read.

import { helpers } from "../bpf/helpers.ts";
import type { ActionParameters } from "../define/action.ts";
import type { EventArgument } from "../define/code.ts";
import { internalMaps } from "../define/internal-names.ts";
import type { Value } from "../ir/model.ts";
import type { KernelFormat, KernelValue } from "../output/kernel-format.ts";
import type { Expression } from "../syntax/ast.ts";
import { alignUp, sizeOf } from "../types/type.ts";
import { addAction, fillRecord, scalarsOf } from "./events.ts";
import type { FunctionLowering } from "./function.ts";

/** Writes a record as the ring buffer would hold it. The kernel repeats an element whose records find no room. */
export function emitRecord(f: FunctionLowering, action: string, parameters: ActionParameters, args: readonly EventArgument[]): void {
  const planned = addAction(f, action, parameters, args);
  const scalars = scalarsOf(f, args);
  const record = f.temporary(planned.size);
  // The helper reads it all, gaps included.
  if (planned.size <= f.stackLimit) f.zero({ address: record, offset: 0 }, planned.size);
  fillRecord(f, record, planned, args, scalars);
  f.ir.call(helpers.seqWrite.id, [f.iteratorFile(), record, f.ir.const(planned.size)]);
}

/** Writes text that the kernel formats. */
export function emitText(f: FunctionLowering, { text, values }: KernelFormat, expressions: readonly Expression[]): void {
  const format = f.ir.mapValue(internalMaps.constants, f.program.resources.constant(text));
  if (values.length === 0) {
    f.ir.call(helpers.seqWrite.id, [f.iteratorFile(), format, f.ir.const(text.length)]);
    return;
  }
  const words = expressions.map((expression, i) => kernelWord(f, values[i] ?? { kind: "string" }, expression));
  const table = f.temporary(words.length * wordSize);
  for (const [i, word] of words.entries()) f.ir.store(8, table, i * wordSize, word);
  const [formatSize, tableSize] = [f.ir.const(text.length + 1), f.ir.const(words.length * wordSize)];
  f.ir.call(helpers.seqPrintf.id, [f.iteratorFile(), format, formatSize, table, tableSize]);
}

const wordSize = 8;

/** What stands for a value in the table: the integer, or the address of a string. */
function kernelWord(f: FunctionLowering, value: KernelValue, expression: Expression): Value {
  switch (value.kind) {
    case "integer": {
      const whole = f.integer(expression);
      return value.bits === 64 ? whole : f.ir.extend(whole, value.bits, value.signed);
    }
    case "character": {
      const text = scratch(f, wordSize);
      f.ir.store(8, text, 0, f.ir.extend(f.integer(expression), 8, false));
      return text;
    }
    case "string": {
      const type = f.typeOf(expression);
      const size = sizeOf(type);
      const text = scratch(f, alignUp(size + 1, wordSize));
      f.storeExpression(expression, type, { address: text, offset: 0 }, false);
      f.ir.store(1, text, size, f.ir.const(0));
      return text;
    }
  }
}

/** Memory whose address may be stored: unlike a stack slot, it is nobody else's while the program runs. */
function scratch(f: FunctionLowering, size: number): Value {
  return f.scratchAddress(f.program.scratch.allocate(size));
}
