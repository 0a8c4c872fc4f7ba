// Lays out the stack frame: stack slots and spills get offsets below r10; those that are never live at the same time share space.

import { present } from "../base/invariant.ts";
import type { StackSlot } from "../ir/model.ts";
import type { Allocation } from "./allocate.ts";
import type { Liveness } from "./liveness.ts";
import { successorsOf } from "./liveness.ts";
import type { Loop } from "./loops.ts";
import type { MachineFunction, MachineInstruction, MachineOperation, Source } from "./machine.ts";
import { firstVirtual } from "./machine.ts";

export interface Frame {
  /** Offset of a slot's first byte from r10. */
  slot(slot: StackSlot): number;
  /** Offset of a spill from r10. */
  spill(index: number): number;
  /** Offset of one of the words used when a move finds no free register; it exists once asked for. */
  emergency(word: 0 | 1): number;
  /** Bytes in use, emergency words included. */
  readonly bytes: number;
}

/** Something that needs stack memory, and the stretch of code from its first to its last use. */
interface Tenant {
  readonly bytes: number;
  start: number;
  end: number;
  readonly firstBlock: number;
  lastBlock: number;
  /** Whether every use comes after the first one on every path. */
  ordered: boolean;
}

export function layOutFrame(fn: MachineFunction, allocation: Allocation): Frame {
  const survey = new Survey(fn, allocation.liveness);
  survey.run();
  const slots = new Map<StackSlot, number>();
  const spills = new Map<number, number>();
  const tenants: { readonly tenant: Tenant; readonly place: (offset: number) => void }[] = [];
  for (const [slot, tenant] of survey.slots) tenants.push({ tenant, place: (offset) => slots.set(slot, offset) });
  for (const [index, tenant] of survey.spills) tenants.push({ tenant, place: (offset) => spills.set(index, offset) });
  for (const { tenant } of tenants) extendOverLoops(tenant, allocation);
  tenants.sort((a, b) => a.tenant.start - b.tenant.start);
  let bytes = 0;
  const active: { readonly tenant: Tenant; readonly low: number; readonly high: number }[] = [];
  for (const { tenant, place } of tenants) {
    const kept = active.filter((other) => other.tenant.end > tenant.start);
    const low = firstGap(kept, tenant.bytes);
    const high = low + tenant.bytes;
    kept.push({ tenant, low, high });
    active.splice(0, active.length, ...kept.sort((a, b) => a.low - b.low));
    place(-high);
    bytes = Math.max(bytes, high);
  }
  return new PlacedFrame(slots, spills, bytes);
}

/** Lowest distance from r10 where so many bytes are free. */
function firstGap(taken: readonly { readonly low: number; readonly high: number }[], bytes: number): number {
  let at = 0;
  for (const { low, high } of taken) {
    if (at + bytes <= low) return at;
    at = Math.max(at, high);
  }
  return at;
}

class PlacedFrame implements Frame {
  private readonly slots: ReadonlyMap<StackSlot, number>;
  private readonly spills: ReadonlyMap<number, number>;
  private readonly base: number;
  private extra = 0;

  constructor(slots: ReadonlyMap<StackSlot, number>, spills: ReadonlyMap<number, number>, bytes: number) {
    this.slots = slots;
    this.spills = spills;
    this.base = bytes;
  }

  get bytes(): number {
    return this.base + this.extra;
  }

  slot(slot: StackSlot): number {
    return present(this.slots.get(slot), "place of a slot");
  }

  spill(index: number): number {
    return present(this.spills.get(index), "place of a spill");
  }

  emergency(word: 0 | 1): number {
    this.extra = Math.max(this.extra, 8 * (word + 1));
    return -(this.base + 8 * (word + 1));
  }
}

/**
 * Memory used inside and outside of a loop stays reserved throughout it. Memory used only inside starts afresh in every round when its
 * first use comes before all others; otherwise it may carry something from round to round.
 */
function extendOverLoops(tenant: Tenant, allocation: Allocation): void {
  const { loops, liveness } = allocation;
  const cover = (loop: Loop): void => {
    tenant.start = Math.min(tenant.start, liveness.starts[loop.first] ?? 0);
    tenant.end = Math.max(tenant.end, liveness.ends[loop.last] ?? 0);
  };
  const visit = (block: number): void => {
    for (let loop = loops[block]; loop !== undefined; loop = loop.parent) {
      const within = loop.first <= tenant.firstBlock && tenant.lastBlock <= loop.last;
      if (!within || !tenant.ordered) cover(loop);
    }
  };
  visit(tenant.firstBlock);
  visit(tenant.lastBlock);
}

const nothing: readonly StackSlot[] = [];

/** Finds the uses of all slots and spills. */
class Survey {
  readonly slots = new Map<StackSlot, Tenant>();
  readonly spills = new Map<number, Tenant>();
  private readonly fn: MachineFunction;
  private readonly liveness: Liveness;
  private readonly dominated: Dominance;
  /** Slots whose address a virtual register may hold. */
  private readonly pointers = new Map<number, Set<StackSlot>>();
  private grown = false;

  constructor(fn: MachineFunction, liveness: Liveness) {
    this.fn = fn;
    this.liveness = liveness;
    this.dominated = new Dominance(fn);
  }

  run(): void {
    do {
      this.grown = false;
      for (const block of this.fn.blocks) {
        let position = (this.liveness.starts[block.index] ?? 0) + 2;
        const { instructions } = block;
        for (let at = 0; at < instructions.length; at += 1) {
          this.instruction(present(instructions[at], "instruction"), block.index, position);
          position += 2;
        }
      }
      // Addresses that travel through a loop's parameters need another round.
    } while (this.grown);
    for (const parameter of this.fn.parameters) {
      if (parameter.kind === "spill") this.use(this.spills, parameter.index, 8, 0, 0);
    }
    for (const [register, slots] of this.pointers) {
      const ranges = this.liveness.ranges[register - firstVirtual] ?? [];
      for (const slot of slots) this.cover(slot, ranges);
    }
  }

  private instruction(i: MachineInstruction, block: number, position: number): void {
    const { operation, operands, result } = i;
    for (let index = 0; index < operands.length; index += 1) {
      const operand = operands[index];
      if (operand === undefined) continue;
      if (operand.kind === "frame") this.use(this.slots, operand.slot, operand.slot.size, block, position);
      if (operand.kind === "spill") this.use(this.spills, operand.index, 8, block, position);
      for (const slot of this.addressed(operand)) this.follow(operation, index, result, slot);
    }
    if (operation.op === "jump") {
      for (const parameter of operation.target.parameters) {
        if (parameter.kind !== "spill") continue;
        this.use(this.spills, parameter.index, 8, block, position);
        this.use(this.spills, parameter.index, 8, operation.target.index, this.liveness.starts[operation.target.index] ?? 0);
      }
    }
  }

  /** The slots that an operand may point to. */
  private addressed(operand: Source): Iterable<StackSlot> {
    if (operand.kind === "frame") return [operand.slot];
    return operand.kind === "register" ? (this.pointers.get(operand.register) ?? nothing) : nothing;
  }

  /** Where the address of a slot goes that an operation has as an operand. */
  private follow(operation: MachineOperation, index: number, result: number | undefined, slot: StackSlot): void {
    switch (operation.op) {
      case "copy":
      case "alu":
      case "extend":
      case "byte-swap":
      case "clamp":
        if (result !== undefined) this.point(result, slot);
        return;
      case "jump": {
        const parameter = operation.target.parameters[index];
        if (parameter?.kind === "register") this.point(parameter.register, slot);
        else this.coverAll(slot);
        return;
      }
      case "spill":
        if (index === 0) this.coverAll(slot);
        return;
      case "store":
        if (index === 1) this.coverAll(slot);
    }
  }

  /** A pointer kept in memory may be used anywhere. */
  private coverAll(slot: StackSlot): void {
    this.cover(slot, [0, present(this.liveness.ends.at(-1), "end")]);
  }

  private point(register: number, slot: StackSlot): void {
    let known = this.pointers.get(register);
    if (known === undefined) {
      known = new Set();
      this.pointers.set(register, known);
    }
    if (known.has(slot)) return;
    known.add(slot);
    this.grown = true;
  }

  private use<Key>(tenants: Map<Key, Tenant>, key: Key, size: number, block: number, position: number): void {
    const tenant = tenants.get(key);
    if (tenant === undefined) {
      const bytes = Math.max(8, Math.ceil(size / 8) * 8);
      const start = position;
      tenants.set(key, { bytes, start, end: position + 2, firstBlock: block, lastBlock: block, ordered: true });
      return;
    }
    tenant.start = Math.min(tenant.start, position);
    tenant.end = Math.max(tenant.end, position + 2);
    if (block !== tenant.lastBlock && !this.dominated.by(tenant.firstBlock, block)) tenant.ordered = false;
    tenant.lastBlock = Math.max(tenant.lastBlock, block);
  }

  /** Extends a slot over the ranges of a register that points to it. */
  private cover(slot: StackSlot, ranges: readonly number[]): void {
    const tenant = this.slots.get(slot);
    const [start] = ranges;
    const end = ranges.at(-1);
    if (tenant === undefined || start === undefined || end === undefined) return;
    tenant.start = Math.min(tenant.start, start);
    tenant.end = Math.max(tenant.end, end);
    const last = this.blockAt(end - 1);
    if (last !== tenant.lastBlock && !this.dominated.by(tenant.firstBlock, last)) tenant.ordered = false;
    tenant.lastBlock = Math.max(tenant.lastBlock, last);
  }

  private blockAt(position: number): number {
    const { ends } = this.liveness;
    let low = 0;
    let high = ends.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Dominance over block indices, computed when first asked for: most functions never ask. */
class Dominance {
  private readonly fn: MachineFunction;
  private immediate: Int32Array | undefined;

  constructor(fn: MachineFunction) {
    this.fn = fn;
  }

  by(outer: number, inner: number): boolean {
    if (outer === inner) return true;
    if (outer > inner) return false;
    this.immediate ??= immediateDominators(this.fn);
    let at = inner;
    while (at > outer) at = this.immediate[at] ?? 0;
    return at === outer;
  }
}

/** The code's order is a reverse postorder, so one index is above another only if it may dominate it. */
function immediateDominators(fn: MachineFunction): Int32Array {
  const predecessors: number[][] = fn.blocks.map(() => []);
  for (const block of fn.blocks) for (const next of successorsOf(block)) predecessors[next.index]?.push(block.index);
  const result = new Int32Array(fn.blocks.length).fill(-1);
  result[0] = 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (let at = 1; at < result.length; at += 1) {
      let best = -1;
      for (const from of predecessors[at] ?? []) {
        if (result[from] === -1) continue;
        let a = from;
        let b = best === -1 ? from : best;
        while (a !== b) {
          if (a > b) a = result[a] ?? 0;
          else b = result[b] ?? 0;
        }
        best = a;
      }
      if (result[at] !== best) {
        result[at] = best;
        changed = true;
      }
    }
  }
  return result;
}
