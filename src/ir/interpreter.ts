// Runs the IR directly: what a function means, independent of passes and backend, for tests to compare with.

import { present } from "../base/invariant.ts";
import type { HelperImplementation, Memory } from "../bpf/memory.ts";
import { InterpreterError } from "../bpf/memory.ts";
import { evaluateBinary, evaluateByteSwap, evaluateClamp, evaluateComparison, evaluateExtend } from "./evaluate.ts";
import type { Block, BlockTarget, Instruction, IrFunction, Value } from "./model.ts";

export interface IrEnvironment {
  readonly memory: Memory;
  readonly helpers: ReadonlyMap<number, HelperImplementation>;
  /** What a map, map value or link constant is: `map NAME`, `map-value NAME`, `constant NAME`. */
  readonly symbols: ReadonlyMap<string, bigint>;
  readonly arguments: readonly bigint[];
  /** What may be called. */
  readonly functions: readonly IrFunction[];
  /** Blocks to run before giving up. */
  readonly limit: number;
}

/** Runs a function; returns what it returns. Throws InterpreterError. */
export function runFunction(fn: IrFunction, environment: IrEnvironment): bigint {
  return new IrRun(fn, environment).run();
}

class IrRun {
  private readonly fn: IrFunction;
  private readonly environment: IrEnvironment;
  private readonly memory: Memory;
  private readonly values: (bigint | undefined)[] = [];
  private readonly slots: bigint[];

  constructor(fn: IrFunction, environment: IrEnvironment) {
    this.fn = fn;
    this.environment = environment;
    this.memory = environment.memory;
    this.slots = fn.slots.map((slot) => this.memory.allocate(slot.size));
    for (const [index, parameter] of fn.parameters.entries()) {
      this.values[parameter.id] = present(environment.arguments[index], "argument");
    }
  }

  run(): bigint {
    let block: Block = present(this.fn.blocks[0], "entry block");
    for (let step = 0; step < this.environment.limit; step += 1) {
      for (const instruction of block.instructions) this.execute(instruction);
      const terminator = present(block.terminator, "terminator");
      switch (terminator.op) {
        case "return":
          return this.get(terminator.value);
        case "jump":
          block = this.enter(terminator.target);
          break;
        case "branch": {
          const taken = evaluateComparison(terminator.comparison, this.get(terminator.left), this.get(terminator.right));
          block = this.enter(taken ? terminator.then : terminator.else);
        }
      }
    }
    throw new InterpreterError(`still running after ${this.environment.limit} blocks`);
  }

  private enter(target: BlockTarget): Block {
    const values = target.arguments.map((value) => this.get(value));
    for (const [index, parameter] of target.block.parameters.entries()) {
      this.values[parameter.id] = present(values[index], "block argument");
    }
    return target.block;
  }

  private execute(i: Instruction): void {
    if (i.op === "store" || i.op === "atomic-add") {
      const address = BigInt.asUintN(64, this.get(i.address) + BigInt(i.offset));
      const old = i.op === "store" ? 0n : this.memory.read(address, i.size);
      this.memory.write(address, i.size, BigInt.asUintN(64, old + this.get(i.value)));
      return;
    }
    this.values[i.result.id] = BigInt.asUintN(64, this.evaluate(i));
  }

  private evaluate(i: Exclude<Instruction, { op: "store" | "atomic-add" }>): bigint {
    switch (i.op) {
      case "const":
        return i.value;
      case "binary":
        return evaluateBinary(i.operation, this.get(i.left), this.get(i.right));
      case "compare":
        return evaluateComparison(i.comparison, this.get(i.left), this.get(i.right)) ? 1n : 0n;
      case "extend":
        return evaluateExtend(this.get(i.operand), i.bits, i.signed);
      case "byte-swap":
        return evaluateByteSwap(this.get(i.operand), i.bits);
      case "clamp":
        return evaluateClamp(this.get(i.operand), i.maximum);
      case "load":
        return this.memory.read(BigInt.asUintN(64, this.get(i.address) + BigInt(i.offset)), i.size);
      case "read":
        return this.memory.readOrZero(BigInt.asUintN(64, this.get(i.address) + BigInt(i.offset)), i.size);
      case "slot-address":
        return present(this.slots[this.fn.slots.indexOf(i.slot)], "slot");
      case "link-constant":
        return this.symbol(`constant ${i.name}`);
      case "map":
        return this.symbol(`map ${i.map}`);
      case "map-value":
        return this.symbol(`map-value ${i.map}`) + BigInt(i.offset);
      case "function":
        return this.symbol(`function ${i.name}`);
      case "call": {
        const helper = this.environment.helpers.get(i.helper);
        if (helper === undefined) throw new InterpreterError(`no implementation of helper ${i.helper}`);
        return helper(
          this.memory,
          i.arguments.map((value) => this.get(value)),
        );
      }
      case "call-function": {
        const callee = this.environment.functions.find((fn) => fn.name === i.name);
        return runFunction(present(callee, `function ${i.name}`), {
          ...this.environment,
          arguments: i.arguments.map((value) => this.get(value)),
        });
      }
      case "call-kfunc":
        throw new InterpreterError(`kernel function ${i.name} is not interpreted`);
    }
  }

  private symbol(name: string): bigint {
    return present(this.environment.symbols.get(name), name);
  }

  private get(value: Value): bigint {
    const known = this.values[value.id];
    if (known === undefined) throw new InterpreterError(`v${value.id} is used before its definition`);
    return known;
  }
}
