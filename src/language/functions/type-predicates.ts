// Questions about the type of an expression, answered while compiling: is_str, is_integer, is_literal, is_scalar, …

import { type ArgumentInfo, type BuiltinDef, builtin, type CallSite } from "../../define/builtin.ts";
import { noOperand } from "../../define/code.ts";
import { bool, type Type } from "../../types/type.ts";

function predicate(name: string, doc: string, example: string, answer: (type: Type, argument: ArgumentInfo) => boolean): BuiltinDef {
  return builtin({
    names: [name],
    form: "function",
    doc,
    signature: `bool ${name}(expr)`,
    example,
    parameters: [{ name: "expr", kind: "operand" }],
    fold: ({ arguments: [argument] }) =>
      argument?.type === undefined ? undefined : { kind: "bool", value: answer(argument.type, argument) },
    // Without a type of the argument there is no answer yet.
    type: () => undefined,
    lower: () => noOperand,
  });
}

function isMap(site: CallSite): boolean | undefined {
  const expression = site.arguments[0]?.expression;
  return expression?.kind === "map" ? site.map(expression.name)?.scalar : undefined;
}

const isScalarMap = builtin({
  names: ["is_scalar"],
  form: "function",
  doc: "Whether a map has no keys.",
  signature: "bool is_scalar(map m)",
  example: "begin { @a = 1; print(is_scalar(@a)); }",
  parameters: [{ name: "m", kind: "map" }],
  fold: (site) => {
    const scalar = isMap(site);
    return scalar === undefined ? undefined : { kind: "bool", value: scalar };
  },
  type: () => bool,
  lower: () => noOperand,
});

export const typePredicates: readonly BuiltinDef[] = [
  predicate("is_literal", "Whether a value is written as a literal, or folded to one.", "begin { print(is_literal(1 + 2)); }", (_, argument) => argument.literal !== undefined),
  predicate("is_str", "Whether a value is a string.", 'begin { print(is_str("a")); }', (type) => type.kind === "string"),
  predicate("is_ptr", "Whether a value is a pointer.", "begin { print(is_ptr(curtask)); }", (type) => type.kind === "pointer"),
  predicate("is_array", "Whether a value is an array.", "begin { print(is_array(pton(\"::1\"))); }", (type) => type.kind === "array"),
  predicate("is_integer", "Whether a value is an integer.", "begin { print(is_integer(pid)); }", (type) => type.kind === "int" || type.kind === "enum"),
  predicate(
    "is_unsigned_integer",
    "Whether a value is an unsigned integer.",
    "begin { print(is_unsigned_integer(pid)); }",
    (type) => (type.kind === "int" || type.kind === "enum") && !type.signed,
  ),
  isScalarMap,
];
