// Strings and raw bytes: str, buf, strncmp, strstr, strcontains, strlen, str_concat.

import { present } from "../../base/invariant.ts";
import { type BuiltinDef, builtin, type Call, type CallSite } from "../../define/builtin.ts";
import { type Code, memoryOperand, noOperand, type Place, scalarOperand, type Text } from "../../define/code.ts";
import type { Value } from "../../ir/model.ts";
import type { Expression } from "../../syntax/ast.ts";
import { type AddressSpace, bool, int64, sizeOf, stringType, type Type, typeName, uint64 } from "../../types/type.ts";

/**
 * Space that a pointer or number refers to. A number in a register of the kernel may be an address of the process: for
 * these the kernel itself looks which it is.
 */
export function spaceOf(code: Code, type: Type): AddressSpace {
  if (type.kind === "pointer" && type.space !== "none") return type.space;
  return code.point.context === "registers" && code.point.space === "kernel" ? "none" : code.point.space;
}

function literalOf(site: CallSite, index: number): bigint | undefined {
  const literal = site.arguments[index]?.literal;
  return literal?.kind === "int" ? literal.value : undefined;
}

// ---- str --------------------------------------------------------------------------------------------------

/** Bytes of the result: a literal length and its NUL, else max_strlen. */
function strSize(site: CallSite): number {
  const length = literalOf(site, 1);
  return length === undefined ? site.config.maxStrlen : Math.min(Number(length) + 1, site.config.maxStrlen);
}

/** str() of something known: its text. */
function foldStr(site: CallSite) {
  const [source, length] = site.arguments;
  const literal = source?.literal;
  if (literal === undefined || source === undefined) return undefined;
  const { expression } = source;
  if (expression.kind !== "positional" && literal.kind !== "string" && literal.kind !== "int") return undefined;
  // Of a positional parameter the text counts, of a missing one nothing.
  const text = expression.kind === "positional" ? (site.positional(expression.index) ?? "") : String(literal.value);
  if (length === undefined) return { kind: "string", value: text } as const;
  const limit = literalOf(site, 1);
  if (limit === undefined || limit < 0n) return undefined;
  return { kind: "string", value: text.slice(0, Number(limit)) } as const;
}

function readStr(code: Code, call: Call, size: number, to: Place, clean: boolean): void {
  const [source, length] = call.arguments;
  if (source === undefined) return;
  const type = code.typeOf(source);
  const known = length === undefined ? undefined : code.literalOf(length);
  if (clean) code.zero(to, size);
  if ((type.kind === "string" || type.kind === "array") && (length === undefined || known !== undefined)) {
    const extra = code.config.maxStrlen < untrailedLimit ? 1 : 0;
    const content = known?.kind === "int" ? Math.min(size, Math.max(1, Number(known.value) + extra)) : size;
    code.store(code.operand(source), stringType(content), to);
    if (known?.kind === "int") code.ir.store(1, to.address, to.offset + content - 1, code.ir.const(0));
    return;
  }
  const own = type.kind === "string" || type.kind === "array";
  const from = own ? addressOfText(code, source) : code.integer(source);
  if (length === undefined && size < untrailedLimit) return readFilled(code, type, from, size, to);
  const address = code.ir.offset(to.address, to.offset);
  const limit = length === undefined ? code.ir.const(size) : readLength(code, length, own ? Math.min(size, sizeOf(type)) : size);
  if (!clean) code.ir.store(1, to.address, to.offset, code.ir.const(0));
  code.probeReadString(own ? "kernel" : spaceOf(code, type), address, limit, from);
}

/** Where the program has a string or an array of characters. */
function addressOfText(code: Code, expression: Expression): Value {
  const { address, offset } = code.place(code.operand(expression));
  return code.ir.offset(address, offset);
}

/** Up to this max_strlen a string that is too long fills its storage to the last byte, which marks it as cut. */
const untrailedLimit = 1024;

function readFilled(code: Code, type: Type, from: Value, size: number, to: Place): void {
  const room = code.temporary(size + 1);
  code.zero({ address: room, offset: 0 }, size + 1);
  code.probeReadString(spaceOf(code, type), room, code.ir.const(size + 1), from);
  code.copy({ address: room, offset: 0 }, to, size);
}

/** Bytes to read for a length, at most the size of the storage. The length counts the NUL unless max_strlen is small. */
function readLength(code: Code, length: Expression, size: number): Value {
  const known = code.literalOf(length);
  const extra = code.config.maxStrlen < untrailedLimit ? 1 : 0;
  if (known?.kind === "int") return code.ir.const(Math.min(size, Number(known.value) + extra));
  const wanted = code.integer(length);
  return code.ir.clamp(extra === 0 ? wanted : code.ir.binary("add", wanted, code.ir.const(extra)), size);
}

const str = builtin({
  names: ["str"],
  form: "function",
  doc: "Reads a string that ends in NUL, at most `length` bytes of it, the NUL included (default: max_strlen).",
  signature: "string str(char * s [, int length])",
  example: "tracepoint:syscalls:sys_enter_openat { print(str(args.filename)); exit(); }",
  parameters: [
    { name: "s", kind: "text" },
    { name: "length", kind: "int" },
  ],
  required: 1,
  fold: foldStr,
  type: (site) => {
    const folded = foldStr(site);
    const limit = site.config.maxStrlen;
    if (folded !== undefined && folded.value.length >= limit) site.error("argument", `String is too long (over ${limit - 1} bytes)`);
    if (folded !== undefined) return stringType(folded.value.length + 1);
    return stringType(strSize(site));
  },
  check: (site) => {
    const [source] = site.arguments;
    const type = source?.type;
    if (type !== undefined && !["int", "pointer", "string", "array"].includes(type.kind)) {
      site.error("argument", `str() expects an integer or a pointer type as first argument (${typeName(type)} provided)`);
    }
    const length = literalOf(site, 1);
    if (length !== undefined && length < 0n) site.error("argument", "str() length must not be negative");
  },
  lower: (code, call) => {
    const size = sizeOf(call.type);
    const address = code.temporary(size);
    readStr(code, call, size, { address, offset: 0 }, true);
    return memoryOperand(call.type, address);
  },
  lowerInto: (code, call, as, to, clean) => {
    const size = sizeOf(call.type);
    const room = sizeOf(as);
    readStr(code, call, Math.min(size, room), to, clean);
    if (room > size) code.zero({ address: to.address, offset: to.offset + size }, room - size);
  },
});

// ---- buf --------------------------------------------------------------------------------------------------

function bufCapacity(site: CallSite): number {
  const limit = site.config.maxStrlen - 4;
  const length = literalOf(site, 1);
  if (length !== undefined) return Math.min(Number(length), limit);
  const type = site.arguments[0]?.type;
  if (site.arguments.length === 1 && type !== undefined) return Math.min(sizeOf(type), limit);
  return limit;
}

function readBuf(code: Code, call: Call, capacity: number, to: Place): void {
  const [source, length] = call.arguments;
  if (source === undefined) return;
  const known = length === undefined ? undefined : code.literalOf(length);
  const wanted = length === undefined || known !== undefined ? code.ir.const(capacity) : code.ir.clamp(code.integer(length), capacity);
  code.ir.store(4, to.address, to.offset, wanted);
  const data = { address: to.address, offset: to.offset + 4 };
  code.zero(data, capacity);
  const type = code.typeOf(source);
  if (type.kind === "string" || type.kind === "array") {
    const place = code.place(code.operand(source));
    code.copy(place, data, Math.min(capacity, sizeOf(type)));
    return;
  }
  code.probeRead(spaceOf(code, type), code.ir.offset(data.address, data.offset), wanted, code.integer(source));
}

const buf = builtin({
  names: ["buf"],
  form: "function",
  doc: "Reads raw bytes; they print as escaped text.",
  signature: "buffer buf(void * data [, int length])",
  example: 'begin { print(buf("ab\\x01", 3)); }',
  parameters: [
    { name: "data", kind: "any" },
    { name: "length", kind: "int" },
  ],
  required: 1,
  type: (site) => (site.arguments[0]?.type === undefined ? undefined : { kind: "buffer", capacity: bufCapacity(site) }),
  check: (site) => {
    const length = literalOf(site, 1);
    if (length !== undefined && length < 0n) return site.error("argument", "buf() length must not be negative");
    const type = site.arguments[0]?.type;
    if (type !== undefined && !["int", "pointer", "string", "array"].includes(type.kind)) {
      return site.error("argument", `buf() expects an integer, a pointer, a string or an array as first argument (${typeName(type)} provided)`);
    }
    const sized = type?.kind === "array" || type?.kind === "string";
    if (site.arguments.length === 1 && !sized) site.error("argument", "buf() expects a length argument for non-array types");
  },
  lower: (code, call) => {
    const size = sizeOf(call.type);
    const address = code.temporary(size);
    readBuf(code, call, size - 4, { address, offset: 0 });
    return memoryOperand(call.type, address);
  },
});

/** Strings, arrays of characters and pointers to them. */
export function isText(type: Type): boolean {
  const character = (inner: Type) => inner.kind === "int" && inner.bytes === 1;
  if (type.kind === "array") return character(type.element);
  return type.kind === "string" || (type.kind === "pointer" && character(type.to));
}

// ---- comparison -------------------------------------------------------------------------------------------

const strncmp = builtin({
  names: ["strncmp"],
  form: "function",
  doc: "0 when the first `n` bytes of two strings are equal, else 1.",
  signature: "uint64 strncmp(string a, string b, const int n)",
  example: 'begin { print(strncmp("abc", "abd", 2)); }',
  parameters: [
    { name: "a", kind: "any" },
    { name: "b", kind: "any" },
    { name: "n", kind: "int-literal" },
  ],
  type: () => uint64,
  check: (site) => {
    for (const argument of site.arguments.slice(0, 2)) {
      if (argument.type !== undefined && argument.type.kind !== "string") {
        site.error("argument", `strncmp() expects strings (${typeName(argument.type)} provided)`, argument.span);
      }
    }
    const n = literalOf(site, 2);
    if (n !== undefined && n < 0n) site.error("argument", "strncmp() length must not be negative");
  },
  lower: (code, call) => {
    const [a, b, n] = call.arguments;
    if (a === undefined || b === undefined || n === undefined) return noOperand;
    const literal = code.literalOf(n);
    const limit = literal?.kind === "int" ? Number(literal.value) : 0;
    return scalarOperand(uint64, code.ir.binary("xor", code.stringsEqual(a, b, limit), code.ir.const(1)));
  },
});

const twoStrings = [
  { name: "haystack", kind: "any" },
  { name: "needle", kind: "any" },
] as const;

function foldSearch(site: CallSite): number | undefined {
  const [haystack, needle] = site.arguments.map((argument) => argument.literal);
  if (haystack?.kind !== "string" || needle?.kind !== "string") return undefined;
  return cString(haystack.value).indexOf(cString(needle.value));
}

/** A literal up to its first NUL: what the program sees of it. */
function cString(text: string): string {
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

function checkStrings(site: CallSite): void {
  for (const argument of site.arguments) {
    if (argument.type !== undefined && argument.type.kind !== "string") {
      site.error("argument", `${site.name}() expects strings (${typeName(argument.type)} provided)`, argument.span);
    }
  }
}

function checkTexts(site: CallSite): void {
  for (const { type, span } of site.arguments) {
    if (type === undefined || isText(type)) continue;
    site.error("argument", `${site.name}() expects strings, char arrays or char pointers (${typeName(type)} provided)`, span);
  }
}

/** A string in memory of the program; what a pointer points to is read up to max_strlen. */
function textOf(code: Code, expression: Expression): Text {
  const type = code.typeOf(expression);
  if (type.kind !== "pointer") return { address: addressOfText(code, expression), size: sizeOf(type) };
  const size = code.config.maxStrlen;
  const address = code.temporary(size);
  code.ir.store(1, address, 0, code.ir.const(0));
  code.probeReadString(spaceOf(code, type), address, code.ir.const(size), code.integer(expression));
  return { address, size };
}

function searchIn(code: Code, { arguments: [haystack, needle] }: Call): Value {
  return code.searchString(textOf(code, present(haystack, "haystack")), textOf(code, present(needle, "needle")));
}

const strstr = builtin({
  names: ["strstr"],
  form: "function",
  doc: "Index of the first place of a string in another, -1 when it is not there.",
  signature: "int64 strstr(string | char * haystack, string | char * needle)",
  example: 'begin { print(strstr("hello", "lo")); }',
  parameters: twoStrings,
  fold: (site) => {
    const index = foldSearch(site);
    return index === undefined ? undefined : { kind: "int", value: BigInt(index) };
  },
  type: () => int64,
  check: checkTexts,
  lower: (code, call) => scalarOperand(int64, searchIn(code, call)),
});

const strcontains = builtin({
  names: ["strcontains"],
  form: "function",
  doc: "Whether a string is part of another.",
  signature: "bool strcontains(string | char * haystack, string | char * needle)",
  example: 'begin { print(strcontains("hello", "ell")); }',
  parameters: twoStrings,
  fold: (site) => {
    const index = foldSearch(site);
    return index === undefined ? undefined : { kind: "bool", value: index >= 0 };
  },
  type: () => bool,
  check: checkTexts,
  lower: (code, call) => scalarOperand(bool, code.ir.compare("sge", searchIn(code, call), code.ir.const(0))),
});

/** Length of the string that a pointer points to, up to max_strlen. */
export function pointerLength(code: Code, pointer: Expression): Value {
  const size = code.config.maxStrlen;
  const address = code.temporary(size);
  const copied = code.probeReadString(spaceOf(code, code.typeOf(pointer)), address, code.ir.const(size), code.integer(pointer));
  const one = code.ir.const(1);
  return code.choose("sgt", copied, code.ir.const(0), () => code.ir.binary("sub", copied, one), () => code.ir.const(0));
}

const strlen = builtin({
  names: ["strlen"],
  form: "function",
  doc: "Number of bytes before the NUL.",
  signature: "uint64 strlen(string | char * s)",
  example: "begin { print(strlen(comm)); }",
  parameters: [{ name: "s", kind: "any" }],
  fold: (site) => {
    const literal = site.arguments[0]?.literal;
    return literal?.kind === "string" ? { kind: "int", value: BigInt(cString(literal.value).length) } : undefined;
  },
  type: () => uint64,
  check: (site) => {
    const type = site.arguments[0]?.type;
    if (type !== undefined && !isText(type)) site.error("argument", `strlen() expects a string, char array or char pointer (${typeName(type)} provided)`);
  },
  lower: (code, call) => {
    const [text] = call.arguments;
    if (text === undefined) return noOperand;
    const type = code.typeOf(text);
    if (type.kind === "pointer") return scalarOperand(uint64, pointerLength(code, text));
    return scalarOperand(uint64, code.stringLength(text));
  },
});

// ---- str_concat -------------------------------------------------------------------------------------------

/** Copies a string up to its NUL, with one; gives its length. */
function copyText(code: Code, expression: Expression, to: Value): Value {
  const { address, offset } = code.place(code.operand(expression));
  const size = sizeOf(code.typeOf(expression));
  // One byte more than the string's: a full one has no NUL.
  const copied = code.probeReadString("kernel", to, code.ir.const(size + 1), code.ir.offset(address, offset));
  const length = code.choose("sgt", copied, code.ir.const(0), () => code.ir.binary("sub", copied, code.ir.const(1)), () => code.ir.const(0));
  return code.ir.clamp(length, size);
}

function foldConcat(site: CallSite) {
  const [a, b] = site.arguments.map((argument) => argument.literal);
  return a?.kind === "string" && b?.kind === "string" ? ({ kind: "string", value: cString(a.value) + cString(b.value) } as const) : undefined;
}

const strConcat = builtin({
  names: ["str_concat"],
  form: "function",
  doc: "Two strings, one after the other.",
  signature: "string str_concat(string a, string b)",
  example: 'begin { print(str_concat("in ", comm)); }',
  parameters: [
    { name: "a", kind: "any" },
    { name: "b", kind: "any" },
  ],
  fold: foldConcat,
  type: (site) => {
    const folded = foldConcat(site);
    if (folded !== undefined) return stringType(folded.value.length + 1);
    const [a, b] = site.arguments.map((argument) => argument.type);
    return a?.kind === "string" && b?.kind === "string" ? stringType(a.size + b.size) : undefined;
  },
  check: checkStrings,
  lower: (code, call) => {
    const [a, b] = call.arguments;
    const size = sizeOf(call.type);
    // Room for the NUL after each part.
    const text = code.temporary(size + 2);
    code.zero({ address: text, offset: 0 }, size + 2);
    const length = copyText(code, present(a, "string"), text);
    copyText(code, present(b, "string"), code.ir.binary("add", text, length));
    return memoryOperand(call.type, text);
  },
});

export const stringFunctions: readonly BuiltinDef[] = [
  str,
  buf,
  strncmp,
  strstr,
  strcontains,
  strlen,
  strConcat,
];
