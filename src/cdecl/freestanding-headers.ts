// The headers that a compiler brings itself (C11 4p6), so that C definitions work where no gcc is installed.

/** The pseudo folder, last in every search. */
export const freestandingFolder = "<built-in>";

const stddef = `
#ifndef __freestanding_stddef
#define __freestanding_stddef
typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef __WCHAR_TYPE__ wchar_t;
typedef struct {
  long long __max_align_ll __attribute__((__aligned__(__alignof__(long long))));
  long double __max_align_ld __attribute__((__aligned__(__alignof__(long double))));
} max_align_t;
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif
#ifndef __freestanding_wint_t
#define __freestanding_wint_t
typedef __WINT_TYPE__ wint_t;
#endif
#undef NULL
#define NULL ((void *)0)
`;

const limits = `
#ifndef _GCC_LIMITS_H_
#define _GCC_LIMITS_H_
#if __has_include_next(<limits.h>)
#include_next <limits.h>
#endif
#undef CHAR_BIT
#define CHAR_BIT __CHAR_BIT__
#define MB_LEN_MAX 16
#define SCHAR_MIN (-SCHAR_MAX - 1)
#define SCHAR_MAX __SCHAR_MAX__
#define UCHAR_MAX (SCHAR_MAX * 2 + 1)
#define CHAR_MIN SCHAR_MIN
#define CHAR_MAX SCHAR_MAX
#define SHRT_MIN (-SHRT_MAX - 1)
#define SHRT_MAX __SHRT_MAX__
#define USHRT_MAX (SHRT_MAX * 2 + 1)
#define INT_MIN (-INT_MAX - 1)
#define INT_MAX __INT_MAX__
#define UINT_MAX (INT_MAX * 2U + 1U)
#define LONG_MIN (-LONG_MAX - 1L)
#define LONG_MAX __LONG_MAX__
#define ULONG_MAX (LONG_MAX * 2UL + 1UL)
#define LLONG_MIN (-LLONG_MAX - 1LL)
#define LLONG_MAX __LONG_LONG_MAX__
#define ULLONG_MAX (LLONG_MAX * 2ULL + 1ULL)
#define LONG_LONG_MAX __LONG_LONG_MAX__
#endif
`;

const stdarg = `
#ifndef __freestanding_stdarg
#define __freestanding_stdarg
typedef __builtin_va_list __gnuc_va_list;
#define __GNUC_VA_LIST
#endif
#ifndef __need___va_list
typedef __builtin_va_list va_list;
#endif
#undef __need___va_list
`;

const floats = `
#ifndef __freestanding_float
#define __freestanding_float
#define FLT_RADIX __FLT_RADIX__
#define FLT_MANT_DIG __FLT_MANT_DIG__
#define FLT_DIG __FLT_DIG__
#define FLT_MIN_EXP __FLT_MIN_EXP__
#define FLT_MAX_EXP __FLT_MAX_EXP__
#define DBL_MANT_DIG __DBL_MANT_DIG__
#define DBL_DIG __DBL_DIG__
#define DBL_MIN_EXP __DBL_MIN_EXP__
#define DBL_MAX_EXP __DBL_MAX_EXP__
#define LDBL_MANT_DIG __LDBL_MANT_DIG__
#define LDBL_DIG __LDBL_DIG__
#define LDBL_MIN_EXP __LDBL_MIN_EXP__
#define LDBL_MAX_EXP __LDBL_MAX_EXP__
#endif
`;

const stdbool = `
#ifndef __freestanding_stdbool
#define __freestanding_stdbool
#define bool _Bool
#define true 1
#define false 0
#define __bool_true_false_are_defined 1
#endif
`;

const headers: ReadonlyMap<string, string> = new Map([
  ["stddef.h", stddef],
  ["limits.h", limits],
  ["stdarg.h", stdarg],
  ["float.h", floats],
  ["stdbool.h", stdbool],
  ["stdint.h", stdint()],
  ["stdalign.h", "#define alignas _Alignas\n#define alignof _Alignof\n"],
  ["stdnoreturn.h", "#define noreturn _Noreturn\n"],
]);

function stdint(): string {
  const lines = ["#ifndef __freestanding_stdint", "#define __freestanding_stdint"];
  for (const sign of ["", "u"]) {
    const upper = `${sign.toUpperCase()}INT`;
    for (const bits of [8, 16, 32, 64]) {
      lines.push(`typedef __${upper}${bits}_TYPE__ ${sign}int${bits}_t;`);
      lines.push(`typedef __${upper}_LEAST${bits}_TYPE__ ${sign}int_least${bits}_t;`);
      lines.push(`typedef __${upper}_FAST${bits}_TYPE__ ${sign}int_fast${bits}_t;`);
      lines.push(`#define ${upper}${bits}_MAX __${upper}${bits}_MAX__`);
      lines.push(`#define ${upper}${bits}_C(c) __${upper}${bits}_C(c)`);
      if (sign === "") lines.push(`#define INT${bits}_MIN (-INT${bits}_MAX - 1)`);
    }
    lines.push(`typedef __${upper}PTR_TYPE__ ${sign}intptr_t;`, `typedef __${upper}MAX_TYPE__ ${sign}intmax_t;`);
    lines.push(`#define ${upper}PTR_MAX __${upper}PTR_MAX__`, `#define ${upper}MAX_MAX __${upper}MAX_MAX__`);
  }
  lines.push("#define SIZE_MAX __SIZE_MAX__", "#define PTRDIFF_MAX __PTRDIFF_MAX__", "#endif", "");
  return lines.join("\n");
}

/** The text of a header of the compiler. */
export function freestandingHeader(name: string): string | undefined {
  return headers.get(name);
}
