// The IR as text, one instruction a line; parse.ts reads it back. Types are written unless they are int. Spans are left out.

import { present } from "../base/invariant.ts";
import { helperById } from "../bpf/helpers.ts";
import { resultOf } from "./graph.ts";
import type { BlockTarget, Instruction, IrFunction, IrModule, Terminator, Value } from "./model.ts";

/** The text of a module: its functions, with an empty line between them. */
export function printModule(module: IrModule): string {
  return module.functions.map(printFunction).join("\n");
}

export function printFunction(fn: IrFunction): string {
  const lines = [`function ${JSON.stringify(fn.name)}(${fn.parameters.map(typed).join(", ")})`];
  for (const slot of fn.slots) lines.push(`slot s${slot.id} ${slot.size} align ${slot.alignment}`);
  for (const block of fn.blocks) {
    const parameters = block.parameters.length > 0 ? `(${block.parameters.map(typed).join(", ")})` : "";
    lines.push(`b${block.id}${parameters}:`);
    for (const instruction of block.instructions) lines.push(`  ${printInstruction(instruction)}`);
    lines.push(`  ${printTerminator(present(block.terminator, `terminator of b${block.id}`))}`);
  }
  return `${lines.join("\n")}\n`;
}

function name(value: Value): string {
  return `v${value.id}`;
}

function typed(value: Value): string {
  return `v${value.id}: ${value.type}`;
}

function list(values: readonly Value[]): string {
  return `(${values.map(name).join(", ")})`;
}

function place(address: Value, offset: number): string {
  return `${name(address)}${offset < 0 ? ` - ${-offset}` : ` + ${offset}`}`;
}

/** Structs by their BTF ids: `@132`. */
function pointsTo(pointee: number | undefined): string {
  return pointee === undefined ? "" : ` to @${pointee}`;
}

export function printInstruction(i: Instruction): string {
  const result = resultOf(i);
  const left = result === undefined ? "" : `${result.type === "int" ? name(result) : typed(result)} = `;
  return `${left}${operation(i)}`;
}

function operation(i: Instruction): string {
  switch (i.op) {
    case "const":
      return `const ${BigInt.asIntN(64, i.value)}`;
    case "link-constant":
    case "function":
      return `${i.op} ${JSON.stringify(i.name)}`;
    case "binary":
      return `${i.operation} ${name(i.left)}, ${name(i.right)}`;
    case "compare":
      return `compare ${i.comparison} ${name(i.left)}, ${name(i.right)}`;
    case "extend":
      return `extend ${i.signed ? "s" : "u"}${i.bits} ${name(i.operand)}`;
    case "byte-swap":
      return `byte-swap ${i.bits} ${name(i.operand)}`;
    case "clamp":
      return `clamp ${name(i.operand)}, ${i.maximum}`;
    case "load":
      return `load ${i.size} ${place(i.address, i.offset)}${pointsTo(i.pointee)}`;
    case "read":
      return `read ${i.size} ${place(i.address, i.offset)}${i.struct === undefined ? "" : ` of @${i.struct}`}${pointsTo(i.pointee)}`;
    case "store":
    case "atomic-add":
      return `${i.op} ${i.size} ${place(i.address, i.offset)}, ${name(i.value)}`;
    case "slot-address":
      return `slot-address s${i.slot.id}`;
    case "map":
      return `map ${JSON.stringify(i.map)}`;
    case "map-value":
      return `map-value ${JSON.stringify(i.map)} + ${i.offset}`;
    case "call":
      return `call ${helperById(i.helper)?.name ?? "helper"}#${i.helper}${list(i.arguments)}${pointsTo(i.pointee)}`;
    case "call-function":
    case "call-kfunc":
      return `${i.op} ${JSON.stringify(i.name)}${list(i.arguments)}`;
  }
}

function printTarget(target: BlockTarget): string {
  return `b${target.block.id}${target.arguments.length > 0 ? list(target.arguments) : ""}`;
}

export function printTerminator(t: Terminator): string {
  switch (t.op) {
    case "jump":
      return `jump ${printTarget(t.target)}`;
    case "branch":
      return `branch ${t.comparison} ${name(t.left)}, ${name(t.right)}, ${printTarget(t.then)}, ${printTarget(t.else)}`;
    case "return":
      return `return ${name(t.value)}`;
  }
}
