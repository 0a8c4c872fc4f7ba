// Recipes: what a row says is in the bytes that programs read; equal rows share a number; what programs can't follow has none.

import assert from "node:assert/strict";
import { test } from "node:test";
import { savedRules, maximumRecipes, recipeFlags, recipeKinds, recipeLayout } from "../define/unwind-layout.ts";
import type { FrameRow, RegisterRule } from "../formats/dwarf/frame-rules.ts";
import { RecipeTable, unknownRecipe } from "./unwind-recipes.ts";

const returnAddress: RegisterRule = { kind: "saved", offset: -8 };
const same: RegisterRule = { kind: "same" };

function row(parts: Partial<FrameRow>): FrameRow {
  return { start: 0, end: 1, cfa: { form: "sum", register: 7, offset: 8 }, framePointer: same, base: same, returnAddress, ...parts };
}

interface Written {
  readonly kind: number;
  readonly register: number;
  readonly frame: number;
  readonly flags: number;
  readonly offset: number;
  readonly frameOffset: number;
  readonly base: number;
  readonly baseOffset: number;
  readonly addend: number;
  readonly returnOffset: number;
}

function read(table: RecipeTable, number: number): Written {
  const at = number * recipeLayout.size;
  const word = (offset: number) => table.bytes.readInt32LE(at + offset);
  return {
    kind: table.bytes.readUInt8(at + recipeLayout.kind),
    register: table.bytes.readUInt8(at + recipeLayout.register),
    frame: table.bytes.readUInt8(at + recipeLayout.frame),
    base: table.bytes.readUInt8(at + recipeLayout.base),
    flags: word(recipeLayout.flags),
    offset: word(recipeLayout.offset),
    frameOffset: word(recipeLayout.frameOffset),
    baseOffset: word(recipeLayout.baseOffset),
    addend: word(recipeLayout.addend),
    returnOffset: word(recipeLayout.returnOffset),
  };
}

/** struct pt_regs of x86-64. */
const [bp, bx, r10, sp] = [32, 40, 56, 152];
const plain: Written = { kind: recipeKinds.sum, register: sp, frame: savedRules.same, base: savedRules.same, flags: 0, offset: 8, frameOffset: 0, baseOffset: 0, addend: 0, returnOffset: -8 };

const rows: readonly (readonly [string, FrameRow, boolean, Written])[] = [
  ["the start of a function", row({}), false, plain],
  [
    "a saved frame pointer",
    row({ cfa: { form: "sum", register: 6, offset: 16 }, framePointer: { kind: "saved", offset: -16 } }),
    false,
    { ...plain, register: bp, offset: 16, frame: savedRules.fromCfa, frameOffset: -16 },
  ],
  [
    "a saved base register",
    row({ cfa: { form: "sum", register: 7, offset: 32 }, base: { kind: "saved", offset: -24 } }),
    false,
    { ...plain, offset: 32, base: savedRules.fromCfa, baseOffset: -24 },
  ],
  ["a frame found by the base register", row({ cfa: { form: "sum", register: 3, offset: 24 } }), false, { ...plain, register: bx, offset: 24 }],
  ["another register", row({ cfa: { form: "sum", register: 10, offset: 0 } }), false, { ...plain, register: r10, offset: 0, flags: recipeFlags.innermost }],
  [
    "an aligned stack",
    row({ cfa: { form: "loaded", register: 6, offset: -8, addend: 4 }, framePointer: { kind: "saved-at", address: { form: "sum", register: 6, offset: 0 } } }),
    false,
    { ...plain, kind: recipeKinds.loaded, register: bp, offset: -8, addend: 4, frame: savedRules.fromRegister },
  ],
  ["a linkage table", row({ cfa: { form: "linkage", register: 7, offset: 8, threshold: 11 } }), false, { ...plain, kind: recipeKinds.linkage, addend: 11 }],
  [
    "a signal frame",
    row({
      cfa: { form: "loaded", register: 7, offset: 160, addend: 0 },
      framePointer: { kind: "saved-at", address: { form: "sum", register: 7, offset: 120 } },
      base: { kind: "saved-at", address: { form: "sum", register: 7, offset: 128 } },
      returnAddress: { kind: "saved-at", address: { form: "sum", register: 7, offset: 168 } },
    }),
    true,
    {
      ...plain,
      kind: recipeKinds.loaded,
      offset: 160,
      frame: savedRules.fromRegister,
      frameOffset: 120,
      base: savedRules.fromRegister,
      baseOffset: 128,
      flags: recipeFlags.returnFromRegister | recipeFlags.interrupted,
      returnOffset: 168,
    },
  ],
  ["a frame pointer in another register", row({ framePointer: { kind: "register", register: 9 } }), false, { ...plain, frame: savedRules.lost }],
  ["a far frame", row({ cfa: { form: "sum", register: 7, offset: 5_000_000 } }), false, { ...plain, offset: 5_000_000 }],
  ["a common row of a signal frame", row({}), true, { ...plain, flags: recipeFlags.interrupted }],
];

for (const [name, given, interrupted, wanted] of rows) {
  test(`recipe of ${name}`, () => {
    const table = new RecipeTable();
    const number = table.numberOf(given, interrupted);
    assert.notEqual(number, unknownRecipe);
    assert.deepEqual(read(table, number), wanted);
    assert.equal(table.numberOf({ ...given, start: 5, end: 9 }, interrupted), number);
    assert.equal(table.size, 2);
    assert.equal(table.untold, 0);
  });
}

test("recipe of the outermost frame", () => {
  const table = new RecipeTable();
  assert.equal(read(table, table.numberOf(row({ returnAddress: { kind: "undefined" } }), false)).kind, recipeKinds.outermost);
});

test("rows that programs can't follow have no recipe, and are counted", () => {
  const table = new RecipeTable();
  const unfit: readonly Partial<FrameRow>[] = [
    { cfa: undefined },
    { cfa: { form: "sum", register: 49, offset: 0 } },
    { returnAddress: { kind: "register", register: 1 } },
    { returnAddress: { kind: "same" } },
    { returnAddress: { kind: "saved-at", address: { form: "sum", register: 6, offset: 8 } } },
  ];
  for (const parts of unfit) assert.equal(table.numberOf(row(parts), false), unknownRecipe);
  assert.equal(table.untold, unfit.length);
  assert.equal(read(table, unknownRecipe).kind, recipeKinds.unknown);
});

test("when there is no more room, further rows have no recipe", () => {
  const table = new RecipeTable();
  for (let i = 1; i < maximumRecipes; i++) assert.equal(table.numberOf(row({ cfa: { form: "sum", register: 7, offset: i * 8 } }), false), i);
  assert.equal(table.numberOf(row({ cfa: { form: "sum", register: 6, offset: 8 } }), false), unknownRecipe);
  assert.equal(table.numberOf(row({ cfa: { form: "sum", register: 7, offset: 80 } }), false), 10);
});
