// Patterns of C++ functions in attach points.

export interface CppFunction {
  /** With parameters, and what a template returns. */
  full(): string;
  /** Without; undefined for functions of C, whose names are not mangled. */
  readonly name: string | undefined;
}

/**
 * A pattern with a parenthesis says parameters, or means `operator()`; one without leaves them open, so that all overloads match.
 * Names of templates have what they return in front, which may be written or not.
 */
export function matchesCpp(pattern: string, candidate: RegExp, { full, name }: CppFunction): boolean {
  if (name === undefined) return candidate.test(full());
  if (candidate.test(name)) return true;
  const hasParameters = pattern.includes("(");
  // Only templates name what they return: others need no second look, which saves half of the time in large programs.
  if (!hasParameters && !name.endsWith(">")) return false;
  const whole = full();
  const at = placeOf(name, whole);
  if (hasParameters) return candidate.test(whole) || (at > 0 && candidate.test(whole.slice(at)));
  return at > 0 && candidate.test(whole.slice(0, at + name.length));
}

/** Where the name begins: parameters follow it, and in front there is nothing or a type. */
function placeOf(name: string, full: string): number {
  for (let at = full.indexOf(name); at >= 0; at = full.indexOf(name, at + 1)) {
    const next = full.charAt(at + name.length);
    if ((at === 0 || " *&(".includes(full.charAt(at - 1))) && (next === "(" || next === "")) return at;
  }
  return -1;
}

/** A name of C++ that is not quoted falls into parts at its colons: they are put together again. */
export function joinCppName(parts: readonly string[], { targetGiven }: { readonly targetGiven: boolean }): readonly string[] {
  const language = targetGiven || parts[0] !== "cpp" ? 1 : 0;
  const isSplit = parts[language] === "cpp" && parts.length > language + 2;
  return isSplit ? [...parts.slice(0, language + 1), parts.slice(language + 1).join(":")] : parts;
}
