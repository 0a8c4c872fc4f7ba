// Builds one function of the IR. Source variables become SSA values on the fly: `write` and `read` a variable in any
// block; block parameters are inserted where paths meet (Braun et al., "Simple and Efficient Construction of SSA Form").

import { invariant, present } from "../base/invariant.ts";
import type { Span } from "../source/source.ts";
import { GrowingDominators } from "./growing-dominators.ts";
import type {
  AccessSize,
  BinaryOperation,
  Block,
  BlockTarget,
  Comparison,
  Instruction,
  IrFunction,
  StackSlot,
  Value,
  ValueType,
} from "./model.ts";

/** A source variable that lives in registers. */
export interface IrVariable {
  readonly id: number;
  readonly type: ValueType;
}

/** The write that was made last, wherever it is. */
interface LastWrite {
  readonly block: Block;
  readonly value: Value;
  /** How many blocks had been started before. */
  readonly time: number;
}

interface BlockState {
  sealed: boolean;
  readonly predecessors: { readonly block: Block; readonly target: BlockTarget }[];
  /** Values of variables by the variable's id, once there are any. */
  definitions: Map<number, Value> | undefined;
  /** Parameters whose arguments are not known before the block is sealed, once there are any. */
  incomplete: { readonly variable: IrVariable; readonly parameter: Value }[] | undefined;
  /** Constants of the block, once there are any. */
  constants: Map<bigint, Value> | undefined;
}

function define(state: BlockState, variable: IrVariable, value: Value): void {
  state.definitions ??= new Map();
  state.definitions.set(variable.id, value);
}

export class IrBuilder {
  readonly function: IrFunction;
  /** By block id. */
  private readonly states: BlockState[] = [];
  private current: Block;
  private place: Span | undefined;
  private variables = 0;
  /** By the variable's id. */
  private readonly lastWrites: (LastWrite | undefined)[] = [];
  private readonly dominators = new GrowingDominators();
  /** Blocks started so far. */
  private time = 0;
  /** When each of the loops that are open now was started: their heads are not sealed yet. */
  private readonly openLoops: { readonly block: Block; readonly time: number }[] = [];
  /** Parameters of sealed blocks whose arguments have not been looked up yet. */
  private readonly unfilled: { readonly block: Block; readonly variable: IrVariable; readonly parameter: Value }[] = [];

  constructor(name: string, parameterTypes: readonly ValueType[]) {
    const parameters = parameterTypes.map((type, id) => ({ id, type }));
    this.function = { name, parameters, slots: [], blocks: [], nextValue: parameters.length, nextBlock: 0 };
    this.current = this.newBlock();
    this.seal(this.current);
    this.dominators.addEntry(this.current.id);
  }

  // ---- blocks -------------------------------------------------------------------------------------

  /** A new block without instructions; `start` it to fill it. */
  newBlock(): Block {
    const block: Block = { id: this.function.nextBlock, parameters: [], instructions: [], terminator: undefined };
    this.function.nextBlock += 1;
    this.function.blocks.push(block);
    this.states[block.id] = { sealed: false, predecessors: [], definitions: undefined, incomplete: undefined, constants: undefined };
    return block;
  }

  /** Goes on in this block. */
  start(block: Block): void {
    this.current = block;
    this.time += 1;
    const { sealed, predecessors } = this.state(block);
    if (!sealed) this.openLoops.push({ block, time: this.time });
    this.dominators.add(block.id, predecessors.map((edge) => edge.block.id));
  }

  /** Declares that all jumps to the block have been made. */
  seal(block: Block): void {
    const state = this.state(block);
    invariant(!state.sealed, "a block is sealed once");
    state.sealed = true;
    if (this.openLoops.at(-1)?.block === block) this.openLoops.pop();
    for (const { variable, parameter } of state.incomplete ?? []) this.addArguments(block, variable, parameter);
  }

  /** Starts a block to which all jumps have been made. */
  startSealed(block: Block): void {
    this.seal(block);
    this.start(block);
  }

  /** True when the current block has ended already: what follows is unreachable. */
  get ended(): boolean {
    return this.current.terminator !== undefined;
  }

  /** Instructions from here on belong to this place of the source. */
  at(span: Span | undefined): void {
    this.place = span;
  }

  get span(): Span | undefined {
    return this.place;
  }

  // ---- terminators -----------------------------------------------------------------------------------

  jump(block: Block): void {
    if (this.ended) return;
    const target = this.target(block);
    this.current.terminator = { op: "jump", target, span: this.place };
  }

  branch(comparison: Comparison, left: Value, right: Value, then: Block, otherwise: Block): void {
    if (this.ended) return;
    this.current.terminator = {
      op: "branch",
      comparison,
      left,
      right,
      then: this.target(then),
      else: this.target(otherwise),
      span: this.place,
    };
  }

  return(value: Value): void {
    if (this.ended) return;
    this.current.terminator = { op: "return", value, span: this.place };
  }

  // ---- instructions ------------------------------------------------------------------------------------

  const(value: bigint | number): Value {
    const wide = BigInt.asUintN(64, BigInt(value));
    const state = this.state(this.current);
    const known = state.constants?.get(wide);
    if (known !== undefined) return known;
    const result = this.value("int");
    this.emit({ op: "const", result, value: wide, span: this.place });
    state.constants ??= new Map();
    state.constants.set(wide, result);
    return result;
  }

  linkConstant(name: string): Value {
    const result = this.value("int");
    this.emit({ op: "link-constant", result, name, span: this.place });
    return result;
  }

  /** Arithmetic; adding to or subtracting from a pointer keeps its kind. */
  binary(operation: BinaryOperation, left: Value, right: Value): Value {
    const moves = operation === "add" || operation === "sub";
    const type = moves && left.type !== "int" ? left.type : moves && right.type !== "int" ? right.type : "int";
    const result = this.value(type);
    this.emit({ op: "binary", result, operation, left, right, span: this.place });
    return result;
  }

  /** `left + constant`. */
  offset(left: Value, by: number): Value {
    return by === 0 ? left : this.binary("add", left, this.const(by));
  }

  compare(comparison: Comparison, left: Value, right: Value): Value {
    const result = this.value("int");
    this.emit({ op: "compare", result, comparison, left, right, span: this.place });
    return result;
  }

  extend(operand: Value, bits: 8 | 16 | 32, signed: boolean): Value {
    const result = this.value("int");
    this.emit({ op: "extend", result, bits, signed, operand, span: this.place });
    return result;
  }

  byteSwap(operand: Value, bits: 16 | 32 | 64): Value {
    const result = this.value("int");
    this.emit({ op: "byte-swap", result, bits, operand, span: this.place });
    return result;
  }

  clamp(operand: Value, maximum: bigint | number): Value {
    const result = this.value("int");
    this.emit({ op: "clamp", result, operand, maximum: BigInt(maximum), span: this.place });
    return result;
  }

  /** `type` is what the loaded word is: an integer unless the verifier knows better (ctx loads of BTF pointers). */
  load(size: AccessSize, address: Value, offset = 0, type: ValueType = "int"): Value {
    const result = this.value(type);
    this.emit({ op: "load", result, size, address, offset, span: this.place });
    return result;
  }

  /** A word of the context that the verifier knows as a pointer to the kernel struct with this BTF id. */
  loadPointer(address: Value, offset: number, pointee: number): Value {
    const result = this.value("int");
    this.emit({ op: "load", result, size: 8, address, offset, pointee, span: this.place });
    return result;
  }

  /** Reads kernel memory; `struct` and `pointee` as in the operation. */
  readKernel(size: AccessSize, address: Value, offset: number, struct: number | undefined, pointee: number | undefined): Value {
    const result = this.value("int");
    this.emit({ op: "read", result, size, address, offset, struct, pointee, span: this.place });
    return result;
  }

  store(size: AccessSize, address: Value, offset: number, value: Value): void {
    this.emit({ op: "store", size, address, offset, value, span: this.place });
  }

  atomicAdd(size: 4 | 8, address: Value, offset: number, value: Value): void {
    this.emit({ op: "atomic-add", size, address, offset, value, span: this.place });
  }

  /** Reserves stack memory. */
  slot(size: number, alignment: 1 | 2 | 4 | 8 = 8): StackSlot {
    const slot: StackSlot = { id: this.function.slots.length, size, alignment };
    this.function.slots.push(slot);
    return slot;
  }

  slotAddress(slot: StackSlot): Value {
    const result = this.value("stack");
    this.emit({ op: "slot-address", result, slot, span: this.place });
    return result;
  }

  map(name: string): Value {
    const result = this.value("map");
    this.emit({ op: "map", result, map: name, span: this.place });
    return result;
  }

  mapValue(name: string, offset = 0): Value {
    const result = this.value("memory");
    this.emit({ op: "map-value", result, map: name, offset, span: this.place });
    return result;
  }

  functionAddress(name: string): Value {
    const result = this.value("function");
    this.emit({ op: "function", result, name, span: this.place });
    return result;
  }

  /** Calls a helper. `type` is what it returns, for instance memory-or-null for map_lookup_elem. */
  call(helper: number, args: readonly Value[], type: ValueType = "int"): Value {
    invariant(args.length <= 5, "a helper has at most five arguments");
    const result = this.value(type);
    this.emit({ op: "call", result, helper, arguments: args, span: this.place });
    return result;
  }

  /** Calls a helper whose result the verifier knows as a pointer to the kernel struct with this BTF id. */
  callForPointer(helper: number, args: readonly Value[], pointee: number): Value {
    const result = this.value("int");
    this.emit({ op: "call", result, helper, arguments: args, pointee, span: this.place });
    return result;
  }

  /** Calls a function of the module. */
  callFunction(name: string, args: readonly Value[]): Value {
    const result = this.value("int");
    this.emit({ op: "call-function", result, name, arguments: args, span: this.place });
    return result;
  }

  callKfunc(name: string, args: readonly Value[], type: ValueType = "int"): Value {
    const result = this.value(type);
    this.emit({ op: "call-kfunc", result, name, arguments: args, span: this.place });
    return result;
  }

  parameter(index: number): Value {
    return present(this.function.parameters[index], "function parameter");
  }

  // ---- variables -----------------------------------------------------------------------------------------

  variable(type: ValueType = "int"): IrVariable {
    this.variables += 1;
    return { id: this.variables, type };
  }

  write(variable: IrVariable, value: Value): void {
    define(this.state(this.current), variable, value);
    this.lastWrites[variable.id] = { block: this.current, value, time: this.time };
  }

  read(variable: IrVariable): Value {
    return this.readIn(this.current, variable);
  }

  /** The variable's value at the end of what the block holds so far. */
  private readIn(block: Block, variable: IrVariable): Value {
    const result = this.find(block, variable);
    this.fillArguments();
    return result;
  }

  /** Goes up to the definition; where paths meet it makes a parameter, whose arguments are still to be filled in. */
  private find(block: Block, variable: IrVariable): Value {
    const near = this.state(block).definitions?.get(variable.id) ?? this.dominating(block, variable);
    if (near !== undefined) return near;
    const path = new Set<BlockState>();
    let at = block;
    let result: Value | undefined;
    while (result === undefined) {
      const state = this.state(at);
      const circular = path.has(state);
      path.add(state);
      const [only] = state.predecessors;
      const known = state.definitions?.get(variable.id);
      if (known !== undefined) {
        result = known;
      } else if (!state.sealed) {
        result = this.addParameter(at, variable);
        state.incomplete ??= [];
        state.incomplete.push({ variable, parameter: result });
      } else if (only === undefined || circular) {
        // Entry or unreachable block or loop: an unwritten variable is zero.
        result = this.value("int");
        at.instructions.unshift({ op: "const", result, value: 0n, span: undefined });
      } else if (state.predecessors.length === 1) {
        at = only.block;
      } else {
        result = this.addParameter(at, variable);
        this.unfilled.push({ block: at, variable, parameter: result });
      }
    }
    for (const state of path) define(state, variable, result);
    return result;
  }

  /**
   * The value last written, if all paths to the block pass that write. No other write can then come after it on any of them: one on a path
   * that avoids it would open a path to the block that avoids it too. Unless the block is in a loop whose end is still to come.
   */
  private dominating(block: Block, variable: IrVariable): Value | undefined {
    const last = this.lastWrites[variable.id];
    const loop = this.openLoops.at(-1);
    if (last === undefined || (loop !== undefined && last.time < loop.time)) return undefined;
    return this.dominators.dominates(last.block.id, block.id) ? last.value : undefined;
  }

  private addParameter(block: Block, variable: IrVariable): Value {
    const parameter = this.value(variable.type);
    block.parameters.push(parameter);
    return parameter;
  }

  private addArguments(block: Block, variable: IrVariable, parameter: Value): void {
    this.unfilled.push({ block, variable, parameter });
    this.fillArguments();
  }

  /** A loop rather than a recursion: scripts may have thousands of blocks in a row. */
  private fillArguments(): void {
    for (let job = this.unfilled.pop(); job !== undefined; job = this.unfilled.pop()) {
      const { block, variable, parameter } = job;
      const index = block.parameters.indexOf(parameter);
      for (const { block: from, target } of this.state(block).predecessors) {
        target.arguments[index] = this.find(from, variable);
      }
    }
  }

  // ---- inside ----------------------------------------------------------------------------------------------

  private state(block: Block): BlockState {
    return present(this.states[block.id], "block state");
  }

  private target(block: Block): BlockTarget {
    const state = this.state(block);
    invariant(!state.sealed, "no jumps to a sealed block");
    const target: BlockTarget = { block, arguments: [] };
    state.predecessors.push({ block: this.current, target });
    return target;
  }

  private value(type: ValueType): Value {
    const id = this.function.nextValue;
    this.function.nextValue += 1;
    return { id, type };
  }

  private emit(instruction: Instruction): void {
    // Code after the end of a block is unreachable: it goes to a block of its own, which nothing jumps to.
    if (this.ended) {
      const dead = this.newBlock();
      this.seal(dead);
      this.start(dead);
    }
    this.current.instructions.push(instruction);
  }
}
