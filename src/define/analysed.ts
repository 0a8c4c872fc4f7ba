// The result of analysis and the input of lowering: the syntax tree with what is known of its nodes.

import type { Span } from "../source/source.ts";
import type { Block, Expression, TypeExpression, VariableExpression } from "../syntax/ast.ts";
import type { Type } from "../types/type.ts";
import type { AggregationDef } from "./aggregation.ts";
import type { Config } from "./config.ts";
import type { Literal } from "./literal.ts";
import type { ProbePoint } from "./probe.ts";

/** One declared or first-assigned variable. */
export interface VariableSymbol {
  readonly id: number;
  /** With the `$`. */
  readonly name: string;
  readonly span: Span;
  /** By a `let` without type and value. */
  readonly bare: boolean;
  /** Number of loop bodies around its declaration: deeper uses capture it. */
  readonly loopDepth: number;
}

/** A map of the script with its final types. */
export interface UserMap {
  /** With the `@`. */
  readonly name: string;
  readonly scalar: boolean;
  /** Of scalar maps: none. */
  readonly key: Type;
  readonly value: Type;
  /** Undefined for plain values. */
  readonly aggregation: AggregationDef | undefined;
  readonly maxEntries: number;
  /** hash, lruhash, percpuhash, percpulruhash as declared; undefined: the default for its values. */
  readonly declaredKind: string | undefined;
}

/** A body with the attach points that run it; all share its types. */
export interface AnalysedProbe {
  readonly points: readonly ProbePoint[];
  readonly predicate: Expression | undefined;
  readonly body: Block;
  readonly span: Span;
  /** Of a session: what runs when the functions return, in the same program; `points` is then one at their entry. */
  readonly atReturn: AnalysedProbe | undefined;
  /** Further probes on the same event, which the same program runs after this one. */
  readonly followers: readonly AnalysedProbe[];
}

export interface AnalysedProgram {
  readonly config: Config;
  readonly probes: readonly AnalysedProbe[];
  readonly maps: ReadonlyMap<string, UserMap>;
  /** Types of all expressions that are evaluated, after widening. */
  readonly types: ReadonlyMap<Expression, Type>;
  /** Values of expressions that are known. */
  readonly literals: ReadonlyMap<Expression, Literal>;
  /** What is evaluated in place of an expression. */
  readonly replacements: ReadonlyMap<Expression, Expression>;
  readonly variables: ReadonlyMap<VariableExpression, VariableSymbol>;
  readonly variableTypes: ReadonlyMap<VariableSymbol, Type>;
  readonly typeExpressions: ReadonlyMap<TypeExpression, Type>;
}
