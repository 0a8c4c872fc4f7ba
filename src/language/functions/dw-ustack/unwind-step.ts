// The part of dw_ustack() that goes from one frame to its caller: the callback of a bpf_loop(), which the verifier looks at once, whatever
// the depth of the stack. Searches have no branches, so that there are few paths through it.

import { helpers } from "../../../bpf/helpers.ts";
import { registerOffset } from "../../../define/registers.ts";
import {
  savedRules,
  mappingLayout,
  maximumMappings,
  maximumRecipes,
  maximumSegments,
  processLayout,
  recipeFlags,
  recipeKinds,
  recipeLayout,
  rowLayout,
  segmentRows,
  stackIsIncomplete,
  unwindMaps,
} from "../../../define/unwind-layout.ts";
import { present } from "../../../base/invariant.ts";
import type { IrBuilder } from "../../../ir/builder.ts";
import type { Block, Value } from "../../../ir/model.ts";
import { type ReturnInstances, realReturnAddress } from "./return-instances.ts";
import { stackHeader, type StackType } from "../../../types/type.ts";

/** Bytes of struct pt_regs. */
export const registersSize = 168;
const lastRegister = registersSize - 8;

/**
 * Memory that the steps share: the registers of the frame they are at, then u64 1 if its address is a return address, u64 address without
 * a mapping or 0, u64 address of the kernel's next record of a replaced return address or 0, and the stack that is being made.
 */
export const workLayout = { registers: 0, isReturn: registersSize, miss: registersSize + 8, instance: registersSize + 16, stack: registersSize + 24 } as const;

/** What the callback gets: the work memory and the process's record. */
export const stepFrame = { work: 0, process: 8, size: 16 } as const;

const goOn = 0;
const stop = 1;

function register(name: string): number {
  return present(registerOffset("x64", name), `register ${name}`);
}

/** A step under construction: its builder, what it works on, and where it goes when it can't go on. */
interface Step {
  readonly b: IrBuilder;
  readonly work: Value;
  readonly process: Value;
  readonly instances: ReturnInstances | undefined;
  /** Number of the frame, from 0. */
  readonly index: Value;
  readonly failed: Block;
  readonly missed: Block;
  readonly ended: Block;
}

/** Makes the code of `(round, frame)`: adds the frame that the registers are of to the stack, and goes to its caller. */
export function fillUnwindStep(b: IrBuilder, type: StackType, instances: ReturnInstances | undefined): void {
  const frame = b.parameter(1);
  const work = b.load(8, frame, stepFrame.work, "memory");
  const process = b.load(8, frame, stepFrame.process, "memory");
  const index = b.clamp(b.parameter(0), type.limit - 1);
  const step: Step = { b, work, process, instances, index, failed: b.newBlock(), missed: b.newBlock(), ended: b.newBlock() };
  addFrame(step, type);
  const address = b.load(8, work, workLayout.registers + register("ip"));
  // The instruction after a call may belong to another function, or to a row of its own.
  const at = b.binary("sub", address, b.load(8, work, workLayout.isReturn));
  const recipe = findRecipe(step, at);
  goToCaller(step, recipe, address);
  b.return(b.const(goOn));
  b.startSealed(step.missed);
  b.store(8, work, workLayout.miss, address);
  b.jump(step.failed);
  b.startSealed(step.failed);
  b.store(4, work, workLayout.stack + 4, b.const(stackIsIncomplete));
  b.jump(step.ended);
  b.startSealed(step.ended);
  b.return(b.const(stop));
}

/** Goes to a block if the comparison holds. */
function leaveIf(b: IrBuilder, comparison: "eq" | "ne" | "ult" | "ule" | "uge" | "slt", left: Value, right: Value, to: Block): void {
  const after = b.newBlock();
  b.branch(comparison, left, right, to, after);
  b.startSealed(after);
}

function addFrame({ b, work, index, ended }: Step, type: StackType): void {
  const header = stackHeader(type);
  const place = b.binary("add", work, b.binary("mul", index, b.const(8)));
  b.store(8, place, workLayout.stack + header, b.load(8, work, workLayout.registers + register("ip")));
  b.store(8, work, workLayout.stack + header - 8, b.binary("add", index, b.const(1)));
  leaveIf(b, "eq", index, b.const(type.limit - 1), ended);
}

/**
 * Index of the last of `count` sorted elements whose key is not above `wanted`, or 0. `count` is at most 2 ** rounds; keys and `wanted`
 * are below 2 ** 63.
 */
function search(b: IrBuilder, rounds: number, count: Value, wanted: Value, keyOf: (index: Value) => Value): Value {
  let low = b.const(0);
  let left = count;
  for (let round = 0; round < rounds; round++) {
    const half = b.binary("lshr", left, b.const(1));
    const middle = b.binary("add", low, half);
    // All ones where the key is too large.
    const above = b.binary("ashr", b.binary("sub", wanted, keyOf(middle)), b.const(63));
    low = b.binary("sub", middle, b.binary("and", half, above));
    left = b.binary("sub", left, half);
  }
  return low;
}

/** `base + (index & (count - 1)) * size`: a bound that the verifier sees. */
function element(b: IrBuilder, base: Value, index: Value, count: number, size: number): Value {
  return b.binary("add", base, b.binary("mul", b.binary("and", index, b.const(count - 1)), b.const(size)));
}

/** The recipe of an address. */
function findRecipe(step: Step, address: Value): Value {
  const { b, process, failed, missed } = step;
  const mappingAt = (index: Value) => element(b, process, index, maximumMappings, processLayout.mappingSize);
  const field = (mapping: Value, size: 4 | 8, offset: number) => b.load(size, mapping, processLayout.mappings + offset);
  // No address of user space has the highest bit.
  leaveIf(b, "slt", address, b.const(0), failed);
  const mappings = b.load(4, process, processLayout.count);
  const mapping = mappingAt(search(b, Math.log2(maximumMappings), mappings, address, (i) => field(mappingAt(i), 8, mappingLayout.start)));
  leaveIf(b, "ult", address, field(mapping, 8, mappingLayout.start), missed);
  leaveIf(b, "uge", address, field(mapping, 8, mappingLayout.end), missed);
  const rows = field(mapping, 4, mappingLayout.rows);
  leaveIf(b, "eq", rows, b.const(0), failed);
  const place = field(mapping, 4, mappingLayout.place);
  const relative = b.binary("sub", address, field(mapping, 8, mappingLayout.delta));
  const segment = segmentAt(step, b.binary("lshr", place, b.const(Math.log2(segmentRows))));
  const first = b.binary("and", place, b.const(segmentRows - 1));
  const rowAt = (index: Value) => element(b, segment, b.binary("add", first, index), segmentRows, rowLayout.size);
  const row = rowAt(search(b, Math.log2(segmentRows), rows, relative, (i) => b.load(4, rowAt(i), rowLayout.address)));
  return element(b, b.mapValue(unwindMaps.recipes.name), b.load(4, row, rowLayout.recipe), maximumRecipes, recipeLayout.size);
}

/** The rows of a segment. */
function segmentAt({ b, failed }: Step, number: Value): Value {
  const key = b.slotAddress(b.slot(4, 4));
  b.store(4, key, 0, b.clamp(number, maximumSegments - 1));
  const inner = b.call(helpers.mapLookupElem.id, [b.map(unwindMaps.segments.name), key], "memory-or-null");
  leaveIf(b, "eq", inner, b.const(0), failed);
  b.store(4, key, 0, b.const(0));
  const rows = b.call(helpers.mapLookupElem.id, [inner, key], "memory-or-null");
  leaveIf(b, "eq", rows, b.const(0), failed);
  return rows;
}

/** Replaces the registers by the caller's. */
function goToCaller(step: Step, recipe: Value, address: Value): void {
  const { b, work, index, failed, ended } = step;
  const byte = (offset: number) => b.load(1, recipe, offset);
  const signed = (offset: number) => b.extend(b.load(4, recipe, offset), 32, true);
  const kind = byte(recipeLayout.kind);
  leaveIf(b, "eq", kind, b.const(recipeKinds.unknown), failed);
  leaveIf(b, "eq", kind, b.const(recipeKinds.outermost), ended);
  const flags = b.load(4, recipe, recipeLayout.flags);
  const innermostOnly = b.binary("and", flags, b.const(recipeFlags.innermost));
  // Not zero when the register would have to be known in an outer frame.
  leaveIf(b, "ne", b.binary("mul", innermostOnly, index), b.const(0), failed);
  const base = b.load(8, b.binary("add", work, b.clamp(byte(recipeLayout.register), lastRegister)), workLayout.registers);
  const cfa = computeCfa(step, kind, base, address, signed);
  const returnsFrom = pick(b, b.binary("and", flags, b.const(recipeFlags.returnFromRegister)), base, cfa);
  const caller = readReturnAddress(step, b.binary("add", returnsFrom, signed(recipeLayout.returnOffset)));
  leaveIf(b, "eq", caller, b.const(0), ended);
  restoreRegister(step, "bp", byte(recipeLayout.frame), base, cfa, signed(recipeLayout.frameOffset));
  restoreRegister(step, "bx", byte(recipeLayout.base), base, cfa, signed(recipeLayout.baseOffset));
  b.store(8, work, workLayout.registers + register("ip"), caller);
  b.store(8, work, workLayout.registers + register("sp"), cfa);
  const interrupted = b.binary("and", flags, b.const(recipeFlags.interrupted));
  b.store(8, work, workLayout.isReturn, pick(b, interrupted, b.const(0), b.const(1)));
}

/** One of two values, by whether a number is not 0. */
function pick(b: IrBuilder, condition: Value, then: Value, otherwise: Value): Value {
  const result = b.variable();
  const [yes, no, after] = [b.newBlock(), b.newBlock(), b.newBlock()];
  b.branch("ne", condition, b.const(0), yes, no);
  b.startSealed(yes);
  b.write(result, then);
  b.jump(after);
  b.startSealed(no);
  b.write(result, otherwise);
  b.jump(after);
  b.startSealed(after);
  return b.read(result);
}

/** The caller's stack pointer. */
function computeCfa(step: Step, kind: Value, base: Value, address: Value, signed: (offset: number) => Value): Value {
  const { b, work, failed } = step;
  const result = b.variable();
  const sum = b.binary("add", base, signed(recipeLayout.offset));
  const [direct, loaded, after] = [b.newBlock(), b.newBlock(), b.newBlock()];
  b.branch("eq", kind, b.const(recipeKinds.loaded), loaded, direct);
  b.startSealed(loaded);
  b.write(result, b.binary("add", readUser(step, sum), signed(recipeLayout.addend)));
  b.jump(after);
  b.startSealed(direct);
  const isLinkage = b.compare("eq", kind, b.const(recipeKinds.linkage));
  const isLate = b.compare("uge", b.binary("and", address, b.const(15)), signed(recipeLayout.addend));
  const more = b.binary("shl", b.binary("and", isLinkage, isLate), b.const(3));
  const plain = b.binary("add", sum, more);
  // A stack grows down: anything else is no stack, and might never end.
  leaveIf(b, "ule", plain, b.load(8, work, workLayout.registers + register("sp")), failed);
  b.write(result, plain);
  b.jump(after);
  b.startSealed(after);
  return b.read(result);
}

function restoreRegister(step: Step, name: string, rule: Value, base: Value, cfa: Value, offset: Value): void {
  const { b, work } = step;
  const place = workLayout.registers + register(name);
  const [changed, lost, saved, after] = [b.newBlock(), b.newBlock(), b.newBlock(), b.newBlock()];
  b.branch("eq", rule, b.const(savedRules.same), after, changed);
  b.startSealed(changed);
  b.branch("eq", rule, b.const(savedRules.lost), lost, saved);
  b.startSealed(lost);
  b.store(8, work, place, b.const(0));
  b.jump(after);
  b.startSealed(saved);
  const from = pick(b, b.compare("eq", rule, b.const(savedRules.fromRegister)), base, cfa);
  b.store(8, work, place, readUser(step, b.binary("add", from, offset)));
  b.jump(after);
  b.startSealed(after);
}

function readReturnAddress(step: Step, place: Value): Value {
  const { b, work, instances } = step;
  const found = readUser(step, place);
  return instances === undefined ? found : realReturnAddress(b, instances, work, workLayout.instance, place, found);
}

/** A word of the process's memory. */
function readUser({ b, failed }: Step, address: Value): Value {
  const word = b.slotAddress(b.slot(8));
  const result = b.call(helpers.probeReadUser.id, [word, b.const(8), address]);
  leaveIf(b, "ne", b.extend(result, 32, false), b.const(0), failed);
  return b.load(8, word, 0);
}
