// Events: a record of the ring buffer is reserved, filled in place and submitted; a full buffer is counted.

import { helpers } from "../bpf/helpers.ts";
import type { ActionParameters, EventField } from "../define/action.ts";
import { type EventArgument, memoryOperand } from "../define/code.ts";
import { internalMaps } from "../define/internal-names.ts";
import type { Value } from "../ir/model.ts";
import { alignmentOf, alignUp, isScalar, sizeOf } from "../types/type.ts";
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
  given: readonly EventArgument[],
): void {
  const { id, fields, size } = addAction(f, action, parameters, given);
  // Events of failed reads come before the event that shows what was read.
  const args = f.program.warningLevel < 2 ? given : given.map((argument) => readBefore(f, argument));
  // Registers are computed first: their side effects happen whether or not there is room.
  const scalars = scalarsOf(f, args);
  const record = f.ir.call(helpers.ringbufReserve.id, [f.ir.map(internalMaps.events), f.ir.const(size), f.ir.const(0)], "memory-or-null");
  f.branch(
    "eq",
    record,
    f.ir.const(0),
    () => f.ir.atomicAdd(8, f.ir.mapValue(internalMaps.lost), 0, f.ir.const(1)),
    () => {
      const outer = f.reserved;
      f.reserved = record;
      fillRecord(f, record, { id, fields, size }, args, scalars);
      f.ir.call(helpers.ringbufSubmit.id, [record, f.ir.const(0)]);
      f.reserved = outer;
    },
  );
}

/** The arguments that fit a register; undefined for the others. */
export function scalarsOf(f: FunctionLowering, args: readonly EventArgument[]): readonly (Value | undefined)[] {
  return args.map((argument) => (isScalar(argument.as) ? scalarOf(f, argument) : undefined));
}

/** An argument that is in memory before there is a record. */
function readBefore(f: FunctionLowering, argument: EventArgument): EventArgument {
  const { as } = argument;
  if (isScalar(as) || !("expression" in argument)) return argument;
  const address = f.temporary(sizeOf(as));
  f.storeExpression(argument.expression, as, { address, offset: 0 }, false);
  return { operand: memoryOperand(as, address), as };
}

export interface PlannedRecord {
  readonly id: number;
  readonly fields: readonly EventField[];
  readonly size: number;
}

/** Registers what user space has to do with the records of this place. */
export function addAction(
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

/** BPF_F_CURRENT_CPU; the length of the packet stands above it, in 20 bits. */
const currentCpu = 0xffff_ffffn;
const packetLengthMask = 0xf_ffff;

/** Sends one record with a packet after it. */
export function emitPacket(
  f: FunctionLowering,
  action: string,
  parameters: ActionParameters,
  args: readonly EventArgument[],
  packet: Value,
  length: Value,
): Value {
  const { ir } = f;
  const { fields, size } = layoutRecord(args);
  const id = f.program.resources.addAction({ action, parameters, fields, size, place: ir.span === undefined ? undefined : sourcePlace(ir.span) });
  f.program.resources.sendsPackets = true;
  const record = f.temporary(size);
  f.zero({ address: record, offset: 0 }, size);
  ir.store(4, record, 0, ir.const(id));
  for (const [i, argument] of args.entries()) {
    ir.store(accessSize(sizeOf(argument.as)), record, fields[i]?.offset ?? 0, scalarOf(f, argument));
  }
  const bounded = ir.binary("and", length, ir.const(packetLengthMask));
  const flags = ir.binary("or", ir.binary("shl", bounded, ir.const(32)), ir.const(currentCpu));
  return ir.call(helpers.skbOutput.id, [packet, ir.map(internalMaps.packets), flags, record, ir.const(size)]);
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

/** Writes the id and the arguments to where a record is. */
export function fillRecord(
  f: FunctionLowering,
  record: Value,
  { id, fields }: PlannedRecord,
  args: readonly EventArgument[],
  scalars: readonly (Value | undefined)[],
): void {
  f.ir.store(4, record, 0, f.ir.const(id));
  for (const [i, argument] of args.entries()) {
    const offset = fields[i]?.offset ?? 0;
    const value = scalars[i];
    if (value !== undefined) f.ir.store(accessSize(sizeOf(argument.as)), record, offset, value);
    else if ("expression" in argument) f.storeExpression(argument.expression, argument.as, { address: record, offset }, false);
    else f.store(argument.operand, argument.as, { address: record, offset });
  }
}
