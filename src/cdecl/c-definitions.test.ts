// C definitions as the language sees them: layouts, types, enumerators, problems and their places.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fromByteString } from "../base/byte-string.ts";
import { int64, type StructType, type Type, uint32 } from "../types/type.ts";
import { describe, read } from "./read-for-tests.ts";

const layouts: readonly (readonly [string, string, string])[] = [
  ["plain members", "struct s { int x; short y; char z; };", "8: x int32@0 y int16@4 z int8@6"],
  ["bit-fields", "struct s { unsigned int lo:4, hi:4; };", "4: lo uint32@0[0+4] hi uint32@0[4+4]"],
  [
    "unnamed bit-fields",
    "struct s { unsigned a : 3; unsigned : 2; int b : 5; long long c; };",
    "16: a uint32@0[0+3] b int32@0[5+5] c int64@8",
  ],
  [
    "anonymous members",
    "struct s { struct { int a; int b; }; union { int c; long d; } u; };",
    "16: a int32@0 b int32@4 u union @8",
  ],
  [
    "nested anonymous members",
    "struct s { int a; struct { short b; union { char c; int d; }; }; int e[2]; struct s *n; };",
    "32: a int32@0 b int16@4 c int8@8 d int32@8 e int32[2]@12 n struct s *@24",
  ],
  ["packed", "struct s { char a; int b; } __attribute__((packed));", "5: a int8@0 b int32@1"],
  ["packed before the tag", "struct __attribute__((__packed__)) s { char a; int b; };", "5: a int8@0 b int32@1"],
  ["aligned", "struct s { char a; int b __attribute__((aligned(16))); } ;", "32: a int8@0 b int32@16"],
  ["_Alignas", "struct s { char a; _Alignas(8) char b; _Alignas(long) char c; };", "24: a int8@0 b int8@8 c int8@16"],
  ["pragma pack", "#pragma pack(push, 1)\nstruct s { char a; long b; };\n#pragma pack(pop)\n", "9: a int8@0 b int64@1"],
  ["no semicolon", "struct s { int a; }\nstruct t { int b; }", "4: a int32@0"],
  [
    "function pointers",
    "struct s { int (*fn)(int, char); void (*v[2])(void); enum { Z_A, Z_B = 7 } m; };",
    "32: fn void *@0 v void *[2]@8 m enum @24",
  ],
  [
    "strings",
    "struct s { char n[4]; unsigned char u[4]; signed char i[2]; char t[2][8]; char open[]; };",
    "26: n string[4]@0 u uint8[4]@4 i int8[2]@8 t string[8][2]@10 open int8[0]@26",
  ],
  ["arrays of arrays", "struct s { int a[2][3]; };", "24: a int32[3][2]@0"],
  [
    "integer types",
    "struct s { _Bool a; unsigned long b; long long int c; short unsigned d; u8 e; __be16 f; size_t g; };",
    "40: a uint8@0 b uint64@8 c int64@16 d uint16@24 e uint8@26 f uint16@28 g uint64@32",
  ],
  [
    "16 byte types",
    "struct s { char a; __int128 b; char c; long double d; double e; float f; };",
    "80: a int8@0 b int128@16 c int8@32 d long double@48 e double@64 f float@72",
  ],
  [
    "typedef chains",
    "typedef unsigned int a_t; typedef a_t b_t; typedef b_t *c_t; struct s { b_t x; c_t y; };",
    "16: x uint32@0 y uint32 *@8",
  ],
  [
    "aligned typedefs",
    "typedef int a_t __attribute__((aligned(8))); struct s { char x; a_t y; };",
    "16: x int8@0 y int32@8",
  ],
  ["mode", "typedef int r_t __attribute__((__mode__(__word__))); struct s { r_t x; };", "8: x int64@0"],
  [
    "typeof",
    "struct t { long m; }; struct s { typeof(int *) a; __typeof__(((struct t *)0)->m) b; };",
    "16: a int32 *@0 b int64@8",
  ],
  ["forward declarations", "struct zz; struct s { struct zz *p; }; struct zz { int a; };", "8: p struct zz *@0"],
  [
    "expressions as bounds",
    "enum { N = 3 }; struct t { int a, b; }; struct s { char x[N * 2 + (sizeof(struct t) > 4 ? 1 : 0)]; u8 y[__builtin_offsetof(struct t, b)]; int z[(unsigned char)257]; };",
    "16: x string[7]@0 y uint8[4]@7 z int32[1]@12",
  ],
  [
    "offsetof by address",
    "struct t { int a; int b[4]; }; struct s { u8 x[(unsigned long)&((struct t *)0)->b[2]]; };",
    "12: x uint8[12]@0",
  ],
  [
    "functions and variables between",
    'static inline int f(int a) { if (a) { return 1; } return \';\'; }\nextern int g(void) __asm__("h");\nint v[] = { 1, 2 }, w = 3;\n_Static_assert(1, "x");\n__extension__ struct s { int a; };',
    "4: a int32@0",
  ],
  ["a member named like a type", "typedef int u_t; struct s { u_t u_t; u32 u32; };", "8: u_t int32@0 u32 uint32@4"],
];

for (const [name, text, expected] of layouts) {
  test(`layout: ${name}`, () => {
    const { definitions, problems } = read(text);
    assert.deepEqual(problems, []);
    assert.equal(describe(definitions.structs.get("struct s")), expected);
  });
}

test("unnamed bit-fields align a struct on arm64 only", () => {
  const text = "struct s { char a; int : 0; char b; };";
  assert.equal(read(text).definitions.structs.get("struct s")?.layout.size, 5);
  assert.equal(read(text, { architecture: "arm64" }).definitions.structs.get("struct s")?.layout.size, 8);
});

test("a packed bit-field over its storage unit gets a unit that holds it", () => {
  const { definitions } = read("struct s { char a : 3; int b : 31; long c; } __attribute__((packed));");
  assert.equal(describe(definitions.structs.get("struct s")), "13: a int8@0[0+3] b int64@0[3+31] c int64@5");
});

test("enumerators have values, expressions and signs", () => {
  const { definitions, problems } = read(
    "enum zz { P1 = 1 << 3, P2, P3 = -1, P4 = P1 | 0x40UL, P5 = 'A', }\nenum { BIG = 0x100000000 }; enum u { U = 0xffffffffu };",
  );
  assert.deepEqual(problems, []);
  const value = (name: string): bigint | undefined => definitions.enumerators.get(name)?.value;
  assert.deepEqual(["P1", "P2", "P3", "P4", "P5", "BIG", "U"].map(value), [
    8n,
    9n,
    -1n,
    0x48n,
    65n,
    1n << 32n,
    0xffffffffn,
  ]);
  const shape = (type: Type | undefined): unknown => type?.kind === "enum" && [type.bytes, type.signed];
  assert.deepEqual(shape(definitions.enums.get("zz")), [4, true]);
  assert.deepEqual(shape(definitions.enums.get("u")), [4, false]);
  assert.deepEqual(shape(definitions.enumerators.get("BIG")?.enum), [8, false]);
  assert.equal(definitions.enumerators.get("P1")?.enum, definitions.enums.get("zz"));
});

test("one definition has one layout object, wherever it is named", () => {
  const { definitions } = read(
    "struct b; typedef struct b b_t; struct a { struct b *p; b_t *q; }; struct b { struct a *back; };",
  );
  const fields = definitions.structs.get("struct a")?.layout.fields() ?? [];
  const target = (type: Type | undefined): unknown =>
    type?.kind === "pointer" && type.to.kind === "struct" && type.to.layout;
  assert.equal(target(fields[0]?.type), definitions.structs.get("struct b")?.layout);
  assert.equal(target(fields[1]?.type), definitions.structs.get("struct b")?.layout);
});

const external: StructType = {
  kind: "struct",
  layout: {
    tag: "struct",
    name: "inner",
    size: 24,
    alignment: 8,
    complete: true,
    fields: () => [{ name: "far", type: int64, offset: 16, bits: undefined }],
  },
};

test("types that are only referenced come from elsewhere, the script's own come first", () => {
  const { definitions, problems } = read(
    "struct own { int a; }; struct s { char c; struct inner i; struct inner *p; k_t k; struct own o; u8 f[__builtin_offsetof(struct inner, far)]; };",
    {
      externalTypes: (tag, name) =>
        name === "k_t" && tag === "typedef" ? uint32 : name === "k_t" ? undefined : external,
    },
  );
  assert.deepEqual(problems, []);
  assert.equal(
    describe(definitions.structs.get("struct s")),
    "64: c int8@0 i struct inner@8 p struct inner *@32 k uint32@40 o struct own@44 f uint8[16]@48",
  );
  assert.equal(definitions.structs.has("struct inner"), false);
});

test("pointers refer to the memory asked for", () => {
  const { definitions } = read("struct s { int *p; };", { pointerSpace: "user" });
  const type = definitions.structs.get("struct s")?.layout.fields()[0]?.type;
  assert.equal(type?.kind === "pointer" && type.space, "user");
});

const mistakes: readonly (readonly [string, string])[] = [
  ["struct s {\n  foo_t x;\n};", "2:3 unknown type name 'foo_t'"],
  ["struct s { int x };\nstruct s { int y; };", "2:8 redefinition of 'struct s'"],
  ["struct s { struct t x; };", "1:21 member 'x' has an incomplete type"],
  ["struct s { int x[n]; };", "1:18 'n' is not declared"],
  ["struct s { int x[-1]; };", "1:18 array size is out of range"],
  ["struct s { int x[1 / 0]; };", "1:18 array size is not an integer constant"],
  ["struct s { int x : 33; };", "1:20 the width of a bit-field is out of range"],
  ["struct s { int x : 0; };", "1:16 bit-field 'x' has width 0"],
  ["struct s { int x;", "1:10 '{' is not closed"],
  ["struct s { int 5; };", "1:16 expected a member name"],
  ["struct s { int x; } __attribute__((aligned(3)));", "1:44 an alignment has to be a power of two"],
  ["enum e { A = x };", "1:14 'x' is not declared"],
  ["enum e { A, B\n= };", "2:3 expected an expression before '}'"],
  ["typedef int *;", "1:14 expected a name after 'typedef'"],
  ["struct s { void x; };", "1:17 member 'x' has an incomplete type"],
  ["struct s { short long x; } /* open", "1:28 expected a name"],
];

for (const [text, expected] of mistakes) {
  test(`problem: ${JSON.stringify(text)}`, () => {
    assert.equal(read(text).problems[0], expected);
  });
}

test("a problem ends its declaration only", () => {
  const { definitions, problems } = read(
    "struct a { foo x; };\nstruct b { int y; };\nenum c { D = , };\nstruct d { int z; };",
  );
  assert.equal(problems.length, 2);
  assert.deepEqual([...definitions.structs.keys()], ["struct b", "struct d"]);
});

test("the script's definition wins over a header's", () => {
  const headers = { "/inc/h.h": "struct s { int a; };\ntypedef int t_t;\n" };
  for (const text of [
    "#include <h.h>\nstruct s { long b; };\ntypedef long t_t;",
    "struct s { long b; };\ntypedef long t_t;\n#include <h.h>\n",
  ]) {
    const { definitions, problems } = read(text, { headers });
    assert.deepEqual(problems, []);
    assert.equal(describe(definitions.structs.get("struct s")), "8: b int64@0");
    assert.equal(definitions.typedefs.get("t_t"), int64);
  }
});

test("bytes that are no ASCII do no harm", () => {
  const { problems } = read("struct s { int \xe9\xff; }; // \xfe\n");
  assert.deepEqual(problems.map(fromByteString), []);
});
