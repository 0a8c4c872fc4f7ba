// Words that name a type wherever they stand; they tell a cast from a grouping.

const words: ReadonlySet<string> = new Set([
  ...["bool", "_Bool", "void", "char", "short", "int", "long", "signed", "unsigned", "float", "double"],
  ...[8, 16, 32, 64].flatMap((bits) => [`int${bits}`, `uint${bits}`, `int${bits}_t`, `uint${bits}_t`, `u${bits}`, `s${bits}`]),
  ...[8, 16, 32, 64].flatMap((bits) => [`__u${bits}`, `__s${bits}`, `__le${bits}`, `__be${bits}`]),
  ...["string", "buffer", "inet", "size_t", "ssize_t", "uintptr_t", "intptr_t", "pid_t", "umode_t"],
]);

/** True for the names of the language's and C's own types, and what looks like a typedef (`…_t`). */
export function isTypeName(word: string): boolean {
  return words.has(word) || (word.endsWith("_t") && word.length > 2);
}

/** Words that C combines to one type. */
export const cTypeWords: ReadonlySet<string> = new Set(["char", "short", "int", "long", "signed", "unsigned", "const", "volatile"]);

/** One spelling for a combination of C words: `unsigned int`, `long long`. */
export function normaliseCWords(all: readonly string[]): string {
  const kept = all.filter((word) => word !== "const" && word !== "volatile");
  const unsigned = kept.includes("unsigned");
  const signed = kept.includes("signed");
  if (kept.includes("char")) return unsigned ? "unsigned char" : signed ? "signed char" : "char";
  const longs = kept.filter((word) => word === "long").length;
  const base = kept.includes("short") ? "short" : longs >= 2 ? "long long" : longs === 1 ? "long" : "int";
  if (kept.every((word) => !cTypeWords.has(word))) return kept.join(" ");
  return unsigned ? `unsigned ${base}` : base;
}
