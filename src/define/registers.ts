// Registers of struct pt_regs by name (arch/x86/include/asm/ptrace.h, arch/arm64/include/uapi/asm/ptrace.h).

export type Arch = "x64" | "arm64";

const x64: readonly string[] = [
  "r15", "r14", "r13", "r12", "bp", "bx", "r11", "r10", "r9", "r8", "ax", "cx", "dx", "si", "di", "orig_rax", "ip", "cs",
  "flags", "sp", "ss",
];

const arm64: readonly string[] = [...Array.from({ length: 31 }, (_, i) => `r${i}`), "sp", "pc", "pstate"];

/** Byte offset of a register; undefined when the machine has none of that name. */
export function registerOffset(arch: Arch, name: string): number | undefined {
  const names = arch === "x64" ? x64 : arm64;
  const wanted = arch === "x64" && name === "pc" ? "ip" : name;
  const index = names.indexOf(wanted);
  return index < 0 ? undefined : index * 8;
}

/** Names that reg() takes on a machine. */
export function registerNames(arch: Arch): readonly string[] {
  return arch === "x64" ? x64 : arm64;
}

/** Registers of function arguments, in order. */
export const argumentRegisters: Readonly<Record<Arch, readonly string[]>> = {
  x64: ["di", "si", "dx", "cx", "r8", "r9"],
  arm64: ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7"],
};

/** Registers of system call arguments, in order. */
export const systemCallArguments: Readonly<Record<Arch, readonly string[]>> = {
  x64: ["di", "si", "dx", "r10", "r8", "r9"],
  arm64: ["r0", "r1", "r2", "r3", "r4", "r5"],
};

/** Where the kernel's struct pt_regs has the number of the system call. */
export const systemCallRegister: Readonly<Record<Arch, { readonly offset: number; readonly size: 4 | 8 }>> = {
  x64: { offset: 120, size: 8 },
  arm64: { offset: 280, size: 4 },
};

export const returnRegister: Readonly<Record<Arch, string>> = { x64: "ax", arm64: "r0" };
export const instructionPointer: Readonly<Record<Arch, string>> = { x64: "ip", arm64: "pc" };

/** Offset from the stack pointer of the first argument passed on the stack. */
export const firstStackArgument: Readonly<Record<Arch, number>> = { x64: 8, arm64: 0 };
