// Random well-formed IR for differential tests. A list of numbers decides everything, so a failing case shrinks to a small program.

import { helpers } from "../../src/bpf/helpers.ts";
import type { IrVariable } from "../../src/ir/builder.ts";
import { IrBuilder } from "../../src/ir/builder.ts";
import type { BinaryOperation, Comparison, IrFunction, IrModule, StackSlot, Value } from "../../src/ir/model.ts";

export const argumentCount = 5;
/** Size of the `out` map's value: the hash of all that the program computed. */
export const outBytes = 16;
/** Entries of the `table` array and the size of each. */
export const table = { entries: 4, valueBytes: 16 };

const operations: readonly BinaryOperation[] = [
  "add",
  "sub",
  "mul",
  "udiv",
  "sdiv",
  "umod",
  "smod",
  "and",
  "or",
  "xor",
  "shl",
  "lshr",
  "ashr",
];
const comparisons: readonly Comparison[] = ["eq", "ne", "ult", "ule", "ugt", "uge", "slt", "sle", "sgt", "sge"];
const constants: readonly bigint[] = [
  0n,
  1n,
  2n,
  3n,
  7n,
  8n,
  10n,
  0x3fn,
  64n,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0xffffffffffffffffn,
  0xfffffffffffffffen,
  0xffffffff80000000n,
  0x123456789abcdef0n,
];

/** Builds the module that the numbers describe; numbers that are missing count as 0. */
export function randomModule(decisions: readonly number[], options: { readonly variables: number }): IrModule {
  return new Generator(decisions, options.variables).build();
}

class Generator {
  private readonly builder = new IrBuilder("random", ["ctx"]);
  private readonly decisions: readonly number[];
  private readonly variableCount: number;
  private at = 0;
  private readonly variables: IrVariable[] = [];
  private readonly slots: StackSlot[] = [];
  private readonly recent: Value[] = [];
  private loops = 0;

  constructor(decisions: readonly number[], variableCount: number) {
    this.decisions = decisions;
    this.variableCount = variableCount;
  }

  build(): IrModule {
    const callee = this.mixer();
    const b = this.builder;
    for (let index = 0; index < this.variableCount; index += 1) {
      const variable = b.variable();
      b.write(variable, index < argumentCount ? b.load(8, b.parameter(0), index * 8) : b.const(this.constant()));
      this.variables.push(variable);
    }
    for (const size of [8, 16, 24]) {
      const slot = b.slot(size);
      for (let offset = 0; offset < size; offset += 8) b.store(8, b.slotAddress(slot), offset, b.const(offset));
      this.slots.push(slot);
    }
    while (this.at < this.decisions.length) this.statement(0);
    this.finish();
    return { functions: [b.function, callee] };
  }

  /** A function to call: it uses a register that its caller may need too, has a branch, a call and a frame, and changes a map. */
  private mixer(): IrFunction {
    const b = new IrBuilder("mixer", ["int", "int"]);
    const [left, right] = [b.parameter(0), b.parameter(1)];
    const slot = b.slot(8);
    b.store(8, b.slotAddress(slot), 0, left);
    b.call(helpers.probeReadKernel.id, [b.slotAddress(slot), b.const(4), b.const(0)]);
    const [then, otherwise] = [b.newBlock(), b.newBlock()];
    b.branch("ult", left, right, then, otherwise);
    b.startSealed(then);
    b.atomicAdd(8, b.mapValue("out", 0), 0, b.const(1));
    b.return(b.binary("add", b.load(8, b.slotAddress(slot), 0), right));
    b.startSealed(otherwise);
    b.return(b.binary("xor", left, right));
    return b.function;
  }

  /** Mixes everything that is left into `out`. */
  private finish(): void {
    const b = this.builder;
    let hash = b.const(17);
    const mix = (value: Value): void => {
      hash = b.binary("add", b.binary("mul", hash, b.const(31)), value);
    };
    for (const variable of this.variables) mix(b.read(variable));
    for (const slot of this.slots) {
      for (let offset = 0; offset < slot.size; offset += 8) mix(b.load(8, b.slotAddress(slot), offset));
    }
    b.store(8, b.mapValue("out", 8), 0, hash);
    b.return(b.binary("xor", hash, b.binary("lshr", hash, b.const(32))));
  }

  private next(limit: number): number {
    const value = this.decisions[this.at] ?? 0;
    this.at += 1;
    return value % limit;
  }

  private pick<T>(choices: readonly T[]): T {
    const choice = choices[this.next(choices.length)];
    if (choice === undefined) throw new Error("nothing to choose from");
    return choice;
  }

  private constant(): bigint {
    return this.next(3) === 0 ? BigInt(this.next(1000)) : this.pick(constants);
  }

  private value(): Value {
    switch (this.next(4)) {
      case 0:
        return this.builder.const(this.constant());
      case 1:
        return this.recent.length > 0 ? this.pick(this.recent) : this.builder.read(this.pick(this.variables));
      default:
        return this.builder.read(this.pick(this.variables));
    }
  }

  private keep(value: Value): void {
    this.recent.push(value);
    if (this.recent.length > 6) this.recent.shift();
    if (this.next(3) > 0) this.builder.write(this.pick(this.variables), value);
  }

  private statement(depth: number): void {
    const b = this.builder;
    switch (this.next(depth < 3 ? 16 : 13)) {
      case 0:
      case 1:
      case 2:
      case 3:
        this.keep(b.binary(this.pick(operations), this.value(), this.value()));
        return;
      case 4:
        this.keep(b.compare(this.pick(comparisons), this.value(), this.value()));
        return;
      case 5:
        this.keep(b.extend(this.value(), this.pick([8, 16, 32] as const), this.next(2) === 0));
        return;
      case 6:
        this.keep(this.next(2) === 0 ? b.byteSwap(this.value(), this.pick([16, 32, 64] as const)) : this.clamped());
        return;
      case 7:
        this.store();
        return;
      case 8:
        this.load();
        return;
      case 9:
        this.probeRead();
        return;
      case 10:
        this.lookup();
        return;
      case 11:
        this.add();
        return;
      case 12:
        this.keep(b.callFunction("mixer", [this.value(), this.value()]));
        return;
      case 13:
      case 14:
        this.condition(depth);
        return;
      default:
        if (this.loops < 3) this.loop(depth);
    }
  }

  private clamped(): Value {
    return this.builder.clamp(this.value(), this.pick([1n, 15n, 255n, 0x7fffffffn, 0x80000000n, 0x1234567890n]));
  }

  private place(): { slot: StackSlot; size: 1 | 2 | 4 | 8; offset: number } {
    const slot = this.pick(this.slots);
    const size = this.pick([1, 2, 4, 8] as const);
    return { slot, size, offset: this.next(slot.size / size) * size };
  }

  private store(): void {
    const b = this.builder;
    const { slot, size, offset } = this.place();
    const value = this.value();
    if (this.next(3) > 0) b.store(size, b.slotAddress(slot), offset, value);
    else b.store(size, b.offset(b.slotAddress(slot), offset), 0, value);
  }

  private load(): void {
    const b = this.builder;
    const { slot, size, offset } = this.place();
    if (this.next(4) > 0) {
      this.keep(b.load(size, b.slotAddress(slot), offset));
      return;
    }
    // A variable offset within bounds.
    const index = b.binary("and", this.value(), b.const(slot.size === 8 ? 0 : 8));
    this.keep(b.load(8, b.binary("add", b.slotAddress(slot), index), 0));
  }

  /** Reading address 0 fails: the destination is cleared, the result negative (-EFAULT or -ERANGE by architecture). */
  private probeRead(): void {
    const b = this.builder;
    const { slot, size, offset } = this.place();
    const address = b.offset(b.slotAddress(slot), offset);
    const result = b.call(helpers.probeReadKernel.id, [address, b.const(size), b.const(0)]);
    this.keep(b.binary("lshr", result, b.const(63)));
  }

  private lookup(): void {
    const b = this.builder;
    const slot = this.pick(this.slots);
    b.store(4, b.slotAddress(slot), 0, b.binary("and", this.value(), b.const(7)));
    const found = b.call(helpers.mapLookupElem.id, [b.map("table"), b.slotAddress(slot)], "memory-or-null");
    const [present, absent, after] = [b.newBlock(), b.newBlock(), b.newBlock()];
    const variable = this.pick(this.variables);
    b.branch("ne", found, b.const(0), present, absent);
    b.startSealed(present);
    // The pointer has to survive a call.
    if (this.next(2) === 0) this.probeRead();
    const old = b.load(8, found, 8);
    b.write(variable, old);
    b.store(this.pick([1, 2, 4, 8] as const), found, 8, this.valueInBlock());
    if (this.next(2) === 0) b.atomicAdd(this.pick([4, 8] as const), found, 0, this.valueInBlock());
    b.jump(after);
    b.startSealed(absent);
    if (this.next(2) === 0) b.write(variable, b.const(99));
    b.jump(after);
    b.startSealed(after);
    this.recent.length = 0;
    this.recent.push(b.read(variable));
  }

  private valueInBlock(): Value {
    return this.builder.read(this.pick(this.variables));
  }

  private add(): void {
    const b = this.builder;
    const address = b.mapValue("out", 0);
    if (this.next(2) === 0) b.store(8, address, 0, b.binary("add", b.load(8, address, 0), this.value()));
    else b.atomicAdd(8, address, 0, this.value());
  }

  private condition(depth: number): void {
    const b = this.builder;
    const [then, otherwise, after] = [b.newBlock(), b.newBlock(), b.newBlock()];
    b.branch(this.pick(comparisons), this.value(), this.value(), then, otherwise);
    for (const block of [then, otherwise]) {
      b.startSealed(block);
      this.recent.length = 0;
      for (let count = this.next(4); count > 0; count -= 1) this.statement(depth + 1);
      b.jump(after);
    }
    b.startSealed(after);
    this.recent.length = 0;
  }

  private loop(depth: number): void {
    const b = this.builder;
    this.loops += 1;
    const counter = b.variable();
    b.write(counter, b.const(0));
    const rounds = b.const(1 + this.next(4));
    const [head, body, after] = [b.newBlock(), b.newBlock(), b.newBlock()];
    b.jump(head);
    b.start(head);
    b.branch("ult", b.read(counter), rounds, body, after);
    b.startSealed(body);
    this.recent.length = 0;
    for (let count = 1 + this.next(3); count > 0; count -= 1) this.statement(Math.max(2, depth + 1));
    b.write(counter, b.binary("add", b.read(counter), b.const(1)));
    b.jump(head);
    b.seal(head);
    b.startSealed(after);
    this.recent.length = 0;
  }
}
