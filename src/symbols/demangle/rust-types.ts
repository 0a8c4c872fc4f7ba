// Types in Rust v0 names.

import { malformed } from "./malformed.ts";
import { printConstant } from "./rust-constants.ts";
import { printOpenPath, printPath } from "./rust-paths.ts";
import type { RustPrinter } from "./rust-printer.ts";

export const basicTypes: ReadonlyMap<string, string> = new Map([
  ["a", "i8"],
  ["b", "bool"],
  ["c", "char"],
  ["d", "f64"],
  ["e", "str"],
  ["f", "f32"],
  ["h", "u8"],
  ["i", "isize"],
  ["j", "usize"],
  ["l", "i32"],
  ["m", "u32"],
  ["n", "i128"],
  ["o", "u128"],
  ["p", "_"],
  ["s", "i16"],
  ["t", "u16"],
  ["u", "()"],
  ["v", "..."],
  ["x", "i64"],
  ["y", "u64"],
  ["z", "!"],
]);

export function printType(p: RustPrinter): void {
  p.nested(() => {
    const basic = basicTypes.get(p.peek());
    if (basic === undefined) return printCompoundType(p, p.peek());
    p.next();
    return p.write(basic);
  });
}

function printCompoundType(p: RustPrinter, tag: string): void {
  if (/^[CMXYNI]$/.test(tag)) return printPath(p, { inValue: false });
  p.next();
  switch (tag) {
    case "B":
      return p.backReference(() => printType(p), undefined);
    case "R":
    case "Q":
      return printReference(p, tag === "Q");
    case "P":
      p.write("*const ");
      return printType(p);
    case "O":
      p.write("*mut ");
      return printType(p);
    case "A":
      p.write("[");
      printType(p);
      p.write("; ");
      printConstant(p, { inValue: true });
      return p.write("]");
    case "S":
      p.write("[");
      printType(p);
      return p.write("]");
    case "T":
      return printTuple(p, () => printType(p));
    case "F":
      return p.binder(() => printFunction(p));
    case "D":
      return printDyn(p);
    case "W":
      printType(p);
      p.write(" is ");
      return printPattern(p);
    default:
      throw malformed;
  }
}

/** A tuple of one has a comma behind it. */
export function printTuple(p: RustPrinter, printItem: () => void): void {
  p.write("(");
  const count = p.list(", ", printItem);
  p.write(count === 1 ? ",)" : ")");
}

function printReference(p: RustPrinter, isMutable: boolean): void {
  p.write("&");
  if (p.take("L")) {
    const number = p.base62();
    if (number > 0) {
      p.lifetime(number);
      p.write(" ");
    }
  }
  if (isMutable) p.write("mut ");
  printType(p);
}

function printFunction(p: RustPrinter): void {
  if (p.take("U")) p.write("unsafe ");
  if (p.take("K")) {
    const abi = p.take("C") ? "C" : p.undisambiguated();
    p.write(`extern "${abi.replaceAll("_", "-")}" `);
  }
  p.write("fn(");
  p.list(", ", () => printType(p));
  p.write(")");
  if (p.take("u")) return;
  p.write(" -> ");
  printType(p);
}

function printDyn(p: RustPrinter): void {
  p.write("dyn ");
  p.binder(() => {
    p.list(" + ", () => printTrait(p));
  });
  if (!p.take("L")) throw malformed;
  const number = p.base62();
  if (number === 0) return;
  p.write(" + ");
  p.lifetime(number);
}

/** Associated types join the generic arguments of the trait. */
function printTrait(p: RustPrinter): void {
  let isOpen = printOpenPath(p);
  while (p.take("p")) {
    p.write(isOpen ? ", " : "<");
    isOpen = true;
    p.write(`${p.undisambiguated()} = `);
    printType(p);
  }
  if (isOpen) p.write(">");
}

/** Types with a restricted range of values. */
function printPattern(p: RustPrinter): void {
  p.nested(() => {
    const tag = p.next();
    switch (tag) {
      case "R":
        printConstant(p, { inValue: true });
        p.write("..=");
        return printConstant(p, { inValue: true });
      case "O":
        p.list(" | ", () => printPattern(p));
        return undefined;
      case "N":
        return p.write("!null");
      default:
        throw malformed;
    }
  });
}
