// Prints expressions of C++ as they stand in decltype, template arguments and constraints.

import { assertNever } from "../../base/invariant.ts";
import type { Designator, ExpressionNode, Initializer, LiteralForm, Node, Requirement } from "./node.ts";
import { print, printList } from "./print.ts";
import type { Printer } from "./printer.ts";
import { packIn } from "./template-lookup.ts";

type Of<K extends ExpressionNode["kind"]> = Extract<ExpressionNode, { readonly kind: K }>;

export function printExpression(p: Printer, node: ExpressionNode): void {
  switch (node.kind) {
    case "literal":
      return printLiteral(p, node);
    case "function-parameter":
      return p.write(`{parm#${node.number}}`);
    case "prefix":
      return printPrefix(p, node);
    case "postfix":
      printOperand(p, node.operand);
      return p.write(node.symbol);
    case "keyword":
      p.write(`${node.word}(`);
      print(p, node.operand);
      return p.write(")");
    case "binary":
      return printBinary(p, node);
    case "index":
      printOperand(p, node.of);
      p.write("[");
      print(p, node.index);
      return p.write("]");
    case "conditional":
      printOperand(p, node.condition);
      p.write("?");
      printOperand(p, node.then);
      p.write(" : ");
      return printOperand(p, node.otherwise);
    case "call":
      // The types of a called function are left out.
      printOperand(p, node.callee.kind === "encoding" ? node.callee.name : node.callee);
      return printItems(p, "(", node.arguments, ")");
    case "cast":
      printParenthesized(p, node.type);
      return printOperand(p, node.operand);
    case "list-cast":
      printParenthesized(p, node.type);
      return printItems(p, "(", node.operands, ")");
    case "named-cast":
      p.write(`${node.word}<`);
      print(p, node.type);
      p.write(">");
      return printParenthesized(p, node.operand);
    case "new":
      return printNew(p, node);
    case "braced":
      if (node.type !== undefined) print(p, node.type);
      return printItems(p, "{", node.items, "}");
    case "designated":
      return printDesignated(p, node);
    case "fold":
      return p.atPackIndex("all", () => printFold(p, node));
    case "pack-size":
      return p.write(String(packIn(p, node.of)?.length ?? 0));
    case "argument-count":
      return p.write(String(countItems(p, node.items)));
    case "requires":
      return printRequires(p, node);
    case "subobject":
      print(p, node.of);
      p.write(".<");
      print(p, node.type);
      return p.write(` at offset ${node.offset}>`);
    default:
      assertNever(node);
  }
}

/** An operand of an expression: with parentheses unless it is one word. */
export function printOperand(p: Printer, node: Node): void {
  switch (node.kind) {
    case "name":
    case "qualified":
    case "braced":
    case "function-parameter":
      return print(p, node);
    default:
      return printParenthesized(p, node);
  }
}

function printParenthesized(p: Printer, node: Node): void {
  p.write("(");
  print(p, node);
  p.write(")");
}

function printItems(p: Printer, open: string, items: readonly Node[], close: string): void {
  p.write(open);
  printList(p, items);
  p.write(close);
}

function printPrefix(p: Printer, { symbol, operand }: Of<"prefix">): void {
  p.write(symbol);
  if (symbol === "::") return print(p, operand);
  // The address of a member function names it without its types.
  const isMember = symbol === "&" && operand.kind === "encoding" && operand.name.kind === "qualified" && operand.type.qualifiers.length === 0;
  printOperand(p, isMember ? operand.name : operand);
}

/** `>` could end template arguments: it gets parentheses of its own. */
function printBinary(p: Printer, { symbol, left, right }: Of<"binary">): void {
  if (symbol === ">") p.write("(");
  printOperand(p, left);
  p.write(symbol);
  printOperand(p, right);
  if (symbol === ">") p.write(")");
}

function printNew(p: Printer, node: Of<"new">): void {
  p.write("new ");
  if (node.placement.length > 0) printItems(p, "(", node.placement, ") ");
  print(p, node.type);
  printInitializer(p, node.initializer);
}

function printInitializer(p: Printer, initializer: Initializer): void {
  switch (initializer.kind) {
    case "none":
      return undefined;
    case "parenthesized":
      return printItems(p, "(", initializer.items, ")");
    case "braced":
      return printItems(p, "{", initializer.items, "}");
    default:
      assertNever(initializer);
  }
}

function printDesignated(p: Printer, { designator, value }: Of<"designated">): void {
  printDesignator(p, designator);
  if (value.kind === "designated") return print(p, value);
  p.write("=");
  printOperand(p, value);
}

function printDesignator(p: Printer, designator: Designator): void {
  switch (designator.kind) {
    case "member":
      p.write(".");
      return print(p, designator.name);
    case "element":
      return printItems(p, "[", [designator.index], "]");
    case "range":
      p.write("[");
      print(p, designator.first);
      p.write(" ... ");
      print(p, designator.last);
      return p.write("]");
    default:
      assertNever(designator);
  }
}

/** A pack in a fold prints all its items. */
function printFold(p: Printer, { leftFirst, symbol, first, second }: Of<"fold">): void {
  p.write("(");
  if (second !== undefined) {
    printOperand(p, first);
    p.write(`${symbol}...${symbol}`);
    printOperand(p, second);
  } else if (leftFirst) {
    p.write(`...${symbol}`);
    printOperand(p, first);
  } else {
    printOperand(p, first);
    p.write(`${symbol}...`);
  }
  p.write(")");
}

function countItems(p: Printer, items: readonly Node[]): number {
  return items.reduce((sum, item) => sum + (item.kind === "expansion" ? packIn(p, item.pattern)?.length ?? 0 : 1), 0);
}

function printLiteral(p: Printer, { type, value, negative }: Of<"literal">): void {
  const form: LiteralForm = type.kind === "builtin" ? type.literal : { form: "cast" };
  const number = `${negative ? "-" : ""}${value}`;
  switch (form.form) {
    case "suffix":
      return p.write(`${number}${form.suffix}`);
    case "bool":
      if (number === "0" || number === "1") return p.write(number === "1" ? "true" : "false");
      break;
    case "float":
      printParenthesized(p, type);
      return p.write(`${negative ? "-" : ""}[${value}]`);
    case "cast":
      break;
    default:
      assertNever(form);
  }
  printParenthesized(p, type);
  p.write(number);
}

function printRequires(p: Printer, { parameters, requirements }: Of<"requires">): void {
  p.write("requires ");
  if (parameters.length > 0) printItems(p, "(", parameters, ") ");
  p.write("{");
  for (const requirement of requirements) {
    p.write(" ");
    printRequirement(p, requirement);
    p.write(";");
  }
  p.write(" }");
}

function printRequirement(p: Printer, requirement: Requirement): void {
  switch (requirement.kind) {
    case "simple":
      return printSimpleRequirement(p, requirement);
    case "type":
      p.write("typename ");
      return print(p, requirement.type);
    case "nested":
      p.write("requires ");
      return print(p, requirement.condition);
    default:
      assertNever(requirement);
  }
}

function printSimpleRequirement(p: Printer, { expression, noexcept, constraint }: Requirement & { readonly kind: "simple" }): void {
  if (!noexcept && constraint === undefined) return print(p, expression);
  printItems(p, "{", [expression], "}");
  if (noexcept) p.write(" noexcept");
  if (constraint === undefined) return;
  p.write(" -> ");
  print(p, constraint);
}
