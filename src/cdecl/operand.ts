// What C expressions give, and where their names come from. Pure.

import type { CToken } from "./c-token.ts";
import type { CType } from "./c-type.ts";
import type { TokenCursor } from "./token-cursor.ts";

/** A value: a constant if `value` is known; of an lvalue, `value` is the address. */
export interface Operand {
  readonly type: CType;
  readonly value: bigint | undefined;
  readonly lvalue: boolean;
}

/** Where names and types in expressions come from. */
export interface ExpressionScope {
  startsType(cursor: TokenCursor): boolean;
  parseTypeName(cursor: TokenCursor): CType;
  /** The type with its members, when it is only declared in the text but known elsewhere. */
  completed(type: CType): CType;
  /** An enumerator or a variable; undefined: unknown. */
  lookup(name: CToken): Operand | undefined;
  /** Bytes of `int`: 8 in `#if`, where all types are intmax_t. */
  readonly intSize: 4 | 8;
}

/** Parses an expression without comma operators. */
export type ParseConstant = (cursor: TokenCursor, scope: ExpressionScope) => Operand;
