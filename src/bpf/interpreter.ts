// Runs eBPF bytecode without a kernel: the oracle that tests compare the compiler's output with.

import { assertNever, present } from "../base/invariant.ts";
import { decodeInstructions } from "./decode.ts";
import type { AluOperation, BpfInstruction, JumpCondition, Operand } from "./instruction.ts";
import { framePointer, wordsOf } from "./instruction.ts";
import type { HelperImplementation } from "./memory.ts";
import { InterpreterError, type Memory } from "./memory.ts";

export interface BytecodeEnvironment {
  readonly memory: Memory;
  readonly helpers: ReadonlyMap<number, HelperImplementation>;
  /** What ld_imm64 loads, by word index, where the loader would fill it in. */
  readonly constants: ReadonlyMap<number, bigint>;
  /** r1… at the start. */
  readonly arguments: readonly bigint[];
  /** Instructions to run before giving up. */
  readonly limit: number;
}

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

/**
 * Runs a program from its first word to `exit`; returns r0. Throws InterpreterError for what the verifier refuses: reading a register
 * that was never written or that a call destroyed, memory outside of the regions, running off the end.
 */
export function runBytecode(code: Uint8Array, environment: BytecodeEnvironment): bigint {
  return new BytecodeRun(code, environment).run();
}

class BytecodeRun {
  private readonly instructions = new Map<number, BpfInstruction>();
  private readonly environment: BytecodeEnvironment;
  private readonly memory: Memory;
  private readonly registers: (bigint | undefined)[] = [];
  private at = 0;
  /** What the callers of the current function go on with. */
  private readonly callers: { readonly at: number; readonly saved: readonly (bigint | undefined)[] }[] = [];

  constructor(code: Uint8Array, environment: BytecodeEnvironment) {
    for (const { at, instruction } of decodeInstructions(code)) this.instructions.set(at, instruction);
    this.environment = environment;
    this.memory = environment.memory;
    this.registers[framePointer] = this.memory.allocate(512) + 512n;
    for (const [index, value] of environment.arguments.entries()) this.registers[index + 1] = value;
  }

  run(): bigint {
    for (let step = 0; step < this.environment.limit; step += 1) {
      const instruction = this.instructions.get(this.at);
      if (instruction === undefined) throw new InterpreterError(`no instruction at word ${this.at}`);
      if (instruction.op === "exit") {
        if (this.callers.length === 0) return this.get(0);
        this.leave();
        continue;
      }
      const place = this.at;
      this.at += wordsOf(instruction);
      this.execute(instruction, place);
    }
    throw new InterpreterError(`still running after ${this.environment.limit} instructions`);
  }

  private execute(i: BpfInstruction, place: number): void {
    switch (i.op) {
      case "alu":
        this.alu(i);
        return;
      case "negate":
        this.set(i.register, BigInt.asUintN(i.width, -this.get(i.register)));
        return;
      case "move-signed":
        this.set(i.register, BigInt.asUintN(i.width, BigInt.asIntN(i.bits, this.get(i.from))));
        return;
      case "byte-order": {
        const value = BigInt.asUintN(i.bits, this.get(i.register));
        this.set(i.register, i.order === "little" ? value : reverseBytes(value, i.bits));
        return;
      }
      case "load": {
        const value = this.memory.read(this.address(i.base, i.offset), i.size);
        this.set(i.register, i.signed ? u64(BigInt.asIntN(i.size * 8, value)) : value);
        return;
      }
      case "store":
        this.memory.write(this.address(i.base, i.offset), i.size, u64(this.operand(i.source)));
        return;
      case "atomic":
        this.atomic(i);
        return;
      case "load-immediate":
        this.set(i.register, this.environment.constants.get(place) ?? u64(i.value));
        return;
      case "jump":
        this.at += i.offset;
        return;
      case "branch":
        if (holds(i.condition, i.width, this.get(i.left), this.operand(i.right))) this.at += i.offset;
        return;
      case "call":
        this.call(i);
        return;
      case "exit":
        return;
      default:
        assertNever(i);
    }
  }

  private alu(i: BpfInstruction & { op: "alu" }): void {
    const left = i.operation === "mov" ? 0n : BigInt.asUintN(i.width, this.get(i.register));
    const right = BigInt.asUintN(i.width, this.operand(i.source));
    if (right === 0n && i.source.kind === "immediate" && ["div", "sdiv", "mod", "smod"].includes(i.operation)) {
      throw new InterpreterError("division by a constant zero");
    }
    this.set(i.register, BigInt.asUintN(i.width, compute(i.operation, i.width, left, right)));
  }

  private atomic(i: BpfInstruction & { op: "atomic" }): void {
    const address = this.address(i.base, i.offset);
    const bits = i.size * 8;
    const old = this.memory.read(address, i.size);
    const value = BigInt.asUintN(bits, this.get(i.from));
    const next = {
      add: () => old + value,
      or: () => old | value,
      and: () => old & value,
      xor: () => old ^ value,
      exchange: () => value,
      "compare-exchange": () => (old === BigInt.asUintN(bits, this.get(0)) ? value : old),
    }[i.operation]();
    this.memory.write(address, i.size, BigInt.asUintN(bits, next));
    if (i.operation === "compare-exchange") this.set(0, old);
    else if (i.fetch) this.set(i.from, old);
  }

  private call(i: BpfInstruction & { op: "call" }): void {
    if (i.kind === "function") {
      this.enter(i.target);
      return;
    }
    const implementation = i.kind === "helper" ? this.environment.helpers.get(i.target) : undefined;
    if (implementation === undefined) throw new InterpreterError(`no implementation of ${i.kind} ${i.target}`);
    const args: bigint[] = [];
    for (let register = 1; register <= 5; register += 1) {
      const value = this.registers[register];
      if (value === undefined) break;
      args.push(value);
    }
    this.set(0, u64(implementation(this.memory, args)));
    for (let register = 1; register <= 5; register += 1) this.registers[register] = undefined;
  }

  /** A call within the program: r1-r5 go over, r6-r9 are the caller's, the frame is a new one. */
  private enter(target: number): void {
    this.callers.push({ at: this.at, saved: this.registers.slice(6, framePointer + 1) });
    this.registers[0] = undefined;
    for (let register = 6; register < framePointer; register += 1) this.registers[register] = undefined;
    this.registers[framePointer] = this.memory.allocate(512) + 512n;
    this.at += target;
  }

  private leave(): void {
    const caller = present(this.callers.pop(), "caller");
    this.get(0);
    for (let register = 1; register <= 5; register += 1) this.registers[register] = undefined;
    for (const [index, value] of caller.saved.entries()) this.registers[6 + index] = value;
    this.at = caller.at;
  }

  private get(register: number): bigint {
    const value = this.registers[register];
    if (value === undefined) throw new InterpreterError(`r${register} holds nothing (before word ${this.at})`);
    return value;
  }

  private set(register: number, value: bigint): void {
    if (register === framePointer) throw new InterpreterError("r10 is read-only");
    this.registers[register] = value;
  }

  private operand(operand: Operand): bigint {
    return operand.kind === "register" ? this.get(operand.register) : BigInt(operand.value);
  }

  private address(base: number, offset: number): bigint {
    return u64(this.get(base) + BigInt(offset));
  }
}

function compute(operation: AluOperation, width: 32 | 64, left: bigint, right: bigint): bigint {
  const signed = (value: bigint): bigint => BigInt.asIntN(width, value);
  const shift = right & BigInt(width - 1);
  switch (operation) {
    case "add":
      return left + right;
    case "sub":
      return left - right;
    case "mul":
      return left * right;
    case "div":
      return right === 0n ? 0n : left / right;
    case "sdiv":
      return right === 0n ? 0n : signed(left) / signed(right);
    case "mod":
      return right === 0n ? left : left % right;
    case "smod":
      return right === 0n ? left : signed(left) % signed(right);
    case "or":
      return left | right;
    case "and":
      return left & right;
    case "xor":
      return left ^ right;
    case "lsh":
      return left << shift;
    case "rsh":
      return left >> shift;
    case "arsh":
      return signed(left) >> shift;
    case "mov":
      return right;
  }
}

function holds(condition: JumpCondition, width: 32 | 64, first: bigint, second: bigint): boolean {
  const left = BigInt.asUintN(width, first);
  const right = BigInt.asUintN(width, second);
  const signedLeft = BigInt.asIntN(width, first);
  const signedRight = BigInt.asIntN(width, second);
  switch (condition) {
    case "eq":
      return left === right;
    case "ne":
      return left !== right;
    case "gt":
      return left > right;
    case "ge":
      return left >= right;
    case "lt":
      return left < right;
    case "le":
      return left <= right;
    case "sgt":
      return signedLeft > signedRight;
    case "sge":
      return signedLeft >= signedRight;
    case "slt":
      return signedLeft < signedRight;
    case "sle":
      return signedLeft <= signedRight;
    case "set":
      return (left & right) !== 0n;
  }
}

function reverseBytes(value: bigint, bits: number): bigint {
  let result = 0n;
  for (let shift = 0n; shift < BigInt(bits); shift += 8n) result = (result << 8n) | ((value >> shift) & 0xffn);
  return result;
}
