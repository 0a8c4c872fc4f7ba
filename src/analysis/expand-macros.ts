// Expansion of macros on the syntax tree, before types are known: those of the language, hygienically, and the
// object-like macros of the C definitions. What comes out has no macro calls any more.

import type { Registry } from "../define/registry.ts";
import type { Target } from "../define/target.ts";
import { type DiagnosticExtras, Diagnostics } from "../source/diagnostic.ts";
import { SourceFile, type Span } from "../source/source.ts";
import type {
  Block,
  CallExpression,
  Expression,
  MacroDefinition,
  MapExpression,
  Probe,
  TypeExpression,
  TypeOrExpression,
  VariableExpression,
} from "../syntax/ast.ts";
import { isBuiltinWord } from "../syntax/builtin-words.ts";
import { parseExpression } from "../syntax/parser.ts";
import type { CTypes } from "./context.ts";
import { chooseMacro, type MacroTable, mismatchParts } from "./macro-table.ts";
import { type Rewriter, rebuildBlock, rebuildExpression, rebuildMap, rebuildOperand, rebuildType } from "./rebuild.ts";
import { namedType } from "./resolve-type.ts";
import { walkBlock, walkStatements } from "./walk.ts";

export interface MacroInput {
  readonly macros: MacroTable;
  readonly registry: Registry;
  readonly target: Pick<Target, "kernelTypes">;
  readonly cTypes: CTypes;
  readonly diagnostics: Diagnostics;
}

/** Nodes that a program with macros may have: expansions can grow exponentially. */
const maxNodes = 200_000;

/** Nodes inside each other at most: the later stages are recursive. */
const maxDepth = 500;

/** Expands all macros; not complete when something was reported: then there is no sense in types. */
export function expandMacros(
  input: MacroInput,
  probes: readonly Probe[],
): { readonly probes: readonly Probe[]; readonly complete: boolean } {
  const expander = new MacroExpander(input);
  return { probes: probes.map((probe) => expander.probe(probe)), complete: !expander.failed };
}

/** What names mean where an expression stands. */
interface Environment {
  /** The macro whose body it is; undefined for what the script wrote in a probe, and for the text of C macros. */
  readonly macro: MacroDefinition | undefined;
  readonly cMacro: boolean;
  /** Arguments, expanded, by parameter: `$v`, `@m`, `x`. */
  readonly bindings: ReadonlyMap<string, Expression>;
  /** Variables that the body assigns. */
  readonly locals: ReadonlySet<string>;
  readonly instance: number;
  /** Where the macro is called. */
  readonly call: Span | undefined;
  readonly caller: Environment | undefined;
}

const script: Environment = {
  macro: undefined,
  cMacro: false,
  bindings: new Map(),
  locals: new Set(),
  instance: 0,
  call: undefined,
  caller: undefined,
};

type Identifier = Expression & { readonly kind: "identifier" };
/** Whether somebody uses the value. */
type Use = "value" | "effect";

class MacroExpander {
  /** Something was reported. */
  failed = false;
  private readonly input: MacroInput;
  private readonly locals = new Map<MacroDefinition, ReadonlySet<string>>();
  private readonly parsedMacros = new Map<string, Expression>();
  /** Copies arguments: their names keep the meaning that they have for the caller. */
  private readonly copier: Rewriter;
  private instances = 0;
  private nodes = 0;
  private depth = 0;
  private exhausted = false;
  /** The call in the script whose expansion goes on. */
  private outermostCall: Span | undefined;

  constructor(input: MacroInput) {
    this.input = input;
    const copier: Rewriter = {
      expression: (expression) => this.node(expression, () => rebuildExpression(expression, copier)),
      effect: (expression) => copier.expression(expression),
      variable: (variable) => ({ ...variable }),
      map: (map) => rebuildMap(map, copier),
      type: (type) => rebuildType(type, copier),
      operand: (operand) => rebuildOperand(operand, copier),
      block: (block) => this.node(block, () => rebuildBlock(block, copier)),
      span: (span) => span,
    };
    this.copier = copier;
  }

  probe(probe: Probe): Probe {
    const r = this.rewriter(script);
    const { predicate } = probe;
    return {
      ...probe,
      predicate: predicate === undefined ? undefined : { ...predicate, condition: r.expression(predicate.condition) },
      body: r.block(probe.body),
    };
  }

  private rewriter(env: Environment): Rewriter {
    const { call } = env;
    const r: Rewriter = {
      expression: (expression) => this.expression(expression, env, r, "value"),
      effect: (expression) => this.expression(expression, env, r, "effect"),
      variable: (variable) => ({ ...resolveVariable(env, variable), span: r.span(variable.span) }),
      map: (map) => this.map(map, env, r),
      type: (type) => substituteType(type, env, r),
      operand: (operand) => this.operand(operand, env, r),
      block: (block) => this.node(block, () => rebuildBlock(block, r)),
      span: call === undefined ? (span) => span : (span) => ({ ...span, expandedFrom: call }),
    };
    return r;
  }

  private expression(expression: Expression, env: Environment, r: Rewriter, use: Use): Expression {
    return this.node(expression, () => this.expanded(expression, env, r, use));
  }

  private expanded(expression: Expression, env: Environment, r: Rewriter, use: Use): Expression {
    switch (expression.kind) {
      case "identifier":
        return this.identifier(expression, env, r, use);
      case "call":
        return this.call(expression, env, r, use);
      default: {
        const rebuilt = rebuildExpression(expression, r);
        return use === "value" ? valueExpression(rebuilt) : rebuilt;
      }
    }
  }

  /** Makes one node; when the tree has become too large, which is reported once, the old one stays. */
  private node<T extends Expression | Block>(old: T, make: () => T): T {
    this.nodes += 1;
    if (this.exhausted) return old;
    // What the script itself wrote is never too large.
    if ((this.nodes > maxNodes || this.depth > maxDepth) && this.outermostCall !== undefined) {
      this.exhausted = true;
      const message = `Macros expand to too much code (over ${maxNodes} expressions, or ${maxDepth} inside each other)`;
      this.error("macro-size", this.outermostCall, message);
      return old;
    }
    this.depth += 1;
    const made = make();
    this.depth -= 1;
    return made;
  }

  // ---- names ----------------------------------------------------------------------------------------------

  private identifier(expression: Identifier, env: Environment, r: Rewriter, use: Use): Expression {
    const { name } = expression;
    const bound = env.bindings.get(name);
    if (bound !== undefined) {
      const copy = rebuildExpression(bound, this.copier);
      return use === "value" ? valueExpression(copy) : copy;
    }
    const plain: Expression = { ...expression, span: r.span(expression.span) };
    if (isBuiltinWord(name)) return plain;
    const definitions = this.input.macros.get(name);
    const macro = definitions === undefined ? undefined : chooseMacro(definitions, []);
    if (macro !== undefined) return this.expand(macro, [], plain, env, use);
    if (this.isValueName(name)) return plain;
    const expansion = env.cMacro ? undefined : this.cMacro(name, env, plain.span);
    if (expansion !== undefined) return expansion;
    if (definitions !== undefined && this.input.target.kernelTypes?.enumerator(name) === undefined) {
      this.mismatch(name, definitions, [], plain.span);
    }
    return plain;
  }

  /** A builtin or an enumerator of the script. */
  private isValueName(name: string): boolean {
    const builtin = this.input.registry.builtins.get(name);
    return (builtin !== undefined && builtin.form !== "function") || this.input.cTypes.enumerator(name) !== undefined;
  }

  private call(call: CallExpression, env: Environment, r: Rewriter, use: Use): Expression {
    const { name, arguments: args } = call;
    const span = r.span(call.span);
    const definitions = isBuiltinWord(name) ? undefined : this.input.macros.get(name);
    if (definitions === undefined) return { ...call, arguments: this.builtinArguments(call, env, r), span };
    const given = args.map((argument) => this.argument(argument, env, r));
    const macro = chooseMacro(definitions, given);
    if (macro !== undefined) return this.expand(macro, given, { ...call, span }, env, use);
    if (this.isFunction(name)) return { ...call, arguments: this.builtinArguments(call, env, r), span };
    this.mismatch(name, definitions, given, span);
    return { ...call, arguments: given, span };
  }

  /** An argument of a macro: whether the value of a block is used depends on where the macro puts it. */
  private argument(argument: Expression, env: Environment, r: Rewriter): Expression {
    const block = argument.kind === "block-expression" || (argument.kind === "identifier" && env.bindings.has(argument.name));
    return this.expression(argument, env, r, block ? "effect" : "value");
  }

  private isFunction(name: string): boolean {
    const { builtins, aggregations } = this.input.registry;
    return builtins.has(name) || aggregations.has(name);
  }

  /** Arguments of a function: some parameters take names that mean no values. */
  private builtinArguments(call: CallExpression, env: Environment, r: Rewriter): readonly Expression[] {
    const parameters = this.input.registry.builtins.get(call.name)?.parameters;
    return call.arguments.map((argument, i) => {
      const kind = parameters?.[i]?.kind;
      if (kind === "member") return memberName(argument, env, r);
      if (argument.kind !== "identifier" || env.bindings.has(argument.name)) return r.expression(argument);
      if (kind === "type") return asArgument(r.operand({ kind: "name", name: argument.name, span: argument.span }));
      return kind === "word" && !this.input.macros.has(argument.name) ? this.word(argument, env, r) : r.expression(argument);
    });
  }

  /** A word with a meaning of its own for a function: a C macro may stand for another word, not for a value. */
  private word(identifier: Identifier, env: Environment, r: Rewriter): Expression {
    const plain: Identifier = { ...identifier, span: r.span(identifier.span) };
    const parsed = env.cMacro ? undefined : this.parsedMacro(identifier.name, plain.span, "quiet");
    return parsed?.kind === "identifier" ? { ...plain, name: parsed.name } : plain;
  }

  private mismatch(name: string, definitions: readonly MacroDefinition[], given: readonly Expression[], at: Span): void {
    const message = `The arguments of macro ${name} do not match any definition`;
    this.error("macro-arguments", at, message, { parts: mismatchParts(definitions, given) });
  }

  private map(map: MapExpression, env: Environment, r: Rewriter): MapExpression {
    const rebuilt = rebuildMap(map, r);
    if (env.macro === undefined) return rebuilt;
    const bound = env.bindings.get(map.name);
    if (bound?.kind === "map") return { ...rebuilt, name: bound.name };
    const at = { ...rebuilt.span, end: rebuilt.span.start + map.name.length };
    this.error("macro-map", at, `Unhygienic access to map: ${map.name}`, {
      hint: `macros use maps that are passed to them: add a parameter ${map.name} to macro ${env.macro.name}`,
    });
    return rebuilt;
  }

  /** A lone word in sizeof and the like is a type when there is one of that name, else a value. */
  private operand(operand: TypeOrExpression, env: Environment, r: Rewriter): TypeOrExpression {
    if (operand.kind !== "name") return rebuildOperand(operand, r);
    const { name } = operand;
    const span = r.span(operand.span);
    const known = !env.bindings.has(name) && (isBuiltinWord(name) || namedType(this.input, name, undefined) !== undefined);
    if (known) return { ...operand, span };
    const expression = r.expression({ kind: "identifier", name, span: operand.span });
    if (expression.kind === "type-argument") return { kind: "type", type: expression.type, span };
    return expression.kind === "identifier" ? { kind: "name", name: expression.name, span } : { kind: "value", expression, span };
  }

  // ---- macros of the language ---------------------------------------------------------------------------------

  private expand(
    macro: MacroDefinition,
    args: readonly Expression[],
    call: Expression,
    env: Environment,
    use: Use,
  ): Expression {
    if (!this.mayEnter(macro, call.span, env)) return call;
    this.instances += 1;
    const inner: Environment = {
      macro,
      cMacro: false,
      bindings: new Map(macro.parameters.flatMap(({ name }, i) => bindingOf(name, args[i]))),
      locals: this.localsOf(macro),
      instance: this.instances,
      call: call.span,
      caller: env,
    };
    const block = this.inside(inner, (r) => r.block(macro.body));
    if (use === "effect") return { kind: "block-expression", block, span: call.span };
    const valued = valueBlock(block);
    // A body that is only a value is that value: what is known of it stays known.
    if (valued.statements.length === 0 && valued.value !== undefined) return valued.value;
    return { kind: "block-expression", block: valued, span: call.span };
  }

  private error(code: string, at: Span, message: string, extras: DiagnosticExtras = {}): void {
    this.failed = true;
    this.input.diagnostics.error(code, at, message, extras);
  }

  private inside<T>(env: Environment, make: (r: Rewriter) => T): T {
    const before = this.outermostCall;
    this.outermostCall ??= env.call;
    const made = make(this.rewriter(env));
    this.outermostCall = before;
    return made;
  }

  private mayEnter(macro: MacroDefinition, at: Span, env: Environment): boolean {
    const names: string[] = [macro.name];
    for (let outer: Environment | undefined = env; outer !== undefined; outer = outer.caller) {
      if (outer.macro !== undefined) names.unshift(outer.macro.name);
      if (outer.macro !== macro) continue;
      this.error("macro-recursion", at, `Recursive macro call: ${names.join(" > ")}`);
      return false;
    }
    return true;
  }

  private localsOf(macro: MacroDefinition): ReadonlySet<string> {
    const known = this.locals.get(macro);
    if (known !== undefined) return known;
    const names = assignedVariables(macro.body);
    for (const { name } of macro.parameters) names.delete(name);
    this.locals.set(macro, names);
    return names;
  }

  // ---- macros of C --------------------------------------------------------------------------------------------

  /** The expression that a C macro stands for; undefined when there is no such macro, or it names itself only. */
  private cMacro(name: string, env: Environment, at: Span): Expression | undefined {
    const parsed = this.parsedMacro(name, at, "report");
    if (parsed === undefined) return undefined;
    const inner: Environment = { ...script, cMacro: true, call: at, caller: env };
    return this.inside(inner, (r) => r.expression(parsed));
  }

  private parsedMacro(name: string, at: Span, problems: "report" | "quiet"): Expression | undefined {
    const known = this.parsedMacros.get(name);
    if (known !== undefined) return known;
    const macro = this.input.cTypes.macro(name);
    if (macro === undefined) return undefined;
    const expansion = macro.expansion();
    switch (expansion.kind) {
      case "text": {
        const scratch = new Diagnostics();
        const parsed = parseExpression(new SourceFile(name, expansion.text), scratch);
        const [problem] = scratch.all();
        if (parsed !== undefined && problem === undefined) {
          this.parsedMacros.set(name, parsed);
          return parsed;
        }
        const parts = problem?.span === undefined ? [] : [{ span: problem.span, message: problem.message }];
        if (problems === "report") this.unexpandable(at, expansion.text, parts);
        return undefined;
      }
      case "recursive":
        // `#define NAME NAME` beside an enumerator of the kernel: the enumerator is meant.
        if (problems === "report" && this.input.target.kernelTypes?.enumerator(name) === undefined) {
          this.unexpandable(at, `recursion: ${expansion.chain.join(" > ")}`, []);
        }
        return undefined;
      case "too-large":
        if (problems === "report") this.unexpandable(at, `the text of ${name} is too long`, []);
        return undefined;
    }
  }

  private unexpandable(at: Span, why: string, parts: readonly { readonly span: Span; readonly message: string }[]): void {
    this.error("c-macro", at, `unable to expand macro as an expression: ${why}`, { parts });
  }
}

function bindingOf(name: string, argument: Expression | undefined): readonly (readonly [string, Expression])[] {
  return argument === undefined ? [] : [[name, argument]];
}

// ---- variables and types ------------------------------------------------------------------------------------

/** A parameter is the caller's variable, what the body assigns its own, and everything else belongs to a caller. */
function resolveVariable(env: Environment, variable: VariableExpression): VariableExpression {
  for (let at: Environment | undefined = env; at !== undefined; at = at.caller) {
    const bound = at.bindings.get(variable.name);
    if (bound?.kind === "variable") return bound;
    if (at.locals.has(variable.name)) return { ...variable, instance: at.instance };
  }
  return variable;
}

function assignedVariables(body: Block): Set<string> {
  const names = new Set<string>();
  walkStatements(body, (statement, inside) => {
    if (statement.kind === "assign" && statement.target.kind === "variable") names.add(statement.target.name);
    const declares = statement.kind === "let" || statement.kind === "for-range" || statement.kind === "for-map";
    if (declares) names.add(statement.variable.name);
    inside();
  });
  walkBlock(body, (expression) => {
    if (expression.kind === "increment" && expression.target.kind === "variable") names.add(expression.target.name);
  });
  return names;
}

/** A type by the name of a parameter is the type that the argument names. */
function substituteType(type: TypeExpression, env: Environment, r: Rewriter): TypeExpression {
  const rebuilt = rebuildType(type, r);
  if (rebuilt.kind !== "named-type" || rebuilt.size !== undefined) return rebuilt;
  const bound = env.bindings.get(rebuilt.name);
  if (bound?.kind === "type-argument") return r.type(bound.type);
  return bound?.kind === "identifier" ? { ...rebuilt, name: bound.name } : rebuilt;
}

/** The operand of sizeof and the like as the argument of a call. */
function asArgument(operand: TypeOrExpression): Expression {
  switch (operand.kind) {
    case "type":
      return { kind: "type-argument", type: operand.type, span: operand.span };
    case "value":
      return operand.expression;
    case "name":
      return { kind: "identifier", name: operand.name, span: operand.span };
  }
}

/** `a.b` as names of members: only parameters stand for others. */
function memberName(argument: Expression, env: Environment, r: Rewriter): Expression {
  switch (argument.kind) {
    case "identifier":
      return env.bindings.has(argument.name) ? r.expression(argument) : { ...argument, span: r.span(argument.span) };
    case "field":
      return { ...argument, base: memberName(argument.base, env, r), nameSpan: r.span(argument.nameSpan), span: r.span(argument.span) };
    default:
      return r.expression(argument);
  }
}

// ---- values of blocks ---------------------------------------------------------------------------------------

function valueExpression(expression: Expression): Expression {
  if (expression.kind === "block-expression") return { ...expression, block: valueBlock(expression.block) };
  if (expression.kind !== "if-expression") return expression;
  const otherwise = expression.else === undefined ? undefined : valueBlock(expression.else);
  return { ...expression, then: valueBlock(expression.then), else: otherwise };
}

/** A block that ends in an `if` whose branches have values, or in such a block, has that value; of `comptime` one branch stays. */
function valueBlock(block: Block): Block {
  const last = block.statements.at(-1);
  if (block.value !== undefined || last === undefined) return block;
  const statements = block.statements.slice(0, -1);
  if (last.kind === "block-statement") {
    const inner = valueBlock(last.block);
    if (inner.value === undefined) return block;
    return { ...block, statements, value: { kind: "block-expression", block: inner, span: last.span } };
  }
  if (last.kind !== "if") return block;
  const { condition, span } = last;
  const then = valueBlock(last.then);
  const otherwise = last.else === undefined ? undefined : valueBlock(last.else);
  const valued = [then, otherwise].filter((branch) => branch?.value !== undefined).length;
  if (valued < (condition.kind === "comptime" ? 1 : 2)) return block;
  return { ...block, statements, value: { kind: "if-expression", condition, then, else: otherwise, span } };
}
