// Events: a record of the ring buffer is reserved, filled in place and submitted; a full buffer is counted.

import { helpers } from "../bpf/helpers.ts";
import type { ActionParameters, EventField } from "../define/action.ts";
import type { EventArgument } from "../define/code.ts";
import { coreActions, internalMaps } from "../define/internal-names.ts";
import type { IrBuilder } from "../ir/builder.ts";
import type { Value } from "../ir/model.ts";
import { alignmentOf, alignUp, int32, isScalar, sizeOf } from "../types/type.ts";
import type { FunctionLowering } from "./function.ts";
import { accessSize } from "./operands.ts";
import { sourcePlace } from "./resources.ts";

/** Bytes of the action's id at the start of a record. */
const headerSize = 4;

/** Sends one record to user space. */
export function emitEvent(
  f: FunctionLowering,
  action: string,
  parameters: ActionParameters,
  args: readonly EventArgument[],
): void {
  const { id, fields, size } = addAction(f, action, parameters, args);
  // Registers are computed first: their side effects happen whether or not there is room.
  const scalars = args.map((argument) => (isScalar(argument.as) ? scalarOf(f, argument) : undefined));
  const record = f.ir.call(helpers.ringbufReserve.id, [f.ir.map(internalMaps.events), f.ir.const(size), f.ir.const(0)], "memory-or-null");
  f.branch(
    "eq",
    record,
    f.ir.const(0),
    () => f.ir.atomicAdd(8, f.ir.mapValue(internalMaps.lost), 0, f.ir.const(1)),
    () => fillRecord(f, record, id, args, fields, scalars),
  );
}

interface PlannedRecord {
  readonly id: number;
  readonly fields: readonly EventField[];
  readonly size: number;
}

/** Registers what user space has to do with the records of this place. */
function addAction(
  f: FunctionLowering,
  action: string,
  parameters: ActionParameters,
  args: readonly EventArgument[],
): PlannedRecord {
  const { fields, size } = layoutRecord(args);
  const place = f.ir.span === undefined ? undefined : sourcePlace(f.ir.span);
  const id = f.program.resources.addAction({ action, parameters, fields, size, place });
  return { id, fields, size };
}

function layoutRecord(args: readonly EventArgument[]): { readonly fields: readonly EventField[]; readonly size: number } {
  let at = headerSize;
  const fields = args.map(({ as }) => {
    const offset = alignUp(at, alignmentOf(as));
    at = offset + sizeOf(as);
    return { type: as, offset };
  });
  return { fields, size: alignUp(at, 8) };
}

function scalarOf(f: FunctionLowering, argument: EventArgument): Value {
  return "expression" in argument ? f.integer(argument.expression) : f.scalar(argument.operand);
}

function fillRecord(
  f: FunctionLowering,
  record: Value,
  id: number,
  args: readonly EventArgument[],
  fields: readonly EventField[],
  scalars: readonly (Value | undefined)[],
): void {
  const outer = f.reserved;
  f.reserved = record;
  f.ir.store(4, record, 0, f.ir.const(id));
  for (const [i, argument] of args.entries()) {
    const offset = fields[i]?.offset ?? 0;
    const value = scalars[i];
    if (value !== undefined) f.ir.store(accessSize(sizeOf(argument.as)), record, offset, value);
    else if ("expression" in argument) f.storeExpression(argument.expression, argument.as, { address: record, offset }, false);
    else f.store(argument.operand, argument.as, { address: record, offset });
  }
  f.ir.call(helpers.ringbufSubmit.id, [record, f.ir.const(0)]);
  f.reserved = outer;
}

/** A runtime warning at the current place; with a return code it is sent only when the code is negative. */
export function emitWarning(
  f: FunctionLowering,
  message: string,
  helper: string | undefined,
  retcode: Value | undefined,
  kind: "always" | "reads",
): void {
  const { warningLevel } = f.program;
  if (warningLevel === 0 || (kind === "reads" && warningLevel < 2)) return;
  const parameters = { message, helper: helper ?? "" };
  if (retcode === undefined) return sendWarning(f, parameters, f.ir.const(0));
  // Some helpers give an int: only its low half counts.
  const word = f.ir.extend(retcode, 32, true);
  f.branch("slt", word, f.ir.const(0), () => sendWarning(f, parameters, retcode), () => undefined);
}

/** Loops in loops are calls in calls, of which the kernel allows eight (MAX_CALL_FRAMES): from this depth on there is room for no more. */
const deepest = 6;

/**
 * Warnings are rare and there are many places for them: one function sends them all, so that they cost little code. It needs some stack of
 * its own; a program that is short of stack has the code in place.
 */
function sendWarning(f: FunctionLowering, parameters: ActionParameters, code: Value): void {
  const args: readonly EventArgument[] = [{ operand: { kind: "scalar", type: int32, value: code }, as: int32 }];
  if (f.program.roomy || f.depth >= deepest) return emitEvent(f, coreActions.runtimeError, parameters, args);
  const { id, size, fields } = addAction(f, coreActions.runtimeError, parameters, args);
  const name = f.shared("warn", ["int", "int"], (b) => fillWarning(b, size, fields[0]?.offset ?? 0));
  f.ir.callFunction(name, [code, f.ir.const(id)]);
}

/** `(code, id)`: sends a record with a code. */
function fillWarning(b: IrBuilder, size: number, codeOffset: number): void {
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
