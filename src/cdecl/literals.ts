// Values of C numbers, character constants and string lengths (C11 6.4.4, 6.4.5). Pure.

import { type CInteger, integer } from "./c-type.ts";

const integerPattern = /^(0[xX][0-9a-fA-F']+|0[bB][01']+|0[0-7']*|[1-9][0-9']*)((?:[uU]|[lL]{1,2}|[zZ]|[wW][bB])*)$/;
const floatingPattern =
  /^(?:(?:\d[\d']*)?\.?\d*(?:[eE][-+]?\d+)?|0[xX][0-9a-fA-F]*\.?[0-9a-fA-F]*[pP][-+]?\d+)(?:[fFlLqQwWiIjJ]|[dD][fFdDlL]|[fF]\d+x?)*$/;

/** An integer with its C type, `floating` for a floating constant, undefined when it is neither. */
export function numberValue(
  text: string,
): { readonly value: bigint; readonly type: CInteger } | "floating" | undefined {
  const match = integerPattern.exec(text);
  if (match === null) return floatingPattern.test(text) ? "floating" : undefined;
  const digits = (match[1] ?? "").replaceAll("'", "");
  const suffix = (match[2] ?? "").toLowerCase();
  const decimal = /^[1-9]/.test(digits);
  if (digits.length > 70) return undefined;
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  if (value >= 1n << 64n) return undefined;
  return { value, type: constantType(value, { decimal, unsigned: suffix.includes("u"), long: /[lz]/.test(suffix) }) };
}

/** C11 6.4.4.1: the first type of the list that holds the value. */
function constantType(
  value: bigint,
  form: { readonly decimal: boolean; readonly unsigned: boolean; readonly long: boolean },
): CInteger {
  if (!form.long) {
    if (!form.unsigned && value < 1n << 31n) return integer(4, true);
    if ((form.unsigned || !form.decimal) && value < 1n << 32n) return integer(4, false);
  }
  return integer(8, !form.unsigned && value < 1n << 63n);
}

const simpleEscapes: ReadonlyMap<string, number> = new Map([
  ["n", 10],
  ["t", 9],
  ["r", 13],
  ["a", 7],
  ["b", 8],
  ["f", 12],
  ["v", 11],
  ["e", 27],
]);

/** Values of the characters between the quotes of a character constant or string. */
function characters(text: string): readonly number[] {
  const inner = text.slice(text.search(/["']/) + 1, -1);
  const pattern = /\\x([0-9a-fA-F]+)|\\([0-7]{1,3})|\\([\s\S])|([\s\S])/g;
  return [...inner.matchAll(pattern)].map((match) => {
    if (match[1] !== undefined) return Number.parseInt(match[1].slice(-8), 16);
    if (match[2] !== undefined) return Number.parseInt(match[2], 8);
    if (match[3] !== undefined) return simpleEscapes.get(match[3]) ?? match[3].charCodeAt(0);
    return (match[4] ?? "").charCodeAt(0);
  });
}

/** The `int` value of a character constant; several characters are packed as gcc does. */
export function characterValue(text: string): bigint {
  const list = characters(text);
  if (/^[LuU]/.test(text)) return BigInt(list[0] ?? 0);
  if (list.length === 1) return BigInt.asIntN(8, BigInt(list[0] ?? 0));
  return BigInt.asIntN(
    32,
    list.slice(-4).reduce((sum, char) => (sum << 8n) | BigInt(char & 0xff), 0n),
  );
}

/** Characters of a string literal, without the NUL. */
export function stringLength(text: string): number {
  return characters(text).length;
}
