// Prints the tree of a mangled C++ name.
//
// C++ declares from the inside out, `int (*f())(char)`: types print in two halves, left and right of what they declare.

import type { Node } from "./node.ts";
import { printExpression } from "./print-expressions.ts";
import { printName } from "./print-names.ts";
import { printTypeLeft, printTypeRight } from "./print-types.ts";
import type { Printer } from "./printer.ts";

export function print(p: Printer, node: Node): void {
  printLeft(p, node);
  printRight(p, node);
}

/** Names and expressions have a left half only. */
export function printLeft(p: Printer, node: Node): void {
  p.nested(() => printLeftHere(p, node));
}

export function printRight(p: Printer, node: Node): void {
  p.nested(() => printTypeRight(p, node));
}

function printLeftHere(p: Printer, node: Node): void {
  if (node.kind !== "suffixed" && node.kind !== "array" && node.kind !== "parameter") p.qualifiersAround = [];
  switch (node.kind) {
    case "name":
    case "qualified":
    case "local":
    case "default-argument":
    case "constructor":
    case "destructor":
    case "operator":
    case "conversion":
    case "lambda":
    case "tagged":
    case "module":
    case "module-entity":
    case "friend":
    case "member-qualified":
    case "template":
    case "encoding":
    case "constrained":
    case "special":
      return printName(p, node);
    case "builtin":
    case "suffixed":
    case "pointer":
    case "member-pointer":
    case "array":
    case "function":
    case "parameter":
    case "pack":
    case "expansion":
    case "decltype":
      return printTypeLeft(p, node);
    default:
      return printExpression(p, node);
  }
}

/** Items of parameter lists, template arguments and calls. */
export function printList(p: Printer, items: readonly Node[]): void {
  p.list(items, ", ", (item) => print(p, item));
}
