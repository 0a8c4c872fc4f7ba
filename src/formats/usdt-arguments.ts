// Where a USDT probe's arguments are: `-4@%edi 8@$7 4@-20(%rbp)` of x86-64, `8@x0 -4@[sp, 12]` of arm64.

/** Registers are named as in struct pt_regs (define/registers.ts). */
export type UsdtOperand =
  | { readonly kind: "constant"; readonly value: bigint }
  /** `shift`: bits below the value in the register (ah, bh, ch, dh). */
  | { readonly kind: "register"; readonly register: string; readonly shift: number }
  | {
      readonly kind: "memory";
      readonly base: string | undefined;
      readonly index: string | undefined;
      readonly scale: number;
      readonly displacement: bigint;
      /** A global variable, whose address is added. */
      readonly symbol: string | undefined;
    };

export interface UsdtArgument {
  readonly size: 1 | 2 | 4 | 8;
  readonly signed: boolean;
  /** A text says why it cannot be read. */
  readonly operand: UsdtOperand | string;
}

const wide = ["ax", "bx", "cx", "dx"];
const pointers = ["si", "di", "bp", "sp"];

/** The 64-bit registers behind all names of x86-64. */
const x64Registers: ReadonlyMap<string, { readonly register: string; readonly shift: number }> = new Map([
  ...wide.flatMap((name) => {
    const low = { register: name, shift: 0 };
    const letter = name.charAt(0);
    return [
      [`r${name}`, low],
      [`e${name}`, low],
      [name, low],
      [`${letter}l`, low],
      [`${letter}h`, { register: name, shift: 8 }],
    ] as const;
  }),
  ...pointers.flatMap((name) => {
    const low = { register: name, shift: 0 };
    return [[`r${name}`, low], [`e${name}`, low], [name, low], [`${name}l`, low]] as const;
  }),
  ...Array.from({ length: 8 }, (_, i) => `r${i + 8}`).flatMap((name) => {
    const low = { register: name, shift: 0 };
    return [[name, low], [`${name}d`, low], [`${name}w`, low], [`${name}b`, low]] as const;
  }),
  ["rip", { register: "ip", shift: 0 }],
]);

function arm64Register(name: string): string | undefined {
  if (name === "sp") return "sp";
  if (name === "fp" || name === "lr") return name === "fp" ? "r29" : "r30";
  const match = /^[xw](\d+)$/.exec(name);
  return match !== null && Number(match[1]) <= 30 ? `r${match[1]}` : undefined;
}

/** The arguments of a probe in order. */
export function parseUsdtArguments(text: string, arch: "x64" | "arm64"): readonly UsdtArgument[] {
  return splitArguments(text).map((part) => parseArgument(part, arch));
}

/** Splits at blanks outside of brackets. */
function splitArguments(text: string): readonly string[] {
  return text.match(/(?:\[[^\]]*\]|\([^)]*\)|[^\s[(])+/g) ?? [];
}

const sizes = [1, 2, 4, 8] as const;

function parseArgument(part: string, arch: "x64" | "arm64"): UsdtArgument {
  const match = /^(-?)(\d+)(f?)@(.*)$/s.exec(part);
  const size = match === null ? 8 : sizes.find((known) => known === Number(match[2]));
  const text = match?.[4] ?? part;
  if (size === undefined) return { size: 8, signed: false, operand: `${part} has an unknown size` };
  const signed = match?.[1] === "-";
  if (match?.[3] === "f") return { size, signed, operand: `${part} is a floating point number` };
  const operand = arch === "x64" ? parseX64(text) : parseArm64(text);
  return { size, signed, operand: operand ?? `${part} is not understood` };
}

function integer(text: string): bigint | undefined {
  const match = /^([+-]?)(0x[0-9a-f]+|\d+)$/i.exec(text.trim());
  if (match === null) return undefined;
  const value = BigInt(match[2] ?? "0");
  return match[1] === "-" ? -value : value;
}

function parseX64(text: string): UsdtOperand | undefined {
  if (text.startsWith("$")) {
    const value = integer(text.slice(1));
    return value === undefined ? undefined : { kind: "constant", value };
  }
  if (text.startsWith("%")) {
    const found = x64Registers.get(text.slice(1));
    return found === undefined ? undefined : { kind: "register", ...found };
  }
  const match = /^([^()]*)(?:\(([^)]*)\))?$/.exec(text);
  if (match === null) return undefined;
  const place = displacementOf(match[1] ?? "");
  return place === undefined ? undefined : memoryOperand(place, match[2]);
}

interface Displacement {
  readonly symbol: string | undefined;
  readonly displacement: bigint;
}

/** `-20`, `symbol`, `symbol+8` or nothing. */
function displacementOf(text: string): Displacement | undefined {
  if (text === "") return { symbol: undefined, displacement: 0n };
  const number = integer(text);
  if (number !== undefined) return { symbol: undefined, displacement: number };
  const match = /^([A-Za-z_.$][\w.$@]*)([+-]\d+)?$/.exec(text);
  return match === null ? undefined : { symbol: match[1], displacement: integer(match[2] ?? "0") ?? 0n };
}

/** `(%base,%index,scale)`. */
function memoryOperand(place: Displacement, inside: string | undefined): UsdtOperand | undefined {
  const [baseText = "", indexText = "", scaleText = "1"] = (inside ?? "").split(",").map((part) => part.trim());
  const register = (name: string) => (name === "" ? undefined : (x64Registers.get(name.slice(1))?.register ?? null));
  const [base, index] = [register(baseText), register(indexText)];
  const scale = Number(scaleText);
  if (base === null || index === null || !sizes.some((known) => known === scale)) return undefined;
  if (inside === undefined && place.symbol === undefined) return undefined;
  // A symbol's own address counts; %rip only says that it is position independent.
  const kept = place.symbol !== undefined && base === "ip" ? undefined : base;
  return { kind: "memory", base: kept, index, scale, ...place };
}

function parseArm64(text: string): UsdtOperand | undefined {
  const constant = integer(text.replace(/^#/, ""));
  if (constant !== undefined) return { kind: "constant", value: constant };
  const register = arm64Register(text);
  if (register !== undefined) return { kind: "register", register, shift: 0 };
  const match = /^\[([^\]]*)\]$/.exec(text);
  if (match === null) return undefined;
  const [baseText = "", second = "", shift = ""] = (match[1] ?? "").split(",").map((part) => part.trim());
  const base = arm64Register(baseText);
  if (base === undefined) return undefined;
  const memory = { kind: "memory", base, symbol: undefined } as const;
  if (second === "") return { ...memory, index: undefined, scale: 1, displacement: 0n };
  const displacement = integer(second.replace(/^#/, ""));
  if (displacement !== undefined) return { ...memory, index: undefined, scale: 1, displacement };
  const index = arm64Register(second);
  const amount = shift === "" ? 0 : Number(/^lsl #?(\d)$/.exec(shift)?.[1] ?? Number.NaN);
  return index === undefined || Number.isNaN(amount) ? undefined : { ...memory, index, scale: 2 ** amount, displacement: 0n };
}
