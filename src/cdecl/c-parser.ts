// What the parts of the C declaration parser share: the cursor, the scope, and the way back to specifiers. Pure.

import type { CToken } from "./c-token.ts";
import type { CScope } from "./c-scope.ts";
import type { CType } from "./c-type.ts";
import type { ExpressionScope } from "./operand.ts";
import type { TokenCursor } from "./token-cursor.ts";

/** What attributes say that changes a layout. */
export interface Attributes {
  readonly packed: boolean;
  readonly aligned: number | undefined;
  /** `mode(DI)` and the like, without underscores. */
  readonly mode: string | undefined;
  readonly vectorSize: number | undefined;
}

/** The words before a declarator. */
export interface Specifiers {
  readonly type: CType;
  readonly isTypedef: boolean;
  readonly attributes: Attributes;
  /** A struct, union or enum is defined here, between braces. */
  readonly defines: boolean;
  /** The record defined or named has no tag. */
  readonly untagged: boolean;
}

export interface CParser {
  readonly cursor: TokenCursor;
  readonly scope: CScope;
  readonly expressions: ExpressionScope;
  /** AAPCS64: unnamed bit-fields align their record. */
  readonly alignUnnamed: boolean;
  /** `#pragma pack` in force at the cursor; undefined: none. */
  pack(): number | undefined;
  specifiers(): Specifiers;
  error(at: CToken, message: string, previous?: CToken): void;
}
