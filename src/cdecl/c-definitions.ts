// The C definitions of a script: preprocessed, parsed, and given as types of the language (spec: C definitions).

import type { Diagnostics } from "../source/diagnostic.ts";
import type { SourceFile, Span } from "../source/source.ts";
import type { AddressSpace, EnumType, StructType, Type } from "../types/type.ts";
import { type CMacro, visibleMacros } from "./c-macros.ts";
import { CReports } from "./c-reports.ts";
import { CScope, type ExternalTypes } from "./c-scope.ts";
import { makeSource } from "./c-token.ts";
import { parseDeclarations } from "./declarations.ts";
import { kernelConstants, standsForHeader } from "./kernel-constants.ts";
import { type CArchitecture, predefinedMacros } from "./predefined-macros.ts";
import { type HeaderReader, includeLines, Preprocessor } from "./preprocessor.ts";
import { TypeProjection } from "./project-types.ts";

/** The C definitions of one file. */
export interface CText {
  /** Byte string of the definitions, each at the line and column where it stands in the file. */
  readonly text: string;
  readonly file: SourceFile;
}

/** The script's own definitions and what they need. */
export interface CInput extends CText {
  /** Those of imported scripts, read before the script's own. */
  readonly imported?: readonly CText[];
  /** Files of --include, read before the text. */
  readonly includes: readonly string[];
  /** Folders in search order. */
  readonly includePaths: readonly string[];
  /** Macros defined from outside, for instance BPFTRACE_HAVE_BTF. */
  readonly defines: Readonly<Record<string, string>>;
  readonly reader: HeaderReader;
  readonly architecture: CArchitecture;
  /**
   * Kernel BTF is there: a kernel header that cannot be found is taken as empty, and what our parser does not
   * understand inside a header is a warning.
   */
  readonly missingIncludesAllowed: boolean;
  /** Types that are only referenced: kernel BTF. */
  readonly externalTypes: ExternalTypes;
  /** Memory that pointers in the definitions refer to. */
  readonly pointerSpace: AddressSpace;
}

export interface CDefinitions {
  /** Defined records; keys `struct x` and `union x`. */
  readonly structs: Map<string, StructType>;
  /** Defined enums with a tag, by tag. */
  readonly enums: Map<string, EnumType>;
  readonly typedefs: Map<string, Type>;
  /** Enumerators of all enums, those without a tag included. */
  readonly enumerators: Map<string, { readonly enum: EnumType; readonly value: bigint }>;
  /** Object-like macros at the end of the text. */
  readonly macros: Map<string, CMacro>;
  readonly functionMacros: Map<string, Span | undefined>;
}

/**
 * Reads the definitions. Problems become diagnostics: `c-include-not-found`, `c-include`, `c-preprocessor`, `c-macro`,
 * `c-declaration`; those of headers stand at the `#include` in the script.
 */
export function readCDefinitions(input: CInput, diagnostics: Diagnostics): CDefinitions {
  const scripts = [...(input.imported ?? []), input].map(({ text, file }) => ({ source: makeSource(file.name, text, "script", undefined), file }));
  const reports = new CReports(diagnostics, scripts, { tolerant: input.missingIncludesAllowed });
  const preprocessor = new Preprocessor(
    {
      includePaths: input.includePaths,
      reader: input.reader,
      mayBeMissing: (name) => input.missingIncludesAllowed && standsForHeader(name),
      additions: (name) => (input.missingIncludesAllowed && standsForHeader(name) ? kernelConstants() : undefined),
    },
    reports,
  );
  preprocessor.run(
    makeSource("<predefined>", predefinedMacros(input.architecture) + defineLines(input), "built-in", undefined),
  );
  const included = preprocessor.run(includeLines(input.includes));
  const own = scripts.flatMap(({ source }) => preprocessor.run(source));
  const scope = new CScope(input.externalTypes);
  parseDeclarations([...included, ...own], scope, reports, input.architecture);
  const enumeratorNames = scope.enumerators;
  return {
    ...projectScope(scope, input.pointerSpace),
    ...visibleMacros(preprocessor.macros, reports, (name) => enumeratorNames.has(name)),
  };
}

function defineLines(input: CInput): string {
  return Object.entries(input.defines)
    .map(([name, value]) => `#define ${name} ${value.replaceAll("\n", " ")}\n`)
    .join("");
}

function projectScope(scope: CScope, space: AddressSpace): Omit<CDefinitions, "macros" | "functionMacros"> {
  const projection = new TypeProjection(scope, space);
  const structs = new Map<string, StructType>();
  for (const [key, record] of scope.records) {
    if (record.layout !== undefined) structs.set(key, projection.struct(record));
  }
  const enums = new Map<string, EnumType>();
  for (const [name, enumeration] of scope.enums) {
    const type = enumeration.body === undefined ? undefined : projection.enumeration(enumeration);
    if (type?.kind === "enum") enums.set(name, type);
  }
  const typedefs = new Map<string, Type>();
  for (const [name, { value }] of scope.typedefs) typedefs.set(name, projection.type(value));
  const enumerators: CDefinitions["enumerators"] = new Map();
  for (const [name, { value }] of scope.enumerators) {
    const type = projection.enumeration(value.enumeration);
    if (type?.kind === "enum") enumerators.set(name, { enum: type, value: value.value });
  }
  return { structs, enums, typedefs, enumerators };
}
