// Variables of a probe that begin in both branches of an `if`, as older scripts write them, and are read after it.

import type { VariableSymbol } from "../define/analysed.ts";
import type { Registry } from "../define/registry.ts";
import { Diagnostics } from "../source/diagnostic.ts";
import type { Span } from "../source/source.ts";
import type { Statement, VariableExpression } from "../syntax/ast.ts";
import { ScopeResolver } from "./scopes.ts";

export type If = Extract<Statement, { readonly kind: "if" }>;
export type Registered = Map<VariableExpression, VariableSymbol>;

/** A variable that both branches of an `if` assign first. */
export interface Joined {
  readonly statement: If;
  readonly variable: VariableExpression;
  readonly span: Span;
}

/** Variables that begin before an `if` rather than in each of its branches. */
export type Joins = Map<If, Joined[]>;

/**
 * Resolves a probe or a function, and registers which symbol each variable means; gives the next free symbol id.
 *
 * A variable lives in the block of its first assignment, and blocks side by side may use a name for different things. One that
 * all branches of an `if` assign and that is read after it begins before the `if`: such reads are found on the way, and the body
 * is then gone through again.
 */
export function resolveVariables(
  variables: Registered,
  diagnostics: Diagnostics,
  registry: Registry,
  firstId: number,
  resolve: (resolver: ScopeResolver) => number,
): number {
  const joins: Joins = new Map();
  for (;;) {
    const attempt = new Diagnostics();
    const resolver = new ScopeResolver(variables, attempt, registry, firstId, joins);
    const next = resolve(resolver);
    const { joined } = resolver;
    if (joined === undefined) {
      for (const diagnostic of attempt.all()) diagnostics.add(diagnostic);
      return next;
    }
    joins.set(joined.statement, [...(joins.get(joined.statement) ?? []), joined]);
  }
}
