// What the demanglers throw inside when a text is no mangled name, and how much work they do for one name.

/** One object for all: names that do not demangle are common, and a stack trace for each would cost more than the attempt. */
export const malformed: Error = new Error("not a mangled name, or one that is too large");

/** Depth of nesting, of the text while it is read and of the tree while it is printed. Substitutions make trees deeper than texts. */
export const maxDepth = 384;

/** Pieces printed or read for one name: substitutions can double the output with every few characters. */
export const maxSteps = 400_000;

/** Characters of a readable name. The longest of large template libraries have some ten thousand. */
export const maxLength = 1 << 18;

/** Runs a demangler: its own failure gives undefined, others pass. */
export function attempt(run: () => string): string | undefined {
  try {
    return run();
  } catch (error) {
    if (error === malformed) return undefined;
    throw error;
  }
}
