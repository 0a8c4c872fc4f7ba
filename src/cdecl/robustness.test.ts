// Whatever the text: no exception, no hang, no unbounded growth.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { read } from "./read-for-tests.ts";

const pieces = (
  "struct|union|enum|typedef|int|char|unsigned|long|s|t|u32|{|}|(|)|[|]|;|,|*|:|=|+|-|<<|/|%|?|3|0x10|'a'|\"str\"|sizeof|" +
  "__attribute__|((packed))|((aligned(8)))|\n#define |\n#define F(x) |F(|x|#|##|\n#if |\n#else\n|\n#endif\n|\n#include <h.h>\n|" +
  "defined|\n#undef F\n|__VA_ARGS__|...|\\\n|/*|*/|//|\n|\n#pragma pack(1)\n|typeof|_Alignas(|__builtin_offsetof(|->|.|&|~|!|'|\"|\xff"
).split("|");

const headers = { "/inc/h.h": "#ifndef H\n#include <h.h>\n#endif\n#define G F\nstruct h { int a : 3; };\n" };

test("random sequences of C words are read or refused", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 60 }), (words) => {
      const { definitions } = read(words.join(" "), { headers });
      for (const type of definitions.structs.values()) type.layout.fields();
      for (const macro of definitions.macros.values()) macro.expansion();
    }),
    { numRuns: 3000, seed: 7 },
  );
});

const valid = `#define N(a, b...) (a + sizeof(struct q) __VA_OPT__(+))
struct q { int a : 3, b : 5; union { char c[N(2)]; void (*f[3])(int, char *); }; } __attribute__((packed, aligned(4)));
typedef struct { struct q q[2]; enum { E1 = 1 << 4, E2 = __builtin_offsetof(struct q, c) } e; } q_t;
#if defined(N) && __has_include(<h.h>)
#include <h.h>
#endif
static inline int f(q_t *x) { return x->q[0].a ? E1 : 'x'; }
`;

test("mutations of a valid text are read or refused", () => {
  const edit = fc.record({ at: fc.nat(valid.length), drop: fc.nat(6), put: fc.constantFrom("", ...pieces) });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
      let text = valid;
      for (const { at, drop, put } of edits) text = text.slice(0, at) + put + text.slice(at + drop);
      const { definitions } = read(text, { headers });
      for (const type of definitions.structs.values()) type.layout.fields();
      for (const macro of definitions.macros.values()) macro.expansion();
    }),
    { numRuns: 3000, seed: 11 },
  );
});

const doubling = Array.from({ length: 60 }, (_, i) => `#define A${i + 1} A${i} A${i}\n`).join("");

const bombs: readonly (readonly [string, string, RegExp])[] = [
  ["exponential macros", `#define A0 1\n${doubling}enum { E = A60 };`, /too large/],
  ["exponential arguments", `#define F(x) x x x x\nenum { E = ${"F(".repeat(40)}1${")".repeat(40)} };`, /too large/],
  ["deep macro calls", `#define F(x) x\nenum { E = ${"F(".repeat(3000)}1${")".repeat(3000)} };`, /nested too deeply/],
  ["deep parentheses", `enum { E = ${"(".repeat(100_000)} };`, /nested too deeply/],
  ["deep conditions", `#if ${"(".repeat(100_000)}\n#endif`, /nested too deeply/],
  ["deep unary operators", `enum { E = ${"- ".repeat(100_000)}1 };`, /nested too deeply/],
  ["deep structs", "struct { ".repeat(50_000), /nested too deeply/],
  ["deep declarators", `struct s { int ${"(*".repeat(50_000)}x; };`, /nested too deeply/],
  ["deep casts", `enum { E = ${"(int)".repeat(50_000)}1 };`, /nested too deeply/],
  ["huge arrays", "struct s { int a[1UL << 40][1UL << 40]; };", /too large/],
  ["huge shifts", "enum { E = 1 << 100000000 };", /not an integer constant/],
  ["inclusion of itself, twice", "#include <twice.h>\n", /too deeply or too often/],
];

for (const [name, text, expected] of bombs) {
  test(`bomb: ${name}`, () => {
    const { problems } = read(text, { headers: { "/inc/twice.h": "#include <twice.h>\n#include <twice.h>\n" } });
    assert.match(problems.join("\n"), expected);
  });
}
