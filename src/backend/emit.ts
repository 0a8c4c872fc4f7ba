// Emits eBPF instructions for the blocks of a function whose registers and frame are settled. Jumps stay symbolic (link.ts).

import { invariant, present } from "../base/invariant.ts";
import type { AluOperation, BpfInstruction, JumpCondition, Operand } from "../bpf/instruction.ts";
import { framePointer, pseudo } from "../bpf/instruction.ts";
import type { Span } from "../source/source.ts";
import type { Allocation } from "./allocate.ts";
import type { EmittedBlock, EmittedFunction, Ending, Item } from "./emitted.ts";
import type { Frame } from "./frame.ts";
import type { MachineBlock, MachineFunction, MachineInstruction, MachineOperation, Source } from "./machine.ts";
import { firstVirtual, fitsImmediate, registerSource } from "./machine.ts";
import type { Move, Place } from "./parallel-moves.ts";
import { orderMoves } from "./parallel-moves.ts";

export function emitFunction(
  fn: MachineFunction,
  allocation: Allocation,
  frame: Frame,
  options: { readonly signedMoves: boolean; readonly global: boolean },
): EmittedFunction {
  const emitter = new Emitter(fn, allocation, frame, options.signedMoves);
  const blocks = fn.blocks.map((block) => emitter.block(block));
  return { name: fn.name, parameters: fn.parameters.length, global: options.global, blocks, stackBytes: frame.bytes };
}

const allRegisters = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

const argumentRegisters: readonly Place[] = [1, 2, 3, 4, 5].map((register) => ({ kind: "register", register }));

function argumentRegister(index: number): Place {
  return present(argumentRegisters[index], "argument register");
}

class Emitter {
  private readonly fn: MachineFunction;
  private readonly allocation: Allocation;
  private readonly frame: Frame;
  private readonly signedMoves: boolean;
  private items: Item[] = [];
  private span: Span | undefined;

  constructor(fn: MachineFunction, allocation: Allocation, frame: Frame, signedMoves: boolean) {
    this.fn = fn;
    this.allocation = allocation;
    this.frame = frame;
    this.signedMoves = signedMoves;
  }

  block(block: MachineBlock): EmittedBlock {
    this.items = [];
    this.span = block.instructions[0]?.span;
    if (block.index === 0) this.receiveParameters();
    let ending: Ending | undefined;
    for (const instruction of block.instructions) {
      this.span = instruction.span;
      ending = this.instruction(instruction);
    }
    return { items: this.items, ending: present(ending, "end of a block") };
  }

  private receiveParameters(): void {
    const moves: Move[] = [];
    for (const [index, parameter] of this.fn.parameters.entries()) {
      const to = this.place(parameter);
      if (to !== undefined) moves.push({ to, from: { kind: "register", register: index + 1 } });
    }
    this.moves(moves, new Set());
  }

  /** Emits an instruction; the last one of a block gives its ending. */
  private instruction(i: MachineInstruction): Ending | undefined {
    const { operation } = i;
    switch (operation.op) {
      case "copy":
        this.materialise(this.result(i), this.operand(i, 0));
        return undefined;
      case "alu":
        this.alu(i, operation.operation);
        return undefined;
      case "extend":
        this.extend(i, operation.bits, operation.signed);
        return undefined;
      case "byte-swap": {
        const register = this.result(i);
        this.materialise(register, this.operand(i, 0));
        this.push({ op: "byte-order", order: "big", bits: operation.bits, register });
        return undefined;
      }
      case "load": {
        const { base, offset } = this.base(this.operand(i, 0), operation.offset);
        this.push({ op: "load", size: operation.size, signed: false, register: this.result(i), base, offset });
        return undefined;
      }
      case "store": {
        const { base, offset } = this.base(this.operand(i, 0), operation.offset);
        this.push({ op: "store", size: operation.size, base, offset, source: this.plain(this.operand(i, 1)) });
        return undefined;
      }
      case "atomic-add": {
        const { base, offset } = this.base(this.operand(i, 0), operation.offset);
        const from = this.registerOf(this.operand(i, 1));
        this.push({ op: "atomic", operation: "add", fetch: false, size: operation.size, base, offset, from });
        return undefined;
      }
      case "spill":
        this.storeTo(this.frameOffset(this.operand(i, 1)), this.plain(this.operand(i, 0)));
        return undefined;
      case "clamp":
        this.clamp(i);
        return undefined;
      case "compare":
        this.compare(i, operation.condition);
        return undefined;
      case "call":
        this.call(i);
        return undefined;
      case "jump":
        this.passArguments(i, operation.target);
        return { kind: "jump", target: operation.target.index, span: i.span };
      case "branch":
        return {
          kind: "branch",
          condition: operation.condition,
          width: operation.width,
          left: this.registerOf(this.operand(i, 0)),
          right: this.plain(this.operand(i, 1)),
          then: operation.then.index,
          else: operation.else.index,
          span: i.span,
        };
      case "return":
        this.materialise(0, this.operand(i, 0));
        this.push({ op: "exit" });
        return { kind: "exit" };
    }
  }

  private alu(i: MachineInstruction, operation: AluOperation): void {
    const register = this.result(i);
    const left = this.operand(i, 0);
    if (operation === "sub" && left.kind === "constant" && left.value === 0n) {
      this.materialise(register, this.operand(i, 1));
      this.push({ op: "negate", width: 64, register });
      return;
    }
    this.materialise(register, left);
    this.push({ op: "alu", operation, width: 64, register, source: this.plain(this.operand(i, 1)) });
  }

  private extend(i: MachineInstruction, bits: 8 | 16 | 32, signed: boolean): void {
    const register = this.result(i);
    const operand = this.operand(i, 0);
    const inRegister = operand.kind === "register";
    if (signed && this.signedMoves && inRegister) {
      this.push({ op: "move-signed", bits, width: 64, register, from: operand.register });
      return;
    }
    if (!signed && bits === 32 && inRegister) {
      const source: Operand = { kind: "register", register: operand.register };
      this.push({ op: "alu", operation: "mov", width: 32, register, source });
      return;
    }
    this.materialise(register, operand);
    if (!signed && bits === 32) {
      this.push({ op: "alu", operation: "mov", width: 32, register, source: { kind: "register", register } });
    } else if (!signed) {
      this.immediate("and", register, bits === 8 ? 0xff : 0xffff);
    } else {
      this.immediate("lsh", register, 64 - bits);
      this.immediate("arsh", register, 64 - bits);
    }
  }

  private immediate(operation: AluOperation, register: number, value: number): void {
    this.push({ op: "alu", operation, width: 64, register, source: { kind: "immediate", value } });
  }

  /** The bound must be in the very register that the value's users read: the verifier learns it from the branch. */
  private clamp(i: MachineInstruction): void {
    const register = this.result(i);
    const limit = this.plain(this.operand(i, 1));
    this.materialise(register, this.operand(i, 0));
    this.push({ op: "branch", condition: "le", width: 64, left: register, right: limit, offset: 1 });
    this.push({ op: "alu", operation: "mov", width: 64, register, source: limit });
  }

  private compare(i: MachineInstruction, condition: JumpCondition): void {
    const register = this.result(i);
    const left = this.registerOf(this.operand(i, 0));
    this.immediate("mov", register, 1);
    this.push({ op: "branch", condition, width: 64, left, right: this.plain(this.operand(i, 1)), offset: 1 });
    this.immediate("mov", register, 0);
  }

  private call(i: MachineInstruction): void {
    const { operation } = i;
    invariant(operation.op === "call", "a call");
    const moves = i.operands.map(
      (_, index): Move => ({ to: argumentRegister(index), from: this.operand(i, index) }),
    );
    // When only cycles are left, r0 is free: it is no argument's register.
    for (const { to, from } of orderMoves(moves, { kind: "register", register: 0 })) {
      if (to.kind === "register") this.materialise(to.register, from);
    }
    this.pushCall(operation);
    if (i.result !== undefined) this.materialise(this.result(i), { kind: "register", register: 0 });
  }

  private pushCall(operation: MachineOperation & { op: "call" }): void {
    switch (operation.kind) {
      case "helper":
        this.push({ op: "call", kind: "helper", target: operation.helper, module: 0 });
        return;
      case "function":
        this.push({ op: "call", kind: "function", target: 0, module: 0 }, undefined, operation.name);
        return;
      case "kfunc":
        this.push({ op: "call", kind: "kfunc", target: 0, module: 0 }, { kind: "kfunc", name: operation.name, offset: 0 });
    }
  }

  private passArguments(i: MachineInstruction, target: MachineBlock): void {
    const moves: Move[] = [];
    for (const [index, parameter] of target.parameters.entries()) {
      const to = this.place(parameter);
      if (to !== undefined) moves.push({ to, from: this.operand(i, index) });
    }
    if (moves.length === 0) return;
    const live = new Set<number>();
    for (const register of this.allocation.liveness.liveIn[target.index] ?? []) live.add(this.machine(register));
    this.moves(moves, live);
  }

  /** Moves that happen at once; registers in `live` keep what they hold. */
  private moves(moves: readonly Move[], live: ReadonlySet<number>): void {
    const sources = new Set<number>();
    const destinations = new Set<number>();
    for (const { to, from } of moves) {
      if (to.kind === "register") destinations.add(to.register);
      if (from.kind === "register") sources.add(from.register);
    }
    const free = allRegisters.filter((r) => !live.has(r) && !sources.has(r) && !destinations.has(r));
    const [scratch, second] = free;
    const aside: Place = second === undefined ? { kind: "emergency", word: 0 } : { kind: "register", register: second };
    const written = new Set<number>();
    for (const { to, from } of orderMoves(moves, aside)) {
      if (to.kind === "register") {
        this.materialise(to.register, from);
        written.add(to.register);
      } else if (from.kind === "register" || (from.kind === "constant" && fitsImmediate(from.value))) {
        this.storeTo(this.frameOffset(to), this.plain(from));
      } else if (scratch !== undefined) {
        this.throughRegister(to, from, scratch);
      } else {
        this.throughBorrowed(to, from, [...live, ...sources, ...written], [...destinations]);
      }
    }
  }

  private throughRegister(to: Place, from: Source | Place, register: number): void {
    this.materialise(register, from);
    this.storeTo(this.frameOffset(to), { kind: "register", register });
  }

  /** A move between memory words when every register is taken: one is saved meanwhile, unless it is still to be written. */
  private throughBorrowed(to: Place, from: Source | Place, holding: readonly number[], later: readonly number[]): void {
    const unwritten = later.find((register) => !holding.includes(register));
    if (unwritten !== undefined) {
      this.throughRegister(to, from, unwritten);
      return;
    }
    const register = present(holding[0], "a register in use");
    const saved = this.frame.emergency(1);
    this.storeTo(saved, { kind: "register", register });
    this.throughRegister(to, from, register);
    this.loadFrom(saved, register);
  }

  // ---- operands ------------------------------------------------------------------------------------------

  private machine(register: number): number {
    if (register < firstVirtual) return register;
    const machine = this.allocation.registers[register - firstVirtual] ?? -1;
    invariant(machine >= 0, "a virtual register has a machine register");
    return machine;
  }

  private result(i: MachineInstruction): number {
    return this.machine(present(i.result, "result register"));
  }

  /** The operand, in terms of machine registers. */
  private operand(i: MachineInstruction, index: number): Source {
    const source = present(i.operands[index], "operand");
    return source.kind === "register" ? registerSource(this.machine(source.register)) : source;
  }

  private place(destination: Source): Place | undefined {
    if (destination.kind === "spill") return destination;
    invariant(destination.kind === "register", "parameters are in registers or spilled");
    const machine = this.allocation.registers[destination.register - firstVirtual] ?? -1;
    return machine < 0 ? undefined : { kind: "register", register: machine };
  }

  private registerOf(source: Source | Place): number {
    invariant(source.kind === "register", "the operand is in a register");
    return source.register;
  }

  private plain(source: Source | Place): Operand {
    if (source.kind === "constant") return { kind: "immediate", value: Number(source.value) };
    return { kind: "register", register: this.registerOf(source) };
  }

  private base(source: Source, offset: number): { base: number; offset: number } {
    if (source.kind !== "frame") return { base: this.registerOf(source), offset };
    return { base: framePointer, offset: this.frame.slot(source.slot) + source.offset + offset };
  }

  private frameOffset(place: Source | Place): number {
    if (place.kind === "spill") return this.frame.spill(place.index);
    invariant(place.kind === "emergency", "a place in the frame");
    return this.frame.emergency(place.word);
  }

  /** Puts a value into a register. */
  private materialise(register: number, source: Source | Place): void {
    switch (source.kind) {
      case "register":
        if (source.register === register) return;
        this.push({ op: "alu", operation: "mov", width: 64, register, source });
        return;
      case "constant":
        if (fitsImmediate(source.value)) this.immediate("mov", register, Number(source.value));
        else if (source.value >= 0n && source.value <= 0xffffffffn) {
          // A 32-bit move clears the upper half.
          const value = Number(BigInt.asIntN(32, source.value));
          this.push({ op: "alu", operation: "mov", width: 32, register, source: { kind: "immediate", value } });
        } else this.wide(register, pseudo.none, BigInt.asUintN(64, source.value));
        return;
      case "frame": {
        const offset = this.frame.slot(source.slot) + source.offset;
        this.push({ op: "alu", operation: "mov", width: 64, register, source: { kind: "register", register: framePointer } });
        if (offset !== 0) this.immediate("add", register, offset);
        return;
      }
      case "map":
        this.wide(register, pseudo.mapFd, 0n, { kind: "map", name: source.name, offset: 0 });
        return;
      case "map-value": {
        const { name, offset } = source;
        this.wide(register, pseudo.mapValue, BigInt(offset) << 32n, { kind: "map-value", name, offset });
        return;
      }
      case "link-constant":
        this.wide(register, pseudo.none, 0n, { kind: "constant", name: source.name, offset: 0 });
        return;
      case "function":
        this.wide(register, pseudo.function, 0n, undefined, source.name);
        return;
      case "spill":
      case "emergency":
        this.loadFrom(this.frameOffset(source), register);
    }
  }

  private loadFrom(offset: number, register: number): void {
    this.push({ op: "load", size: 8, signed: false, register, base: framePointer, offset });
  }

  private storeTo(offset: number, source: Operand): void {
    this.push({ op: "store", size: 8, base: framePointer, offset, source });
  }

  private wide(register: number, kind: number, value: bigint, relocation?: Item["relocation"], functionName?: string): void {
    this.push({ op: "load-immediate", register, pseudo: kind, value }, relocation, functionName);
  }

  private push(instruction: BpfInstruction, relocation?: Item["relocation"], functionName?: string): void {
    this.items.push({ instruction, span: this.span, relocation, functionName });
  }
}
