// C++ names of the Itanium ABI, which GCC and clang use: `_ZN1A1fEi` is `A::f(int)`.

import { attempt, malformed } from "./malformed.ts";
import type { Node } from "./node.ts";
import { parseGlobalStructors, parseMangledName } from "./parse-encoding.ts";
import { Parser } from "./parser.ts";
import { print } from "./print.ts";
import { Printer } from "./printer.ts";

/** The readable name; undefined when the text is not a mangled name. */
export function demangleItanium(symbol: string): string | undefined {
  if (symbol.startsWith("_GLOBAL_")) return readAndPrint(symbol, parseGlobalStructors);
  return symbol.startsWith("_Z") ? readAndPrint(symbol, parseMangledName) : undefined;
}

/** The name of a function alone: no result, parameters or qualifiers; undefined for what is no function. */
export function itaniumFunctionName(symbol: string): string | undefined {
  return symbol.startsWith("_Z") ? readAndPrint(symbol, (p) => functionName(parseMangledName(p))) : undefined;
}

/** Where two compilers write dependent names differently, the reading that makes sense of the whole is right. */
function readAndPrint(symbol: string, read: (p: Parser) => Node): string | undefined {
  const parser = new Parser(symbol, { scopesEnd: true });
  const found = attempt(() => printed(read(parser)));
  if (found !== undefined || !parser.isAmbiguous) return found;
  return attempt(() => printed(read(new Parser(symbol, { scopesEnd: false }))));
}

function printed(node: Node): string {
  const printer = new Printer();
  print(printer, node);
  return printer.text();
}

/** Copies of a function have its name, except the parts that were moved out of it: nobody calls those. */
function functionName(node: Node): Node {
  switch (node.kind) {
    case "encoding":
      return node.name;
    case "constrained":
      return functionName(node.of);
    case "special": {
      if (node.second !== undefined) throw malformed;
      const of = functionName(node.of);
      const isCopy = node.suffix.startsWith(" [clone ") && !node.suffix.includes(".cold");
      return isCopy ? of : { ...node, of };
    }
    default:
      throw malformed;
  }
}
