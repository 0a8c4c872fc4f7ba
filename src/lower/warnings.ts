// Runtime warnings. There are many places for them and they are rare, so the program has one function that sends them all, and each place
// costs little code.

import { helpers } from "../bpf/helpers.ts";
import type { EventArgument } from "../define/code.ts";
import { coreActions, internalMaps } from "../define/internal-names.ts";
import type { IrBuilder } from "../ir/builder.ts";
import type { Value } from "../ir/model.ts";
import type { Span } from "../source/source.ts";
import { int32 } from "../types/type.ts";
import { addAction, emitEvent } from "./events.ts";
import type { FunctionLowering } from "./function.ts";

/** A runtime warning at the current place; with a return code it is sent only when the code is negative. */
export function emitWarning(
  f: FunctionLowering,
  message: string,
  helper: string | undefined,
  retcode: Value | undefined,
  kind: "always" | "reads",
): void {
  const { warningLevel, resources } = f.program;
  if (warningLevel === 0 || (kind === "reads" && warningLevel < 2)) return;
  const parameters = { message, helper: helper ?? "" };
  const inPlace = f.program.roomy || f.depth >= deepest;
  const send = (code: Value, how: "always" | "when negative"): void => {
    const args: readonly EventArgument[] = [{ operand: { kind: "scalar", type: int32, value: code }, as: int32 }];
    if (inPlace) return emitEvent(f, coreActions.runtimeError, parameters, args);
    const { id, size, fields } = addAction(f, coreActions.runtimeError, parameters, args);
    f.ir.callFunction(sender(f, how, size, fields[0]?.offset ?? 0), [code, f.ir.const(id)]);
  };
  if (retcode === undefined) send(f.ir.const(0), "always");
  else if (!inPlace && resources.actions.length > manyActions) send(retcode, "when negative");
  else f.branch("slt", lowHalf(f.ir, retcode), f.ir.const(0), () => send(retcode, "always"), () => undefined);
}

/** The warning of -k about an element that is read and not there. */
export function emitMissing(f: FunctionLowering, at: Span): void {
  if (f.program.warningLevel < 2) return;
  const before = f.ir.span;
  f.ir.at(at);
  const args: readonly EventArgument[] = [{ operand: { kind: "scalar", type: int32, value: f.ir.const(0) }, as: int32 }];
  const parameters = { message: "Can't lookup map element because it does not exist.", helper: helpers.mapLookupElem.name };
  emitEvent(f, coreActions.runtimeError, parameters, args);
  f.ir.at(before);
}

/**
 * Loops in loops are calls in calls, of which the kernel allows eight (MAX_CALL_FRAMES): from this depth on there is room for no more. Nor
 * is there in a program that is short of stack.
 */
const deepest = 6;

/** The verifier remembers every branch up to the end of the program, at most 8192 of them: a very large program had better branch elsewhere. */
const manyActions = 1000;

/** The name of the function `(code, id)` that sends a warning. */
function sender(f: FunctionLowering, how: "always" | "when negative", size: number, codeOffset: number): string {
  if (how === "always") return f.shared("warn", ["int", "int"], (b) => fillSender(b, size, codeOffset));
  return f.shared("check", ["int", "int"], (b) => {
    const [failed, fine] = [b.newBlock(), b.newBlock()];
    b.branch("slt", lowHalf(b, b.parameter(0)), b.const(0), failed, fine);
    b.startSealed(fine);
    b.return(b.const(0));
    b.startSealed(failed);
    fillSender(b, size, codeOffset);
  });
}

function fillSender(b: IrBuilder, size: number, codeOffset: number): void {
  const [full, free] = [b.newBlock(), b.newBlock()];
  const record = b.call(helpers.ringbufReserve.id, [b.map(internalMaps.events), b.const(size), b.const(0)], "memory-or-null");
  b.branch("eq", record, b.const(0), full, free);
  b.startSealed(full);
  b.atomicAdd(8, b.mapValue(internalMaps.lost), 0, b.const(1));
  b.return(b.const(0));
  b.startSealed(free);
  b.store(4, record, 0, b.parameter(1));
  b.store(4, record, codeOffset, b.parameter(0));
  b.call(helpers.ringbufSubmit.id, [record, b.const(0)]);
  b.return(b.const(0));
}

/** Some helpers give an int: only its low half counts. */
function lowHalf(b: IrBuilder, code: Value): Value {
  return b.extend(code, 32, true);
}
