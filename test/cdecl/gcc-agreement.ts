// For tests: reads a header with our parser and lets gcc confirm every size, offset and enumerator with static assertions.

import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Diagnostics } from "../../src/source/diagnostic.ts";
import { SourceFile } from "../../src/source/source.ts";
import { type Field, storedSize, type StructType, type Type } from "../../src/types/type.ts";
import { type CDefinitions, readCDefinitions } from "../../src/cdecl/c-definitions.ts";
import { headerPaths } from "../../src/cdecl/header-paths.ts";
import type { HeaderReader } from "../../src/cdecl/preprocessor.ts";

export interface Agreement {
  /** What gcc or we had to say against it; empty: agreed. */
  readonly problems: readonly string[];
  /** gcc cannot compile the header alone. */
  readonly refusedByGcc: boolean;
  readonly structs: number;
  readonly fields: number;
  readonly enumerators: number;
}

/** Reads from the file system. */
export const diskReader: HeaderReader = {
  read(path) {
    try {
      return readFileSync(path, "latin1");
    } catch {
      return undefined;
    }
  },
};

export function gccIsInstalled(): boolean {
  return spawnSync("gcc", ["--version"]).status === 0;
}

/** Parses C text with the system's headers on x86-64. */
export function readWithSystemHeaders(text: string): Reading {
  const diagnostics = new Diagnostics();
  const folders = headerPaths({ folders: [], environment: {}, architecture: "x64", kernelFolders: [] });
  const definitions = readCDefinitions(
    {
      text,
      file: new SourceFile("script.bt", text),
      includes: [],
      includePaths: folders,
      defines: {},
      reader: diskReader,
      architecture: "x64",
      missingIncludesAllowed: false,
      externalTypes: () => undefined,
      pointerSpace: "kernel",
    },
    diagnostics,
  );
  return { definitions, diagnostics };
}

interface Reading {
  readonly definitions: CDefinitions;
  readonly diagnostics: Diagnostics;
}

/** Compares what we and gcc make of a C text. */
export async function compareWithGcc(text: string): Promise<Agreement> {
  return compareReadings(text, [readWithSystemHeaders(text)]);
}

/**
 * Compares what we make of each of some C texts alone with what gcc makes of all of them in one text, which takes little longer than one of
 * them. Undefined where that finds a problem: it may be one of the texts together.
 */
export async function compareTogether(texts: readonly string[]): Promise<Agreement | undefined> {
  const readings = texts.map(readWithSystemHeaders);
  if (readings.some(({ diagnostics }) => diagnostics.all().length > 0)) return undefined;
  const result = await compareReadings(texts.join(""), readings);
  return result.refusedByGcc || result.problems.length > 0 ? undefined : result;
}

async function compareReadings(text: string, readings: readonly Reading[]): Promise<Agreement> {
  const folder = mkdtempSync(join(tmpdir(), "gcc-agreement-"));
  try {
    const plain = await runGcc(folder, text, ["-E", "-P"]);
    if (!plain.ok) return refused;
    const claims = readings.map(({ definitions }) => assertions(definitions));
    const lines = new Set(claims.flatMap((claim) => claim.lines));
    const checked = await runGcc(folder, `${text}\n#include <stddef.h>\n${[...lines].join("\n")}\n`, ["-fsyntax-only"]);
    if (!checked.ok && !(await runGcc(folder, text, ["-fsyntax-only"])).ok) return refused;
    const missing = [...definedTags(plain.output)].filter((name) => !readings.some(({ definitions }) => definitions.structs.has(name)));
    const said = readings.flatMap(({ diagnostics }) => diagnostics.all().map(({ message }) => message));
    const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
    return {
      problems: [...said, ...missing.map((name) => `${name} is missing`), ...checked.errors],
      refusedByGcc: false,
      structs: sum(readings.map(({ definitions }) => definitions.structs.size)),
      fields: sum(claims.map((claim) => claim.fields)),
      enumerators: sum(readings.map(({ definitions }) => definitions.enumerators.size)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const refused: Agreement = { problems: [], refusedByGcc: true, structs: 0, fields: 0, enumerators: 0 };

interface GccRun {
  readonly ok: boolean;
  readonly output: string;
  readonly errors: readonly string[];
}

function runGcc(folder: string, text: string, options: readonly string[]): Promise<GccRun> {
  const file = join(folder, "text.c");
  writeFileSync(file, text, "latin1");
  return new Promise((done) => {
    execFile("gcc", [...options, "-std=gnu17", "-w", file], { encoding: "latin1", maxBuffer: 1 << 28 }, (problem, output, complaints) => {
      const errors = complaints.split("\n").filter((line) => line.includes("error:"));
      // An end that gcc does not explain is an error too.
      done({ ok: problem === null, output, errors: problem !== null && errors.length === 0 ? [problem.message] : errors });
    });
  });
}

/** Tags of all definitions in preprocessed text. */
function definedTags(text: string): ReadonlySet<string> {
  const attribute = /__attribute__\s*\(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\)/g;
  const tags = text.replaceAll(attribute, " ").matchAll(/\b(struct|union)\s+([A-Za-z_]\w*)\s*\{/g);
  return new Set([...tags].map((match) => `${match[1]} ${match[2]}`));
}

function assertions(definitions: CDefinitions): { lines: readonly string[]; fields: number } {
  const lines: string[] = [];
  let fields = 0;
  const add = (spelling: string, type: StructType): void => {
    lines.push(same(`sizeof(${spelling})`, type.layout.size, spelling));
    for (const field of type.layout.fields()) {
      if (field.bits !== undefined) continue;
      fields++;
      lines.push(same(`offsetof(${spelling}, ${field.name})`, field.offset, `${spelling}.${field.name}`));
      const size = fieldSize(field);
      if (size !== undefined) {
        lines.push(same(`sizeof(((${spelling} *)0)->${field.name})`, size, `size of ${spelling}.${field.name}`));
      }
    }
  };
  for (const [key, type] of definitions.structs) {
    add(key, type);
    // Not of typedefs: they may raise the alignment, which the layout of the struct does not show.
    lines.push(same(`_Alignof(${key})`, type.layout.alignment, `alignment of ${key}`));
  }
  for (const [name, type] of definitions.typedefs) if (type.kind === "struct" && type.layout.complete) add(name, type);
  for (const [name, { value }] of definitions.enumerators) {
    const text =
      value === -(1n << 63n) ? "(-9223372036854775807LL - 1)" : `${value}${value < 1n << 63n ? "LL" : "ULL"}`;
    // Some headers define a macro over an enumerator: `#define X_MAX (X_MAX - 1)`.
    lines.push(`#undef ${name}`, `_Static_assert(${name} == ${text}, "enumerator ${name}");`);
  }
  return { lines, fields };
}

function same(expression: string, value: number, what: string): string {
  return `_Static_assert(${expression} == ${value}, "${what}: not ${value}");`;
}

/** Undefined for a flexible array, which has no size for gcc. */
function fieldSize(field: Field): number | undefined {
  const isOpen = (type: Type): boolean => type.kind === "array" && (type.count === 0 || isOpen(type.element));
  return isOpen(field.type) ? undefined : storedSize(field.type);
}
