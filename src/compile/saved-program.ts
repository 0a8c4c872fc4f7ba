// A compiled program as text that can be kept in a file: JSON with marks for what JSON has not. Pure.
//
//   {"$n": "12"} bigint        {"$b": "base64"} bytes        {"$l": 3} struct layout of the table
//   {"$f": 0}    source file   {"$a": "hist"}   aggregation  (pointers keep no target: nothing prints one)

import { invariant, present } from "../base/invariant.ts";
import type { Registry } from "../define/registry.ts";
import { SourceFile } from "../source/source.ts";
import { type Field, none, type StructLayout } from "../types/type.ts";
import type { CompiledProgram } from "./compiled-program.ts";
import type { Fact } from "./facts.ts";

/** First line after an optional shebang line. */
const magic = "bpftrace-compiled-program 1";

export interface SavedProgram {
  readonly program: CompiledProgram;
  /** What the program took for granted of the machine it was compiled on. */
  readonly facts: readonly Fact[];
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Whether a file's text is a saved program. */
export function isSavedProgram(text: string): boolean {
  return text.replace(/^#![^\n]*\n/, "").startsWith(`${magic}\n`);
}

/** The text of a file; it can be made executable. */
export function saveProgram(saved: SavedProgram): string {
  const encoder = new Encoder();
  const program = encoder.value(saved.program);
  const facts = encoder.value(saved.facts);
  const tables = encoder.tables();
  return `#!/usr/bin/env bpftrace\n${magic}\n${JSON.stringify({ program, facts, ...tables })}\n`;
}

class Encoder {
  private readonly files: SourceFile[] = [];
  private readonly layouts: StructLayout[] = [];

  value(value: unknown): Json {
    if (value === null || typeof value === "boolean" || typeof value === "number" || typeof value === "string") return value;
    if (typeof value === "bigint") return { $n: value.toString() };
    if (value instanceof Uint8Array) return { $b: Buffer.from(value.buffer, value.byteOffset, value.length).toString("base64") };
    if (value instanceof SourceFile) return { $f: indexIn(this.files, value) };
    if (Array.isArray(value)) return value.map((item: unknown) => (item === undefined ? null : this.value(item)));
    invariant(typeof value === "object" && value !== null, `a ${typeof value} cannot be saved`);
    return this.object(value);
  }

  private object(value: object): Json {
    if (isLayout(value)) return { $l: indexIn(this.layouts, value) };
    if ("summarise" in value && "name" in value && typeof value.name === "string") return { $a: value.name };
    const pointer = "kind" in value && value.kind === "pointer" && "to" in value;
    const entries = Object.entries(value).flatMap(([key, item]: [string, unknown]): [string, Json][] => {
      if (item === undefined) return [];
      return [[key, pointer && key === "to" ? { kind: "none" } : this.value(item)]];
    });
    return Object.fromEntries(entries);
  }

  /** Source files and layouts that were met; layouts may bring others. */
  tables(): { readonly files: Json; readonly layouts: Json } {
    const layouts: Json[] = [];
    for (let i = 0; i < this.layouts.length; i++) {
      const { tag, name, size, alignment, complete, fields } = present(this.layouts[i], "layout");
      layouts.push({ tag, name, size, alignment, complete, fields: this.value(fields()) });
    }
    return { layouts, files: this.files.map(({ name, text }) => ({ name, text: Buffer.from(text, "latin1").toString("base64") })) };
  }
}

function isLayout(value: object): value is StructLayout {
  return "fields" in value && typeof value.fields === "function";
}

function indexIn<T>(list: T[], item: T): number {
  const known = list.indexOf(item);
  return known >= 0 ? known : list.push(item) - 1;
}

/** The program in a file's text; a text says what is wrong with it. */
export function restoreProgram(text: string, registry: Registry): SavedProgram | string {
  const body = text.replace(/^#![^\n]*\n/, "").slice(magic.length + 1);
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return "the file of a compiled program is damaged";
  }
  const decoder = new Decoder(registry, parsed);
  const saved = decoder.whole();
  return saved ?? "the file of a compiled program is damaged, or of another version";
}

/** Reads what the encoder wrote. The content is trusted as much as a script would be. */
class Decoder {
  private readonly registry: Registry;
  private readonly parsed: unknown;
  private readonly files: readonly SourceFile[];
  private readonly layouts: readonly StructLayout[];

  constructor(registry: Registry, parsed: unknown) {
    this.registry = registry;
    this.parsed = parsed;
    this.files = list(member(parsed, "files")).map(
      (file) => new SourceFile(String(member(file, "name")), Buffer.from(String(member(file, "text")), "base64").toString("latin1")),
    );
    this.layouts = list(member(parsed, "layouts")).map((layout) => this.layout(layout));
  }

  whole(): SavedProgram | undefined {
    const program = this.value(member(this.parsed, "program"));
    const facts = this.value(member(this.parsed, "facts"));
    return isProgram(program) && isFacts(facts) ? { program, facts } : undefined;
  }

  private layout(saved: unknown): StructLayout {
    let fields: readonly Field[] | undefined;
    return {
      tag: member(saved, "tag") === "union" ? "union" : "struct",
      name: String(member(saved, "name")),
      size: Number(member(saved, "size")),
      alignment: Number(member(saved, "alignment")),
      complete: member(saved, "complete") === true,
      fields: () => {
        fields ??= list(this.value(member(saved, "fields"))).filter(isField);
        return fields;
      },
    };
  }

  private value(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item: unknown) => this.value(item));
    if (typeof value !== "object" || value === null) return value;
    if ("$n" in value) return BigInt(String(value.$n));
    if ("$b" in value) return new Uint8Array(Buffer.from(String(value.$b), "base64"));
    if ("$f" in value) return this.files[Number(value.$f)];
    if ("$l" in value) return this.layouts[Number(value.$l)] ?? none;
    if ("$a" in value) return this.registry.aggregations.get(String(value.$a));
    return Object.fromEntries(Object.entries(value).map(([key, item]: [string, unknown]) => [key, this.value(item)]));
  }
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const found: unknown = Reflect.get(value, key);
  return found;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isField(value: unknown): value is Field {
  return typeof value === "object" && value !== null && "name" in value && "type" in value && "offset" in value;
}

function isProgram(value: unknown): value is CompiledProgram {
  return ["config", "maps", "userMaps", "probes", "actions"].every((key) => member(value, key) !== undefined);
}

function isFacts(value: unknown): value is readonly Fact[] {
  return Array.isArray(value) && value.every((fact) => typeof member(fact, "kind") === "string");
}
