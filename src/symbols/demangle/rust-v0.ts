// Rust names of the v0 scheme (RFC 2603): `_RNvC3foo3bar` is `foo::bar`. Hashes of crates and types of constants are left out.

import { attempt, malformed } from "./malformed.ts";
import { printPath } from "./rust-paths.ts";
import { RustPrinter } from "./rust-printer.ts";

/** The readable name; undefined when the text is not a mangled name. Suffixes that compilers add behind a dot are dropped. */
export function demangleRustV0(symbol: string): string | undefined {
  const match = /^_R([A-Z][A-Za-z0-9_]*)(?:\..*)?$/.exec(symbol);
  if (match === null) return undefined;
  return attempt(() => {
    const printer = new RustPrinter(match[1] ?? "");
    printPath(printer, { inValue: true });
    // The crate that made this copy of a generic function.
    if (!printer.atEnd()) printer.skipping(() => printPath(printer, { inValue: false }));
    if (!printer.atEnd()) throw malformed;
    return printer.result();
  });
}
