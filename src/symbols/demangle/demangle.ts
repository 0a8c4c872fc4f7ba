// Readable names of symbols that compilers of C++ and Rust mangle.

import { demangleItanium, itaniumFunctionName } from "./itanium.ts";
import { demangleRustLegacy } from "./rust-legacy.ts";
import { demangleRustV0 } from "./rust-v0.ts";

/** Longer names are left alone: the work for a name grows with its length. */
const maxSymbol = 1 << 16;

/**
 * The readable name, as `c++filt -i` and `abi::__cxa_demangle` print it; undefined when the text is not a mangled name.
 * Never throws. Work, depth and length of the result are bounded.
 */
export function demangle(symbol: string): string | undefined {
  if (!mayBeMangled(symbol)) return undefined;
  if (symbol.startsWith("_R")) return demangleRustV0(symbol);
  return demangleRustLegacy(symbol) ?? demangleItanium(symbol);
}

/** The readable name of a function without what it returns, its parameters and its qualifiers; undefined for what is no mangled function. */
export function demangleFunctionName(symbol: string): string | undefined {
  if (!mayBeMangled(symbol)) return undefined;
  // Names of Rust have no parameters.
  if (symbol.startsWith("_R")) return demangleRustV0(symbol);
  return demangleRustLegacy(symbol) ?? itaniumFunctionName(symbol);
}

function mayBeMangled(symbol: string): boolean {
  return symbol.startsWith("_") && symbol.length <= maxSymbol;
}
