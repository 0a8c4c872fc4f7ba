// Template arguments of mangled C++ names, and the heads of generic lambdas (Itanium ABI 5.1.8 and 5.1.5.9).

import { malformed } from "./malformed.ts";
import type { HeadParameter, Node } from "./node.ts";
import { parseExpression, parsePrimary } from "./parse-expressions.ts";
import { parseName } from "./parse-names.ts";
import { parseType } from "./parse-types.ts";
import type { Parser } from "./parser.ts";

/** A template with its arguments if some follow, else the name alone. */
export function parseTemplateOf(p: Parser, name: Node): Node {
  return p.peek() === "I" ? { kind: "template", name, arguments: parseTemplateArguments(p) } : name;
}

export function parseTemplateArguments(p: Parser): readonly Node[] {
  const { lastName, inConversion } = p;
  p.inConversion = false;
  const found = p.nested(() => {
    if (!p.take("J")) p.expect("I");
    const items: Node[] = [];
    while (!p.take("E")) {
      // A constraint of the template itself; the readable name leaves it out.
      if (p.take("Q")) parseExpression(p);
      else items.push(parseTemplateArgument(p));
    }
    return items;
  });
  p.lastName = lastName;
  p.inConversion = inConversion;
  return found;
}

export function parseTemplateArgument(p: Parser): Node {
  switch (p.peek()) {
    case "X": {
      p.next();
      const expression = parseExpression(p);
      p.expect("E");
      return expression;
    }
    case "L":
      return parsePrimary(p);
    case "I":
    case "J":
      return { kind: "pack", items: parseTemplateArguments(p) };
    case "T": {
      // An argument can repeat how its parameter is declared; the readable name leaves that out.
      if (!startsHeadParameter(p)) return parseType(p);
      parseHeadParameter(p);
      return p.nested(() => parseTemplateArgument(p));
    }
    default:
      return parseType(p);
  }
}

export function startsHeadParameter(p: Parser): boolean {
  return p.peek() === "T" && p.peek(1) !== "" && "yktnp".includes(p.peek(1));
}

/** `Ty` typename, `Tk` a concept, `Tn` a value of a type, `Tt…E` a template, `Tp` a pack of one of them. */
export function parseHeadParameter(p: Parser): HeadParameter {
  return p.nested(() => {
    if (p.take("Tp")) return { ...parseHeadParameter(p), pack: true };
    if (p.take("Ty")) return { kind: "type", constraint: undefined, pack: false };
    if (p.take("Tk")) return { kind: "type", constraint: parseName(p), pack: false };
    if (p.take("Tn")) return { kind: "value", type: parseType(p), pack: false };
    if (!p.take("Tt")) throw malformed;
    const parameters: HeadParameter[] = [];
    while (!p.take("E")) parameters.push(parseHeadParameter(p));
    return { kind: "template", parameters, pack: false };
  });
}
