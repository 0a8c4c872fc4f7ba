// Linear-scan register allocation over live ranges with holes. Values that live across a call get r6-r9; what finds no register is
// spilled (spill.ts rewrites the code) and the scan starts again.

import { invariant, present } from "../base/invariant.ts";
import type { Liveness, Ranges } from "./liveness.ts";
import { computeLiveness, crossesCall } from "./liveness.ts";
import type { Loop } from "./loops.ts";
import { findLoops } from "./loops.ts";
import type { MachineFunction, MachineInstruction } from "./machine.ts";
import { firstVirtual } from "./machine.ts";
import { RegisterFile } from "./register-file.ts";
import { spillRegisters } from "./spill.ts";

export interface Allocation {
  /** Machine register of each virtual register, by number minus `firstVirtual`; -1 when it has none. */
  readonly registers: Int8Array;
  readonly spills: number;
  readonly liveness: Liveness;
  readonly loops: readonly (Loop | undefined)[];
}

/** r1-r5 last: they are where arguments of calls want to be. */
const scratch = [0, 5, 4, 3, 2, 1];
const saved = [6, 7, 8, 9];
const anywhere = [...scratch, ...saved];

/** Gives every virtual register a machine register; changes the code where it has to spill. */
export function allocateRegisters(fn: MachineFunction): Allocation {
  const pinned = new Set<number>();
  let spills = 0;
  const loops = findLoops(fn);
  for (;;) {
    const liveness = computeLiveness(fn);
    const scan = new Scan(fn, liveness, loops, pinned);
    const failed = scan.run();
    if (failed.size === 0) return { registers: scan.registers, spills, liveness, loops };
    spills = spillRegisters(fn, failed, { first: spills, pinned, liveness });
  }
}

class Scan {
  readonly registers: Int8Array;
  private readonly fn: MachineFunction;
  private readonly liveness: Liveness;
  private readonly loops: readonly (Loop | undefined)[];
  private readonly pinned: ReadonlySet<number>;
  private readonly file = new RegisterFile(10);
  private readonly weights: Float64Array;
  /** Machine register that a virtual one would like, -1 for none. */
  private readonly wishes: Int8Array;
  /** Virtual registers that would like to share a register. */
  private readonly partners = new Map<number, number[]>();
  private readonly spilled = new Set<number>();

  constructor(fn: MachineFunction, liveness: Liveness, loops: readonly (Loop | undefined)[], pinned: ReadonlySet<number>) {
    const count = fn.nextRegister - firstVirtual;
    this.fn = fn;
    this.liveness = liveness;
    this.loops = loops;
    this.pinned = pinned;
    this.registers = new Int8Array(count).fill(-1);
    this.weights = new Float64Array(count);
    this.wishes = new Int8Array(count).fill(-1);
  }

  /** Assigns what it can; returns the registers to spill. */
  run(): ReadonlySet<number> {
    this.survey();
    const { ranges } = this.liveness;
    const order: number[] = [];
    for (let at = 0; at < ranges.length; at += 1) if (ranges[at] !== undefined) order.push(at);
    order.sort((a, b) => (ranges[a]?.[0] ?? 0) - (ranges[b]?.[0] ?? 0));
    for (const at of order) this.assign(at, present(ranges[at], "live ranges"));
    return this.spilled;
  }

  /** Collects the wishes and how often each register is used. */
  private survey(): void {
    for (const [index, parameter] of this.fn.parameters.entries()) {
      if (parameter.kind === "register") this.wish(parameter.register, index + 1);
    }
    for (const block of this.fn.blocks) {
      const weight = 10 ** Math.min(this.loops[block.index]?.depth ?? 0, 4);
      const { instructions } = block;
      for (let at = 0; at < instructions.length; at += 1) {
        const instruction = present(instructions[at], "instruction");
        const { operands } = instruction;
        this.count(instruction.result, weight);
        for (let index = 0; index < operands.length; index += 1) {
          const operand = operands[index];
          if (operand?.kind === "register") this.count(operand.register, weight);
        }
        this.wishFor(instruction);
      }
    }
    const { ranges: all } = this.liveness;
    for (let at = 0; at < all.length; at += 1) {
      const ranges = all[at];
      if (ranges === undefined) continue;
      const unspillable = this.pinned.has(at + firstVirtual);
      this.weights[at] = unspillable ? Number.POSITIVE_INFINITY : (this.weights[at] ?? 0) / (lengthOf(ranges) + 8);
    }
  }

  private count(register: number | undefined, weight: number): void {
    if (register !== undefined) this.weights[register - firstVirtual] = (this.weights[register - firstVirtual] ?? 0) + weight;
  }

  private wishFor(i: MachineInstruction): void {
    const { operation, operands, result } = i;
    const [first] = operands;
    switch (operation.op) {
      case "call":
        if (result !== undefined) this.wish(result, 0);
        for (let index = 0; index < operands.length; index += 1) {
          const operand = operands[index];
          if (operand?.kind === "register") this.wish(operand.register, index + 1);
        }
        return;
      case "return":
        if (first?.kind === "register") this.wish(first.register, 0);
        return;
      case "copy":
      case "alu":
      case "extend":
      case "byte-swap":
      case "clamp":
        if (first?.kind === "register" && result !== undefined) this.pair(first.register, result);
        return;
      case "jump":
        for (const [index, parameter] of operation.target.parameters.entries()) {
          const argument = operands[index];
          if (argument?.kind === "register" && parameter.kind === "register") {
            this.pair(argument.register, parameter.register);
          }
        }
    }
  }

  private wish(register: number, machine: number): void {
    if (this.wishes[register - firstVirtual] === -1) this.wishes[register - firstVirtual] = machine;
  }

  private pair(a: number, b: number): void {
    const add = (from: number, to: number): void => {
      const list = this.partners.get(from);
      if (list === undefined) this.partners.set(from, [to]);
      else if (list.length < 8) list.push(to);
    };
    add(a - firstVirtual, b - firstVirtual);
    add(b - firstVirtual, a - firstVirtual);
  }

  private assign(at: number, ranges: Ranges): void {
    const allowed = crossesCall(ranges, this.liveness.calls) ? saved : anywhere;
    const register = this.preferred(at, ranges, allowed) ?? allowed.find((free) => this.file.isFree(free, ranges));
    if (register === undefined) this.evict(at, ranges, allowed);
    else this.give(at, register, ranges);
  }

  /** A partner's register, else the wished one, else one that a partner wishes, as long as it is free. */
  private preferred(at: number, ranges: Ranges, allowed: readonly number[]): number | undefined {
    const suits = (register: number): boolean =>
      register >= 0 && allowed.includes(register) && this.file.isFree(register, ranges);
    const partners = this.partners.get(at) ?? [];
    for (const partner of partners) {
      const register = this.registers[partner] ?? -1;
      if (suits(register)) return register;
    }
    const own = this.wishes[at] ?? -1;
    if (suits(own)) return own;
    for (const partner of partners) {
      const wish = this.wishes[partner] ?? -1;
      if (suits(wish)) return wish;
    }
    return undefined;
  }

  private give(at: number, register: number, ranges: Ranges): void {
    this.registers[at] = register;
    this.file.take(register, at, ranges);
  }

  /** Spills whatever is cheapest: this value, or all that hold some register meanwhile. */
  private evict(at: number, ranges: Ranges, allowed: readonly number[]): void {
    let best = -1;
    let cost = this.weights[at] ?? 0;
    for (const register of allowed) {
      let sum = 0;
      for (const owner of this.file.conflicts(register, ranges)) sum += this.weights[owner] ?? 0;
      if (sum < cost) {
        cost = sum;
        best = register;
      }
    }
    if (best === -1) {
      invariant(!this.pinned.has(at + firstVirtual), "a reload finds a register");
      this.spilled.add(at + firstVirtual);
      return;
    }
    for (const owner of this.file.conflicts(best, ranges)) {
      this.file.release(best, present(this.liveness.ranges[owner], "live ranges"));
      this.registers[owner] = -1;
      this.spilled.add(owner + firstVirtual);
    }
    this.give(at, best, ranges);
  }
}

function lengthOf(ranges: Ranges): number {
  let sum = 0;
  for (let at = 0; at < ranges.length; at += 2) sum += (ranges[at + 1] ?? 0) - (ranges[at] ?? 0);
  return sum;
}
