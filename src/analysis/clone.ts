// Copies of syntax trees: a body that means different things at different attach points is analysed once for each.

import type { Block, Expression } from "../syntax/ast.ts";
import { type Rewriter, rebuildBlock, rebuildExpression, rebuildMap, rebuildOperand, rebuildType } from "./rebuild.ts";

const copy: Rewriter = {
  expression: (expression) => rebuildExpression(expression, copy),
  effect: (expression) => rebuildExpression(expression, copy),
  variable: (variable) => ({ ...variable }),
  map: (map) => rebuildMap(map, copy),
  type: (type) => rebuildType(type, copy),
  operand: (operand) => rebuildOperand(operand, copy),
  block: (block) => rebuildBlock(block, copy),
  span: (span) => span,
};

/** A deep copy with new identity for every node. */
export function cloneBlock(block: Block): Block {
  return rebuildBlock(block, copy);
}

export function cloneExpression(expression: Expression): Expression {
  return rebuildExpression(expression, copy);
}
