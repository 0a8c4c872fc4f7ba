// C++ names of the Itanium ABI, which GCC and clang use: `_ZN1A1fEi` is `A::f(int)`.

import { attempt } from "./malformed.ts";
import type { Node } from "./node.ts";
import { parseGlobalStructors, parseMangledName } from "./parse-encoding.ts";
import { Parser } from "./parser.ts";
import { print } from "./print.ts";
import { Printer } from "./printer.ts";

/** The readable name; undefined when the text is not a mangled name. */
export function demangleItanium(symbol: string): string | undefined {
  if (symbol.startsWith("_GLOBAL_")) return parseAndPrint(symbol, parseGlobalStructors);
  return symbol.startsWith("_Z") ? parseAndPrint(symbol, parseMangledName) : undefined;
}

/** Where two compilers write dependent names differently, the reading that makes sense of the whole is right. */
function parseAndPrint(symbol: string, parse: (p: Parser) => Node): string | undefined {
  const parser = new Parser(symbol, { scopesEnd: true });
  const found = attempt(() => printed(parse(parser)));
  if (found !== undefined || !parser.isAmbiguous) return found;
  return attempt(() => printed(parse(new Parser(symbol, { scopesEnd: false }))));
}

function printed(node: Node): string {
  const printer = new Printer();
  print(printer, node);
  return printer.text();
}
