// The number syntax of the language: decimal, hex, octal, one-digit exponents, suffixes, durations, underscores.

export type IntegerResult = { readonly value: bigint } | { readonly error: string; readonly at: number };

const units: ReadonlyMap<string, bigint> = new Map([
  ["ns", 1n],
  ["us", 1_000n],
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
  ["d", 86_400_000_000_000n],
]);

const suffixLimits: ReadonlyMap<string, bigint> = new Map([
  ["u", (1n << 32n) - 1n],
  ["l", (1n << 63n) - 1n],
  ["ll", (1n << 63n) - 1n],
  ["ul", (1n << 64n) - 1n],
  ["ull", (1n << 64n) - 1n],
  ["lu", (1n << 64n) - 1n],
  ["llu", (1n << 64n) - 1n],
]);

const maximum = (1n << 64n) - 1n;

function overflow(text: string, limit: bigint): IntegerResult {
  return { error: `overflow error, maximum value is ${limit}: ${text}`, at: 0 };
}

function digits(text: string): string {
  return text.replaceAll("_", "");
}

/** Parses a whole text as a number; an error says what is wrong and at which byte. */
export function parseInteger(text: string): IntegerResult {
  const prefixed = /^0[xX]([0-9a-fA-F][0-9a-fA-F_]*)/.exec(text);
  if (prefixed !== null) return finish(text, prefixed[0], BigInt(`0x${digits(prefixed[1] ?? "0")}`), false);
  const decimal = /^[0-9][0-9_]*/.exec(text)?.[0];
  if (decimal === undefined) return { error: `invalid integer: ${text}`, at: 0 };
  const exponent = /^([1-9])e([1-9][0-9]*)/.exec(text);
  if (exponent !== null) {
    const power = Number(exponent[2]);
    if (power > 19) return overflow(text, maximum);
    return finish(text, exponent[0], BigInt(exponent[1] ?? "0") * 10n ** BigInt(power), false);
  }
  if (/^[0-9_]+e[0-9]/.test(text)) return { error: `coefficient part of scientific literal must be 1-9: ${text}`, at: 0 };
  if (decimal.endsWith("_")) return { error: "trailing underscore in integer literal", at: decimal.length - 1 };
  if (decimal.length > 1 && decimal.startsWith("0")) {
    const plain = digits(decimal);
    if (/[89]/.test(plain)) return { error: `invalid trailing bytes in integer literal: ${text}`, at: 0 };
    return finish(text, decimal, BigInt(`0o${plain.slice(1) === "" ? "0" : plain.slice(1)}`), false);
  }
  return finish(text, decimal, BigInt(digits(decimal)), true);
}

/** Applies what follows the digits: a suffix, or a unit after decimal digits. */
function finish(text: string, number: string, value: bigint, decimal: boolean): IntegerResult {
  if (number.endsWith("_")) return { error: "trailing underscore in integer literal", at: number.length - 1 };
  const rest = text.slice(number.length);
  if (rest === "") return value > maximum ? overflow(text, maximum) : { value };
  const unit = decimal ? units.get(rest) : undefined;
  if (unit !== undefined) return value * unit > maximum ? overflow(text, maximum) : { value: value * unit };
  const limit = suffixLimits.get(rest.toLowerCase());
  if (limit === undefined) return { error: `invalid integer suffix '${rest}'`, at: number.length };
  return value > limit ? overflow(text, limit) : { value };
}

/** The same with an optional leading minus. */
export function parseSignedInteger(text: string): IntegerResult {
  if (!text.startsWith("-")) return parseInteger(text);
  const result = parseInteger(text.slice(1));
  if (!("value" in result)) return { error: result.error, at: result.at + 1 };
  if (result.value > 1n << 63n) return { error: `negative value will underflow: ${text}`, at: 0 };
  return { value: -result.value };
}
