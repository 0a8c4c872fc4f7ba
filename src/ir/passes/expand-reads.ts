// Reads of kernel memory become loads where the verifier allows that, else calls of probe_read_kernel, several fields in one call.
// Needs: no unreachable blocks. Guarantees: no `read` is left; pointers that the verifier knows are not computed with as if they were numbers.
// A load through a pointer whose type the verifier knows gives 0 at a bad address, as probe_read_kernel does: the kernel handles the fault
// (PROBE_MEM in kernel/bpf/verifier.c).

import { present } from "../../base/invariant.ts";
import { helpers, readOnlyCast } from "../../bpf/helpers.ts";
import { Dominators, reversePostorder } from "../graph.ts";
import type { Block, Instruction, IrFunction, IrModule, StackSlot, Value } from "../model.ts";
import { mapOperands, newValue, Replacements } from "../rewrite.ts";
import { findUses, type Uses } from "./pointer-uses.ts";

/** What the kernel allows in one program. */
export interface ReadPlan {
  /** Words that have a `pointee` may be followed as they are. */
  readonly typed: boolean;
  /** What bpf_rdonly_cast makes of any address. */
  readonly cast: "none" | "struct" | "bytes";
  /** Bytes that one call of probe_read_kernel reads at most where several fields are wanted. */
  readonly run: number;
}

type Read = Instruction & { op: "read" };
type Pointer = Instruction & { op: "load" | "call" };

export function expandReads(module: IrModule, plan: ReadPlan): void {
  for (const fn of module.functions) new Expansion(fn, plan).run();
}

class Expansion {
  private readonly fn: IrFunction;
  private readonly plan: ReadPlan;
  private readonly order: readonly Block[];
  private readonly uses: Uses;
  private readonly replacements: Replacements;
  /** Structs that values point to, as the verifier knows them, by the value's id. */
  private readonly known = new Map<number, number>();
  private output: Instruction[] = [];

  constructor(fn: IrFunction, plan: ReadPlan) {
    this.fn = fn;
    this.plan = plan;
    this.order = reversePostorder(fn);
    this.uses = findUses(this.order);
    this.replacements = new Replacements(fn);
  }

  run(): void {
    if (!this.order.some(({ instructions }) => instructions.some(isConcerned))) return;
    // From definitions to uses: what a value points to is known before it is followed.
    new Dominators(this.order).walk(
      (at) => this.block(present(this.order[at], "block")),
      () => undefined,
    );
    this.replacements.apply(this.order);
    for (const block of this.order) this.probeReads(block);
  }

  private block(block: Block): void {
    this.output = [];
    for (const instruction of block.instructions) {
      const i = mapOperands(instruction, this.replacements.find);
      if (i.op === "read") this.read(i);
      else if ((i.op === "load" || i.op === "call") && i.pointee !== undefined) this.pointer(i, i.pointee);
      else this.output.push(i);
    }
    block.instructions = this.output;
  }

  // ---- loads -----------------------------------------------------------------------------------------------

  /** A pointer that the verifier knows from the start. */
  private pointer(i: Pointer, pointee: number): void {
    if (this.uses.asNumber.has(i.result.id)) this.output.push(...this.asNumber(i));
    else if (this.plan.typed && !this.uses.merged.has(i.result.id)) this.output.push({ ...i, result: this.retype(i.result, pointee) });
    else this.output.push(i);
  }

  /** What probe_read gives is a number to the verifier, with which everything may be done. */
  private asNumber(i: Pointer): Instruction[] {
    const { span } = i;
    const raw = newValue(this.fn);
    const [from, to] = [this.slot(8), this.slot(8)];
    const [fromAddress, toAddress, size] = [newValue(this.fn, "stack"), newValue(this.fn, "stack"), newValue(this.fn)];
    const args = [toAddress, size, fromAddress];
    return [
      { ...i, result: raw },
      { op: "slot-address", result: fromAddress, slot: from, span },
      { op: "slot-address", result: toAddress, slot: to, span },
      { op: "const", result: size, value: 8n, span },
      { op: "store", size: 8, address: fromAddress, offset: 0, value: raw, span },
      { op: "call", result: newValue(this.fn), helper: helpers.probeReadKernel.id, arguments: args, span },
      { op: "load", result: i.result, size: 8, address: toAddress, offset: 0, span },
    ];
  }

  private read(i: Read): void {
    const { result, size, address, offset, span } = i;
    if (!this.uses.all.has(result.id)) return;
    const { cast } = this.plan;
    // To the verifier the word would be a pointer, but something else is made of it.
    const asNumber = i.pointee !== undefined && (this.uses.asNumber.has(result.id) || this.uses.merged.has(result.id));
    const struct = asNumber ? undefined : i.struct;
    let base: Value | undefined;
    if (struct !== undefined && this.known.get(address.id) === struct) base = address;
    else if (struct !== undefined && cast !== "none") base = this.cast(i, struct);
    if (base !== undefined) {
      const typed = i.pointee === undefined ? result : this.retype(result, i.pointee);
      this.output.push({ op: "load", result: typed, size, address: base, offset, span });
    } else if (cast === "bytes") {
      this.output.push({ op: "load", result, size, address: this.cast(i, 0), offset, span });
    } else {
      this.output.push(i);
    }
  }

  /** `struct` 0: bytes. The verifier makes a move of the call. */
  private cast({ address, span }: Read, struct: number): Value {
    const id = newValue(this.fn);
    const result = newValue(this.fn, "btf");
    this.output.push({ op: "const", result: id, value: BigInt(struct), span });
    this.output.push({ op: "call-kfunc", result, name: readOnlyCast, arguments: [address, id], span });
    return result;
  }

  private retype(value: Value, pointee: number): Value {
    const typed = newValue(this.fn, "btf");
    this.replacements.set(value, typed);
    this.known.set(typed.id, pointee);
    return typed;
  }

  private slot(size: number): StackSlot {
    const slot: StackSlot = { id: this.fn.slots.length, size, alignment: 8 };
    this.fn.slots.push(slot);
    return slot;
  }

  // ---- probe_read --------------------------------------------------------------------------------------------

  /** What is left of the reads: fields that are near each other are read together, where the first one of them is wanted. */
  private probeReads(block: Block): void {
    const reads = block.instructions.filter((i) => i.op === "read");
    if (reads.length === 0) return;
    const runs = planRuns(reads, this.plan.run);
    const slots = new Map<Run, StackSlot>();
    this.output = [];
    for (const i of block.instructions) {
      if (i.op !== "read") {
        this.output.push(i);
        continue;
      }
      const run = present(runs.get(i), "run of a read");
      let slot = slots.get(run);
      if (slot === undefined) {
        slot = this.slot(Math.ceil((run.end - run.start) / 8) * 8);
        slots.set(run, slot);
        this.probeRead(i, run, slot);
      }
      const address = newValue(this.fn, "stack");
      this.output.push({ op: "slot-address", result: address, slot, span: i.span });
      this.output.push({ op: "load", result: i.result, size: i.size, address, offset: i.offset - run.start, span: i.span });
    }
    block.instructions = this.output;
  }

  private probeRead({ address, span }: Read, { start, end }: Run, slot: StackSlot): void {
    const [to, size] = [newValue(this.fn, "stack"), newValue(this.fn)];
    this.output.push({ op: "slot-address", result: to, slot, span });
    this.output.push({ op: "const", result: size, value: BigInt(end - start), span });
    let from = address;
    if (start !== 0) {
      const by = newValue(this.fn);
      from = newValue(this.fn, address.type);
      this.output.push({ op: "const", result: by, value: BigInt.asUintN(64, BigInt(start)), span });
      this.output.push({ op: "binary", result: from, operation: "add", left: address, right: by, span });
    }
    const args = [to, size, from];
    this.output.push({ op: "call", result: newValue(this.fn), helper: helpers.probeReadKernel.id, arguments: args, span });
  }
}

function isConcerned(i: Instruction): boolean {
  return i.op === "read" || ((i.op === "load" || i.op === "call") && i.pointee !== undefined);
}

/** Bytes that one call reads, as offsets from an address. */
interface Run {
  start: number;
  end: number;
}

/**
 * Fields of one object lie together: where all of them are wanted, all memory from the first to the last is there if it is there for each. A run starts
 * at a multiple of 8, so that its fields are aligned on the stack as they are in the object.
 */
function planRuns(reads: readonly Read[], limit: number): ReadonlyMap<Read, Run> {
  const runs = new Map<Read, Run>();
  const open = new Map<number, Run>();
  const sorted = reads.toSorted((a, b) => a.offset - b.offset);
  for (const read of sorted) {
    const { address, offset, size } = read;
    const run = open.get(address.id);
    const aligned = offset % size === 0 && offset >= 0;
    if (aligned && run !== undefined && offset + size - (run.start - (run.start % 8)) <= limit) {
      run.start -= run.start % 8;
      run.end = Math.max(run.end, offset + size);
      runs.set(read, run);
    } else {
      const own = { start: offset, end: offset + size };
      runs.set(read, own);
      if (aligned) open.set(address.id, own);
    }
  }
  return runs;
}
