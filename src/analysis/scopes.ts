// Scopes of variables: which declaration each `$x` means, shadowing, uses before assignment.
// Works on the tree alone, before types are known.

import { assertNever } from "../base/invariant.ts";
import type { VariableSymbol } from "../define/analysed.ts";
import type { Registry } from "../define/registry.ts";
import type { Diagnostics } from "../source/diagnostic.ts";
import type { Span } from "../source/source.ts";
import type { Block, Expression, Statement, TypeExpression, TypeOrExpression, VariableExpression } from "../syntax/ast.ts";
import type { If, Joined, Joins, Registered } from "./joined-variables.ts";

interface Declared {
  readonly symbol: VariableSymbol;
  readonly variable: VariableExpression;
  /** Where it was declared or first assigned. */
  readonly span: Span;
  /** By a `let` without value, and not assigned since. */
  unassigned: boolean;
  readonly letSpan: Span | undefined;
  /** What made it, when neither a `let` nor an assignment did. */
  readonly role: "loop variable" | "function parameter" | undefined;
}

type Scope = Map<string, Declared>;

/** Variables of a macro's expansion are others than those of the same name around it. */
function scopeKey({ name, instance }: VariableExpression): string {
  return `${name} ${instance}`;
}

/** Resolves the variables of one probe body, going through it once; `resolveVariables` does that as often as it takes. */
export class ScopeResolver {
  /** A read that asks for another attempt. */
  joined: Joined | undefined;
  private readonly scopes: Scope[] = [];
  /** For each open scope: what the branches of its `if` statements have in common. */
  private readonly candidates: Map<string, Joined>[] = [];
  private readonly joins: Joins;
  private readonly variables: Registered;
  private readonly diagnostics: Diagnostics;
  private readonly registry: Registry;
  private nextId: number;
  /** Of scopes that are closed. */
  private readonly ended = new Set<string>();
  private loopDepth = 0;
  /** Inside sizeof and the like: reading a variable does not count. */
  private unevaluated = false;

  constructor(
    variables: Registered,
    diagnostics: Diagnostics,
    registry: Registry,
    firstId: number,
    joins: Joins,
  ) {
    this.joins = joins;
    this.variables = variables;
    this.diagnostics = diagnostics;
    this.registry = registry;
    this.nextId = firstId;
  }

  /** Resolves a predicate and a body; gives the next free symbol id. */
  resolveProbe(predicate: Expression | undefined, body: Block): number {
    this.inScope(() => {
      if (predicate !== undefined) this.expression(predicate);
      this.statements(body);
    });
    return this.nextId;
  }

  /** Resolves the body of a function; its parameters are variables of it. */
  resolveFunction(parameters: readonly VariableExpression[], body: Block): number {
    this.inScope(() => {
      for (const parameter of parameters) this.declare(parameter, parameter.span, undefined, false, false, "function parameter");
      this.statements(body);
    });
    return this.nextId;
  }

  // ---- scopes ---------------------------------------------------------------------------------------

  private lookup(variable: VariableExpression): Declared | undefined {
    const key = scopeKey(variable);
    for (let i = this.scopes.length - 1; i >= 0; i--) {
      const found = this.scopes[i]?.get(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private declare(variable: VariableExpression, span: Span, letSpan: Span | undefined, unassigned: boolean, bare = false, role?: Declared["role"]): void {
    const symbol = { id: this.nextId, name: variable.name, span, bare, loopDepth: this.loopDepth };
    this.nextId += 1;
    this.variables.set(variable, symbol);
    this.scopes.at(-1)?.set(scopeKey(variable), { symbol, variable, span, unassigned, letSpan, role });
  }

  /** Ends the innermost scope: variables that never got a value are worth a warning. */
  private close(): void {
    const scope = this.scopes.pop();
    this.candidates.pop();
    for (const [key, declared] of scope ?? []) {
      this.ended.add(key);
      if (!declared.unassigned || declared.letSpan === undefined) continue;
      const message = `Variable ${declared.symbol.name} was never assigned to.`;
      this.diagnostics.warn("never-assigned", declared.letSpan, message);
    }
  }

  private inScope(body: () => void): void {
    this.scopes.push(new Map());
    this.candidates.push(new Map());
    body();
    this.close();
  }

  // ---- statements -------------------------------------------------------------------------------------

  private block(block: Block): void {
    this.inScope(() => this.statements(block));
  }

  private statements(block: Block): void {
    let ended = false;
    for (const statement of block.statements) {
      if (ended) {
        this.diagnostics.warn("unreachable", statement.span, "Unreachable statement");
        ended = false;
      }
      this.statement(statement);
      ended = this.leaves(statement);
    }
    if (block.value !== undefined) {
      if (ended) this.diagnostics.warn("unreachable", block.value.span, "Unreachable statement");
      this.expression(block.value);
    }
  }

  /** Whether nothing after the statement runs. */
  private leaves(statement: Statement): boolean {
    if (statement.kind === "return" || statement.kind === "break" || statement.kind === "continue") return true;
    if (statement.kind !== "expression-statement" || statement.expression.kind !== "call") return false;
    return this.registry.builtins.get(statement.expression.name)?.leavesProbe ?? false;
  }

  private statement(statement: Statement): void {
    switch (statement.kind) {
      case "expression-statement":
        return this.expression(statement.expression);
      case "let":
        return this.let(statement);
      case "assign":
        return this.assign(statement);
      case "discard":
        return this.expression(statement.value);
      case "if":
        return this.if(statement);
      case "block-statement":
        return this.block(statement.block);
      case "unroll":
        this.expression(statement.count);
        return this.block(statement.body);
      case "while":
        this.expression(statement.condition);
        return this.loop(() => this.statements(statement.body), false);
      case "for-range":
        this.expression(statement.from);
        this.expression(statement.to);
        return this.forLoop(statement.variable, statement.body);
      case "for-map":
        return this.forLoop(statement.variable, statement.body);
      case "break":
      case "continue":
        return;
      case "return":
        if (statement.value !== undefined) this.expression(statement.value);
        return;
      case "import-statement":
        return;
      default:
        assertNever(statement);
    }
  }

  private if(statement: If): void {
    this.expression(statement.condition);
    for (const { variable, span } of this.joins.get(statement) ?? []) {
      if (this.lookup(variable) === undefined) this.declare(variable, span, undefined, false);
    }
    const then = this.branch(statement, statement.then);
    const otherwise = statement.else === undefined ? new Map<string, Joined>() : this.branch(statement, statement.else);
    for (const [key, joined] of then ?? otherwise ?? []) {
      if (otherwise === undefined || otherwise.has(key)) this.candidates.at(-1)?.set(key, joined);
    }
  }

  /** The variables that a branch is sure to assign first; undefined when nothing after it runs. */
  private branch(statement: If, block: Block): ReadonlyMap<string, Joined> | undefined {
    const assigned = new Map<string, Joined>();
    this.inScope(() => {
      this.statements(block);
      for (const [key, { variable }] of this.candidates.at(-1) ?? []) assigned.set(key, { statement, variable, span: variable.span });
      for (const [key, { variable, letSpan, span }] of this.scopes.at(-1) ?? []) {
        if (letSpan === undefined) assigned.set(key, { statement, variable, span });
      }
    });
    const last = block.statements.at(-1);
    return last !== undefined && this.leaves(last) ? undefined : assigned;
  }

  private let(statement: Extract<Statement, { readonly kind: "let" }>): void {
    if (statement.type !== undefined) this.type(statement.type);
    if (statement.value !== undefined) this.expression(statement.value);
    const { variable } = statement;
    const known = this.lookup(variable);
    if (known !== undefined) {
      this.diagnostics.error("redeclared", statement.declarationSpan, `Variable ${variable.name} was already declared. Variable shadowing is not allowed.`, {
        parts: [{ span: known.letSpan ?? known.span, message: `This is the ${howDeclared(known)}.` }],
      });
      this.variables.set(variable, known.symbol);
      return;
    }
    const unassigned = statement.value === undefined;
    this.declare(variable, statement.span, statement.declarationSpan, unassigned, unassigned && statement.type === undefined);
  }

  private assign(statement: Extract<Statement, { readonly kind: "assign" }>): void {
    this.expression(statement.value);
    const { target } = statement;
    if (target.kind === "map") return this.expression(target);
    if (statement.operator !== undefined) return this.change(target);
    const known = this.lookup(target);
    if (known === undefined) return this.declare(target, statement.span, undefined, false);
    known.unassigned = false;
    this.variables.set(target, known.symbol);
  }

  private forLoop(variable: VariableExpression, body: Block): void {
    const known = this.lookup(variable);
    if (known !== undefined) {
      this.diagnostics.error("redeclared", variable.span, `Loop declaration shadows existing variable: ${variable.name}`, {
        parts: [{ span: known.letSpan ?? known.span, message: `This is the ${howDeclared(known)}.` }],
      });
    }
    this.loop(() => {
      this.declare(variable, variable.span, undefined, false, false, "loop variable");
      this.statements(body);
    }, true);
  }

  private loop(body: () => void, callback: boolean): void {
    if (callback) this.loopDepth += 1;
    this.inScope(body);
    if (callback) this.loopDepth -= 1;
  }

  // ---- expressions ------------------------------------------------------------------------------------

  private use(variable: VariableExpression): void {
    const known = this.lookup(variable);
    if (known === undefined) {
      this.joined ??= this.candidates.map((common) => common.get(scopeKey(variable))).findLast((joined) => joined !== undefined);
      this.diagnostics.error("undefined-variable", variable.span, `Undefined or undeclared variable: ${variable.name}`, {
        hint: this.hintFor(variable),
      });
      return;
    }
    if (known.unassigned && !this.unevaluated) {
      this.diagnostics.warn("used-before-assigned", variable.span, `Variable used before it was assigned: ${variable.name}`);
    }
    this.variables.set(variable, known.symbol);
  }

  private hintFor(variable: VariableExpression): string | undefined {
    if (variable.instance !== 0) return "what a macro assigns is its own: a variable of the caller has to be passed for a $parameter";
    if (!this.ended.has(scopeKey(variable))) return undefined;
    return `it was assigned in a block that has ended: write \`let ${variable.name};\` before that block`;
  }

  /** Reads a variable and gives it another value. */
  private change(variable: VariableExpression): void {
    this.use(variable);
    const known = this.lookup(variable);
    if (known !== undefined && !this.unevaluated) known.unassigned = false;
  }

  private expression(expression: Expression): void {
    switch (expression.kind) {
      case "int":
      case "string":
      case "bool":
      case "positional":
      case "positional-count":
      case "identifier":
        return;
      case "variable":
        return this.use(expression);
      case "map":
        return this.all(expression.keys ?? []);
      case "call":
        return this.call(expression);
      case "binary":
        return this.all([expression.left, expression.right]);
      case "cast":
        this.type(expression.type);
        return this.expression(expression.operand);
      case "unary":
      case "comptime":
        return this.expression(expression.operand);
      case "type-argument":
        return this.type(expression.type);
      case "increment":
        return expression.target.kind === "variable" ? this.change(expression.target) : this.expression(expression.target);
      case "address-of":
        return expression.operand.kind === "variable" ? this.use(expression.operand) : this.expression(expression.operand);
      case "ternary":
        this.expression(expression.condition);
        if (expression.then !== undefined) this.expression(expression.then);
        return this.expression(expression.else);
      case "field":
      case "element":
        return this.expression(expression.base);
      case "index":
        return this.all([expression.base, ...expression.indices]);
      case "tuple":
        return this.all(expression.elements);
      case "record":
        return this.all(expression.fields.map((field) => field.value));
      case "block-expression":
        return this.block(expression.block);
      case "if-expression":
        this.expression(expression.condition);
        this.block(expression.then);
        if (expression.else !== undefined) this.block(expression.else);
        return;
      case "sizeof":
      case "typeinfo":
      case "offsetof":
        return this.typeOrExpression(expression.operand);
      default:
        assertNever(expression);
    }
  }

  /** Arguments; a variable that the function assigns need not have a value before. */
  private call(call: Expression & { readonly kind: "call" }): void {
    const parameters = this.registry.builtins.get(call.name)?.parameters ?? [];
    for (const [i, argument] of call.arguments.entries()) {
      const known = argument.kind === "variable" && parameters[i]?.kind === "variable" ? this.lookup(argument) : undefined;
      if (known !== undefined) known.unassigned = false;
      this.expression(argument);
    }
  }

  private typeOrExpression(operand: TypeOrExpression): void {
    const before = this.unevaluated;
    this.unevaluated = true;
    if (operand.kind === "value") this.expression(operand.expression);
    if (operand.kind === "type") this.type(operand.type);
    this.unevaluated = before;
  }

  /** Variables that a type names in typeof. */
  private type(type: TypeExpression): void {
    switch (type.kind) {
      case "named-type":
      case "tagged-type":
        return;
      case "typeof":
        return this.typeOrExpression(type.operand);
      case "pointer-type":
        return this.type(type.to);
      case "array-type":
        return this.type(type.element);
      default:
        assertNever(type);
    }
  }

  private all(expressions: readonly Expression[]): void {
    for (const expression of expressions) this.expression(expression);
  }
}

function howDeclared(known: Declared): string {
  return known.role ?? (known.letSpan === undefined ? "initial assignment" : "initial declaration");
}
