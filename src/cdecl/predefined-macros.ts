// The macros that gcc 12 predefines for Linux (System V ABI, LP64, little endian), as far as headers ask for them.

export type CArchitecture = "x64" | "arm64";

/** Name and replacement; sizes and limits follow from the data model, the rest are facts of `gcc -dM -E`. */
const common = `
__STDC__ 1
__STDC_VERSION__ 201710L
__STDC_HOSTED__ 1
__STDC_UTF_16__ 1
__STDC_UTF_32__ 1
__GNUC__ 12
__GNUC_MINOR__ 2
__GNUC_PATCHLEVEL__ 0
__GNUC_STDC_INLINE__ 1
__VERSION__ "12.2.0"
__GXX_ABI_VERSION 1017
__NO_INLINE__ 1
__ELF__ 1
__linux 1
__linux__ 1
__gnu_linux__ 1
__unix 1
__unix__ 1
_LP64 1
__LP64__ 1
__CHAR_BIT__ 8
__ORDER_LITTLE_ENDIAN__ 1234
__ORDER_BIG_ENDIAN__ 4321
__ORDER_PDP_ENDIAN__ 3412
__BYTE_ORDER__ __ORDER_LITTLE_ENDIAN__
__FLOAT_WORD_ORDER__ __ORDER_LITTLE_ENDIAN__
__BIGGEST_ALIGNMENT__ 16
__SIZEOF_SHORT__ 2
__SIZEOF_INT__ 4
__SIZEOF_LONG__ 8
__SIZEOF_LONG_LONG__ 8
__SIZEOF_INT128__ 16
__SIZEOF_POINTER__ 8
__SIZEOF_SIZE_T__ 8
__SIZEOF_PTRDIFF_T__ 8
__SIZEOF_WCHAR_T__ 4
__SIZEOF_WINT_T__ 4
__SIZEOF_FLOAT__ 4
__SIZEOF_DOUBLE__ 8
__SIZEOF_LONG_DOUBLE__ 16
__SCHAR_MAX__ 0x7f
__SHRT_MAX__ 0x7fff
__INT_MAX__ 0x7fffffff
__LONG_MAX__ 0x7fffffffffffffffL
__LONG_LONG_MAX__ 0x7fffffffffffffffLL
__SCHAR_WIDTH__ 8
__SHRT_WIDTH__ 16
__INT_WIDTH__ 32
__LONG_WIDTH__ 64
__LONG_LONG_WIDTH__ 64
__SIZE_WIDTH__ 64
__PTRDIFF_WIDTH__ 64
__INTMAX_WIDTH__ 64
__INTPTR_WIDTH__ 64
__SIZE_TYPE__ long unsigned int
__PTRDIFF_TYPE__ long int
__WINT_TYPE__ unsigned int
__SIG_ATOMIC_TYPE__ int
__INTMAX_TYPE__ long int
__UINTMAX_TYPE__ long unsigned int
__INTPTR_TYPE__ long int
__UINTPTR_TYPE__ long unsigned int
__CHAR16_TYPE__ short unsigned int
__CHAR32_TYPE__ unsigned int
__SIZE_MAX__ 0xffffffffffffffffUL
__PTRDIFF_MAX__ 0x7fffffffffffffffL
__INTMAX_MAX__ 0x7fffffffffffffffL
__UINTMAX_MAX__ 0xffffffffffffffffUL
__INTPTR_MAX__ 0x7fffffffffffffffL
__UINTPTR_MAX__ 0xffffffffffffffffUL
__WINT_MAX__ 0xffffffffU
__WINT_MIN__ 0U
__WCHAR_WIDTH__ 32
__WINT_WIDTH__ 32
__SIG_ATOMIC_MAX__ 0x7fffffff
__SIG_ATOMIC_MIN__ (-__SIG_ATOMIC_MAX__ - 1)
__SIG_ATOMIC_WIDTH__ 32
__INT8_C(c) c
__INT16_C(c) c
__INT32_C(c) c
__INT64_C(c) c ## L
__UINT8_C(c) c
__UINT16_C(c) c
__UINT32_C(c) c ## U
__UINT64_C(c) c ## UL
__INTMAX_C(c) c ## L
__UINTMAX_C(c) c ## UL
__FLT_RADIX__ 2
__FLT_EVAL_METHOD__ 0
__FLT_MANT_DIG__ 24
__FLT_DIG__ 6
__FLT_MIN_EXP__ (-125)
__FLT_MAX_EXP__ 128
__DBL_MANT_DIG__ 53
__DBL_DIG__ 15
__DBL_MIN_EXP__ (-1021)
__DBL_MAX_EXP__ 1024
__LDBL_MIN_EXP__ (-16381)
__LDBL_MAX_EXP__ 16384
__FINITE_MATH_ONLY__ 0
__GCC_IEC_559 2
__GCC_IEC_559_COMPLEX 2
__GCC_HAVE_SYNC_COMPARE_AND_SWAP_1 1
__GCC_HAVE_SYNC_COMPARE_AND_SWAP_2 1
__GCC_HAVE_SYNC_COMPARE_AND_SWAP_4 1
__GCC_HAVE_SYNC_COMPARE_AND_SWAP_8 1
__GCC_ASM_FLAG_OUTPUTS__ 1
__ATOMIC_RELAXED 0
__ATOMIC_CONSUME 1
__ATOMIC_ACQUIRE 2
__ATOMIC_RELEASE 3
__ATOMIC_ACQ_REL 4
__ATOMIC_SEQ_CST 5
__USER_LABEL_PREFIX__
__REGISTER_PREFIX__
__PRAGMA_REDEFINE_EXTNAME 1
`;

const ofArchitecture: Readonly<Record<CArchitecture, string>> = {
  x64: `
__x86_64 1
__x86_64__ 1
__amd64 1
__amd64__ 1
__k8 1
__k8__ 1
__MMX__ 1
__SSE__ 1
__SSE2__ 1
__SEG_FS 1
__SEG_GS 1
__SIZEOF_FLOAT80__ 16
__SIZEOF_FLOAT128__ 16
__LDBL_MANT_DIG__ 64
__LDBL_DIG__ 18
__WCHAR_TYPE__ int
__WCHAR_MAX__ 0x7fffffff
__WCHAR_MIN__ (-__WCHAR_MAX__ - 1)
`,
  arm64: `
__aarch64__ 1
__AARCH64EL__ 1
__AARCH64_CMODEL_SMALL__ 1
__ARM_64BIT_STATE 1
__ARM_ARCH 8
__ARM_ARCH_8A 1
__ARM_ARCH_ISA_A64 1
__ARM_ARCH_PROFILE 65
__ARM_FEATURE_UNALIGNED 1
__ARM_PCS_AAPCS64 1
__ARM_SIZEOF_WCHAR_T 4
__ARM_SIZEOF_MINIMAL_ENUM 4
__LDBL_MANT_DIG__ 113
__LDBL_DIG__ 33
__WCHAR_TYPE__ unsigned int
__WCHAR_MAX__ 0xffffffffU
__WCHAR_MIN__ 0U
`,
};

/** Exact, least and fast integer types: name, C type, largest value, width. */
const integerTypes: readonly (readonly [string, string, string, number])[] = [
  ["INT8", "signed char", "0x7f", 8],
  ["INT16", "short int", "0x7fff", 16],
  ["INT32", "int", "0x7fffffff", 32],
  ["INT64", "long int", "0x7fffffffffffffffL", 64],
  ["UINT8", "unsigned char", "0xff", 8],
  ["UINT16", "short unsigned int", "0xffff", 16],
  ["UINT32", "unsigned int", "0xffffffffU", 32],
  ["UINT64", "long unsigned int", "0xffffffffffffffffUL", 64],
];

/** `#define` lines of all predefined macros. */
export function predefinedMacros(architecture: CArchitecture): string {
  const lines = (common + ofArchitecture[architecture]).split("\n").filter((line) => line !== "");
  for (const [name, type, max, width] of integerTypes) {
    const unsigned = name.startsWith("U");
    const bits = unsigned ? name.slice(4) : name.slice(3);
    const stem = unsigned ? "UINT" : "INT";
    // glibc and gcc make the 16 and 32 bit "fast" types as wide as a register.
    const wide = width === 16 || width === 32;
    const fastType = wide ? (unsigned ? "long unsigned int" : "long int") : type;
    const fastMax = wide ? (unsigned ? "0xffffffffffffffffUL" : "0x7fffffffffffffffL") : max;
    lines.push(`__${name}_TYPE__ ${type}`, `__${name}_MAX__ ${max}`);
    lines.push(`__${stem}_LEAST${bits}_TYPE__ ${type}`, `__${stem}_LEAST${bits}_MAX__ ${max}`);
    lines.push(`__${stem}_FAST${bits}_TYPE__ ${fastType}`, `__${stem}_FAST${bits}_MAX__ ${fastMax}`);
    if (!unsigned) {
      lines.push(`__INT_LEAST${bits}_WIDTH__ ${width}`, `__INT_FAST${bits}_WIDTH__ ${wide ? 64 : width}`);
    }
  }
  return lines.map((line) => `#define ${line}\n`).join("");
}

/** Attributes that `__has_attribute` knows. */
export const knownAttributes: ReadonlySet<string> = new Set(
  (
    "access alias aligned alloc_size always_inline assume_aligned cleanup cold const constructor copy deprecated " +
    "designated_init destructor error externally_visible fallthrough flatten format format_arg gnu_inline hot ifunc " +
    "leaf malloc may_alias mode naked no_instrument_function no_sanitize no_sanitize_address no_stack_protector " +
    "noclone noinline nonnull nonstring noreturn nothrow optimize packed pure retain returns_nonnull section " +
    "sentinel symver target transparent_union unused used vector_size visibility warn_unused_result warning weak " +
    "zero_call_used_regs"
  ).split(" "),
);

/** Builtin functions that `__has_builtin` knows: those that constant expressions here can evaluate, and traps. */
export const knownBuiltins: ReadonlySet<string> = new Set(
  (
    "__builtin_bswap16 __builtin_bswap32 __builtin_bswap64 __builtin_choose_expr __builtin_clz __builtin_clzl " +
    "__builtin_clzll __builtin_constant_p __builtin_ctz __builtin_ctzl __builtin_ctzll __builtin_expect " +
    "__builtin_ffs __builtin_ffsl __builtin_ffsll __builtin_offsetof __builtin_popcount __builtin_popcountl " +
    "__builtin_popcountll __builtin_types_compatible_p __builtin_object_size __builtin_trap " +
    "__builtin_unreachable __builtin_add_overflow __builtin_sub_overflow __builtin_mul_overflow"
  ).split(" "),
);
