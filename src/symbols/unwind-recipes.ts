// Rows of call frame information as recipes for programs in the kernel (x86-64): equal ones share a number.

import { registerOffset } from "../define/registers.ts";
import { savedRules, maximumRecipes, recipeFlags, recipeKinds, recipeLayout } from "../define/unwind-layout.ts";
import type { AddressForm } from "../formats/dwarf/frame-expressions.ts";
import type { FrameRow, RegisterRule, TrackedRegisters } from "../formats/dwarf/frame-rules.ts";

/** Names in struct pt_regs by the DWARF number (System V ABI for AMD64, figure 3.36). */
const dwarfRegisters = ["ax", "dx", "cx", "bx", "si", "di", "bp", "sp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "ip"];
const framePointer = 6;
const stackPointer = 7;
const base = 3;
export const trackedRegisters: TrackedRegisters = { framePointer, base };
/** Registers that the steps through a stack keep. */
const kept: readonly number[] = [framePointer, stackPointer, base];

interface Recipe {
  readonly kind: number;
  /** DWARF number. */
  readonly register: number;
  readonly offset: number;
  readonly addend: number;
  readonly frame: number;
  readonly frameOffset: number;
  readonly base: number;
  readonly baseOffset: number;
  readonly flags: number;
  readonly returnOffset: number;
}

export const unknownRecipe = 0;

export class RecipeTable {
  /** As the map has it. */
  readonly bytes = Buffer.alloc(maximumRecipes * recipeLayout.size);
  private readonly known = new Map<string, number>();
  /** The common ones by numbers, which are quicker to find. */
  private readonly common = new Map<number, number>();
  private count = 1;
  /** Rows that no recipe can tell, or for which there was no room. */
  untold = 0;

  /** Number of the recipe of a row; 0 when there is none. */
  numberOf(row: FrameRow, interrupted: boolean): number {
    const short = interrupted ? undefined : commonKey(row);
    const found = short === undefined ? undefined : this.common.get(short);
    if (found !== undefined) return found;
    const recipe = recipeOf(row, interrupted);
    const number = recipe === undefined ? unknownRecipe : this.add(recipe);
    if (number === unknownRecipe) this.untold += 1;
    else if (short !== undefined) this.common.set(short, number);
    return number;
  }

  /** Recipes in use, the unknown one included. */
  get size(): number {
    return this.count;
  }

  private add(recipe: Recipe): number {
    const key = Object.values(recipe).join();
    const found = this.known.get(key);
    if (found !== undefined) return found;
    if (this.count === maximumRecipes) return unknownRecipe;
    const number = this.count;
    this.count += 1;
    this.known.set(key, number);
    const at = number * recipeLayout.size;
    this.bytes.writeUInt8(recipe.kind, at + recipeLayout.kind);
    this.bytes.writeUInt8(registerOffset("x64", dwarfRegisters[recipe.register] ?? "") ?? 0, at + recipeLayout.register);
    this.bytes.writeUInt8(recipe.frame, at + recipeLayout.frame);
    this.bytes.writeUInt8(recipe.base, at + recipeLayout.base);
    this.bytes.writeUInt32LE(recipe.flags, at + recipeLayout.flags);
    this.bytes.writeInt32LE(recipe.offset, at + recipeLayout.offset);
    this.bytes.writeInt32LE(recipe.frameOffset, at + recipeLayout.frameOffset);
    this.bytes.writeInt32LE(recipe.baseOffset, at + recipeLayout.baseOffset);
    this.bytes.writeInt32LE(recipe.addend, at + recipeLayout.addend);
    this.bytes.writeInt32LE(recipe.returnOffset, at + recipeLayout.returnOffset);
    return number;
  }
}

/** Where a call puts the return address, from the canonical frame address. */
const usualReturn = -8;
/** Steps of 8 bytes that the numbers have room for: a megabyte of stack, 64 KiB between a saved register and its place. */
const farthest = 1 << 17;
const farthestSaved = 1 << 13;

/** A number for the rows that compilers make: register + offset, return address at its usual place, registers saved or untouched. */
function commonKey({ cfa, framePointer: frame, base: second, returnAddress }: FrameRow): number | undefined {
  if (cfa?.form !== "sum" || returnAddress.kind !== "saved" || returnAddress.offset !== usualReturn) return undefined;
  const [offset, saved, savedSecond] = [cfa.offset / 8, savedSteps(frame), savedSteps(second)];
  if (!Number.isInteger(offset) || offset < 0 || offset >= farthest || saved === undefined || savedSecond === undefined) return undefined;
  return ((offset * farthestSaved + saved) * farthestSaved + savedSecond) * 32 + cfa.register;
}

/** Steps below the canonical frame address; 0 for a register that is the same. */
function savedSteps(rule: RegisterRule): number | undefined {
  if (rule.kind === "same") return 0;
  const steps = rule.kind === "saved" ? -rule.offset / 8 : 0;
  return Number.isInteger(steps) && steps > 0 && steps < farthestSaved ? steps : undefined;
}

/** Undefined for rows that the program in the kernel can't follow. */
function recipeOf({ cfa, framePointer: frame, base: second, returnAddress }: FrameRow, interrupted: boolean): Recipe | undefined {
  const nothing = { register: 0, offset: 0, addend: 0, frame: savedRules.same, frameOffset: 0, base: savedRules.same, baseOffset: 0, flags: 0, returnOffset: 0 };
  if (returnAddress.kind === "undefined") return { ...nothing, kind: recipeKinds.outermost };
  if (cfa === undefined || cfa.register >= dwarfRegisters.length) return undefined;
  const returns = returnPlace(returnAddress, cfa.register);
  if (returns === undefined) return undefined;
  const flags = (kept.includes(cfa.register) ? 0 : recipeFlags.innermost) | returns.flags | (interrupted ? recipeFlags.interrupted : 0);
  const [ofFrame, ofBase] = [savedPlace(frame, cfa.register), savedPlace(second, cfa.register)];
  return {
    ...kindAndAddend(cfa),
    register: cfa.register,
    offset: cfa.offset,
    flags,
    returnOffset: returns.offset,
    frame: ofFrame.rule,
    frameOffset: ofFrame.offset,
    base: ofBase.rule,
    baseOffset: ofBase.offset,
  };
}

function kindAndAddend(cfa: AddressForm): { readonly kind: number; readonly addend: number } {
  switch (cfa.form) {
    case "sum":
      return { kind: recipeKinds.sum, addend: 0 };
    case "loaded":
      return { kind: recipeKinds.loaded, addend: cfa.addend };
    case "linkage":
      return { kind: recipeKinds.linkage, addend: cfa.threshold };
  }
}

function returnPlace(rule: RegisterRule, register: number): { readonly flags: number; readonly offset: number } | undefined {
  if (rule.kind === "saved") return { flags: 0, offset: rule.offset };
  if (rule.kind !== "saved-at" || rule.address.form !== "sum" || rule.address.register !== register) return undefined;
  return { flags: recipeFlags.returnFromRegister, offset: rule.address.offset };
}

function savedPlace(rule: RegisterRule, register: number): { readonly rule: number; readonly offset: number } {
  if (rule.kind === "same") return { rule: savedRules.same, offset: 0 };
  if (rule.kind === "saved") return { rule: savedRules.fromCfa, offset: rule.offset };
  if (rule.kind === "saved-at" && rule.address.form === "sum" && rule.address.register === register) {
    return { rule: savedRules.fromRegister, offset: rule.address.offset };
  }
  return { rule: savedRules.lost, offset: 0 };
}
