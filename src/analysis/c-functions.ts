// Names of the functions in C text. They are looked up only to say, at a call, why it can't be made: the text is
// scanned, not parsed.

/** Words that stand before parentheses at the outermost level without being functions. */
const notFunctions = /^(?:if|for|while|switch|return|sizeof|typeof|__typeof__|__attribute__|_Static_assert|static_assert|_Alignas)$/;

const inParentheses = String.raw`\((?:[^()]|\([^()]*\))*\)`;

/** A name with parameters, attributes, and what ends a declaration or begins a body. */
const declaration = new RegExp(
  String.raw`([A-Za-z_]\w*)\s*${inParentheses}\s*(?:__attribute__\s*\(${inParentheses}\)\s*|__\w+\s*)*(?=[;{])`,
  "g",
);

/** Functions that C text defines or declares. */
export function declaredFunctions(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [, name] of outermost(text).matchAll(declaration)) {
    if (name !== undefined && !notFunctions.test(name)) names.add(name);
  }
  return names;
}

const pieces =
  /\/\*[\s\S]*?(?:\*\/|$)|\/\/[^\n]*|^[ \t]*#(?:[^\n\\]|\\[\s\S])*|"(?:[^"\\\n]|\\[\s\S])*"?|'(?:[^'\\\n]|\\[\s\S])*'?|([{}])|([^{}"'/\n]+|[\s\S])/gm;

/** C text without comments, directives, literals and what is inside braces. */
function outermost(text: string): string {
  let nesting = 0;
  let kept = "";
  for (const [, brace, code] of text.matchAll(pieces)) {
    if (brace === "}") nesting = Math.max(0, nesting - 1);
    if (nesting === 0) kept += brace ?? code ?? " ";
    if (brace === "{") nesting += 1;
  }
  return kept;
}
