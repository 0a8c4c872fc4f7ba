// What definitions use to produce code: the lowering room implements it over the IR builder.

import type { IrBuilder } from "../ir/builder.ts";
import type { Comparison, Value, ValueType } from "../ir/model.ts";
import type { KernelFormat } from "../output/kernel-format.ts";
import type { Span } from "../source/source.ts";
import type { Expression } from "../syntax/ast.ts";
import type { AddressSpace, Field, StructType, Type } from "../types/type.ts";
import type { ActionParameters } from "./action.ts";
import type { Config } from "./config.ts";
import type { HostMap } from "./host-map.ts";
import type { Literal } from "./literal.ts";
import type { ArgumentsLayout, ProbePoint } from "./probe.ts";
import type { Target } from "./target.ts";

/** Where the value of an expression is while a program runs. */
export type Operand =
  | { readonly kind: "none" }
  /** The event's arguments; each field has a source of its own. */
  | { readonly kind: "arguments"; readonly type: Type; readonly layout: ArgumentsLayout }
  /** In a register, extended to 64 bits by its type. */
  | {
      readonly kind: "scalar";
      readonly type: Type;
      readonly value: Value;
      /** The same pointer as the verifier knows it: see Code.typedOperand. */
      readonly typed?: Value;
    }
  /** Bytes in memory that the program may load from: stack, map value, record. */
  | {
      readonly kind: "memory";
      readonly type: Type;
      readonly address: Value;
      readonly offset: number;
      /** Of bit-fields and of enums inside C structs: where the value is in its storage unit. */
      readonly bits: Field["bits"];
    }
  /** Bytes in kernel or user memory, not read yet. */
  | {
      readonly kind: "remote";
      readonly type: Type;
      readonly address: Value;
      readonly offset: number;
      /** What is at the address, if that is a struct. */
      readonly struct: StructType | undefined;
      readonly space: AddressSpace;
      readonly bits: Field["bits"];
    };

export interface Place {
  readonly address: Value;
  readonly offset: number;
}

/** A string in loadable memory, up to a NUL or its size. */
export interface Text {
  readonly address: Value;
  readonly size: number;
}

/** A field of an event: an expression stored as a type, or a value that is at hand. */
export type EventArgument =
  | { readonly expression: Expression; readonly as: Type }
  | { readonly operand: Operand; readonly as: Type };

export interface Code {
  readonly ir: IrBuilder;
  readonly point: ProbePoint;
  readonly target: Target;
  readonly config: Config;

  typeOf(expression: Expression): Type;
  /** The type of what `operand` gives: of an aggregate the integer or record that it stands for. */
  valueTypeOf(expression: Expression): Type;
  literalOf(expression: Expression): Literal | undefined;

  /** Evaluates an expression. */
  operand(expression: Expression): Operand;
  /** Evaluates an expression whose pointers come from the context and go to helpers that ask for pointers of a type. */
  typedOperand(expression: Expression): Operand;
  /** Evaluates to 64 bits; aggregates give their combined integer. */
  integer(expression: Expression): Value;
  /** The register of a scalar operand, reading it from where it is. */
  scalar(operand: Operand): Value;
  /** The bytes of an operand in loadable memory; reads remote bytes into a temporary. */
  place(operand: Operand): Place;
  /** Stores an operand as another type: truncated, extended, padded with zeros. */
  store(operand: Operand, as: Type, to: Place): void;
  /** Evaluates straight into memory. `clean`: bytes after the NUL of a string are zero, as keys and values need. */
  storeExpression(expression: Expression, as: Type, to: Place, clean: boolean): void;

  /** Memory that lives until the end of the statement, on the stack or, when large, in a scratch map; not cleared. */
  temporary(size: number): Value;
  zero(to: Place, size: number): void;
  copy(from: Place, to: Place, size: number): void;
  /** Reads `size` bytes; zero bytes where the read fails. Returns the helper's result. */
  probeRead(space: AddressSpace, to: Value, size: Value, from: Value): Value;
  /** Reads a NUL-terminated string of at most `size` bytes. Returns the helper's result: the length with NUL, or an errno. */
  probeReadString(space: AddressSpace, to: Value, size: Value, from: Value): Value;

  /** Has a map made that user space fills: programs then use it by its name. */
  hostMap(map: HostMap): void;
  /** The name of a function that the program has once, whoever asks for it; `fill` makes its code. */
  shared(suffix: string, parameters: readonly ValueType[], fill: (builder: IrBuilder) => void): string;

  /** Address of a read-only table of NUL-terminated texts, `width` bytes each. */
  textTable(texts: readonly string[], width: number): Value;

  /** The program's context. */
  context(): Value;
  /** A machine register of the event's pt_regs by name. */
  register(name: string): Value;
  /** Function argument N of the event. */
  argument(index: number): Value;

  /** Sends a record to user space. */
  event(action: string, parameters: ActionParameters, fields: readonly EventArgument[]): void;
  /** Writes formatted text into the file of an iterator that others read. */
  writeText(format: KernelFormat, values: readonly Expression[]): void;
  /**
   * Sends a record for an action and after it the first `length` bytes of a packet (struct sk_buff); gives what the helper
   * returned.
   */
  packet(action: string, parameters: ActionParameters, fields: readonly EventArgument[], packet: Value, length: Value): Value;
  /**
   * A located runtime warning; with a `retcode` only when that is negative. `helper`: the helper that gave it, to be named.
   * The text of the code stands for an empty message.
   */
  warning(message: string, helper: string | undefined, retcode: Value | undefined, kind: "always" | "reads"): void;
  /** From now on no probe but the ones at the end does anything, however late user space learns of it. */
  endRun(status: Value): void;
  /** Ends the probe. */
  leave(): void;

  /** Runs one of two pieces of code. */
  branch(comparison: Comparison, left: Value, right: Value, then: () => void, otherwise: () => void): void;
  /** The value of one of two pieces of code. */
  choose(comparison: Comparison, left: Value, right: Value, then: () => Value, otherwise: () => Value): Value;
  /** A loop with a small constant number of rounds known to the verifier; the body sees the round. */
  repeat(rounds: number, body: (round: Value) => void): void;

  /** Builds the key of a map element. */
  mapKey(map: string, keys: readonly Expression[]): Value;
  /** The map itself, as helpers take it. */
  map(map: string): Value;
  mapIsScalar(map: string): boolean;
  /** Type of a map's values. */
  typeOfMap(map: string): Type;
  /** The integer in a map without keys; undefined when the script has no such map. */
  scalarMap(map: string): Value | undefined;
  /** Deletes an element (a scalar map's value without keys), giving 1 if it was there. */
  deleteElement(map: string, keys: readonly Expression[]): Value;
  hasElement(map: string, keys: readonly Expression[]): Value;
  /** Copies an element's value to a variable and gives 1; without the element 0, and the variable stays as it is. */
  findElement(map: string, keys: readonly Expression[], variable: Expression): Value;
  /** Whether two strings are equal in their first `limit` bytes, up to a NUL: 1 or 0. */
  stringsEqual(left: Expression, right: Expression, limit: number): Value;
  /** Index of a string's first place in another, -1 without one. */
  searchString(haystack: Text, needle: Text): Value;
  /** Bytes of a string or an array of characters before the NUL; all of them without one. */
  stringLength(text: Expression): Value;
  /** Difference of the first two bytes that differ in `size` bytes of loadable memory, as signed characters; 0 without one. */
  memoryDifference(a: Value, b: Value, size: number): Value;
  /** Number of elements. */
  countElements(map: string): Value;

  readonly span: Span;
}

export function scalarOperand(type: Type, value: Value): Operand {
  return { kind: "scalar", type, value };
}

export function memoryOperand(type: Type, address: Value, offset = 0): Operand {
  return { kind: "memory", type, address, offset, bits: undefined };
}

export const noOperand: Operand = { kind: "none" };
