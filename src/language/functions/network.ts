// Network addresses: ntop, pton, macaddr.

import { present } from "../../base/invariant.ts";
import { type BuiltinDef, builtin, type CallSite } from "../../define/builtin.ts";
import { memoryOperand } from "../../define/code.ts";
import { sizeOf, type Type, typeName, uint8 } from "../../types/type.ts";

const inetType: Type = { kind: "opaque", name: "inet", size: 24, alignment: 8, parameters: [] };
const macType: Type = { kind: "opaque", name: "macaddr", size: 6, alignment: 1, parameters: [] };

const families = { inet: 2, inet6: 10 } as const;

/** Bytes of the address argument: 4 for integers. */
function addressBytes(type: Type): number | undefined {
  if (type.kind === "int") return 4;
  if (type.kind === "array" || type.kind === "string") return sizeOf(type);
  return undefined;
}

function checkNtop(site: CallSite): void {
  const family = site.arguments.length > 1 ? site.arguments[0]?.type : undefined;
  if (family !== undefined && family.kind !== "int" && family.kind !== "enum") {
    return site.error("argument", `ntop() expects an integer as address family, not '${typeName(family)}'`);
  }
  const address = site.arguments.at(-1);
  if (address?.type === undefined) return;
  const bytes = addressBytes(address.type);
  if (bytes === 4 || bytes === 16 || (address.type.kind === "string" && bytes !== undefined && bytes >= 16)) return;
  site.error("argument", `ntop() expects an integer or an array of 4 or 16 bytes, not '${typeName(address.type)}'`);
}

const ntop = builtin({
  names: ["ntop"],
  form: "function",
  doc: "Text of an IPv4 or IPv6 address; the family follows from the size unless it is given.",
  signature: "inet ntop([int af,] int | char[4] | char[16] addr)",
  example: "begin { print(ntop(0x0100007f)); }",
  parameters: [
    { name: "af", kind: "any" },
    { name: "addr", kind: "any" },
  ],
  required: 1,
  type: () => inetType,
  check: checkNtop,
  lower: (code, call) => {
    const address = present(call.arguments.at(-1), "address");
    const family = call.arguments.length > 1 ? call.arguments[0] : undefined;
    const type = code.typeOf(address);
    const bytes = addressBytes(type) ?? 4;
    const memory = code.temporary(24);
    code.zero({ address: memory, offset: 0 }, 24);
    const implied = bytes === 4 ? families.inet : families.inet6;
    code.ir.store(8, memory, 0, family === undefined ? code.ir.const(implied) : code.integer(family));
    if (type.kind === "int") code.ir.store(4, memory, 8, code.integer(address));
    else code.copy(code.place(code.operand(address)), { address: memory, offset: 8 }, Math.min(16, bytes));
    return memoryOperand(inetType, memory);
  },
});

const macaddr = builtin({
  names: ["macaddr"],
  form: "function",
  doc: "Text of a MAC address.",
  signature: "macaddr macaddr(char[6] addr)",
  example: 'begin { print(macaddr((uint8[8])(uint64)0x060504030201)); }',
  parameters: [{ name: "addr", kind: "any" }],
  type: () => macType,
  check: (site) => {
    const [argument] = site.arguments;
    const type = argument?.type;
    if (type === undefined || type.kind === "pointer" || type.kind === "int") return;
    if (argument?.literal === undefined && (type.kind === "array" || type.kind === "string") && sizeOf(type) >= 6) return;
    site.error("argument", `macaddr() expects an array of 6 bytes or a pointer, not '${typeName(type)}'`);
  },
  lower: (code, call) => {
    const source = present(call.arguments[0], "address");
    const type = code.typeOf(source);
    const memory = code.temporary(8);
    if (type.kind === "pointer" || type.kind === "int") {
      const space = type.kind === "pointer" && type.space !== "none" ? type.space : code.point.space;
      code.probeRead(space, memory, code.ir.const(6), code.integer(source));
    } else {
      code.copy(code.place(code.operand(source)), { address: memory, offset: 0 }, 6);
    }
    return memoryOperand(macType, memory);
  },
});

function parseInet4(text: string): readonly number[] | undefined {
  const parts = text.split(".");
  const bytes = parts.map(Number);
  const valid = parts.length === 4 && parts.every((p) => /^\d{1,3}$/.test(p)) && bytes.every((b) => b <= 255);
  return valid ? bytes : undefined;
}

/** Bytes of a textual address in network order. */
export function parseAddress(text: string): readonly number[] | undefined {
  if (!text.includes(":")) return parseInet4(text);
  const colon = text.lastIndexOf(":") + 1;
  if (!text.includes(".", colon)) return parseInet6(text);
  // The last four bytes of an IPv6 address may be written as those of an IPv4 one.
  const [a = 0, b = 0, c = 0, d = 0] = parseInet4(text.slice(colon)) ?? [256];
  return a > 255 ? undefined : parseInet6(`${text.slice(0, colon)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`);
}

function parseInet6(text: string): readonly number[] | undefined {
  const [head = "", tail, more] = text.split("::");
  if (more !== undefined) return undefined;
  const words = (part: string) => (part === "" ? [] : part.split(":"));
  const left = words(head);
  const right = tail === undefined ? [] : words(tail);
  const gap = tail === undefined ? 0 : 8 - left.length - right.length;
  if (gap < 0 || (tail === undefined && left.length !== 8)) return undefined;
  const all = [...left, ...Array.from({ length: gap }, () => "0"), ...right];
  if (all.length !== 8 || !all.every((word) => /^[0-9a-fA-F]{1,4}$/.test(word))) return undefined;
  return all.flatMap((word) => {
    const value = Number.parseInt(word, 16);
    return [value >> 8, value & 255];
  });
}

const pton = builtin({
  names: ["pton"],
  form: "function",
  doc: "Bytes of an IPv4 or IPv6 address in network order, found while compiling.",
  signature: "uint8[4] | uint8[16] pton(const string addr)",
  example: 'begin { print(pton("127.0.0.1")); }',
  parameters: [{ name: "addr", kind: "string-literal" }],
  type: (site) => {
    const literal = site.arguments[0]?.literal;
    const bytes = literal?.kind === "string" ? parseAddress(literal.value) : undefined;
    return { kind: "array", element: uint8, count: bytes?.length ?? 4 };
  },
  check: (site) => {
    const literal = site.arguments[0]?.literal;
    if (literal?.kind !== "string" || parseAddress(literal.value) !== undefined) return;
    site.error("argument", `pton() expects a valid IPv4 or IPv6 address, got ${literal.value}`);
  },
  lower: (code, call) => {
    const literal = code.literalOf(present(call.arguments[0], "address"));
    const bytes = literal?.kind === "string" ? (parseAddress(literal.value) ?? []) : [];
    const memory = code.temporary(Math.max(4, bytes.length));
    for (const [i, byte] of bytes.entries()) code.ir.store(1, memory, i, code.ir.const(byte));
    return memoryOperand(call.type, memory);
  },
});

export const networkFunctions: readonly BuiltinDef[] = [ntop, macaddr, pton];
