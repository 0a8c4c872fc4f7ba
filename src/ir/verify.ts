// Checks that a module is well-formed IR. Passes run it after themselves in tests; whoever breaks a rule has a bug.

import { invariant, present } from "../base/invariant.ts";
import { countPredecessors, Dominators, operandsOf, resultOf, reversePostorder, targetsOf, terminatorOperands } from "./graph.ts";
import type { Block, Instruction, IrFunction, IrModule, Value, ValueType } from "./model.ts";
import { printInstruction, printTerminator } from "./print.ts";

/**
 * Throws InternalError unless: every reachable block has a terminator; block arguments match the parameters in number and type; every
 * value is defined once, before its uses on all paths; operands have types that make sense; called functions exist.
 */
export function verifyModule(module: IrModule): void {
  const callees = new Map(module.functions.map((fn) => [fn.name, fn.parameters.length]));
  invariant(callees.size === module.functions.length, "function names are unique");
  for (const fn of module.functions) verifyFunction(fn, callees);
}

interface Definition {
  readonly value: Value;
  readonly block: Block | undefined;
  /** Index in the block; -1 for parameters. */
  readonly index: number;
}

/** `callees`: the module's functions by name, with the number of their parameters. */
function verifyFunction(fn: IrFunction, callees: ReadonlyMap<string, number>): void {
  const entry = present(fn.blocks[0], `entry block of ${fn.name}`);
  const order = reversePostorder(fn);
  const owned = new Set(fn.blocks);
  for (const block of order) invariant(owned.has(block), `b${block.id} belongs to ${fn.name}`);
  invariant(new Set(fn.blocks.map((block) => block.id)).size === fn.blocks.length, "block ids are unique");
  invariant(entry.parameters.length === 0, "the entry block has no parameters");
  invariant(countPredecessors(fn)[entry.id] === 0, "nothing jumps to the entry block");
  const definitions = collectDefinitions(fn, order);
  const dominators = new Dominators(order);
  for (const block of order) verifyBlock(fn, block, definitions, dominators, callees);
}

function collectDefinitions(fn: IrFunction, order: readonly Block[]): Map<number, Definition> {
  const definitions = new Map<number, Definition>();
  const define = (value: Value, block: Block | undefined, index: number): void => {
    invariant(!definitions.has(value.id), `v${value.id} is defined once`);
    invariant(value.id < fn.nextValue, `v${value.id} is below nextValue`);
    definitions.set(value.id, { value, block, index });
  };
  for (const parameter of fn.parameters) define(parameter, undefined, -1);
  for (const block of order) {
    for (const parameter of block.parameters) define(parameter, block, -1);
    for (const [index, instruction] of block.instructions.entries()) {
      const result = resultOf(instruction);
      if (result !== undefined) define(result, block, index);
    }
  }
  return definitions;
}

function verifyBlock(
  fn: IrFunction,
  block: Block,
  definitions: ReadonlyMap<number, Definition>,
  dominators: Dominators,
  callees: ReadonlyMap<string, number>,
): void {
  const check = (value: Value, index: number, where: () => string): void => {
    const definition = definitions.get(value.id);
    invariant(definition !== undefined, `${fn.name} b${block.id}: v${value.id} has no definition (${where()})`);
    invariant(definition.value.type === value.type, `${fn.name} b${block.id}: v${value.id} has one type (${where()})`);
    const before =
      definition.block === undefined ||
      (definition.block === block ? definition.index < index : dominators.dominates(definition.block, block));
    invariant(before, `${fn.name} b${block.id}: v${value.id} is defined before its use (${where()})`);
  };
  for (const [index, instruction] of block.instructions.entries()) {
    for (const operand of operandsOf(instruction)) check(operand, index, () => printInstruction(instruction));
    verifyTypes(fn, instruction, callees);
  }
  const terminator = present(block.terminator, `terminator of b${block.id}`);
  for (const operand of terminatorOperands(terminator)) {
    check(operand, block.instructions.length, () => printTerminator(terminator));
  }
  for (const target of targetsOf(terminator)) {
    const { parameters } = target.block;
    invariant(
      parameters.length === target.arguments.length,
      `${fn.name} b${block.id}: ${printTerminator(terminator)} gives b${target.block.id} its ${parameters.length} arguments`,
    );
    for (const [index, argument] of target.arguments.entries()) {
      const type = parameters[index]?.type;
      invariant(
        argument.type === type || isNull(argument, type, definitions),
        `${fn.name} b${block.id}: argument v${argument.id} of b${target.block.id} is ${type}, not ${argument.type}`,
      );
    }
  }
}

/** The constant 0 is a null of any kind that may be null. */
function isNull(value: Value, type: ValueType | undefined, definitions: ReadonlyMap<number, Definition>): boolean {
  const definition = definitions.get(value.id);
  const instruction = definition?.block?.instructions[definition.index];
  return (type === "memory-or-null" || type === "btf") && instruction?.op === "const" && instruction.value === 0n;
}

const addressable: ReadonlySet<ValueType> = new Set<ValueType>(["ctx", "stack", "memory", "memory-or-null", "btf"]);

function verifyTypes(fn: IrFunction, i: Instruction, callees: ReadonlyMap<string, number>): void {
  const where = (): string => `${fn.name}: ${printInstruction(i)}`;
  switch (i.op) {
    case "load":
    case "store":
    case "atomic-add":
      invariant(addressable.has(i.address.type), `${where()}: the address is a pointer`);
      invariant(Number.isInteger(i.offset), `${where()}: the offset is an integer`);
      return;
    case "read":
      invariant(i.address.type === "int" || i.address.type === "btf", `${where()}: the address is a number or a kernel pointer`);
      return;
    case "const":
      invariant(i.value === BigInt.asUintN(64, i.value), `${where()}: constants are unsigned 64-bit numbers`);
      return;
    case "slot-address":
      invariant(fn.slots.includes(i.slot), `${where()}: the slot belongs to the function`);
      invariant(i.result.type === "stack", `${where()}: a slot's address is of type stack`);
      return;
    case "map":
      invariant(i.result.type === "map", `${where()}: a map is of type map`);
      return;
    case "map-value":
      invariant(i.result.type === "memory", `${where()}: a map value is memory`);
      return;
    case "function":
      invariant(callees.has(i.name), `${where()}: the function exists`);
      invariant(i.result.type === "function", `${where()}: a function's address is of type function`);
      return;
    case "clamp":
    case "extend":
    case "byte-swap":
      invariant(i.operand.type !== "ctx" && i.operand.type !== "stack", `${where()}: the operand is a number`);
      return;
    case "binary": {
      const pointers = [i.left, i.right].filter((value) => value.type !== "int");
      const moves = i.operation === "add" || i.operation === "sub";
      const isScalar = i.result.type === "int";
      invariant(isScalar || (moves && pointers.length === 1), `${where()}: pointers are only added to and subtracted from`);
      return;
    }
    case "call-function":
      invariant(callees.get(i.name) === i.arguments.length, `${where()}: the function exists and takes as many arguments`);
      invariant(i.arguments.length <= 5, `${where()}: at most five arguments`);
      return;
    case "call":
    case "call-kfunc":
      invariant(i.arguments.length <= 5, `${where()}: at most five arguments`);
      return;
    case "compare":
    case "link-constant":
      return;
  }
}
