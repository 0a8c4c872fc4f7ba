// `typeinfo(x)`: what is known of a type, as a record of literals.

import type { Span } from "../source/source.ts";
import type { Expression } from "../syntax/ast.ts";
import { type Type, typeName } from "../types/type.ts";
import { type Context, reportError } from "./context.ts";
import { inferExpression } from "./expressions.ts";
import { typeOfOperand } from "./resolve-type.ts";

type Typeinfo = Expression & { kind: "typeinfo" };

export function inferTypeinfo(context: Context, expression: Typeinfo): Type | undefined {
  const { unstableTypeinfo } = context.config;
  if (unstableTypeinfo === "error") {
    reportError(context, "unstable", expression.span, "typeinfo is not enabled by default", {
      hint: "allow it by a line of the config: config = { unstable_typeinfo = enable }",
    });
    return undefined;
  }
  if (unstableTypeinfo === "warn" && context.reporting) {
    context.diagnostics.warn("unstable", undefined, "typeinfo is an unstable feature: it may change", {
      hint: "accept it by a line of the config: config = { unstable_typeinfo = enable }",
    });
  }
  const type = typeOfOperand(context, expression.operand, expression.span);
  if (type === undefined) return undefined;
  const record = typeRecord(context, type, expression.span);
  context.state.replacements.set(expression, record);
  return inferExpression(context, record);
}

function typeRecord(context: Context, type: Type, span: Span): Expression {
  const text = (value: string): Expression => ({ kind: "string", value, span });
  return {
    kind: "record",
    fields: [
      { name: "btf_id", value: { kind: "int", value: BigInt(btfId(context, type)), span }, span },
      { name: "base_type", value: text(baseName(type)), span },
      { name: "full_type", value: text(typeName(type)), span },
    ],
    span,
  };
}

/** Id of a struct or enum of the kernel; 0 for every other type. */
function btfId(context: Context, type: Type): number {
  const { kernelTypes } = context.target;
  if (type.kind === "struct") {
    const { tag, name } = type.layout;
    const known = kernelTypes?.struct(tag, name);
    return known?.layout === type.layout ? (kernelTypes?.typeId(tag, name) ?? 0) : 0;
  }
  if (type.kind === "enum") return kernelTypes?.enum(type.name) === type ? (kernelTypes?.typeId("enum", type.name) ?? 0) : 0;
  return 0;
}

/** The kind of a type, as library macros compare it. */
function baseName(type: Type): string {
  switch (type.kind) {
    case "int":
    case "enum":
      return "int";
    case "aggregate":
    case "opaque":
      return typeName(type);
    case "stack":
      return type.space === "kernel" ? "kstack" : "ustack";
    default:
      return type.kind;
  }
}
