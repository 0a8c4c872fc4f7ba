// `comptime`: expressions that must be known while compiling, and conditions that drop a branch before it is type checked.
//
// A condition that depends on the type of a variable or map is decided only when all types have settled, one at a time in
// the order of the program; what the chosen branch assigns may then widen types again.

import { literalTruth } from "../define/literal.ts";
import type { Expression } from "../syntax/ast.ts";
import type { Type } from "../types/type.ts";
import { constantOf } from "./constant.ts";
import { type Context, reportError } from "./context.ts";
import { inferExpression, literalType } from "./expressions.ts";
import { walkExpression } from "./walk.ts";

type Comptime = Expression & { kind: "comptime" };

/** Which branches of a condition count: both, for conditions that are evaluated at run time. */
export type Branches = "both" | "then" | "else" | "none";

/** An expression that must be known. */
export function inferComptime(context: Context, expression: Comptime): Type | undefined {
  const type = inferExpression(context, expression.operand);
  const value = constantOf(context, expression.operand);
  if (value === undefined) {
    reportError(context, "comptime", expression.span, "Unable to resolve comptime expression");
    return type;
  }
  const natural = literalType(context, expression, value);
  return context.state.literals.has(expression.operand) ? natural : type;
}

/** Infers a `comptime` condition and says which branch stays; none while it can't be told. */
export function chooseBranches(context: Context, condition: Expression): Branches {
  if (condition.kind !== "comptime") return "both";
  const { state } = context;
  inferExpression(context, condition);
  const literal = state.literals.get(condition);
  const decided = state.decisions.get(condition);
  if (decided === undefined) {
    if (literal === undefined) return "none";
    const value = literalTruth(literal);
    if (readsState(condition)) {
      state.undecided.push({ condition, value });
      return "none";
    }
    state.decisions.set(condition, value);
    return value ? "then" : "else";
  }
  if (literal !== undefined && literalTruth(literal) !== decided) {
    const message = "The comptime condition changed after it was decided: a type that it looks at became another one";
    reportError(context, "comptime", condition.span, message);
  }
  return decided ? "then" : "else";
}

/** Whether a condition looks at variables or maps, whose types may still change. */
function readsState(condition: Expression): boolean {
  let reads = false;
  walkExpression(condition, (expression) => {
    if (expression.kind === "variable" || expression.kind === "map") reads = true;
  });
  return reads;
}
