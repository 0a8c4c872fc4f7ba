// Words that the language itself gives a meaning in expressions: macros and their parameters can't take it from them.

/** True for the words that mean an event's context, whatever a script defines. */
export function isBuiltinWord(word: string): boolean {
  return /^(args|ctx|kstack|ustack|nsecs|pid|tid|s?arg\d+|__builtin_\w+)$/.test(word);
}
