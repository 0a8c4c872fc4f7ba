// Builtin variables and functions: one definition object each, found by name through the registry.

import type { DiagnosticExtras } from "../source/diagnostic.ts";
import type { Span } from "../source/source.ts";
import type { Expression } from "../syntax/ast.ts";
import type { Type } from "../types/type.ts";
import type { Code, Operand, Place } from "./code.ts";
import type { Config } from "./config.ts";
import type { Literal } from "./literal.ts";
import type { Capability, ProbePoint } from "./probe.ts";
import type { Target } from "./target.ts";

/** What an argument may be; the core checks it before a definition sees the call. */
export type ParameterKind =
  | "any"
  /** Any value; a missing positional parameter in it is an empty text. */
  | "text"
  /** Integers, bool, enums, pointers, and aggregates that stand for an integer. */
  | "int"
  | "int-literal"
  /** A value that is known while compiling, also through casts. */
  | "comptime"
  | "string-literal"
  /** A map without keys. */
  | "map"
  /** A map without keys, or any value. */
  | "map-or-any"
  /** A map element, or a map without keys that a key may follow. */
  | "element"
  /** A key of the map that the argument before names. */
  | "key"
  /** A declared variable that the function assigns; BuiltinDef.assigned gives the type. */
  | "variable"
  /** A string literal that may be longer than max_strlen: a format. */
  | "format"
  /** A bare word with a meaning of its own (a stack mode, a clock), or else an expression. */
  | "word"
  /** A type, or an expression whose type is meant. */
  | "type"
  /** An expression that is not evaluated: only what it is counts. */
  | "operand"
  /** Names of members, `a.b`. */
  | "member";

export interface ParameterSpec {
  readonly name: string;
  readonly kind: ParameterKind;
}

/** An argument as far as analysis knows it. */
export interface ArgumentInfo {
  readonly expression: Expression;
  readonly span: Span;
  /** Undefined while it is not known, or for words. */
  readonly type: Type | undefined;
  readonly literal: Literal | undefined;
}

/** What is known of a map. */
export interface MapInfo {
  readonly name: string;
  readonly scalar: boolean;
  readonly key: Type | undefined;
  readonly value: Type | undefined;
}

/** A use of a builtin during analysis. */
export interface CallSite {
  /** As written: definitions with several names tell them apart by it. */
  readonly name: string;
  readonly arguments: readonly ArgumentInfo[];
  readonly span: Span;
  readonly point: ProbePoint;
  readonly config: Config;
  readonly target: Target;
  map(name: string): MapInfo | undefined;
  /** What a value of a type is shown as: an aggregate as the integer or record of an element; undefined: it can't be shown. */
  shownType(type: Type): Type | undefined;
  /** Text of a positional parameter, from 1. */
  positional(index: number): string | undefined;
  /** Named parameters of the command line (`-- --name=value`), and a way to claim one. */
  option(name: string, defaultValue: Literal | undefined, description: string): Literal;
  /** The word that an argument is, when it is a bare identifier. */
  word(index: number): string | undefined;
  error(code: string, message: string, at?: Span, extras?: DiagnosticExtras): void;
  warn(code: string, message: string, at?: Span, extras?: DiagnosticExtras): void;
}

/** A use of a builtin during lowering. */
export interface Call {
  readonly name: string;
  readonly arguments: readonly Expression[];
  readonly span: Span;
  /** The type that analysis gave the call. */
  readonly type: Type;
  word(index: number): string | undefined;
}

export interface BuiltinDef {
  /** All names that share the definition; the first one is the page of the reference. */
  readonly names: readonly string[];
  /** Usable as a bare word, with parentheses, or both. */
  readonly form: "variable" | "function" | "both";
  readonly doc: string;
  /** One line for each form. */
  readonly signature: string;
  /** A complete program that shows it. */
  readonly example: string;
  readonly parameters: readonly ParameterSpec[];
  /** Arguments needed at least; at most: the length of `parameters`, or any number when `variadic`. */
  readonly required: number;
  readonly variadic: boolean;
  /** Only with --unsafe. */
  readonly unsafe: boolean;
  /** Has no effect: an unused result is worth a warning. */
  readonly pure: boolean;
  /** What the probe must have. */
  readonly needs: Capability | undefined;
  /** Its type or value differs between attach points of one probe; typed: only where the kernel's types describe the event. */
  readonly perAttachPoint: boolean | "typed";
  /** Reads the program's context, which is out of reach in loop callbacks. */
  readonly usesContext: boolean;
  /** Ends the probe when it runs. */
  readonly leavesProbe: boolean;
  /** Tells the tracer something when it runs, so that it makes no sense where nobody listens. */
  readonly sendsEvents: boolean;
  /** The value, when it is known while compiling. */
  fold(site: CallSite): Literal | undefined;
  /** Another expression that is evaluated instead, with this one's arguments in it. */
  expansion(site: CallSite): Expression | undefined;
  /** Type of what is assigned to the argument of kind `variable`; undefined while it is not known. */
  assigned(site: CallSite): Type | undefined;
  /** The type of the result; undefined while an argument's type is not known. */
  type(site: CallSite): Type | undefined;
  /** Reports what is wrong with the call; runs once, when all types are known. */
  check(site: CallSite): void;
  lower(code: Code, call: Call): Operand;
  /** Stores the value straight into memory, when that is better than `lower`; `as` has the same kind as the type. */
  readonly lowerInto: ((code: Code, call: Call, as: Type, to: Place, clean: boolean) => void) | undefined;
}

type Optional =
  | "parameters"
  | "required"
  | "variadic"
  | "unsafe"
  | "pure"
  | "needs"
  | "perAttachPoint"
  | "usesContext"
  | "leavesProbe"
  | "sendsEvents"
  | "fold"
  | "expansion"
  | "assigned"
  | "lowerInto"
  | "check";

/** Completes a definition with what most builtins are. */
export function builtin(
  definition: Omit<BuiltinDef, Optional> & Partial<Pick<BuiltinDef, Optional>>,
): BuiltinDef {
  const parameters = definition.parameters ?? [];
  return {
    parameters,
    required: parameters.length,
    variadic: false,
    unsafe: false,
    pure: true,
    needs: undefined,
    perAttachPoint: false,
    usesContext: false,
    leavesProbe: false,
    sendsEvents: false,
    lowerInto: undefined,
    fold: () => undefined,
    expansion: () => undefined,
    assigned: () => undefined,
    check: () => undefined,
    ...definition,
  };
}
