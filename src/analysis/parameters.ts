// Positional parameters as literals: text that is a number is an integer, anything else a string.

import type { Literal } from "../define/literal.ts";
import { parseSignedInteger } from "../syntax/parse-integer.ts";

/** The value of `$index` (from 1); undefined when it is not given. */
export function parameterLiteral(positional: readonly string[], index: number): Literal | undefined {
  const text = positional[index - 1];
  if (text === undefined) return undefined;
  const number = parseSignedInteger(text);
  return "value" in number ? { kind: "int", value: number.value } : { kind: "string", value: text };
}
