// Readable names of symbols that compilers of C++ and Rust mangle.

import { demangleItanium } from "./itanium.ts";
import { demangleRustLegacy } from "./rust-legacy.ts";
import { demangleRustV0 } from "./rust-v0.ts";

/** Longer names are left alone: the work for a name grows with its length. */
const maxSymbol = 1 << 16;

/**
 * The readable name, as `c++filt -i` and `abi::__cxa_demangle` print it; undefined when the text is not a mangled name.
 * Never throws. Work, depth and length of the result are bounded.
 */
export function demangle(symbol: string): string | undefined {
  if (!symbol.startsWith("_") || symbol.length > maxSymbol) return undefined;
  if (symbol.startsWith("_R")) return demangleRustV0(symbol);
  return demangleRustLegacy(symbol) ?? demangleItanium(symbol);
}
