// The tree of a name mangled by the Itanium C++ ABI: names, types and expressions in one union, because the grammar mixes them.
//
// Template parameters stay references: which arguments they stand for depends on the function around them and is settled by the printer.

/** How the value of a literal of a built-in type is written. */
export type LiteralForm =
  | { readonly form: "cast" }
  | { readonly form: "bool" }
  | { readonly form: "float" }
  | { readonly form: "suffix"; readonly suffix: string };

/** A parameter of the head of a generic lambda: `<typename $T0, int $N1>`. */
export type HeadParameter =
  | { readonly kind: "type"; readonly constraint: Node | undefined; readonly pack: boolean }
  | { readonly kind: "value"; readonly type: Node; readonly pack: boolean }
  | { readonly kind: "template"; readonly parameters: readonly HeadParameter[]; readonly pack: boolean };

export interface FunctionType {
  readonly kind: "function";
  readonly returns: Node | undefined;
  readonly parameters: readonly Node[];
  /** Printed behind the parameters: ` const`, ` &`, ` noexcept`. */
  readonly qualifiers: readonly Node[];
}

export interface Template {
  readonly kind: "template";
  readonly name: Node;
  readonly arguments: readonly Node[];
}

/** What stands in front of the name of a member function: qualifiers, which move behind the parameters, and the mark of `this` as a parameter (C++23). */
export interface MemberQualified {
  readonly kind: "member-qualified";
  readonly name: Node;
  readonly qualifiers: readonly Node[];
  readonly explicitObject: boolean;
}

/** A function with its type. */
export interface Encoding {
  readonly kind: "encoding";
  readonly name: Node;
  readonly type: FunctionType;
}

export type NameNode =
  /** An identifier, or any other fixed text. */
  | { readonly kind: "name"; readonly text: string }
  | { readonly kind: "qualified"; readonly scope: Node; readonly name: Node }
  | { readonly kind: "local"; readonly scope: Node; readonly name: Node }
  | { readonly kind: "default-argument"; readonly number: number; readonly name: Node }
  | { readonly kind: "constructor"; readonly name: Node }
  | { readonly kind: "destructor"; readonly name: Node }
  | { readonly kind: "operator"; readonly symbol: string }
  | { readonly kind: "conversion"; readonly type: Node }
  | { readonly kind: "lambda"; readonly head: readonly HeadParameter[]; readonly parameters: readonly Node[]; readonly number: number }
  | { readonly kind: "tagged"; readonly name: Node; readonly tag: string }
  | { readonly kind: "module"; readonly parent: Node | undefined; readonly name: string; readonly partition: boolean }
  | { readonly kind: "module-entity"; readonly name: Node; readonly module: Node }
  | { readonly kind: "friend"; readonly name: Node }
  | MemberQualified
  | Template
  | Encoding
  | { readonly kind: "constrained"; readonly of: Node; readonly constraint: Node }
  /** Compiler-made things: `vtable for A`, `construction vtable for A-in-B`. */
  | { readonly kind: "special"; readonly prefix: string; readonly of: Node; readonly suffix: string; readonly second: Node | undefined };

export type TypeNode =
  | { readonly kind: "builtin"; readonly name: string; readonly literal: LiteralForm }
  /** const, volatile, restrict, _Complex, vectors, vendor qualifiers: all printed behind the type. */
  | { readonly kind: "suffixed"; readonly of: Node; readonly suffix: Node }
  | { readonly kind: "pointer"; readonly of: Node; readonly symbol: "*" | "&" | "&&" }
  | { readonly kind: "member-pointer"; readonly class: Node; readonly of: Node }
  | { readonly kind: "array"; readonly of: Node; readonly size: Node | undefined }
  | FunctionType
  | { readonly kind: "parameter"; readonly level: number; readonly index: number }
  | { readonly kind: "pack"; readonly items: readonly Node[] }
  | { readonly kind: "expansion"; readonly pattern: Node }
  | { readonly kind: "decltype"; readonly expression: Node };

export type ExpressionNode =
  | { readonly kind: "literal"; readonly type: Node; readonly value: string; readonly negative: boolean }
  | { readonly kind: "function-parameter"; readonly number: number }
  | { readonly kind: "prefix"; readonly symbol: string; readonly operand: Node }
  | { readonly kind: "postfix"; readonly symbol: string; readonly operand: Node }
  /** `sizeof (x)`, `noexcept (x)`: always with parentheses. */
  | { readonly kind: "keyword"; readonly word: string; readonly operand: Node }
  | { readonly kind: "binary"; readonly symbol: string; readonly left: Node; readonly right: Node }
  | { readonly kind: "index"; readonly of: Node; readonly index: Node }
  | { readonly kind: "conditional"; readonly condition: Node; readonly then: Node; readonly otherwise: Node }
  | { readonly kind: "call"; readonly callee: Node; readonly arguments: readonly Node[] }
  | { readonly kind: "cast"; readonly type: Node; readonly operand: Node }
  | { readonly kind: "list-cast"; readonly type: Node; readonly operands: readonly Node[] }
  | { readonly kind: "named-cast"; readonly word: string; readonly type: Node; readonly operand: Node }
  | { readonly kind: "new"; readonly placement: readonly Node[]; readonly type: Node; readonly initializer: Initializer }
  | { readonly kind: "braced"; readonly type: Node | undefined; readonly items: readonly Node[] }
  | { readonly kind: "designated"; readonly designator: Designator; readonly value: Node }
  | { readonly kind: "fold"; readonly leftFirst: boolean; readonly symbol: string; readonly first: Node; readonly second: Node | undefined }
  | { readonly kind: "pack-size"; readonly of: Node }
  | { readonly kind: "argument-count"; readonly items: readonly Node[] }
  | { readonly kind: "requires"; readonly parameters: readonly Node[]; readonly requirements: readonly Requirement[] }
  | { readonly kind: "subobject"; readonly type: Node; readonly of: Node; readonly offset: string };

export type Initializer =
  | { readonly kind: "none" }
  | { readonly kind: "parenthesized"; readonly items: readonly Node[] }
  | { readonly kind: "braced"; readonly items: readonly Node[] };

export type Designator =
  | { readonly kind: "member"; readonly name: Node }
  | { readonly kind: "element"; readonly index: Node }
  | { readonly kind: "range"; readonly first: Node; readonly last: Node };

export type Requirement =
  | { readonly kind: "simple"; readonly expression: Node; readonly noexcept: boolean; readonly constraint: Node | undefined }
  | { readonly kind: "type"; readonly type: Node }
  | { readonly kind: "nested"; readonly condition: Node };

export type Node = NameNode | TypeNode | ExpressionNode;

export function named(text: string): Node {
  return { kind: "name", text };
}
