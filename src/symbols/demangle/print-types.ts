// Prints types of C++, left and right half.

import { assertNever } from "../../base/invariant.ts";
import { malformed } from "./malformed.ts";
import type { FunctionType, Node, TypeNode } from "./node.ts";
import { printOperand } from "./print-expressions.ts";
import { print, printLeft, printList, printRight } from "./print.ts";
import type { Printer, Scope } from "./printer.ts";
import { argumentOf, packIn } from "./template-lookup.ts";

export function printTypeLeft(p: Printer, node: TypeNode): void {
  switch (node.kind) {
    case "builtin":
      return p.write(node.name);
    case "suffixed":
      return printSuffixed(p, node);
    case "pointer":
      return inReferent(p, node, (pointer) => {
        printLeft(p, pointer.of);
        open(p, pointer.of, { afterName: false });
        p.write(pointer.symbol);
      });
    case "member-pointer":
      printLeft(p, node.of);
      open(p, node.of, { afterName: true });
      if (p.last !== "(") p.write(" ");
      print(p, node.class);
      return p.write("::*");
    case "array":
      return printLeft(p, node.of);
    case "function":
      return printReturn(p, node);
    case "parameter":
      return printParameter(p, node, printLeft);
    case "pack":
      return printList(p, node.items);
    case "expansion":
      return printExpansion(p, node.pattern);
    case "decltype":
      p.write("decltype (");
      print(p, node.expression);
      return p.write(")");
    default:
      assertNever(node);
  }
}

/** A template argument that is const, in `const T`, is const once. */
function printSuffixed(p: Printer, node: TypeNode & { readonly kind: "suffixed" }): void {
  const around = p.qualifiersAround;
  const own = node.suffix.kind === "name" ? node.suffix.text : "";
  if (around.includes(own)) return printLeft(p, node.of);
  p.qualifiersAround = [...around, own];
  printLeft(p, node.of);
  p.qualifiersAround = around;
  if (shapeOf(p, node.of) === "function") openFunction(p, { afterName: true });
  print(p, node.suffix);
}

/** Of nodes that are no types, or are complete on the left, nothing is printed. */
export function printTypeRight(p: Printer, node: Node): void {
  switch (node.kind) {
    case "suffixed":
      if (shapeOf(p, node.of) === "function") p.write(")");
      return printRight(p, node.of);
    case "pointer":
      return inReferent(p, node, (pointer) => close(p, pointer.of));
    case "member-pointer":
      return close(p, node.of);
    case "array":
      p.write(p.last === "]" ? "[" : " [");
      if (node.size !== undefined) print(p, node.size);
      p.write("]");
      return printRight(p, node.of);
    case "function":
      return printSignature(p, node);
    case "parameter":
      return p.inLambda ? undefined : printParameter(p, node, printRight);
    default:
      return undefined;
  }
}

/** What a function returns, with the blank that follows it unless that goes on to the right. */
export function printReturn(p: Printer, type: FunctionType): void {
  if (type.returns === undefined) return;
  printLeft(p, type.returns);
  if (!hasRight(p, type.returns)) p.write(" ");
}

/** Parameters, qualifiers, and the right half of what is returned. */
export function printSignature(p: Printer, type: FunctionType): void {
  p.write("(");
  printList(p, type.parameters);
  p.write(")");
  for (const qualifier of type.qualifiers) print(p, qualifier);
  if (type.returns !== undefined) printRight(p, type.returns);
}

function printParameter(p: Printer, node: TypeNode & { readonly kind: "parameter" }, half: (p: Printer, node: Node) => void): void {
  if (p.inLambda) return p.write(p.lambdaHead[node.index] ?? `auto:${node.index + 1}`);
  const found = argumentOf(p, node);
  if (found === undefined) throw malformed;
  p.inScope(found.scope, () => half(p, found.node));
}

/** The pattern once for each item of its pack; a pattern without a known pack with dots behind it. */
function printExpansion(p: Printer, pattern: Node): void {
  const items = packIn(p, pattern);
  if (items === undefined) {
    printOperand(p, pattern);
    return p.write("...");
  }
  items.forEach((_, i) => {
    if (i > 0) p.write(", ");
    p.atPackIndex(i, () => print(p, pattern));
  });
}

type Shape = "function" | "array" | "other";

/** Pointers to functions and arrays need parentheses. */
function shapeOf(p: Printer, node: Node): Shape {
  p.step();
  switch (node.kind) {
    case "function":
    case "array":
      return node.kind;
    case "suffixed":
      // Qualifiers of an array are those of its elements.
      return shapeOf(p, node.of) === "array" ? "array" : "other";
    case "parameter":
      return throughParameter(p, node, "other", shapeOf);
    default:
      return "other";
  }
}

/** Whether a type prints something on the right. */
function hasRight(p: Printer, node: Node): boolean {
  p.step();
  switch (node.kind) {
    case "function":
    case "array":
      return true;
    case "suffixed":
    case "pointer":
    case "member-pointer":
      return hasRight(p, node.of);
    case "parameter":
      return throughParameter(p, node, false, hasRight);
    default:
      return false;
  }
}

function throughParameter<T>(p: Printer, node: Node, otherwise: T, ask: (p: Printer, node: Node) => T): T {
  const found = argumentOf(p, node);
  if (found === undefined) return otherwise;
  let answer = otherwise;
  p.inScope(found.scope, () => {
    answer = ask(p, found.node);
  });
  return answer;
}

function open(p: Printer, pointee: Node, place: { readonly afterName: boolean }): void {
  const shape = shapeOf(p, pointee);
  if (shape === "array") p.write(" (");
  if (shape === "function") openFunction(p, place);
}

/** No blank between `*` and the parenthesis: `int (*(*)(char))()`. */
function openFunction(p: Printer, { afterName }: { readonly afterName: boolean }): void {
  const joins = afterName ? [" "] : [" ", "(", "*"];
  p.write(joins.includes(p.last) ? "(" : " (");
}

function close(p: Printer, pointee: Node): void {
  if (shapeOf(p, pointee) !== "other") p.write(")");
  printRight(p, pointee);
}

type Pointer = TypeNode & { readonly kind: "pointer" };

/** References to references collapse: an argument `A&` in `T&&` gives `A&`. */
function inReferent(p: Printer, node: Pointer, printIt: (pointer: Pointer) => void): void {
  const { pointer, scope } = collapse(p, node);
  p.inScope(scope, () => printIt(pointer));
}

function collapse(p: Printer, node: Pointer): { readonly pointer: Pointer; readonly scope: Scope | undefined } {
  if (node.symbol === "*") return { pointer: node, scope: p.scope };
  const found = argumentOf(p, node.of);
  const target = found?.node ?? node.of;
  const scope = found === undefined ? p.scope : found.scope;
  if (target.kind !== "pointer" || target.symbol === "*") return { pointer: node, scope: p.scope };
  if (target.symbol === "&" || target.symbol === node.symbol) return { pointer: target, scope };
  return { pointer: { ...target, symbol: "&" }, scope };
}
