// Long chains of `&&` or `||`, as generators of scripts write them, as flat trees: `a || b || c || d` is `(a || b) || (c || d)`,
// whose value and order of evaluation are the same. Thousands of operands are then a few levels deep.

import { spanBetween } from "../source/source.ts";
import type { BinaryOperator, Expression, Item, Program } from "../syntax/ast.ts";
import { logicalChain, longChain } from "../syntax/nesting.ts";
import { type Rewriter, rebuildBlock, rebuildExpression, rebuildMap, rebuildOperand, rebuildType } from "./rebuild.ts";

const flatten: Rewriter = {
  expression: flattenExpression,
  effect: flattenExpression,
  variable: (variable) => variable,
  map: (map) => rebuildMap(map, flatten),
  type: (type) => rebuildType(type, flatten),
  operand: (operand) => rebuildOperand(operand, flatten),
  block: (block) => rebuildBlock(block, flatten),
  span: (span) => span,
};

/** The same program with its long chains flat; nearly all have none and are given back as they are. */
export function balanceChains(program: Program): Program {
  const { text } = program.span.file;
  if (!["||", "&&"].some((operator) => text.split(operator).length >= longChain)) return program;
  return { ...program, items: program.items.map(flattenItem) };
}

function flattenItem(item: Item): Item {
  switch (item.kind) {
    case "probe": {
      const { predicate } = item;
      return {
        ...item,
        predicate: predicate === undefined ? undefined : { ...predicate, condition: flattenExpression(predicate.condition) },
        body: rebuildBlock(item.body, flatten),
      };
    }
    case "macro":
    case "function":
      return { ...item, body: rebuildBlock(item.body, flatten) };
    case "map-declaration":
      return item;
  }
}

function flattenExpression(expression: Expression): Expression {
  const chain = logicalChain(expression);
  if (chain === undefined || chain.operands.length < longChain) return rebuildExpression(expression, flatten);
  return balanced(chain.operator, chain.operands.map(flattenExpression)) ?? expression;
}

/** Undefined for no operands at all. */
function balanced(operator: BinaryOperator, operands: readonly Expression[]): Expression | undefined {
  if (operands.length <= 1) return operands[0];
  const middle = operands.length >> 1;
  const left = balanced(operator, operands.slice(0, middle));
  const right = balanced(operator, operands.slice(middle));
  if (left === undefined || right === undefined) return left ?? right;
  return { kind: "binary", operator, left, right, span: spanBetween(left.span, right.span) };
}
