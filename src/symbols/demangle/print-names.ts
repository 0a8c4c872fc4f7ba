// Prints names of C++: functions with their types, members, templates, and what compilers make.

import { assertNever } from "../../base/invariant.ts";
import type { Encoding, HeadParameter, NameNode, Node, Template } from "./node.ts";
import { printReturn, printSignature } from "./print-types.ts";
import { print, printList } from "./print.ts";
import type { Printer, Scope } from "./printer.ts";

export function printName(p: Printer, node: NameNode): void {
  switch (node.kind) {
    case "name":
      return p.write(node.text);
    case "qualified":
    case "local":
      print(p, node.scope);
      p.write("::");
      return print(p, node.name);
    case "default-argument":
      p.write(`{default arg#${node.number}}::`);
      return print(p, node.name);
    case "constructor":
      return print(p, node.name);
    case "destructor":
      p.write("~");
      return print(p, node.name);
    case "operator":
      return p.write(/^[a-z]/i.test(node.symbol) ? `operator ${node.symbol}` : `operator${node.symbol}`);
    case "conversion":
      return printConversion(p, node.type);
    case "lambda":
      return printLambda(p, node);
    case "tagged":
      print(p, node.name);
      return p.write(`[abi:${node.tag}]`);
    case "module":
      return printModule(p, node);
    case "module-entity":
      print(p, node.name);
      p.write("@");
      return print(p, node.module);
    case "friend":
      p.write("friend ");
      return print(p, node.name);
    case "member-qualified":
      print(p, node.name);
      for (const qualifier of node.qualifiers) print(p, qualifier);
      return undefined;
    case "template":
      return printTemplate(p, node);
    case "encoding":
      return printFunction(p, node);
    case "constrained":
      print(p, node.of);
      p.write(" requires ");
      return p.inScope(scopeOf(p, node.of), () => print(p, node.constraint));
    case "special":
      return printSpecial(p, node);
    default:
      assertNever(node);
  }
}

function printSpecial(p: Printer, node: NameNode & { readonly kind: "special" }): void {
  p.write(node.prefix);
  print(p, node.of);
  p.write(node.suffix);
  if (node.second !== undefined) print(p, node.second);
}

function printModule(p: Printer, node: NameNode & { readonly kind: "module" }): void {
  if (node.parent !== undefined) print(p, node.parent);
  if (node.partition) p.write(":");
  else if (node.parent !== undefined) p.write(".");
  p.write(node.name);
}

function printTemplate(p: Printer, node: Template): void {
  const saved = p.ownArguments;
  p.ownArguments = node.arguments;
  print(p, node.name);
  p.ownArguments = saved;
  // `operator<` must not join with the bracket, nor two closing brackets.
  p.write(p.last === "<" ? " <" : "<");
  printList(p, node.arguments);
  p.write(p.last === ">" ? " >" : ">");
}

/** The type of a conversion operator mentions the arguments that come behind it. */
function printConversion(p: Printer, type: Node): void {
  const own = p.ownArguments;
  const scope = own === undefined ? p.scope : { arguments: own, outer: p.scope };
  p.ownArguments = undefined;
  p.write("operator ");
  p.inScope(scope, () => print(p, type));
  p.ownArguments = own;
}

/** Parameters in the type of a function template stand for its arguments, those in its name for arguments around it. */
function scopeOf(p: Printer, node: Node): Scope | undefined {
  switch (node.kind) {
    case "encoding":
    case "local":
    case "default-argument":
    case "member-qualified":
      return scopeOf(p, node.name);
    case "template":
      return { arguments: node.arguments, outer: p.scope };
    default:
      return p.scope;
  }
}

function printFunction(p: Printer, { name, type }: Encoding): void {
  const scope = scopeOf(p, name);
  p.inScope(scope, () => printReturn(p, type));
  p.inScope(p.scope ?? scope, () => print(p, name));
  p.inScope(scope, () => printSignature(p, type));
}

function printLambda(p: Printer, node: NameNode & { readonly kind: "lambda" }): void {
  const { inLambda, lambdaHead } = p;
  p.write("{lambda");
  p.lambdaHead = node.head.map(headName);
  p.inLambda = true;
  if (node.head.length > 0) {
    p.write("<");
    node.head.forEach((parameter, i) => {
      if (i > 0) p.write(", ");
      printHeadParameter(p, parameter);
      p.write(` ${headName(parameter, i)}`);
    });
    p.write(">");
  }
  p.write("(");
  printList(p, node.parameters);
  p.inLambda = inLambda;
  p.lambdaHead = lambdaHead;
  p.write(`)#${node.number}}`);
}

/** Parameters of templates have no names in symbols. */
function headName(parameter: HeadParameter, index: number): string {
  switch (parameter.kind) {
    case "type":
      return `$T${index}`;
    case "value":
      return `$N${index}`;
    case "template":
      return `$TT${index}`;
    default:
      return assertNever(parameter);
  }
}

function printHeadParameter(p: Printer, parameter: HeadParameter): void {
  switch (parameter.kind) {
    case "type":
      if (parameter.constraint === undefined) p.write("typename");
      else print(p, parameter.constraint);
      break;
    case "value":
      print(p, parameter.type);
      break;
    case "template":
      p.write("template<");
      parameter.parameters.forEach((inner, i) => {
        if (i > 0) p.write(", ");
        p.nested(() => printHeadParameter(p, inner));
      });
      p.write("> class");
      break;
    default:
      assertNever(parameter);
  }
  if (parameter.pack) p.write("...");
}
