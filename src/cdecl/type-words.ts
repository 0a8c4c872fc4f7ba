// The words that C type specifiers are made of, and what they mean together (C11 6.7.2 and GNU C). Pure.

import type { CToken } from "./c-token.ts";
import { type CType, cBool, cChar, type COpaque, cVoid, integer } from "./c-type.ts";

const qualifiers: ReadonlySet<string> = new Set(
  (
    "const volatile restrict __const __const__ __volatile __volatile__ __restrict __restrict__ _Atomic " +
    "__extension__ __seg_fs __seg_gs _Nonnull _Nullable"
  ).split(" "),
);

const storageWords: ReadonlySet<string> = new Set(
  (
    "typedef extern static inline __inline __inline__ register auto _Noreturn _Thread_local __thread " +
    "__auto_type constexpr"
  ).split(" "),
);

const basicWords: ReadonlySet<string> = new Set(
  (
    "void char short int long signed unsigned __signed __signed__ _Bool float double _Complex __complex__ __complex " +
    "_Imaginary __int128"
  ).split(" "),
);

function opaque(name: string, size: number, alignment: number): COpaque {
  return { kind: "opaque", name, size, alignment };
}

/** Types of one word that are no typedefs. */
const singleWords: ReadonlyMap<string, CType> = new Map<string, CType>([
  ["__int128_t", integer(16, true)],
  ["__uint128_t", integer(16, false)],
  ["_Float16", opaque("float16", 2, 2)],
  ["__fp16", opaque("float16", 2, 2)],
  ["__bf16", opaque("bfloat16", 2, 2)],
  ["_Float32", opaque("float", 4, 4)],
  ["_Float32x", opaque("double", 8, 8)],
  ["_Float64", opaque("double", 8, 8)],
  ["_Float64x", opaque("long double", 16, 16)],
  ["_Float128", opaque("float128", 16, 16)],
  ["__float128", opaque("float128", 16, 16)],
  ["__float80", opaque("long double", 16, 16)],
  ["_Decimal32", opaque("decimal32", 4, 4)],
  ["_Decimal64", opaque("decimal64", 8, 8)],
  ["_Decimal128", opaque("decimal128", 16, 16)],
]);

export function isQualifier(token: CToken): boolean {
  return token.kind === "identifier" && qualifiers.has(token.text);
}

export function isStorageWord(token: CToken): boolean {
  return token.kind === "identifier" && storageWords.has(token.text);
}

export function isBasicWord(token: CToken): boolean {
  return token.kind === "identifier" && basicWords.has(token.text);
}

/** `__builtin_va_list`: one element of a struct of the psABI. */
export function singleWordType(name: string, target: { readonly vaListSize: number }): CType | undefined {
  if (name === "__builtin_va_list") return opaque("va_list", target.vaListSize, 8);
  return singleWords.get(name);
}

export const tagWords: ReadonlySet<string> = new Set(["struct", "union", "enum"]);
export const typeofWords: ReadonlySet<string> = new Set(["typeof", "__typeof__", "__typeof", "typeof_unqual"]);

/** The type that basic words name together; undefined for a combination that C does not know. */
export function basicType(words: readonly string[]): CType | undefined {
  const count = (...names: string[]): number => words.filter((word) => names.includes(word)).length;
  const complex = count("_Complex", "__complex__", "__complex") > 0;
  const long = count("long");
  const unsigned = count("unsigned") > 0;
  const explicitSign = unsigned || count("signed", "__signed", "__signed__") > 0;
  const rest = words.find((word) => !["int", "long", "signed", "__signed", "__signed__", "unsigned"].includes(word));
  switch (rest) {
    case undefined:
      return long > 2 ? undefined : integer(long > 0 ? 8 : 4, !unsigned);
    case "void":
      return words.length === 1 ? cVoid : undefined;
    case "_Bool":
      return words.length === 1 ? cBool : undefined;
    case "char":
      return explicitSign ? integer(1, !unsigned) : cChar;
    case "short":
      return integer(2, !unsigned);
    case "__int128":
      return integer(16, !unsigned);
    default:
      return floatingType(words, { complex, long });
  }
}

function floatingType(
  words: readonly string[],
  form: { readonly complex: boolean; readonly long: number },
): CType | undefined {
  const times = form.complex ? 2 : 1;
  const prefix = form.complex ? "complex " : "";
  if (words.includes("float")) return opaque(`${prefix}float`, 4 * times, 4);
  if (!words.includes("double") && !form.complex) return undefined;
  return form.long > 0 ? opaque(`${prefix}long double`, 16 * times, 16) : opaque(`${prefix}double`, 8 * times, 8);
}
