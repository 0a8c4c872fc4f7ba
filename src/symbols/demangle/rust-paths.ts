// Paths in Rust v0 names: crates, items in them, impls, generic arguments.

import { malformed } from "./malformed.ts";
import { printConstant } from "./rust-constants.ts";
import type { RustPrinter } from "./rust-printer.ts";
import { printType } from "./rust-types.ts";

/** In values, `::` parts a name from its generic arguments. */
export interface Position {
  readonly inValue: boolean;
}

export function printPath(p: RustPrinter, position: Position): void {
  p.nested(() => printPathHere(p, position));
}

function printPathHere(p: RustPrinter, position: Position): void {
  const tag = p.next();
  switch (tag) {
    case "C":
      return p.write(p.identifier().name);
    case "N":
      return printMember(p, position);
    case "M":
      skipImpl(p);
      return printSelf(p, { hasTrait: false });
    case "X":
      skipImpl(p);
      return printSelf(p, { hasTrait: true });
    case "Y":
      return printSelf(p, { hasTrait: true });
    case "I":
      printPath(p, position);
      if (position.inValue) p.write("::");
      p.write("<");
      p.list(", ", () => printArgument(p));
      return p.write(">");
    case "B":
      return p.backReference(() => printPath(p, position), undefined);
    default:
      throw malformed;
  }
}

/** A namespace in upper case is for what has no name: closures, shims. */
function printMember(p: RustPrinter, position: Position): void {
  const namespace = p.next();
  if (!/^[A-Za-z]$/.test(namespace)) throw malformed;
  printPath(p, position);
  const { name, disambiguator } = p.identifier();
  if (/^[a-z]$/.test(namespace)) {
    if (name !== "") p.write(`::${name}`);
    return;
  }
  const kind = namespace === "C" ? "closure" : namespace === "S" ? "shim" : namespace;
  p.write(`::{${kind}${name === "" ? "" : `:${name}`}#${disambiguator}}`);
}

/** Where the impl stands: nobody wants to read that. */
function skipImpl(p: RustPrinter): void {
  p.optionalBase62("s");
  p.skipping(() => printPath(p, { inValue: false }));
}

function printSelf(p: RustPrinter, { hasTrait }: { readonly hasTrait: boolean }): void {
  p.write("<");
  printType(p);
  if (hasTrait) {
    p.write(" as ");
    printPath(p, { inValue: false });
  }
  p.write(">");
}

function printArgument(p: RustPrinter): void {
  if (p.take("L")) return p.lifetime(p.base62());
  return p.take("K") ? printConstant(p, { inValue: false }) : printType(p);
}

/** A path whose generic arguments, if it has some, are left open for more: says whether. */
export function printOpenPath(p: RustPrinter): boolean {
  return p.nested(() => {
    if (p.take("B")) return p.backReference(() => printOpenPath(p), false);
    if (!p.take("I")) {
      printPath(p, { inValue: false });
      return false;
    }
    printPath(p, { inValue: false });
    p.write("<");
    p.list(", ", () => printArgument(p));
    return true;
  });
}
