// What loop bodies share with the code around them: planned before lowering, because callbacks reach it by offset.

import type { AnalysedProgram, VariableSymbol } from "../define/analysed.ts";
import type { Registry } from "../define/registry.ts";
import type { Block, Expression, Statement } from "../syntax/ast.ts";
import { isScalar } from "../types/type.ts";
import { blocksOfExpression, expressionsOf, nestedBlocks } from "./tree.ts";

type Loop = Extract<Statement, { readonly kind: "for-range" | "for-map" }>;

export interface CapturePlan {
  /** Each variable that an inner loop body uses: its offset in the frame of its function, or scratch memory. */
  readonly captured: ReadonlyMap<VariableSymbol, number | "scratch">;
  /** Offset of the start of each range. */
  readonly starts: ReadonlyMap<Loop, number>;
  /** Offset of the iterator's file in the frame of the program, where loop bodies need it. */
  readonly iteratorFile: number | undefined;
  /** Bytes of the frame at each depth; 0: none. */
  readonly frameSizes: readonly number[];
  /** Loop bodies that may leave the probe. */
  readonly leaving: ReadonlySet<Block>;
}

/** Bytes at the start of a frame: the outer frame's address, and whether the probe was left. */
const header = 16;

export function planCaptures(
  program: AnalysedProgram,
  registry: Registry,
  predicate: Expression | undefined,
  body: Block,
  { scalarsInFrames, writesFile }: { readonly scalarsInFrames: boolean; readonly writesFile: boolean },
): CapturePlan {
  const captured = new Map<VariableSymbol, number | "scratch">();
  const starts = new Map<Loop, number>();
  const frameSizes: number[] = [];
  const leaving = new Set<Block>();

  const reserve = (depth: number): number => {
    const offset = frameSizes[depth] ?? header;
    while (frameSizes.length <= depth) frameSizes.push(0);
    frameSizes[depth] = Math.max(offset, header) + 8;
    return Math.max(offset, header);
  };
  const visitExpression = (expression: Expression, depth: number): void => {
    if (expression.kind === "variable") {
      const symbol = program.variables.get(expression);
      if (symbol !== undefined && symbol.loopDepth < depth && !captured.has(symbol)) {
        const type = program.variableTypes.get(symbol);
        const framed = scalarsInFrames && (type === undefined || isScalar(type));
        // Even a loop that shares nothing else needs the frame's header.
        captured.set(symbol, framed ? reserve(symbol.loopDepth) : "scratch");
      }
    }
    const evaluated = program.replacements.get(expression) ?? expression;
    for (const inner of expressionsOf(evaluated)) visitExpression(inner, depth);
    for (const block of blocksOfExpression(evaluated)) visitBlock(block, depth);
  };
  const visitStatement = (statement: Statement, depth: number): void => {
    const isLoop = statement.kind === "for-range" || statement.kind === "for-map";
    for (const expression of nestedBlocks(statement).expressions) visitExpression(expression, depth);
    if (isLoop) {
      starts.set(statement, reserve(depth));
      if (leaves(program, registry, statement.body)) leaving.add(statement.body);
    }
    for (const block of nestedBlocks(statement).blocks) visitBlock(block, isLoop ? depth + 1 : depth);
  };
  const visitBlock = (block: Block, depth: number): void => {
    for (const statement of block.statements) visitStatement(statement, depth);
    if (block.value !== undefined) visitExpression(block.value, depth);
  };

  if (predicate !== undefined) visitExpression(predicate, 0);
  visitBlock(body, 0);
  const iteratorFile = writesFile && starts.size > 0 ? reserve(0) : undefined;
  return { captured, starts, iteratorFile, frameSizes, leaving };
}

/** Whether some statement of a block, at any depth, ends the probe. */
function leaves(program: AnalysedProgram, registry: Registry, block: Block): boolean {
  return contains(program, block, {
    statement: (statement) => statement.kind === "return",
    call: (name) => registry.builtins.get(name)?.leavesProbe ?? false,
  });
}

/** Whether some statement of a block, at any depth, gives a variable a value. */
export function assigns(program: AnalysedProgram, block: Block, symbol: VariableSymbol): boolean {
  return contains(program, block, {
    statement: (statement) =>
      statement.kind === "assign" && statement.target.kind === "variable" && program.variables.get(statement.target) === symbol,
    call: () => false,
  });
}

interface Wanted {
  statement(statement: Statement): boolean;
  /** By the name of the function called. */
  call(name: string): boolean;
}

function contains(program: AnalysedProgram, block: Block, wanted: Wanted): boolean {
  const inExpression = (written: Expression): boolean => {
    const expression = program.replacements.get(written) ?? written;
    return (
      (expression.kind === "call" && wanted.call(expression.name)) ||
      expressionsOf(expression).some(inExpression) ||
      blocksOfExpression(expression).some((inner) => contains(program, inner, wanted))
    );
  };
  const inStatement = (statement: Statement): boolean => {
    if (wanted.statement(statement)) return true;
    const { expressions, blocks } = nestedBlocks(statement);
    return expressions.some(inExpression) || blocks.some((inner) => contains(program, inner, wanted));
  };
  return block.statements.some(inStatement) || (block.value !== undefined && inExpression(block.value));
}

/** Names of variables whose address is taken anywhere in a body. */
export function addressesTaken(predicate: Expression | undefined, body: Block): ReadonlySet<string> {
  const names = new Set<string>();
  const visitExpression = (expression: Expression): void => {
    if (expression.kind === "address-of" && expression.operand.kind === "variable") names.add(expression.operand.name);
    for (const inner of expressionsOf(expression)) visitExpression(inner);
    for (const block of blocksOfExpression(expression)) visitBlock(block);
  };
  const visitBlock = (block: Block): void => {
    for (const statement of block.statements) {
      const { expressions, blocks } = nestedBlocks(statement);
      for (const expression of expressions) visitExpression(expression);
      for (const inner of blocks) visitBlock(inner);
    }
    if (block.value !== undefined) visitExpression(block.value);
  };
  if (predicate !== undefined) visitExpression(predicate);
  visitBlock(body);
  return names;
}
