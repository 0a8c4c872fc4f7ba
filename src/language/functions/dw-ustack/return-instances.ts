// Return addresses that uretprobes have replaced: the kernel keeps the real ones in a list of the task, innermost first, each with the place on
// the stack that it belongs to.

import { helpers } from "../../../bpf/helpers.ts";
import type { KernelTypes } from "../../../define/target.ts";
import type { IrBuilder } from "../../../ir/builder.ts";
import type { Value } from "../../../ir/model.ts";

/** Offsets of fields: of struct task_struct, struct uprobe_task and struct return_instance (include/linux/uprobes.h). */
export interface ReturnInstances {
  readonly task: number;
  readonly first: number;
  readonly stack: number;
  readonly address: number;
  readonly next: number;
}

/** Undefined for kernels without such a list, or without type information. */
export function returnInstances(types: KernelTypes | undefined): ReturnInstances | undefined {
  const offset = (struct: string, field: string) => types?.struct("struct", struct)?.layout.fields().find((f) => f.name === field)?.offset;
  const task = offset("task_struct", "utask");
  const first = offset("uprobe_task", "return_instances");
  const stack = offset("return_instance", "stack");
  const address = offset("return_instance", "orig_ret_vaddr");
  const next = offset("return_instance", "next");
  if (task === undefined || first === undefined || stack === undefined || address === undefined || next === undefined) return undefined;
  return { task, first, stack, address, next };
}

/** Reads the address of the task's first record, 0 if it has none, to `at` of memory that programs may write. */
export function readFirstInstance(b: IrBuilder, offsets: ReturnInstances, task: Value, memory: Value, at: number): void {
  const to = b.offset(memory, at);
  b.call(helpers.probeReadKernel.id, [to, b.const(8), b.offset(task, offsets.task)]);
  // Of a task without: a read from the first page, which fails and gives 0.
  b.call(helpers.probeReadKernel.id, [to, b.const(8), b.offset(b.load(8, memory, at), offsets.first)]);
}

/** Records of one place (one after a tail call), and of functions that were left by longjmp(), that a step passes. */
const rounds = 3;

/** The return address that belongs at a place of the stack, where `found` was read; `at` of the memory goes on to the next record. */
export function realReturnAddress(b: IrBuilder, offsets: ReturnInstances, memory: Value, at: number, place: Value, found: Value): Value {
  const size = Math.max(offsets.stack, offsets.address, offsets.next) + 8;
  const record = b.slotAddress(b.slot(size));
  const result = b.variable();
  b.write(result, found);
  const done = b.newBlock();
  for (let round = 0; round < rounds; round++) {
    const instance = b.load(8, memory, at);
    const [present, reached, same, passed] = [b.newBlock(), b.newBlock(), b.newBlock(), b.newBlock()];
    b.branch("eq", instance, b.const(0), done, present);
    b.startSealed(present);
    b.call(helpers.probeReadKernel.id, [record, b.const(size), instance]);
    const own = b.load(8, record, offsets.stack);
    b.branch("ugt", own, place, done, reached);
    b.startSealed(reached);
    b.branch("eq", own, place, same, passed);
    b.startSealed(same);
    b.write(result, b.load(8, record, offsets.address));
    b.jump(passed);
    b.startSealed(passed);
    b.store(8, memory, at, b.load(8, record, offsets.next));
  }
  b.jump(done);
  b.startSealed(done);
  return b.read(result);
}
