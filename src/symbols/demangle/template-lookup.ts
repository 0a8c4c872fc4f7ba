// What template parameters stand for at a place of the printed tree, and which pack an expansion repeats.

import type { Node } from "./node.ts";
import type { Printer, Scope } from "./printer.ts";
import { malformed, maxDepth } from "./malformed.ts";

export interface Argument {
  readonly node: Node;
  /** The scope in which the parameters inside the argument have their meaning. */
  readonly scope: Scope | undefined;
}

function lookUp(p: Printer, parameter: Node): Argument | undefined {
  if (parameter.kind !== "parameter" || p.inLambda) return undefined;
  p.step();
  const node = p.scope?.arguments[parameter.index];
  return node === undefined ? undefined : { node, scope: p.scope?.outer };
}

/** The argument of a parameter: of packs the item that is printed just now, or all of them. */
export function argumentOf(p: Printer, parameter: Node): Argument | undefined {
  const found = lookUp(p, parameter);
  if (found?.node.kind !== "pack" || p.packIndex === "all") return found;
  const item = found.node.items[p.packIndex ?? 0];
  return { node: item ?? { kind: "pack", items: [] }, scope: found.scope };
}

/** The items of the first pack that a pattern mentions; undefined when it mentions none. */
export function packIn(p: Printer, node: Node, depth = 0): readonly Node[] | undefined {
  p.step();
  if (depth > maxDepth) throw malformed;
  if (node.kind === "parameter") {
    const found = lookUp(p, node)?.node;
    return found?.kind === "pack" ? found.items : undefined;
  }
  for (const child of packChildren(node)) {
    const found = packIn(p, child, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Children that can mention a pack of the expansion around them, in the order of the text. */
function packChildren(node: Node): readonly Node[] {
  switch (node.kind) {
    case "qualified":
    case "local":
      return [node.scope, node.name];
    case "template":
      return [node.name, ...node.arguments];
    case "pack":
    case "argument-count":
      return node.items;
    case "suffixed":
    case "pointer":
      return [node.of];
    case "special":
    case "constrained":
      return [node.of];
    case "member-pointer":
      return [node.class, node.of];
    case "array":
      return node.size === undefined ? [node.of] : [node.of, node.size];
    case "function":
      return [...(node.returns === undefined ? [] : [node.returns]), ...node.parameters, ...node.qualifiers];
    case "encoding":
      return [node.name, node.type];
    case "conversion":
      return [node.type];
    case "decltype":
      return [node.expression];
    case "friend":
    case "member-qualified":
      return [node.name];
    default:
      return expressionChildren(node);
  }
}

function expressionChildren(node: Node): readonly Node[] {
  switch (node.kind) {
    case "prefix":
    case "postfix":
    case "keyword":
      return [node.operand];
    case "binary":
      return [node.left, node.right];
    case "index":
      return [node.of, node.index];
    case "conditional":
      return [node.condition, node.then, node.otherwise];
    case "call":
      return [node.callee, ...node.arguments];
    case "cast":
    case "named-cast":
      return [node.type, node.operand];
    case "list-cast":
      return [node.type, ...node.operands];
    case "braced":
      return node.type === undefined ? node.items : [node.type, ...node.items];
    case "new":
      return [...node.placement, node.type, ...(node.initializer.kind === "none" ? [] : node.initializer.items)];
    case "designated":
      return [node.value];
    case "fold":
      return node.second === undefined ? [node.first] : [node.first, node.second];
    case "literal":
      return [node.type];
    case "subobject":
      return [node.type, node.of];
    default:
      return [];
  }
}
