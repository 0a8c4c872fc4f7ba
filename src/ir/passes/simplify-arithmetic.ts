// Algebra and strength reduction: neutral and absorbing operands, powers of two, masks and extensions that change nothing, comparisons
// of comparisons, sums of constants, extensions of what is stored as narrow as before.
// Needs: blocks in reverse postorder. Guarantees: constants are right operands of commutative operations and of comparisons. A clamp is dropped only
// where the verifier itself knows that the value is within the bound.

import { present } from "../../base/invariant.ts";
import { isCommutative, mirrored, negated } from "../evaluate.ts";
import type { BinaryOperation, Instruction, IrFunction, Value } from "../model.ts";
import { definitionsOf, mapOperands, newValue, Replacements } from "../rewrite.ts";

type Binary = Instruction & { op: "binary" };

const allOnes = (1n << 64n) - 1n;

export function simplifyArithmetic(fn: IrFunction): void {
  new Simplifier(fn).run();
}

class Simplifier {
  private readonly fn: IrFunction;
  private readonly definitions: (Instruction | undefined)[];
  private readonly replacements: Replacements;
  private output: Instruction[] = [];

  constructor(fn: IrFunction) {
    this.fn = fn;
    this.definitions = definitionsOf(fn);
    this.replacements = new Replacements(fn);
  }

  run(): void {
    for (const block of this.fn.blocks) {
      this.output = [];
      const { instructions } = block;
      for (let index = 0; index < instructions.length; index += 1) {
        this.instruction(mapOperands(present(instructions[index], "instruction"), this.replacements.find));
      }
      block.instructions = this.output;
    }
    this.replacements.apply(this.fn.blocks);
  }

  private instruction(i: Instruction): void {
    switch (i.op) {
      case "binary":
        this.binary(i);
        return;
      case "compare":
        this.compare(i);
        return;
      case "extend": {
        const bound = this.bound(i.operand);
        if (bound >> BigInt(i.signed ? i.bits - 1 : i.bits) === 0n) this.replace(i.result, i.operand, i);
        else this.keep(i);
        return;
      }
      case "clamp":
        if (this.bound(i.operand) <= i.maximum) this.replace(i.result, i.operand, i);
        else this.keep(i);
        return;
      case "store":
        this.keep({ ...i, value: this.lowBytes(i.value, i.size) });
        return;
      default:
        this.keep(i);
    }
  }

  /** What has the same low bytes and less to compute: bits that are not stored need no extension. */
  private lowBytes(value: Value, bytes: number): Value {
    const definition = this.definitions[value.id];
    return definition?.op === "extend" && definition.bits >= bytes * 8 ? this.lowBytes(definition.operand, bytes) : value;
  }

  // ---- output ----------------------------------------------------------------------------------------------

  private keep(i: Instruction): void {
    this.output.push(i);
    if (i.op !== "store" && i.op !== "atomic-add") this.definitions[i.result.id] = i;
  }

  private replace(old: Value, value: Value, i: Instruction): void {
    if (old.type === value.type) this.replacements.set(old, value);
    else this.keep(i);
  }

  private constant(i: Binary, value: bigint): void {
    if (i.result.type === "int") {
      this.keep({ op: "const", result: i.result, value: BigInt.asUintN(64, value), span: i.span });
    } else this.keep(i);
  }

  private with(i: Binary, operation: BinaryOperation, left: Value, right: bigint): void {
    const constant = newValue(this.fn);
    this.keep({ op: "const", result: constant, value: BigInt.asUintN(64, right), span: i.span });
    this.keep({ ...i, operation, left, right: constant });
  }

  // ---- what is known ----------------------------------------------------------------------------------------

  private valueOf(value: Value): bigint | undefined {
    const definition = this.definitions[value.id];
    return definition?.op === "const" ? definition.value : undefined;
  }

  /** A limit of the value as an unsigned number, as far as the kernel's verifier sees it too. */
  private bound(value: Value): bigint {
    const definition = this.definitions[value.id];
    switch (definition?.op) {
      case "const":
        return definition.value;
      case "load":
        return value.type === "int" ? (1n << BigInt(definition.size * 8)) - 1n : allOnes;
      case "compare":
        return 1n;
      case "extend":
        return definition.signed ? allOnes : (1n << BigInt(definition.bits)) - 1n;
      case "clamp":
        return definition.maximum;
      case "binary": {
        const right = this.valueOf(definition.right);
        if (right === undefined) return allOnes;
        if (definition.operation === "and") return right;
        if (definition.operation === "lshr") return allOnes >> (right & 63n);
        return allOnes;
      }
      default:
        return allOnes;
    }
  }

  // ---- rules -------------------------------------------------------------------------------------------------

  private compare(i: Instruction & { op: "compare" }): void {
    const left = this.valueOf(i.left);
    const right = this.valueOf(i.right);
    if (left !== undefined && right === undefined) {
      this.compare({ ...i, comparison: mirrored[i.comparison], left: i.right, right: i.left });
      return;
    }
    const inner = this.definitions[i.left.id];
    if (right === 0n && inner?.op === "compare") {
      if (i.comparison === "ne") {
        this.replace(i.result, inner.result, i);
        return;
      }
      if (i.comparison === "eq") {
        this.keep({ ...i, comparison: negated[inner.comparison], left: inner.left, right: inner.right });
        return;
      }
    }
    this.keep(i);
  }

  private binary(i: Binary): void {
    const left = this.valueOf(i.left);
    const right = this.valueOf(i.right);
    if (left !== undefined && right === undefined && isCommutative(i.operation)) {
      this.withConstant({ ...i, left: i.right, right: i.left }, left);
    } else if (right !== undefined) {
      this.withConstant(i, right);
    } else if (i.left === i.right) {
      this.withItself(i);
    } else this.keep(i);
  }

  private withItself(i: Binary): void {
    switch (i.operation) {
      case "and":
      case "or":
        this.replace(i.result, i.left, i);
        return;
      case "xor":
      case "sub":
        this.constant(i, 0n);
        return;
      default:
        this.keep(i);
    }
  }

  private withConstant(i: Binary, right: bigint): void {
    switch (i.operation) {
      case "add":
      case "sub":
        this.sum(i, right);
        return;
      case "mul":
        if (right === 0n) this.constant(i, 0n);
        else if (right === 1n) this.replace(i.result, i.left, i);
        else if (isPowerOfTwo(right)) this.with(i, "shl", i.left, exponent(right));
        else this.keep(i);
        return;
      case "and":
        if (right === 0n) this.constant(i, 0n);
        else if (isPowerOfTwo(right + 1n) && this.bound(i.left) <= right) this.replace(i.result, i.left, i);
        else this.keep(i);
        return;
      case "or":
      case "xor":
        if (right === 0n) this.replace(i.result, i.left, i);
        else this.keep(i);
        return;
      case "shl":
      case "lshr":
      case "ashr":
        if ((right & 63n) === 0n) this.replace(i.result, i.left, i);
        else this.keep(i);
        return;
      case "udiv":
      case "umod":
      case "sdiv":
      case "smod":
        this.division(i, right);
    }
  }

  private division(i: Binary, right: bigint): void {
    const divides = i.operation === "udiv" || i.operation === "sdiv";
    const isSigned = i.operation === "sdiv" || i.operation === "smod";
    if (right === 1n) {
      if (divides) this.replace(i.result, i.left, i);
      else this.constant(i, 0n);
      return;
    }
    // Signed division of what is not negative is unsigned division.
    const unsigned = !isSigned || (this.bound(i.left) >> 63n === 0n && right >> 63n === 0n);
    if (!unsigned || right === 0n) this.keep(i);
    else if (isPowerOfTwo(right)) {
      if (divides) this.with(i, "lshr", i.left, exponent(right));
      else this.with(i, "and", i.left, right - 1n);
    } else this.keep({ ...i, operation: divides ? "udiv" : "umod" });
  }

  /** x + 0 is x; x - c is x + -c; (x + a) + b is x + (a + b). */
  private sum(i: Binary, right: bigint): void {
    const change = BigInt.asUintN(64, i.operation === "add" ? right : -right);
    if (change === 0n) {
      this.replace(i.result, i.left, i);
      return;
    }
    const inner = this.definitions[i.left.id];
    const before = inner?.op === "binary" && inner.operation === "add" ? this.valueOf(inner.right) : undefined;
    if (inner?.op === "binary" && before !== undefined && inner.left.type === i.result.type) {
      const total = BigInt.asUintN(64, before + change);
      if (total === 0n) this.replace(i.result, inner.left, i);
      else this.with(i, "add", inner.left, total);
    } else if (i.operation === "sub") this.with(i, "add", i.left, change);
    else this.keep(i);
  }
}

function isPowerOfTwo(value: bigint): boolean {
  return value > 0n && (value & (value - 1n)) === 0n;
}

function exponent(power: bigint): bigint {
  let result = 0n;
  for (let rest = present(power, "power"); rest > 1n; rest >>= 1n) result += 1n;
  return result;
}
