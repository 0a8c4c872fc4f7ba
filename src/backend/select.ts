// Chooses machine operations for a legal IR function. Works from the last instruction to the first, so what nobody needs is never
// made; constants and addresses are folded into the instructions that use them.

import { invariant, present } from "../base/invariant.ts";
import type { JumpCondition } from "../bpf/instruction.ts";
import { isCommutative, mirrored, negated } from "../ir/evaluate.ts";
import { reversePostorder } from "../ir/graph.ts";
import type { Block, Comparison, Instruction, IrFunction, Terminator, Value } from "../ir/model.ts";
import { definitionsOf } from "../ir/rewrite.ts";
import type { Span } from "../source/source.ts";
import type { Destination, MachineBlock, MachineFunction, MachineInstruction, MachineOperation, Source } from "./machine.ts";
import { firstVirtual, fitsImmediate, fitsOffset } from "./machine.ts";
import { aluOperations, conditions } from "./operations.ts";

/** How many additions of constants are looked through: a bound, so that chains cost linear time. */
const foldDepth = 8;

interface Address {
  readonly base: Source;
  readonly offset: number;
}

interface Condition {
  readonly condition: JumpCondition;
  readonly left: Source;
  readonly right: Source;
}

/** Machine code over virtual registers. */
export function selectInstructions(fn: IrFunction): MachineFunction {
  return new Selector(fn).select();
}

const placeholder: MachineInstruction = { operation: { op: "copy" }, result: undefined, operands: [], span: undefined };

class Selector {
  private readonly fn: IrFunction;
  private readonly order: readonly Block[];
  private readonly blocks = new Map<Block, MachineBlock>();
  private readonly definitions: readonly (Instruction | undefined)[];
  private readonly needed: Uint8Array;
  private nextRegister: number;
  /** The current block's instructions, last first. */
  private reversed: MachineInstruction[] = [];
  /** Copies of constants and addresses made for later instructions of this block, reusable until a call is met. */
  private readonly shared = new Map<string, { readonly register: number; instruction: MachineInstruction }>();
  private readonly dropped = new Set<MachineInstruction>();
  private span: Span | undefined;

  constructor(fn: IrFunction) {
    this.fn = fn;
    this.order = reversePostorder(fn);
    this.definitions = definitionsOf(fn);
    this.needed = new Uint8Array(fn.nextValue);
    this.nextRegister = firstVirtual + fn.nextValue;
  }

  select(): MachineFunction {
    const blocks = this.order.map((block, index): MachineBlock => {
      const machine = { index, parameters: block.parameters.map(destinationOf), instructions: [] };
      this.blocks.set(block, machine);
      return machine;
    });
    for (let at = this.order.length - 1; at >= 0; at -= 1) {
      const block = present(this.order[at], "block");
      present(blocks[at], "machine block").instructions = this.block(block);
    }
    const parameters = this.fn.parameters.map(destinationOf);
    return { name: this.fn.name, parameters, blocks, nextRegister: this.nextRegister };
  }

  private block(block: Block): MachineInstruction[] {
    this.reversed = [];
    this.shared.clear();
    this.dropped.clear();
    const terminator = present(block.terminator, "terminator");
    this.span = terminator.span;
    this.terminator(terminator);
    for (let at = block.instructions.length - 1; at >= 0; at -= 1) {
      const instruction = present(block.instructions[at], "instruction");
      this.span = instruction.span;
      this.instruction(instruction);
    }
    const instructions = this.dropped.size > 0 ? this.reversed.filter((i) => !this.dropped.has(i)) : this.reversed;
    return instructions.reverse();
  }

  private target(block: Block): MachineBlock {
    return present(this.blocks.get(block), "machine block of a target");
  }

  private terminator(t: Terminator): void {
    switch (t.op) {
      case "jump":
        this.emit({ op: "jump", target: this.target(t.target.block) }, undefined, () =>
          t.target.arguments.map((value) => this.source(value)),
        );
        return;
      case "return":
        this.emit({ op: "return" }, undefined, () => [this.source(t.value)]);
        return;
      case "branch":
        this.branch(t);
    }
  }

  private branch(t: Terminator & { op: "branch" }): void {
    invariant(t.then.arguments.length + t.else.arguments.length === 0, "branches have no arguments once legal");
    const then = this.target(t.then.block);
    const otherwise = this.target(t.else.block);
    if (then === otherwise) {
      this.emit({ op: "jump", target: then }, undefined, () => []);
      return;
    }
    let { comparison, left, right } = t;
    // A branch on the result of a comparison is a branch on the comparison.
    for (let depth = 0; depth < foldDepth; depth += 1) {
      const compared = this.definitions[left.id];
      const isTest = (comparison === "ne" || comparison === "eq") && this.constant(right) === 0n;
      if (!isTest || compared?.op !== "compare") break;
      comparison = comparison === "ne" ? compared.comparison : negated[compared.comparison];
      ({ left, right } = compared);
    }
    const slot = this.reserve();
    const word = this.signedWord(comparison, left, right);
    const condition = this.condition(comparison, word ?? left, right);
    const width = word === undefined ? 64 : 32;
    const operation: MachineOperation = { op: "branch", condition: condition.condition, width, then, else: otherwise };
    this.fill(slot, operation, undefined, [condition.left, condition.right]);
  }

  /** What to compare as 32 bits when a sign-extended word that nothing else needs is compared with a constant. */
  private signedWord(comparison: Comparison, left: Value, right: Value): Value | undefined {
    const extension = this.definitions[left.id];
    if (extension?.op !== "extend" || extension.bits !== 32 || !extension.signed || this.isNeeded(left)) return undefined;
    const constant = this.constant(right);
    const unsigned = comparison.startsWith("u");
    if (constant === undefined || !fitsImmediate(constant) || unsigned) return undefined;
    return this.constant(extension.operand) === undefined ? extension.operand : undefined;
  }

  private instruction(i: Instruction): void {
    switch (i.op) {
      case "const":
      case "link-constant":
      case "slot-address":
      case "map":
      case "map-value":
      case "function":
        return;
      case "binary":
        if (this.isNeeded(i.result)) this.binary(i);
        return;
      case "compare":
        if (this.isNeeded(i.result)) {
          const slot = this.reserve();
          const { condition, left, right } = this.condition(i.comparison, i.left, i.right);
          this.fill(slot, { op: "compare", condition }, registerOf(i.result), [left, right]);
        }
        return;
      case "extend":
        if (this.isNeeded(i.result)) {
          const operation: MachineOperation = { op: "extend", bits: i.bits, signed: i.signed };
          this.emit(operation, registerOf(i.result), () => [this.source(i.operand)]);
        }
        return;
      case "byte-swap":
        if (this.isNeeded(i.result)) {
          this.emit({ op: "byte-swap", bits: i.bits }, registerOf(i.result), () => [this.source(i.operand)]);
        }
        return;
      case "clamp":
        if (this.isNeeded(i.result)) {
          const maximum: Source = { kind: "constant", value: BigInt.asIntN(64, i.maximum) };
          this.emit({ op: "clamp" }, registerOf(i.result), () => [this.source(i.operand), this.immediate(maximum)]);
        }
        return;
      case "load":
        if (this.isNeeded(i.result)) this.load(i);
        return;
      case "store":
      case "atomic-add":
        this.store(i);
        return;
      case "call":
        this.call({ op: "call", kind: "helper", helper: i.helper }, i.result, i.arguments);
        return;
      case "call-function":
        this.call({ op: "call", kind: "function", name: i.name }, i.result, i.arguments);
        return;
      case "call-kfunc":
        this.call({ op: "call", kind: "kfunc", name: i.name }, i.result, i.arguments);
    }
  }

  private call(operation: MachineOperation, result: Value, values: readonly Value[]): void {
    this.shared.clear();
    this.emit(operation, this.isNeeded(result) ? registerOf(result) : undefined, () =>
      values.map((value) => this.source(value)),
    );
  }

  private load(i: Instruction & { op: "load" }): void {
    const slot = this.reserve();
    const { base, offset } = this.address(i.address, i.offset);
    this.fill(slot, { op: "load", size: i.size, offset }, registerOf(i.result), [base]);
  }

  private store(i: Instruction & { op: "store" | "atomic-add" }): void {
    const slot = this.reserve();
    const { base, offset } = this.address(i.address, i.offset);
    if (i.op === "atomic-add") {
      this.fill(slot, { op: "atomic-add", size: i.size, offset }, undefined, [base, this.register(i.value)]);
      return;
    }
    const constant = this.constant(i.value);
    const low = constant === undefined ? undefined : BigInt.asIntN(i.size === 8 ? 64 : 32, constant);
    const value =
      low !== undefined && fitsImmediate(low) ? ({ kind: "constant", value: low } as const) : this.register(i.value);
    this.fill(slot, { op: "store", size: i.size, offset }, undefined, [base, value]);
  }

  private binary(i: Instruction & { op: "binary" }): void {
    const result = registerOf(i.result);
    let { left, right } = i;
    let operation = aluOperations[i.operation];
    if (isCommutative(i.operation) && this.isBetterSwapped(left, right)) [left, right] = [right, left];
    let constant = this.constant(right);
    if (constant !== undefined) {
      if (i.operation === "shl" || i.operation === "lshr" || i.operation === "ashr") constant &= 63n;
      if (i.operation === "and" && constant === 0xffffffffn) {
        this.emit({ op: "extend", bits: 32, signed: false }, result, () => [this.source(left)]);
        return;
      }
      if (i.operation === "sub" && fitsImmediate(-constant)) {
        operation = "add";
        constant = -constant;
      }
      const value: Source = { kind: "constant", value: constant };
      this.emit({ op: "alu", operation }, result, () => [this.source(left), this.immediate(value)]);
      return;
    }
    this.emit({ op: "alu", operation }, result, () => [this.source(left), this.register(right)]);
  }

  /** The left operand is overwritten: it had better be a pointer, and not a constant or needed again later. */
  private isBetterSwapped(left: Value, right: Value): boolean {
    if (left.type !== "int") return false;
    if (right.type !== "int" || this.constant(left) !== undefined) return true;
    return this.constant(right) === undefined && this.isNeeded(left) && !this.isNeeded(right);
  }

  private condition(comparison: Comparison, left: Value, right: Value): Condition {
    if (this.constant(left) !== undefined && this.constant(right) === undefined) {
      return this.condition(mirrored[comparison], right, left);
    }
    const source = this.source(right);
    const limit = source.kind === "constant" ? this.immediate(source) : this.register(right);
    return { condition: conditions[comparison], left: this.register(left), right: limit };
  }

  // ---- operands ------------------------------------------------------------------------------------------

  private isNeeded(value: Value): boolean {
    return this.needed[value.id] === 1;
  }

  private constant(value: Value): bigint | undefined {
    const definition = this.definitions[value.id];
    return definition?.op === "const" ? BigInt.asIntN(64, definition.value) : undefined;
  }

  /** Splits `base ± constant …` as far as the sum fits an offset. */
  private base(value: Value, offset: number): { readonly value: Value; readonly offset: number } {
    let at = value;
    let sum = offset;
    for (let depth = 0; depth < foldDepth; depth += 1) {
      const definition = this.definitions[at.id];
      if (definition?.op !== "binary" || (definition.operation !== "add" && definition.operation !== "sub")) break;
      const constant = this.constant(definition.right);
      if (constant === undefined || constant > 0xffffn || constant < -0xffffn) break;
      const next = sum + (definition.operation === "add" ? Number(constant) : -Number(constant));
      if (!fitsOffset(next)) break;
      at = definition.left;
      sum = next;
    }
    return { value: at, offset: sum };
  }

  /** What the value is, without asking for a register where it can be computed on the spot. */
  private source(value: Value): Source {
    const definition = this.definitions[value.id];
    switch (definition?.op) {
      case "const":
        return { kind: "constant", value: BigInt.asIntN(64, definition.value) };
      case "link-constant":
        return { kind: "link-constant", name: definition.name };
      case "map":
        return { kind: "map", name: definition.map };
      case "function":
        return { kind: "function", name: definition.name };
      case "slot-address":
        return { kind: "frame", slot: definition.slot, offset: 0 };
      case "map-value":
        return { kind: "map-value", name: definition.map, offset: definition.offset };
      case "binary": {
        const { value: root, offset } = this.base(value, 0);
        const origin = this.definitions[root.id];
        if (origin?.op === "slot-address") return { kind: "frame", slot: origin.slot, offset };
        if (origin?.op === "map-value" && origin.offset + offset >= 0) {
          return { kind: "map-value", name: origin.map, offset: origin.offset + offset };
        }
      }
    }
    this.needed[value.id] = 1;
    return { kind: "register", register: registerOf(value) };
  }

  private register(value: Value): Source {
    const source = this.source(value);
    return source.kind === "register" ? source : this.copied(source);
  }

  /** A constant as an immediate when it fits, else in a register. */
  private immediate(source: Source & { kind: "constant" }): Source {
    return fitsImmediate(source.value) ? source : this.copied(source);
  }

  private address(value: Value, offset: number): Address {
    const root = this.base(value, offset);
    const source = this.source(root.value);
    if (source.kind === "frame") return { base: source, offset: root.offset };
    if (source.kind === "map-value" && fitsOffset(source.offset + root.offset)) {
      const base = this.copied({ ...source, offset: 0 });
      return { base, offset: source.offset + root.offset };
    }
    return { base: source.kind === "register" ? source : this.copied(source), offset: root.offset };
  }

  /** A register that holds the constant or address, loaded before its first use in this block since the last call. */
  private copied(source: Source): Source {
    const key = keyOf(source);
    const known = this.shared.get(key);
    const register = known?.register ?? this.fresh();
    if (known !== undefined) this.dropped.add(known.instruction);
    const instruction = { operation: { op: "copy" }, result: register, operands: [source], span: this.span } as const;
    const copy: MachineInstruction = { ...instruction, operands: [source] };
    this.reversed.push(copy);
    this.shared.set(key, { register, instruction: copy });
    return { kind: "register", register };
  }

  private fresh(): number {
    const register = this.nextRegister;
    this.nextRegister += 1;
    return register;
  }

  // ---- output ----------------------------------------------------------------------------------------------

  /** Keeps a place for an instruction whose operands may need copies before it (which come later in the reversed list). */
  private reserve(): number {
    this.reversed.push(placeholder);
    return this.reversed.length - 1;
  }

  private fill(slot: number, operation: MachineOperation, result: number | undefined, operands: Source[]): void {
    this.reversed[slot] = { operation, result, operands, span: this.span };
  }

  private emit(operation: MachineOperation, result: number | undefined, operands: () => Source[]): void {
    const slot = this.reserve();
    this.fill(slot, operation, result, operands());
  }
}

function registerOf(value: Value): number {
  return firstVirtual + value.id;
}

function destinationOf(value: Value): Destination {
  return { kind: "register", register: registerOf(value) };
}

function keyOf(source: Source): string {
  switch (source.kind) {
    case "constant":
      return `c${source.value}`;
    case "frame":
      return `f${source.slot.id}+${source.offset}`;
    case "map-value":
      return `v${source.offset}+${source.name}`;
    case "register":
      return `r${source.register}`;
    case "spill":
      return `s${source.index}`;
    default:
      return `${source.kind} ${source.name}`;
  }
}
