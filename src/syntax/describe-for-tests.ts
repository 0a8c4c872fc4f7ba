// For tests: syntax trees as short text, every operator in its own parentheses.

import { assertNever } from "../base/invariant.ts";
import { Diagnostics } from "../source/diagnostic.ts";
import { SourceFile } from "../source/source.ts";
import type { Block, Expression, Program, Statement, TypeExpression, TypeOrExpression } from "./ast.ts";
import { parseProgram } from "./parser.ts";

export interface Parsed {
  readonly program: Program;
  /** `line:column-column message`, in the order of the source. */
  readonly problems: readonly string[];
}

export function parse(text: string): Parsed {
  const diagnostics = new Diagnostics();
  const program = parseProgram(new SourceFile("test.bt", text), diagnostics);
  const problems = diagnostics.all().map(({ span, message }) => {
    if (span === undefined) return message;
    const start = span.file.position(span.start);
    const end = span.file.position(span.end);
    return `${start.line}:${start.column}-${end.column} ${message}`;
  });
  return { program, problems };
}

/** The items of a program, one text each. */
export function describeItems(program: Program): readonly string[] {
  return program.items.map((item) => {
    switch (item.kind) {
      case "probe": {
        const points = item.attachPoints.map((point) => point.text).join(" , ");
        const predicate = item.predicate === undefined ? "" : ` /${describe(item.predicate.condition)}/`;
        return `${points}${predicate} ${describeBlock(item.body)}`;
      }
      case "macro":
        return `macro ${item.name}(${item.parameters.map((p) => `${p.kind} ${p.name}`).join(", ")}) ${describeBlock(item.body)}`;
      case "function": {
        const parameters = item.parameters.map((p) => `${p.name}: ${describeType(p.type)}`).join(", ");
        return `fn ${item.name}(${parameters}): ${describeType(item.returns)} ${describeBlock(item.body)}`;
      }
      case "map-declaration":
        return `${item.name} = ${item.mapKind}(${item.entries})`;
      default:
        return assertNever(item);
    }
  });
}

/** Statements each with `;`, a value without. */
export function describeBlock(block: Block): string {
  const statements = block.statements.map((statement) => `${describeStatement(statement)};`);
  const value = block.value === undefined ? [] : [describe(block.value)];
  return ["{", ...statements, ...value, "}"].join(" ");
}

function describeStatement(statement: Statement): string {
  switch (statement.kind) {
    case "expression-statement":
      return describe(statement.expression);
    case "let": {
      const type = statement.type === undefined ? "" : `: ${describeType(statement.type)}`;
      const value = statement.value === undefined ? "" : ` = ${describe(statement.value)}`;
      return `let ${statement.variable.name}${type}${value}`;
    }
    case "assign":
      return `${describe(statement.target)} ${statement.operator ?? ""}= ${describe(statement.value)}`;
    case "discard":
      return `_ = ${describe(statement.value)}`;
    case "if": {
      const otherwise = statement.else === undefined ? "" : ` else ${describeBlock(statement.else)}`;
      return `if ${describe(statement.condition)} ${describeBlock(statement.then)}${otherwise}`;
    }
    case "block-statement":
      return describeBlock(statement.block);
    case "unroll":
      return `unroll ${describe(statement.count)} ${describeBlock(statement.body)}`;
    case "while":
      return `while ${describe(statement.condition)} ${describeBlock(statement.body)}`;
    case "for-range":
      return `for ${statement.variable.name} : ${describe(statement.from)}..${describe(statement.to)} ${describeBlock(statement.body)}`;
    case "for-map":
      return `for ${statement.variable.name} : ${statement.map.name} ${describeBlock(statement.body)}`;
    case "break":
    case "continue":
      return statement.kind;
    case "return":
      return statement.value === undefined ? "return" : `return ${describe(statement.value)}`;
    case "import-statement":
      return `import ${JSON.stringify(statement.path)}`;
    default:
      return assertNever(statement);
  }
}

function list(expressions: readonly Expression[]): string {
  return expressions.map(describe).join(", ");
}

export function describe(expression: Expression): string {
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
    case "variable":
      return expression.name;
    case "map":
      return expression.keys === undefined ? expression.name : `${expression.name}[${list(expression.keys)}]`;
    case "call":
      return `${expression.name}(${list(expression.arguments)})`;
    case "binary":
      return `(${describe(expression.left)} ${expression.operator} ${describe(expression.right)})`;
    case "unary":
      return `(${expression.operator}${describe(expression.operand)})`;
    case "increment": {
      const target = describe(expression.target);
      return expression.prefix ? `(${expression.operator}${target})` : `(${target}${expression.operator})`;
    }
    case "address-of":
      return `(&${describe(expression.operand)})`;
    case "ternary": {
      const then = expression.then === undefined ? "" : ` ${describe(expression.then)} `;
      return `(${describe(expression.condition)} ?${then}: ${describe(expression.else)})`;
    }
    case "field":
      return `${describe(expression.base)}.${expression.name}`;
    case "element":
      return `${describe(expression.base)}.${expression.index}`;
    case "index":
      return `${describe(expression.base)}[${list(expression.indices)}]`;
    case "cast":
      return `<${describeType(expression.type)}>${describe(expression.operand)}`;
    case "tuple":
      return `tuple(${list(expression.elements)})`;
    case "record":
      return `record(${expression.fields.map((f) => `${f.name}=${describe(f.value)}`).join(", ")})`;
    case "block-expression":
      return describeBlock(expression.block);
    case "if-expression": {
      const otherwise = expression.else === undefined ? "" : ` else ${describeBlock(expression.else)}`;
      return `if ${describe(expression.condition)} ${describeBlock(expression.then)}${otherwise}`;
    }
    case "comptime":
      return `(comptime ${describe(expression.operand)})`;
    case "sizeof":
    case "typeinfo":
      return `${expression.kind}(${describeOperand(expression.operand)})`;
    case "offsetof":
      return `offsetof(${describeOperand(expression.operand)}, ${describePath(expression.path)})`;
    case "type-argument":
      return `type ${describeType(expression.type)}`;
    default:
      return assertNever(expression);
  }
}

function describePath(path: Extract<Expression, { kind: "offsetof" }>["path"]): string {
  return path.map((step, i) => (typeof step === "string" ? `${i > 0 ? "." : ""}${step}` : `[${step.value}]`)).join("");
}

function describeOperand(operand: TypeOrExpression): string {
  switch (operand.kind) {
    case "type":
      return `type ${describeType(operand.type)}`;
    case "value":
      return describe(operand.expression);
    case "name":
      return `name ${operand.name}`;
    default:
      return assertNever(operand);
  }
}

export function describeType(type: TypeExpression): string {
  switch (type.kind) {
    case "named-type":
      return type.size === undefined ? type.name : `${type.name}{${type.size}}`;
    case "tagged-type":
      return `${type.tag} ${type.name}`;
    case "typeof":
      return `typeof(${describeOperand(type.operand)})`;
    case "pointer-type":
      return `${describeType(type.to)} *`;
    case "array-type":
      return `${describeType(type.element)}[${type.count ?? ""}]`;
    default:
      return assertNever(type);
  }
}
