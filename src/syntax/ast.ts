// The syntax tree. Nodes are plain readonly data with a span; later stages keep what they learn in side tables
// keyed by node identity, so a node object never stands at two places of one program.

import type { Span } from "../source/source.ts";

// ---- program ---------------------------------------------------------------------------------------

export interface Program {
  readonly cDefinitions: readonly CDefinition[];
  readonly config: ConfigBlock | undefined;
  readonly imports: readonly Import[];
  /** Probes, macros, functions and map declarations in source order. */
  readonly items: readonly Item[];
  /** For the formatter: every comment in source order. */
  readonly comments: readonly Comment[];
  readonly shebang: string | undefined;
  readonly span: Span;
}

export interface Comment {
  readonly kind: "line" | "block";
  /** With its delimiters. */
  readonly text: string;
  readonly span: Span;
}

/** A piece of C: a preprocessor line (with its continuation lines) or a struct, union, enum or typedef item. */
export interface CDefinition {
  readonly kind: "preprocessor" | "declaration";
  readonly text: string;
  readonly span: Span;
}

export interface ConfigBlock {
  readonly entries: readonly ConfigEntry[];
  readonly span: Span;
}

export interface ConfigEntry {
  readonly key: string;
  readonly keySpan: Span;
  readonly value:
    | { readonly kind: "string"; readonly value: string }
    | { readonly kind: "int"; readonly value: bigint }
    | { readonly kind: "bool"; readonly value: boolean }
    | { readonly kind: "word"; readonly value: string };
  /** Key through value. */
  readonly span: Span;
}

export interface Import {
  readonly path: string;
  /** Keyword through the string. */
  readonly span: Span;
}

export type Item = Probe | MacroDefinition | FunctionDefinition | MapDeclaration;

export interface Probe {
  readonly kind: "probe";
  readonly attachPoints: readonly AttachPoint[];
  readonly predicate: Predicate | undefined;
  readonly body: Block;
  readonly span: Span;
}

/** The raw text of an attach point; analysis/attach-point.ts splits it (it depends on positional parameters). */
export interface AttachPoint {
  readonly text: string;
  readonly span: Span;
}

export interface Predicate {
  readonly condition: Expression;
  /** From the first slash through the last one. */
  readonly span: Span;
}

export interface MacroDefinition {
  readonly kind: "macro";
  readonly name: string;
  readonly parameters: readonly MacroParameter[];
  readonly body: Block;
  /** `macro name` */
  readonly nameSpan: Span;
  readonly span: Span;
}

export interface MacroParameter {
  /** `$p`, `@p` or a plain name that stands for any expression. */
  readonly kind: "variable" | "map" | "expression";
  /** Without sigil for expressions, with it for the others. */
  readonly name: string;
  readonly span: Span;
}

export interface FunctionDefinition {
  readonly kind: "function";
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly type: TypeExpression; readonly span: Span }[];
  readonly returns: TypeExpression;
  readonly body: Block;
  readonly span: Span;
}

/** `let @name = kind(entries);` */
export interface MapDeclaration {
  readonly kind: "map-declaration";
  readonly name: string;
  readonly mapKind: string;
  readonly entries: bigint;
  /** `let` through `;` when there is one. */
  readonly span: Span;
}

// ---- statements --------------------------------------------------------------------------------------

/** `{ statements value? }`: `value` is a last expression without `;`. */
export interface Block {
  readonly kind: "block";
  readonly statements: readonly Statement[];
  readonly value: Expression | undefined;
  readonly span: Span;
}

export type Statement =
  | { readonly kind: "expression-statement"; readonly expression: Expression; readonly span: Span }
  | {
      readonly kind: "let";
      readonly variable: VariableExpression;
      readonly type: TypeExpression | undefined;
      readonly value: Expression | undefined;
      /** `let $x` */
      readonly declarationSpan: Span;
      /** Through the type or value, without `;`. */
      readonly span: Span;
    }
  | {
      readonly kind: "assign";
      readonly target: Assignable;
      /** Undefined for `=`, else the operator of `op=`. */
      readonly operator: BinaryOperator | undefined;
      readonly value: Expression;
      readonly span: Span;
    }
  /** `_ = value` */
  | { readonly kind: "discard"; readonly value: Expression; readonly span: Span }
  | IfStatement
  | { readonly kind: "block-statement"; readonly block: Block; readonly span: Span }
  | { readonly kind: "unroll"; readonly count: Expression; readonly body: Block; readonly span: Span }
  | { readonly kind: "while"; readonly condition: Expression; readonly body: Block; readonly span: Span }
  | ForRangeStatement
  | ForMapStatement
  | { readonly kind: "break"; readonly span: Span }
  | { readonly kind: "continue"; readonly span: Span }
  | { readonly kind: "return"; readonly value: Expression | undefined; readonly span: Span }
  | { readonly kind: "import-statement"; readonly path: string; readonly span: Span };

export interface IfStatement {
  readonly kind: "if";
  readonly condition: Expression;
  readonly then: Block;
  /** A chained `else if` is a block whose only statement is that `if`. */
  readonly else: Block | undefined;
  readonly span: Span;
}

export interface ForRangeStatement {
  readonly kind: "for-range";
  readonly variable: VariableExpression;
  readonly from: Expression;
  readonly to: Expression;
  readonly body: Block;
  /** `for` through the second bound. */
  readonly headSpan: Span;
  readonly span: Span;
}

export interface ForMapStatement {
  readonly kind: "for-map";
  readonly variable: VariableExpression;
  readonly map: MapExpression;
  readonly body: Block;
  readonly headSpan: Span;
  readonly span: Span;
}

// ---- expressions ---------------------------------------------------------------------------------------

export type BinaryOperator =
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "&"
  | "|"
  | "^"
  | "<<"
  | ">>"
  | "=="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "&&"
  | "||";

export type UnaryOperator = "-" | "!" | "~" | "*";

export interface VariableExpression {
  readonly kind: "variable";
  /** With the `$`. */
  readonly name: string;
  /** 0 for what the script wrote; each expansion of a macro numbers its own variables, so that they meet no others. */
  readonly instance: number;
  readonly span: Span;
}

/** `@name` or, with keys, `@name[key, …]`. */
export interface MapExpression {
  readonly kind: "map";
  /** With the `@`. */
  readonly name: string;
  readonly keys: readonly Expression[] | undefined;
  readonly span: Span;
}

export type Assignable = VariableExpression | MapExpression;

export interface CallExpression {
  readonly kind: "call";
  readonly name: string;
  readonly arguments: readonly Expression[];
  /** The name through `)`. */
  readonly span: Span;
}

export interface IfExpression {
  readonly kind: "if-expression";
  readonly condition: Expression;
  readonly then: Block;
  readonly else: Block | undefined;
  readonly span: Span;
}

export type Expression =
  | { readonly kind: "int"; readonly value: bigint; readonly span: Span }
  /** The bytes after escapes. */
  | { readonly kind: "string"; readonly value: string; readonly span: Span }
  | { readonly kind: "bool"; readonly value: boolean; readonly span: Span }
  /** `$1` … */
  | { readonly kind: "positional"; readonly index: number; readonly span: Span }
  /** `$#` */
  | { readonly kind: "positional-count"; readonly span: Span }
  /** A bare word: builtin, macro, enumerator, C macro. */
  | { readonly kind: "identifier"; readonly name: string; readonly span: Span }
  | VariableExpression
  | MapExpression
  | CallExpression
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly span: Span;
    }
  | { readonly kind: "unary"; readonly operator: UnaryOperator; readonly operand: Expression; readonly span: Span }
  /** `++x`, `x--` … */
  | {
      readonly kind: "increment";
      readonly operator: "++" | "--";
      readonly prefix: boolean;
      readonly target: Assignable;
      readonly span: Span;
    }
  /** `&$x`, `&@m` */
  | { readonly kind: "address-of"; readonly operand: Assignable; readonly span: Span }
  /** `c ? a : b`; `then` is undefined for `c ?: b`. */
  | {
      readonly kind: "ternary";
      readonly condition: Expression;
      readonly then: Expression | undefined;
      readonly else: Expression;
      readonly span: Span;
    }
  /** `base.name`, `base->name` */
  | {
      readonly kind: "field";
      readonly base: Expression;
      readonly name: string;
      readonly arrow: boolean;
      readonly nameSpan: Span;
      readonly span: Span;
    }
  /** `base.0` */
  | { readonly kind: "element"; readonly base: Expression; readonly index: number; readonly arrow: boolean; readonly span: Span }
  /** `base[index, …]` on anything that is not a map */
  | { readonly kind: "index"; readonly base: Expression; readonly indices: readonly Expression[]; readonly span: Span }
  /** `span` is the parenthesised type only. */
  | { readonly kind: "cast"; readonly type: TypeExpression; readonly operand: Expression; readonly span: Span }
  | { readonly kind: "tuple"; readonly elements: readonly Expression[]; readonly span: Span }
  | {
      readonly kind: "record";
      readonly fields: readonly { readonly name: string; readonly value: Expression; readonly span: Span }[];
      readonly span: Span;
    }
  | { readonly kind: "block-expression"; readonly block: Block; readonly span: Span }
  | IfExpression
  | { readonly kind: "comptime"; readonly operand: Expression; readonly span: Span }
  /** A type as an argument of a call; a lone word is an identifier. */
  | { readonly kind: "type-argument"; readonly type: TypeExpression; readonly span: Span }
  | { readonly kind: "sizeof"; readonly operand: TypeOrExpression; readonly span: Span }
  | { readonly kind: "typeinfo"; readonly operand: TypeOrExpression; readonly span: Span }
  | {
      readonly kind: "offsetof";
      readonly operand: TypeOrExpression;
      /** Fields, and indices of arrays. */
      readonly path: readonly (string | IntegerLiteral)[];
      readonly span: Span;
    };

export type IntegerLiteral = Extract<Expression, { readonly kind: "int" }>;

// ---- types ------------------------------------------------------------------------------------------

export type TypeExpression =
  /** A word (int32, uint64_t, string, …) or several C words normalised to one spelling (`unsigned int`). */
  | { readonly kind: "named-type"; readonly name: string; readonly size: bigint | undefined; readonly span: Span }
  | {
      readonly kind: "tagged-type";
      readonly tag: "struct" | "union" | "enum";
      readonly name: string;
      readonly span: Span;
    }
  | { readonly kind: "typeof"; readonly operand: TypeOrExpression; readonly span: Span }
  | { readonly kind: "pointer-type"; readonly to: TypeExpression; readonly span: Span }
  /** `count` is undefined for `T[]`. */
  | {
      readonly kind: "array-type";
      readonly element: TypeExpression;
      readonly count: bigint | undefined;
      readonly span: Span;
    };

/**
 * The operand of sizeof, offsetof, typeinfo and typeof. `name`: a lone identifier that may be a type, or else
 * an expression (a builtin, a macro, …): analysis looks for a type first.
 */
export type TypeOrExpression =
  | { readonly kind: "type"; readonly type: TypeExpression; readonly span: Span }
  | { readonly kind: "value"; readonly expression: Expression; readonly span: Span }
  | { readonly kind: "name"; readonly name: string; readonly span: Span };
