// How deeply the parts of a script stand inside each other. The stages of the compiler are recursive, so what is nested too
// deeply is refused right after parsing, with its place; this file itself walks without recursion.

import type { Diagnostics } from "../source/diagnostic.ts";
import type { Span } from "../source/source.ts";
import type { BinaryOperator, Expression, Program } from "./ast.ts";

/** Levels at most. The stages have room for some 900 of the largest ones on Node's usual stack. */
export const maxNesting = 750;

/** From this length on, chains of `&&` and of `||` are made flat before they are compiled. */
export const longChain = 16;

interface Node {
  readonly kind: string;
  readonly span: Span;
}

interface Level {
  readonly node: Node;
  readonly depth: number;
  readonly above: Level | undefined;
}

/** Refuses a script whose parts are nested too deeply for the compiler. */
export function checkNesting(program: Program, diagnostics: Diagnostics): void {
  const deepest = deepestLevel(program);
  if (deepest === undefined || deepest.depth <= maxNesting) return;
  const { node, span } = tooDeep(deepest);
  const what = blocks.has(node.kind) ? "blocks are" : "expression is";
  diagnostics.error("syntax", span, `syntax: ${what} nested too deeply`);
}

const blocks: ReadonlySet<string> = new Set(["if", "if-expression", "while", "for-range", "for-map", "unroll", "block-statement"]);

/** Place of the innermost part. */
export function deepestPlace(program: Program): Span | undefined {
  return deepestLevel(program)?.node.span;
}

/** Operands of a chain of one logical operator, `a || b || c`, in order; undefined for all else. */
export function logicalChain(expression: Expression): { readonly operator: BinaryOperator; readonly operands: readonly Expression[] } | undefined {
  if (expression.kind !== "binary" || (expression.operator !== "||" && expression.operator !== "&&")) return undefined;
  const { operator } = expression;
  const operands: Expression[] = [];
  let left: Expression = expression;
  for (; left.kind === "binary" && left.operator === operator; left = left.left) operands.push(left.right);
  return { operator, operands: [...operands, left].reverse() };
}

/** Where reading from left to right the limit is passed. */
function tooDeep(deepest: Level): { readonly node: Node; readonly span: Span } {
  let outer = deepest;
  let part = deepest;
  while (outer.above !== undefined && outer.depth > maxNesting + 1) {
    part = outer;
    outer = outer.above;
  }
  const { span } = outer.node;
  if (!beginsWith(outer.above, outer)) {
    return { node: outer.node, span: { ...span, end: part.node.span.start > span.start ? part.node.span.start : span.end } };
  }
  // `a + b + c`, `a.b.c`: the outer parts begin where the inner ones do, and go on behind them.
  let inner = deepest;
  while (inner.above !== undefined && inner.node.span.start !== span.start) inner = inner.above;
  let below = inner;
  while (inner.above !== undefined && beginsWith(inner.above, inner) && deepest.depth - inner.depth <= maxNesting) {
    below = inner;
    inner = inner.above;
  }
  return { node: inner.node, span: { ...inner.node.span, start: below.node.span.end } };
}

function beginsWith(whole: Level | undefined, part: Level): boolean {
  return whole?.node.span.start === part.node.span.start;
}

function deepestLevel(program: Program): Level | undefined {
  let deepest: Level | undefined;
  const waiting: Level[] = program.items.map((node) => ({ node, depth: 1, above: undefined }));
  for (let level = waiting.pop(); level !== undefined; level = waiting.pop()) {
    if (deepest === undefined || level.depth > deepest.depth) deepest = level;
    enter(level, waiting);
  }
  return deepest;
}

/** Adds the parts of a node. */
function enter(above: Level, waiting: Level[]): void {
  const { node, depth } = above;
  const chain = isExpression(node) ? logicalChain(node) : undefined;
  if (chain !== undefined && chain.operands.length >= longChain) {
    const inside = depth + Math.ceil(Math.log2(chain.operands.length));
    for (const operand of chain.operands) waiting.push({ node: operand, depth: inside, above });
    return;
  }
  const groups: unknown[] = Object.values(node);
  for (let group = groups.pop(); group !== undefined || groups.length > 0; group = groups.pop()) {
    if (typeof group !== "object" || group === null || "start" in group) continue;
    // A block is no level of its own, it belongs to what it is the block of.
    if (isNode(group) && group.kind !== "block") waiting.push({ node: group, depth: depth + 1, above });
    else groups.push(...Object.values(group));
  }
}

function isNode(value: object): value is Node {
  return "kind" in value && typeof value.kind === "string" && "span" in value;
}

function isExpression(node: Node | Expression): node is Expression {
  return node.kind === "binary";
}
