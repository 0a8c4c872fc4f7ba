// -d: the compiler's intermediate forms as text.

import { disassemble } from "../bpf/disassemble.ts";
import type { BytecodeProgram } from "../backend/bytecode.ts";
import type { IrModule } from "../ir/model.ts";
import { printModule } from "../ir/print.ts";
import type { Program } from "../syntax/ast.ts";

function write(text: string): void {
  process.stderr.write(text);
}

/** Prints a stage when the options ask for it. */
export function printStage(wanted: readonly string[], stage: string, value: unknown): void {
  const all = wanted.includes("all") || wanted.includes("old");
  if (stage === "ast" && (all || wanted.includes("ast"))) write(`AST\n-------------------\n${astText(value)}\n`);
  if (stage === "ir" && (all || wanted.includes("ir") || wanted.includes("codegen")) && isModule(value)) {
    write(`IR\n-------------------\n${printModule(value)}\n`);
  }
  if (stage.startsWith("ir after") && (wanted.includes("passes") || wanted.includes("codegen-opt")) && isModule(value)) {
    write(`${stage}\n-------------------\n${printModule(value)}\n`);
  }
  if (stage === "bytecode" && (all || wanted.includes("bytecode") || wanted.includes("dis")) && isNamedBytecode(value)) {
    write(`${value.name}\n-------------------\n${disassemble(value.bytecode.code)}\n`);
  }
}

function isModule(value: unknown): value is IrModule {
  return typeof value === "object" && value !== null && "functions" in value;
}

function isNamedBytecode(value: unknown): value is { readonly name: string; readonly bytecode: BytecodeProgram } {
  return typeof value === "object" && value !== null && "bytecode" in value;
}

/** The tree without places, one node a line. */
function astText(program: unknown): string {
  const tree = isProgram(program) ? program.items : program;
  return JSON.stringify(tree, (key, value: unknown) => (/[sS]pan$/.test(key) ? undefined : typeof value === "bigint" ? Number(value) : value), 1);
}

function isProgram(value: unknown): value is Program {
  return typeof value === "object" && value !== null && "items" in value;
}
