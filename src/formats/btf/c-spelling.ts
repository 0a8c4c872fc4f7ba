// BTF types as C text: declarations of parameters, definitions of structs, unions and enums. Type tags are left out.

import { btfKinds as kinds, type BtfReader } from "./reader.ts";

const qualifiers: ReadonlyMap<number, string> = new Map([
  [kinds.const, "const"],
  [kinds.volatile, "volatile"],
  [kinds.restrict, "restrict"],
]);

/** The C declaration of `name` with a type: `char comm[16]`, `void (*func)(int)`; without a name the type alone. */
export function declareC(btf: BtfReader, id: number, name: string): string {
  return declare(btf, id, name, 0);
}

/** A parameter as listings show it: type, blank, name. */
export function parameterC(btf: BtfReader, id: number, name: string): string {
  const type = declareC(btf, id, "");
  // Where the name belongs into the middle (function pointers, arrays) it stands there.
  return /[)\]]$/.test(type) ? declareC(btf, id, name) : `${type} ${name}`;
}

function declare(btf: BtfReader, id: number, inner: string, indent: number): string {
  switch (btf.kind(id)) {
    case kinds.pointer: {
      const to = withoutTags(btf, btf.sizeOrType(id));
      const bare = withoutQualifiers(btf, to);
      const wraps = btf.kind(bare) === kinds.funcProto || btf.kind(bare) === kinds.array;
      return declare(btf, to, wraps ? `(*${inner})` : `*${inner}`, indent);
    }
    case kinds.array:
      return declare(btf, btf.extra(id, 0), `${inner}[${btf.extra(id, 2)}]`, indent);
    case kinds.funcProto:
      return declare(btf, btf.sizeOrType(id), `${inner}(${prototypeParameters(btf, id)})`, indent);
    case kinds.const:
    case kinds.volatile:
    case kinds.restrict:
      return qualified(btf, id, inner, indent);
    case kinds.typeTag:
      return declare(btf, btf.sizeOrType(id), inner, indent);
    default:
      return join(baseName(btf, id, indent), inner);
  }
}

function join(type: string, inner: string): string {
  return inner === "" ? type : `${type} ${inner}`;
}

/** Qualifiers of a pointer stand behind its `*`, others in front of the type. */
function qualified(btf: BtfReader, id: number, inner: string, indent: number): string {
  const word = qualifiers.get(btf.kind(id)) ?? "";
  const to = withoutTags(btf, btf.sizeOrType(id));
  if (btf.kind(withoutQualifiers(btf, to)) === kinds.pointer) return declare(btf, to, ` ${word} ${inner}`.trimEnd(), indent);
  return `${word} ${declare(btf, to, inner, indent)}`;
}

function withoutTags(btf: BtfReader, id: number): number {
  let at = id;
  while (btf.kind(at) === kinds.typeTag) at = btf.sizeOrType(at);
  return at;
}

function withoutQualifiers(btf: BtfReader, id: number): number {
  let at = id;
  while (qualifiers.has(btf.kind(at)) || btf.kind(at) === kinds.typeTag) at = btf.sizeOrType(at);
  return at;
}

function prototypeParameters(btf: BtfReader, id: number): string {
  const parameters: string[] = [];
  for (let i = 0; i < btf.members(id); i++) {
    const type = btf.extra(id, 2 * i + 1);
    // A parameter of type 0 at the end stands for further ones.
    parameters.push(type === 0 ? "..." : declare(btf, type, "", 0));
  }
  return parameters.length === 0 ? "void" : parameters.join(", ");
}

function baseName(btf: BtfReader, id: number, indent: number): string {
  const name = btf.name(id);
  switch (btf.kind(id)) {
    case 0:
      return "void";
    case kinds.struct:
    case kinds.union:
    case kinds.enum:
    case kinds.enum64:
      return name === "" ? definition(btf, id, indent) : `${tagOf(btf, id)} ${name}`;
    case kinds.forward:
      return `${btf.flag(id) ? "union" : "struct"} ${name}`;
    default:
      return name;
  }
}

function tagOf(btf: BtfReader, id: number): string {
  const kind = btf.kind(id);
  if (kind === kinds.struct) return "struct";
  return kind === kinds.union ? "union" : "enum";
}

export interface PrototypeText {
  /** `TYPE NAME` */
  readonly parameters: readonly string[];
  readonly parameterTypes: readonly string[];
  readonly returns: string;
}

/** Parameters and result of a function type or of a function. */
export function prototypeC(btf: BtfReader, id: number): PrototypeText {
  const prototype = btf.kind(id) === kinds.func ? btf.sizeOrType(id) : id;
  const parameters: string[] = [];
  const parameterTypes: string[] = [];
  for (let i = 0; i < btf.members(prototype); i++) {
    const type = btf.extra(prototype, 2 * i + 1);
    // A parameter of type 0 at the end stands for further ones.
    parameters.push(type === 0 ? "..." : parameterC(btf, type, btf.text(btf.extra(prototype, 2 * i))));
    parameterTypes.push(type === 0 ? "..." : declareC(btf, type, ""));
  }
  return { parameters, parameterTypes, returns: declareC(btf, btf.sizeOrType(prototype), "") };
}

// ---- definitions -----------------------------------------------------------------------------------------

/** The definition of a struct, union or enum, lines indented by tabs, without the `;` at its end. */
export function defineC(btf: BtfReader, id: number): string {
  return definition(btf, id, 0);
}

function definition(btf: BtfReader, id: number, indent: number): string {
  const name = btf.name(id);
  const head = name === "" ? tagOf(btf, id) : `${tagOf(btf, id)} ${name}`;
  const kind = btf.kind(id);
  const body = kind === kinds.struct || kind === kinds.union ? memberLines(btf, id, indent + 1) : enumeratorLines(btf, id);
  return `${head} {\n${body.map((line) => `${"\t".repeat(indent + 1)}${line}\n`).join("")}${"\t".repeat(indent)}}`;
}

function memberLines(btf: BtfReader, id: number, indent: number): readonly string[] {
  const lines: string[] = [];
  for (let i = 0; i < btf.members(id); i++) {
    const name = btf.text(btf.extra(id, 3 * i));
    const width = btf.flag(id) ? btf.extra(id, 3 * i + 2) >>> 24 : 0;
    lines.push(`${declare(btf, btf.extra(id, 3 * i + 1), name, indent)}${width === 0 ? "" : `: ${width}`};`);
  }
  return lines;
}

function enumeratorLines(btf: BtfReader, id: number): readonly string[] {
  const wide = btf.kind(id) === kinds.enum64;
  const step = wide ? 3 : 2;
  const lines: string[] = [];
  for (let i = 0; i < btf.members(id); i++) {
    const low = btf.extra(id, step * i + 1);
    const value = wide ? wideValue(btf, id, i) : btf.flag(id) ? low | 0 : low;
    lines.push(`${btf.text(btf.extra(id, step * i))} = ${value},`);
  }
  return lines;
}

function wideValue(btf: BtfReader, id: number, index: number): bigint {
  const value = (BigInt(btf.extra(id, 3 * index + 2)) << 32n) | BigInt(btf.extra(id, 3 * index + 1));
  return btf.flag(id) ? BigInt.asIntN(64, value) : value;
}
