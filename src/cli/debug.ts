// -d: the compiler's intermediate forms as text, on stderr, so that the script's output stays its own.

import type { BytecodeProgram } from "../backend/bytecode.ts";
import { disassemble } from "../bpf/disassemble.ts";
import type { CompiledProgram } from "../compile/compiled-program.ts";
import type { AnalysedProgram } from "../define/analysed.ts";
import type { IrModule } from "../ir/model.ts";
import { printModule } from "../ir/print.ts";
import type { Program } from "../syntax/ast.ts";
import { typeName } from "../types/type.ts";
import { oldDebug } from "./debug-stages.ts";
import { treeLines } from "./tree-text.ts";

function write(title: string, text: string): void {
  process.stderr.write(`${title}\n-------------------\n${text}\n`);
}

/** Names of -d that show a stage of the compiler. */
function shownBy(stage: string): readonly string[] {
  switch (stage) {
    case "ast":
      return ["parse", "ast", oldDebug];
    case "types":
      return ["types"];
    case "ir":
      return ["ir", "codegen"];
    case "optimised ir":
      return ["codegen-opt"];
    case "bytecode":
      return ["bytecode", "dis"];
    default:
      return ["passes"];
  }
}

/** Prints a stage when the options ask for it. */
export function printStage(wanted: readonly string[], stage: string, value: unknown): void {
  const names = shownBy(stage);
  const all = wanted.includes("all") && !names.includes("passes");
  if (!all && !names.some((name) => wanted.includes(name))) return;
  if (isSyntax(value)) write("AST", treeLines(value.items, "", 0).join("\n"));
  else if (isAnalysed(value)) write("Types", typeLines(value).join("\n"));
  else if (isModule(value)) write(stage === "ir" ? "IR" : stage, printModule(value));
  else if (isNamedBytecode(value)) write(value.name, disassemble(value.bytecode.code));
}

function isSyntax(value: unknown): value is Program {
  return typeof value === "object" && value !== null && "items" in value;
}

function isAnalysed(value: unknown): value is AnalysedProgram {
  return typeof value === "object" && value !== null && "variableTypes" in value;
}

function isModule(value: unknown): value is IrModule {
  return typeof value === "object" && value !== null && "functions" in value;
}

function isNamedBytecode(value: unknown): value is { readonly name: string; readonly bytecode: BytecodeProgram } {
  return typeof value === "object" && value !== null && "bytecode" in value;
}

/** Maps and variables with their types. */
function typeLines({ maps, variableTypes }: AnalysedProgram): readonly string[] {
  const mapLines = [...maps.values()].map(({ name, scalar, key, value }) => {
    return `${name}${scalar ? "" : `[${typeName(key)}]`}: ${typeName(value)}`;
  });
  return [...mapLines, ...[...variableTypes].map(([symbol, type]) => `${symbol.name}: ${typeName(type)}`)];
}

/** Prints what the loader gets, when the options ask for it. */
export function printLoaderInput(wanted: readonly string[], program: CompiledProgram): void {
  if (!wanted.includes("libbpf") && !wanted.includes("all")) return;
  const maps = program.maps.map(
    ({ name, type, keySize, valueSize, maxEntries }) => `map ${name}: type ${type}, key ${keySize}, value ${valueSize}, ${maxEntries} entries`,
  );
  const programs = program.probes.map(({ name, functionName, program: kind, bytecode, attach }) => {
    const size = bytecode.code.length / 8;
    return `program ${functionName} of ${name}: type ${kind.type}, attach type ${kind.expectedAttach}, ${size} instructions, ${attach.mechanism}`;
  });
  write("Loader", [...maps, ...programs].join("\n"));
}
