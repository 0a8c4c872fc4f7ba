// Values known while compiling.

export type Literal =
  | { readonly kind: "int"; readonly value: bigint }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "bool"; readonly value: boolean };

/** Whether a literal counts as true in a condition. */
export function literalTruth(literal: Literal): boolean {
  switch (literal.kind) {
    case "int":
      return literal.value !== 0n;
    case "string":
      return literal.value !== "";
    case "bool":
      return literal.value;
  }
}
