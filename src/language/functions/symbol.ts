// Symbols: names of kernel and user addresses, found when they are printed; registers.

import { helpers } from "../../bpf/helpers.ts";
import { present } from "../../base/invariant.ts";
import { type BuiltinDef, builtin, type CallSite } from "../../define/builtin.ts";
import { type Code, memoryOperand, scalarOperand } from "../../define/code.ts";
import { instructionPointer, registerNames, registerOffset } from "../../define/registers.ts";
import type { Value } from "../../ir/model.ts";
import { intType, pointerTo, type Type, uint64 } from "../../types/type.ts";

const ksymType: Type = { kind: "opaque", name: "ksym", size: 8, alignment: 8, parameters: [] };
const usymType: Type = { kind: "opaque", name: "usym", size: 16, alignment: 8, parameters: [] };

const ksym = builtin({
  names: ["ksym"],
  form: "function",
  doc: "Name of the kernel symbol that contains an address.",
  signature: "ksym ksym(void * address)",
  example: "begin { print(ksym(0)); }",
  parameters: [{ name: "address", kind: "int" }],
  type: () => ksymType,
  lower: (code, call) => {
    const memory = code.temporary(8);
    code.ir.store(8, memory, 0, code.integer(present(call.arguments[0], "address")));
    return memoryOperand(ksymType, memory);
  },
});

const usym = builtin({
  names: ["usym"],
  form: "function",
  doc: "Name of the symbol of the current process that contains an address.",
  signature: "usym usym(void * address)",
  example: "begin { print(usym(0)); }",
  parameters: [{ name: "address", kind: "int" }],
  type: () => usymType,
  lower: (code, call) => {
    const memory = code.temporary(16);
    code.ir.store(8, memory, 0, code.integer(present(call.arguments[0], "address")));
    const ids = code.ir.call(helpers.getCurrentPidTgid.id, []);
    code.ir.store(8, memory, 8, code.ir.binary("lshr", ids, code.ir.const(32)));
    return memoryOperand(usymType, memory);
  },
});

const reg = builtin({
  names: ["reg"],
  form: "function",
  doc: "A machine register of the event by name.",
  signature: "uint64 reg(const string name)",
  example: 'profile:hz:99 { print(reg("ip") > 0); exit(); }',
  parameters: [{ name: "name", kind: "string-literal" }],
  needs: "reg",
  usesContext: true,
  type: () => uint64,
  check: (site) => {
    const literal = site.arguments[0]?.literal;
    const known = registerNames(site.target.arch);
    if (literal?.kind === "string" && registerOffset(site.target.arch, literal.value) === undefined) {
      site.error("argument", `'${literal.value}' is not a valid register on this architecture (${site.target.arch})`, undefined, {
        hint: `registers: ${known.join(", ")}`,
      });
    }
  },
  lower: (code, call) => {
    const literal = code.literalOf(present(call.arguments[0], "register"));
    return scalarOperand(uint64, code.register(literal?.kind === "string" ? literal.value : ""));
  },
});

/** Size of the integer that an ELF symbol of some size stands for. */
function wordOf(size: number): Type {
  return intType(size === 1 || size === 2 || size === 4 ? size : 8, false);
}

function userSymbol(site: CallSite): { readonly address: bigint; readonly size: number } | undefined {
  const literal = site.arguments[0]?.literal;
  const { user } = site.point;
  return literal?.kind !== "string" || user === undefined ? undefined : site.target.userTargets.addressOf(user.path, literal.value);
}

const uaddr = builtin({
  names: ["uaddr"],
  form: "function",
  doc: "Address of a function or variable of the traced file in the running program, as a pointer to an integer of its size.",
  signature: "uintN * uaddr(const string name)",
  example: 'uprobe:libc:getenv { print(uaddr("environ")); exit(); }',
  parameters: [{ name: "name", kind: "string-literal" }],
  needs: "uaddr",
  usesContext: true,
  perAttachPoint: true,
  type: (site) => pointerTo(wordOf(userSymbol(site)?.size ?? 0), "user"),
  check: (site) => {
    const literal = site.arguments[0]?.literal;
    if (literal?.kind !== "string" || userSymbol(site) !== undefined) return;
    site.error("argument", `Could not resolve symbol: ${site.point.user?.path}:${literal.value}`);
  },
  lower: (code, call) => {
    const literal = code.literalOf(present(call.arguments[0], "symbol"));
    const { user } = code.point;
    const name = literal?.kind === "string" ? literal.value : "";
    const symbol = present(user === undefined ? undefined : code.target.userTargets.addressOf(user.path, name), name);
    const place = canTellPlace(code) ? user?.address : undefined;
    if (place === undefined) return scalarOperand(call.type, code.ir.const(symbol.address));
    // The place of the probe is at a known distance from the symbol, wherever the file is loaded.
    return scalarOperand(call.type, code.ir.binary("add", placeAddress(code), code.ir.const(symbol.address - place)));
  },
});

/** Where a function returns its place is known to Linux 6.6 and later; before, only that of programs at fixed addresses is. */
function canTellPlace(code: Code): boolean {
  return !code.point.capabilities.has("retval") || code.target.has("uprobe_multi");
}

/** Address of the probed place: where a function returns the helper knows it. */
function placeAddress(code: Code): Value {
  if (code.point.capabilities.has("retval")) return code.ir.call(helpers.getFuncIp.id, [code.context()]);
  return code.register(instructionPointer[code.target.arch]);
}

const kaddr = builtin({
  names: ["kaddr"],
  form: "function",
  doc: "Address of a kernel symbol, found while compiling.",
  signature: "uint64 kaddr(const string name)",
  example: 'begin { print(kaddr("vfs_read") > 0); }',
  parameters: [{ name: "name", kind: "string-literal" }],
  type: () => uint64,
  check: (site) => {
    const literal = site.arguments[0]?.literal;
    if (literal?.kind !== "string" || site.target.kernelFunctions.address(literal.value) !== undefined) return;
    site.error("argument", `Failed to resolve kernel symbol: ${literal.value}`);
  },
  lower: (code, call) => {
    const literal = code.literalOf(present(call.arguments[0], "symbol"));
    const address = literal?.kind === "string" ? code.target.kernelFunctions.address(literal.value) : undefined;
    return scalarOperand(uint64, code.ir.const(address ?? 0n));
  },
});

export const symbolFunctions: readonly BuiltinDef[] = [ksym, usym, reg, uaddr, kaddr];
