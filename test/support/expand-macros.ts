// For tests: a script with its macros expanded, as text that shows the tree: `$t#2` is a variable of the second expansion.

import { createLanguage } from "../../src/language/index.ts";
import { Diagnostics } from "../../src/source/diagnostic.ts";
import { SourceFile } from "../../src/source/source.ts";
import type { Block, Expression, Probe, Program, Statement, TypeExpression, TypeOrExpression } from "../../src/syntax/ast.ts";
import { parseProgram } from "../../src/syntax/parser.ts";
import type { CExpansion, CTypes } from "../../src/analysis/context.ts";
import { expandMacros } from "../../src/analysis/expand-macros.ts";
import { collectMacros } from "../../src/analysis/macro-table.ts";

export interface Expanded {
  readonly probes: readonly Probe[];
  readonly complete: boolean;
  /** `line:column message`, parts and places of expansion indented. */
  readonly problems: readonly string[];
}

const registry = createLanguage();

/** Expands the macros of a script; C macros are given by name. Undefined for syntax errors. */
export function expand(text: string, cMacros: Readonly<Record<string, CExpansion>> = {}): Expanded | undefined {
  const diagnostics = new Diagnostics();
  const program: Program = parseProgram(new SourceFile("test", text), diagnostics);
  if (diagnostics.hasErrors()) return undefined;
  const cTypes: CTypes = {
    struct: () => undefined,
    enum: () => undefined,
    typedef: () => undefined,
    enumerator: () => undefined,
    macro: (name) => {
      const expansion = cMacros[name];
      return expansion === undefined ? undefined : { expansion: () => expansion };
    },
    isFunctionMacro: () => false,
  };
  const macros = collectMacros(program.items, diagnostics);
  const probes = program.items.filter((item): item is Probe => item.kind === "probe");
  const result = expandMacros({ macros, registry, target: { kernelTypes: undefined }, cTypes, diagnostics }, probes);
  return { ...result, problems: diagnostics.all().map(describe) };
}

function describe({ span, message, parts }: ReturnType<Diagnostics["all"]>[number]): string {
  let text = `${place(span)} ${message}`;
  for (const part of parts) text += `; ${place(part.span)} ${part.message}`;
  for (let from = span?.expandedFrom; from !== undefined; from = from.expandedFrom) text += ` <- ${place(from)}`;
  return text;
}

function place(span: ReturnType<Diagnostics["all"]>[number]["span"]): string {
  if (span === undefined) return "-";
  const { line, column } = span.file.position(span.start);
  return `${span.file.name === "test" ? "" : `${span.file.name}:`}${line}:${column}`;
}

/** The body of a probe as text. */
export function show(block: Block): string {
  const value = block.value === undefined ? [] : [showExpression(block.value)];
  return `{ ${[...block.statements.map(showStatement), ...value].join(" ")} }`;
}

function showStatement(statement: Statement): string {
  switch (statement.kind) {
    case "expression-statement":
      return `${showExpression(statement.expression)};`;
    case "let": {
      const type = statement.type === undefined ? "" : `: ${showType(statement.type)}`;
      const value = statement.value === undefined ? "" : ` = ${showExpression(statement.value)}`;
      return `let ${showExpression(statement.variable)}${type}${value};`;
    }
    case "assign":
      return `${showExpression(statement.target)} ${statement.operator ?? ""}= ${showExpression(statement.value)};`;
    case "discard":
      return `_ = ${showExpression(statement.value)};`;
    case "if":
      return `if ${showExpression(statement.condition)} ${show(statement.then)}${statement.else === undefined ? "" : ` else ${show(statement.else)}`}`;
    case "block-statement":
      return show(statement.block);
    case "unroll":
      return `unroll ${showExpression(statement.count)} ${show(statement.body)}`;
    case "while":
      return `while ${showExpression(statement.condition)} ${show(statement.body)}`;
    case "for-range":
      return `for ${showExpression(statement.variable)} : ${showExpression(statement.from)}..${showExpression(statement.to)} ${show(statement.body)}`;
    case "for-map":
      return `for ${showExpression(statement.variable)} : ${showExpression(statement.map)} ${show(statement.body)}`;
    case "return":
      return statement.value === undefined ? "return;" : `return ${showExpression(statement.value)};`;
    case "break":
    case "continue":
    case "import-statement":
      return `${statement.kind};`;
  }
}

function list(expressions: readonly Expression[]): string {
  return expressions.map(showExpression).join(", ");
}

export function showExpression(expression: Expression): string {
  switch (expression.kind) {
    case "int":
    case "bool":
      return String(expression.value);
    case "string":
      return JSON.stringify(expression.value);
    case "positional":
      return `$${expression.index}`;
    case "positional-count":
      return "$#";
    case "identifier":
      return expression.name;
    case "variable":
      return expression.instance === 0 ? expression.name : `${expression.name}#${expression.instance}`;
    case "map":
      return expression.keys === undefined ? expression.name : `${expression.name}[${list(expression.keys)}]`;
    case "call":
      return `${expression.name}(${list(expression.arguments)})`;
    case "binary":
      return `(${showExpression(expression.left)} ${expression.operator} ${showExpression(expression.right)})`;
    case "unary":
      return `${expression.operator}${showExpression(expression.operand)}`;
    case "increment":
      return expression.prefix ? `${expression.operator}${showExpression(expression.target)}` : `${showExpression(expression.target)}${expression.operator}`;
    case "address-of":
      return `&${showExpression(expression.operand)}`;
    case "ternary":
      return `(${showExpression(expression.condition)} ? ${expression.then === undefined ? "" : showExpression(expression.then)} : ${showExpression(expression.else)})`;
    case "field":
      return `${showExpression(expression.base)}.${expression.name}`;
    case "element":
      return `${showExpression(expression.base)}.${expression.index}`;
    case "index":
      return `${showExpression(expression.base)}[${list(expression.indices)}]`;
    case "cast":
      return `(${showType(expression.type)})${showExpression(expression.operand)}`;
    case "tuple":
      return `(${list(expression.elements)})`;
    case "record":
      return `(${expression.fields.map(({ name, value }) => `${name}=${showExpression(value)}`).join(", ")})`;
    case "block-expression":
      return show(expression.block);
    case "if-expression":
      return `if ${showExpression(expression.condition)} ${show(expression.then)}${expression.else === undefined ? "" : ` else ${show(expression.else)}`}`;
    case "comptime":
      return `comptime ${showExpression(expression.operand)}`;
    case "type-argument":
      return `type ${showType(expression.type)}`;
    case "sizeof":
    case "typeinfo":
      return `${expression.kind}(${showOperand(expression.operand)})`;
    case "offsetof":
      return `offsetof(${showOperand(expression.operand)}, ${expression.path.join(".")})`;
  }
}

function showOperand(operand: TypeOrExpression): string {
  switch (operand.kind) {
    case "type":
      return `type ${showType(operand.type)}`;
    case "value":
      return showExpression(operand.expression);
    case "name":
      return `name ${operand.name}`;
  }
}

function showType(type: TypeExpression): string {
  switch (type.kind) {
    case "named-type":
      return type.name;
    case "tagged-type":
      return `${type.tag} ${type.name}`;
    case "typeof":
      return `typeof(${showOperand(type.operand)})`;
    case "pointer-type":
      return `${showType(type.to)} *`;
    case "array-type":
      return `${showType(type.element)}[${type.count ?? ""}]`;
  }
}
