// Rows of call frame information as recipes for programs in the kernel (x86-64): equal ones share a number.

import { registerOffset } from "../define/registers.ts";
import { frameRules, maximumRecipes, recipeFlags, recipeKinds, recipeLayout } from "../define/unwind-layout.ts";
import type { AddressForm } from "../formats/dwarf/frame-expressions.ts";
import type { FrameRow, RegisterRule } from "../formats/dwarf/frame-rules.ts";

/** Names in struct pt_regs by the DWARF number (System V ABI for AMD64, figure 3.36). */
const dwarfRegisters = ["ax", "dx", "cx", "bx", "si", "di", "bp", "sp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "ip"];
export const framePointer = 6;
const stackPointer = 7;

interface Recipe {
  readonly kind: number;
  /** DWARF number. */
  readonly register: number;
  readonly offset: number;
  readonly addend: number;
  readonly frame: number;
  readonly frameOffset: number;
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
    this.bytes.writeUInt8(recipe.flags, at + recipeLayout.flags);
    this.bytes.writeInt32LE(recipe.offset, at + recipeLayout.offset);
    this.bytes.writeInt32LE(recipe.frameOffset, at + recipeLayout.frameOffset);
    this.bytes.writeInt32LE(recipe.addend, at + recipeLayout.addend);
    this.bytes.writeInt32LE(recipe.returnOffset, at + recipeLayout.returnOffset);
    return number;
  }
}

/** Where a call puts the return address, from the canonical frame address. */
const usualReturn = -8;
const keyRange = 1 << 20;

/** A number for the rows that compilers make: register + offset, return address at its usual place, frame pointer saved or untouched. */
function commonKey({ cfa, framePointer: frame, returnAddress }: FrameRow): number | undefined {
  if (cfa?.form !== "sum" || returnAddress.kind !== "saved" || returnAddress.offset !== usualReturn) return undefined;
  const saved = frame.kind === "saved" ? -frame.offset : frame.kind === "same" ? 0 : -1;
  if (saved < 0 || saved >= keyRange || cfa.offset < 0 || cfa.offset >= keyRange) return undefined;
  return (cfa.offset * keyRange + saved) * 32 + cfa.register;
}

/** Undefined for rows that the program in the kernel can't follow. */
function recipeOf({ cfa, framePointer: frame, returnAddress }: FrameRow, interrupted: boolean): Recipe | undefined {
  const nothing = { register: 0, offset: 0, addend: 0, frame: frameRules.same, frameOffset: 0, flags: 0, returnOffset: 0 };
  if (returnAddress.kind === "undefined") return { ...nothing, kind: recipeKinds.outermost };
  if (cfa === undefined || cfa.register >= dwarfRegisters.length) return undefined;
  const returns = returnPlace(returnAddress, cfa.register);
  if (returns === undefined) return undefined;
  const outer = cfa.register === framePointer || cfa.register === stackPointer;
  const flags = (outer ? 0 : recipeFlags.innermost) | returns.flags | (interrupted ? recipeFlags.interrupted : 0);
  const base = { register: cfa.register, offset: cfa.offset, flags, returnOffset: returns.offset, ...framePlace(frame, cfa.register) };
  return { ...base, ...kindAndAddend(cfa) };
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

function framePlace(rule: RegisterRule, register: number): { readonly frame: number; readonly frameOffset: number } {
  if (rule.kind === "same") return { frame: frameRules.same, frameOffset: 0 };
  if (rule.kind === "saved") return { frame: frameRules.fromCfa, frameOffset: rule.offset };
  if (rule.kind === "saved-at" && rule.address.form === "sum" && rule.address.register === register) {
    return { frame: frameRules.fromRegister, frameOffset: rule.address.offset };
  }
  return { frame: frameRules.lost, frameOffset: 0 };
}
