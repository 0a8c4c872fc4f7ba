// The surroundings of one probe body while its types are inferred and checked.

import type { VariableSymbol } from "../define/analysed.ts";
import type { Config } from "../define/config.ts";
import type { Literal } from "../define/literal.ts";
import type { ProbePoint } from "../define/probe.ts";
import type { Registry } from "../define/registry.ts";
import type { Target } from "../define/target.ts";
import type { DiagnosticExtras, DiagnosticPart, Diagnostics } from "../source/diagnostic.ts";
import type { Span } from "../source/source.ts";
import type { VariableExpression } from "../syntax/ast.ts";
import type { EnumType, StructType, Type } from "../types/type.ts";
import type { CImport } from "./imports.ts";
import type { TypeState } from "./type-state.ts";

/** Types, enumerators and macros that the script's C definitions give. */
export interface CTypes {
  struct(tag: "struct" | "union", name: string): StructType | undefined;
  enum(name: string): EnumType | undefined;
  typedef(name: string): Type | undefined;
  enumerator(name: string): { readonly enum: EnumType; readonly value: bigint } | undefined;
  /** An object-like macro. */
  macro(name: string): { expansion(): CExpansion } | undefined;
  /** Whether there is a macro with parameters of that name. */
  isFunctionMacro(name: string): boolean;
}

/** The text that a C macro stands for after all expansion. */
export type CExpansion =
  | { readonly kind: "text"; readonly text: string }
  /** The names on the way back to itself. */
  | { readonly kind: "recursive"; readonly chain: readonly string[] }
  | { readonly kind: "too-large" };

export interface AnalysisOptions {
  readonly unsafe: boolean;
  readonly pid: number | undefined;
  /** Whether several probes may become one program: not where some of them may be left out later. */
  readonly sharedPrograms: boolean;
  /** Byte strings after the script. */
  readonly positional: readonly string[];
  /** `--name=value` words after `--`: name and value (undefined: no `=`). */
  readonly named: ReadonlyMap<string, string | undefined>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A value of a named parameter that the program claimed. */
export interface OptionClaim {
  readonly name: string;
  readonly defaultValue: Literal | undefined;
  readonly value: Literal;
  readonly description: string;
}

export interface Context {
  readonly state: TypeState;
  readonly registry: Registry;
  readonly config: Config;
  readonly target: Target;
  readonly options: AnalysisOptions;
  readonly cTypes: CTypes;
  readonly cImports: readonly CImport[];
  readonly diagnostics: Diagnostics;
  readonly variables: ReadonlyMap<VariableExpression, VariableSymbol>;
  readonly point: ProbePoint;
  readonly claims: Map<string, OptionClaim>;
  /** Last round: types are final, problems are reported. */
  readonly reporting: boolean;
  /** The body that was copied for this attach point; undefined when all points share one. */
  readonly copiedFrom: Span | undefined;
  /** The call whose arguments are looked at. */
  readonly call: Span | undefined;
  /** Inside sizeof and the like: nothing is evaluated. */
  readonly unevaluated: boolean;
  /** Inside an argument whose text counts: a missing positional parameter is an empty one. */
  readonly inText: boolean;
  /** In the body of a function: its name and what it returns. */
  readonly returns: { readonly name: string; readonly type: Type } | undefined;
  /** Inside the body of a `for`: the program's context is out of reach. */
  readonly inLoop: boolean;
}

export function reportError(context: Context, code: string, at: Span, message: string, extras?: DiagnosticExtras): void {
  if (context.reporting) context.diagnostics.error(code, origin(at, context.copiedFrom), message, extras);
}

export function reportWarning(context: Context, code: string, at: Span, message: string, extras?: DiagnosticExtras): void {
  if (context.reporting) context.diagnostics.warn(code, origin(at, context.copiedFrom), message, extras);
}

/** A place with the copied body as the last link of what it was expanded from. */
function origin(at: Span, copiedFrom: Span | undefined): Span {
  if (copiedFrom === undefined) return at;
  return { ...at, expandedFrom: at.expandedFrom === undefined ? copiedFrom : origin(at.expandedFrom, copiedFrom) };
}

/** The call around a problem, as a further part of its message. */
export function callParts(context: Context): readonly DiagnosticPart[] {
  return context.call === undefined ? [] : [{ span: context.call, message: "in this call" }];
}
