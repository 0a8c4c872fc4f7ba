// The machine's names for the operations and comparisons of the IR.

import type { AluOperation, JumpCondition } from "../bpf/instruction.ts";
import type { BinaryOperation, Comparison } from "../ir/model.ts";

export const aluOperations: Readonly<Record<BinaryOperation, AluOperation>> = {
  add: "add",
  sub: "sub",
  mul: "mul",
  udiv: "div",
  sdiv: "sdiv",
  umod: "mod",
  smod: "smod",
  and: "and",
  or: "or",
  xor: "xor",
  shl: "lsh",
  lshr: "rsh",
  ashr: "arsh",
};

export const conditions: Readonly<Record<Comparison, JumpCondition>> = {
  eq: "eq",
  ne: "ne",
  ult: "lt",
  ule: "le",
  ugt: "gt",
  uge: "ge",
  slt: "slt",
  sle: "sle",
  sgt: "sgt",
  sge: "sge",
};
