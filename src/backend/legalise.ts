// Makes a copy of a function that uses only what the target has: signed division without v4 instructions, no division by a constant
// zero, no access farther from its address than 16 bits say, and no branch into a block with parameters (such edges get a block of
// their own, where the arguments are moved). Values that are tested very often are tested by copies (repeated-tests.ts).

import { present } from "../base/invariant.ts";
import { reversePostorder } from "../ir/graph.ts";
import type { BinaryOperation, Block, BlockTarget, Instruction, IrFunction, Terminator, Value } from "../ir/model.ts";
import type { Span } from "../source/source.ts";
import type { BackendTarget } from "./bytecode.ts";
import { countTests, testCopy } from "./repeated-tests.ts";

type Binary = Instruction & { op: "binary" };

/** The legal copy: reachable blocks only. */
export function legalise(source: IrFunction, target: BackendTarget): IrFunction {
  const order = reversePostorder(source);
  const fn: IrFunction = {
    name: source.name,
    parameters: source.parameters,
    slots: source.slots,
    blocks: [],
    nextValue: source.nextValue,
    nextBlock: source.nextBlock,
  };
  /** By block id. */
  const copies: Block[] = [];
  for (const block of order) {
    const copy: Block = { id: block.id, parameters: block.parameters, instructions: [], terminator: undefined };
    copies[block.id] = copy;
    fn.blocks.push(copy);
  }
  const constants = constantsOf(order);
  const rewriter = new InstructionRewriter(fn, target, constants);
  const tests = countTests(order, source.nextValue, ({ id }) => constants.has(id));
  for (const block of order) {
    const copy = present(copies[block.id], "copy of a block");
    copy.instructions = rewriter.rewrite(block.instructions);
    copy.terminator = copyTerminator(present(block.terminator, "terminator"), fn, copies);
    testCopy(fn, copy, tests);
  }
  return fn;
}

function constantsOf(blocks: readonly Block[]): Map<number, bigint> {
  const result = new Map<number, bigint>();
  for (const { instructions } of blocks) {
    for (let index = 0; index < instructions.length; index += 1) {
      const i = instructions[index];
      if (i?.op === "const") result.set(i.result.id, BigInt.asIntN(64, i.value));
    }
  }
  return result;
}

function copyTerminator(terminator: Terminator, fn: IrFunction, copies: readonly Block[]): Terminator {
  const copyTarget = (target: BlockTarget): BlockTarget => ({
    block: present(copies[target.block.id], "copy of a block"),
    arguments: target.arguments,
  });
  const split = (target: BlockTarget): BlockTarget => {
    if (target.arguments.length === 0) return copyTarget(target);
    const block: Block = {
      id: fn.nextBlock,
      parameters: [],
      instructions: [],
      terminator: { op: "jump", target: copyTarget(target), span: terminator.span },
    };
    fn.nextBlock += 1;
    fn.blocks.push(block);
    return { block, arguments: [] };
  };
  switch (terminator.op) {
    case "jump":
      return { ...terminator, target: copyTarget(terminator.target) };
    case "branch":
      return { ...terminator, then: split(terminator.then), else: split(terminator.else) };
    case "return":
      return terminator;
  }
}

function isDivision(i: Instruction): boolean {
  return i.op === "binary" && (i.operation.endsWith("div") || i.operation.endsWith("mod"));
}

/** A load or store whose offset does not fit an instruction. */
function isFar(i: Instruction): i is Instruction & { op: "load" | "store" | "atomic-add" } {
  return (i.op === "load" || i.op === "store" || i.op === "atomic-add") && (i.offset < -0x8000 || i.offset > 0x7fff);
}

class InstructionRewriter {
  private readonly fn: IrFunction;
  private readonly target: BackendTarget;
  private readonly constants: ReadonlyMap<number, bigint>;
  private output: Instruction[] = [];
  private span: Span | undefined;

  constructor(fn: IrFunction, target: BackendTarget, constants: ReadonlyMap<number, bigint>) {
    this.fn = fn;
    this.target = target;
    this.constants = constants;
  }

  rewrite(instructions: Instruction[]): Instruction[] {
    if (!instructions.some((i) => isDivision(i) || isFar(i))) return instructions;
    this.output = [];
    for (const instruction of instructions) {
      this.span = instruction.span;
      if (instruction.op === "binary") this.binary(instruction);
      else if (isFar(instruction)) {
        const distance = this.constant(BigInt(instruction.offset));
        this.output.push({ ...instruction, address: this.emit("add", instruction.address, distance), offset: 0 });
      } else this.output.push(instruction);
    }
    return this.output;
  }

  private binary(i: Binary): void {
    const divisor = this.constants.get(i.right.id);
    switch (i.operation) {
      case "udiv":
      case "sdiv":
      case "umod":
      case "smod": {
        const division = i.operation === "udiv" || i.operation === "sdiv";
        const signed = i.operation === "sdiv" || i.operation === "smod";
        if (divisor === 0n) {
          // The verifier rejects a constant zero divisor.
          this.finish(i, division ? "and" : "or", i.left, this.constant(0n));
        } else if (signed && divisor === -1n) {
          // Not left to the machine: dividing the minimum by -1 traps on x86.
          if (division) this.finish(i, "sub", this.constant(0n), i.left);
          else this.finish(i, "and", i.left, this.constant(0n));
        } else if (signed && !this.target.signedDivision) {
          this.signed(i, division);
        } else {
          this.output.push(i);
        }
        return;
      }
      default:
        this.output.push(i);
    }
  }

  /** Divides the absolute values and puts the sign back: x ^ s - s with s = x >> 63 (all ones when negative). */
  private signed(i: Binary, division: boolean): void {
    const leftSign = this.emit("ashr", i.left, this.constant(63n));
    const left = this.withSign(i.left, leftSign);
    const divisor = this.constants.get(i.right.id);
    let right: Value;
    let sign = leftSign;
    if (divisor !== undefined) {
      right = this.constant(divisor < 0n ? -divisor : divisor);
      if (division && divisor < 0n) sign = this.emit("xor", leftSign, this.constant(-1n));
    } else {
      const rightSign = this.emit("ashr", i.right, this.constant(63n));
      right = this.withSign(i.right, rightSign);
      if (division) sign = this.emit("xor", leftSign, rightSign);
    }
    const absolute = this.emit(division ? "udiv" : "umod", left, right);
    this.finish(i, "sub", this.emit("xor", absolute, sign), sign);
  }

  private withSign(value: Value, sign: Value): Value {
    return this.emit("sub", this.emit("xor", value, sign), sign);
  }

  private value(): Value {
    const id = this.fn.nextValue;
    this.fn.nextValue += 1;
    return { id, type: "int" };
  }

  private constant(value: bigint): Value {
    const result = this.value();
    this.output.push({ op: "const", result, value: BigInt.asUintN(64, value), span: this.span });
    return result;
  }

  private emit(operation: BinaryOperation, left: Value, right: Value): Value {
    const result = this.value();
    this.output.push({ op: "binary", result, operation, left, right, span: this.span });
    return result;
  }

  private finish(i: Binary, operation: BinaryOperation, left: Value, right: Value): void {
    this.output.push({ op: "binary", result: i.result, operation, left, right, span: i.span });
  }
}
