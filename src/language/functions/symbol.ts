// Symbols: names of kernel and user addresses, found when they are printed; registers.

import { helpers } from "../../bpf/helpers.ts";
import { present } from "../../base/invariant.ts";
import { type BuiltinDef, builtin } from "../../define/builtin.ts";
import { memoryOperand, scalarOperand } from "../../define/code.ts";
import { registerNames } from "../../define/registers.ts";
import { type Type, uint64 } from "../../types/type.ts";

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
    if (literal?.kind === "string" && !known.includes(literal.value)) {
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

export const symbolFunctions: readonly BuiltinDef[] = [ksym, usym, reg, kaddr];
