// What is decided while compiling: assertions, parameters of the command line, facts about the kernel, container_of.

import { present } from "../../base/invariant.ts";
import { type BuiltinDef, builtin, type CallSite } from "../../define/builtin.ts";
import { noOperand, scalarOperand } from "../../define/code.ts";
import type { Config } from "../../define/config.ts";
import type { Literal } from "../../define/literal.ts";
import { accepts, conversionsOf, formatValues, parseFormat } from "../../output/format.ts";
import type { Value } from "../../output/value.ts";
import type { Span } from "../../source/source.ts";
import type { Expression, Statement } from "../../syntax/ast.ts";
import { bool, type Field, none, pointerTo, type Type, typeName, uint64 } from "../../types/type.ts";
import { configDefinitions } from "../config/index.ts";
import { checkFormat } from "./print.ts";
import { isText } from "./string.ts";

/** A literal as it would be written. */
function literalNode(literal: Literal, span: Span): Expression {
  switch (literal.kind) {
    case "int":
      return { kind: "int", value: literal.value, span };
    case "string":
      return { kind: "string", value: literal.value, span };
    case "bool":
      return { kind: "bool", value: literal.value, span };
  }
}

// ---- assertions -------------------------------------------------------------------------------------------

const staticAssert = builtin({
  names: ["static_assert"],
  form: "function",
  doc: "Refuses the program with a message unless a condition that is known while compiling holds.",
  signature: "void static_assert(const bool condition, const string message)",
  example: 'begin { static_assert(sizeof(int32) == 4, "int32 is odd"); }',
  parameters: [
    { name: "condition", kind: "comptime" },
    { name: "message", kind: "format" },
  ],
  pure: false,
  type: () => none,
  check: (site) => {
    const [condition, message] = site.arguments;
    const literal = condition?.literal;
    const holds = literal?.kind === "int" ? literal.value !== 0n : literal?.kind === "string" ? literal.value !== "" : literal?.value;
    if (literal !== undefined && !holds) site.error("static-assert", String(message?.literal?.value ?? ""));
  },
  lower: () => noOperand,
});

function literalValue(literal: Literal): Value {
  switch (literal.kind) {
    case "int":
      return { kind: "int", value: literal.value };
    case "string":
      return { kind: "string", bytes: literal.value, truncated: false };
    case "bool":
      return { kind: "bool", value: literal.value };
  }
}

const fail = builtin({
  names: ["fail"],
  form: "function",
  doc: "Refuses the program with a message, unless it stands in a branch that `comptime` drops.",
  signature: "void fail(const string format, ...)",
  example: 'begin { if comptime (sizeof(int8) != 1) { fail("int8 has %d bytes", sizeof(int8)); } }',
  parameters: [{ name: "format", kind: "format" }],
  required: 1,
  variadic: true,
  pure: false,
  type: () => none,
  check: (site) => {
    const [format, ...rest] = site.arguments;
    const runtime = rest.find((argument) => argument.literal === undefined);
    if (runtime !== undefined) return site.error("argument", "fail() arguments need to be literals", runtime.span);
    const pieces = parseFormat(String(format?.literal?.value ?? ""));
    const conversions = conversionsOf(pieces);
    const fits = conversions.length === rest.length && conversions.every((c, i) => accepts(c, rest[i]?.type ?? none));
    if (!fits) return checkFormat(site);
    const values = rest.flatMap((argument) => (argument.literal === undefined ? [] : [literalValue(argument.literal)]));
    site.error("fail", formatValues(pieces, values, { truncationTrailer: "" }));
  },
  lower: () => noOperand,
});

/** `if (!condition) { errorf("assert failed: …"); exit(1); }` */
const assert = builtin({
  names: ["assert"],
  form: "function",
  doc: "Ends the run with a message and status 1 when a condition does not hold.",
  signature: "void assert(bool condition, const string message)",
  example: 'begin { assert(pid > 0, "no process"); }',
  parameters: [
    { name: "condition", kind: "any" },
    { name: "message", kind: "any" },
  ],
  pure: false,
  type: () => none,
  expansion: ({ arguments: [condition, message], span }) => {
    if (condition === undefined || message === undefined) return undefined;
    const call = (name: string, args: readonly Expression[]): Statement => ({
      kind: "expression-statement",
      expression: { kind: "call", name, arguments: args, span },
      span,
    });
    const text: Expression = { kind: "string", value: "assert failed: %s", span };
    const block = (statements: readonly Statement[]) => ({ kind: "block", statements, value: undefined, span }) as const;
    const failed = block([call("errorf", [text, message.expression]), call("exit", [{ kind: "int", value: 1n, span }])]);
    const test: Statement = { kind: "if", condition: condition.expression, then: block([]), else: failed, span };
    return { kind: "block-expression", block: block([test]), span };
  },
  lower: () => noOperand,
});

const assertStr = builtin({
  names: ["assert_str"],
  form: "function",
  doc: "Refuses the program unless a value is a string, an array of characters or a pointer to characters.",
  signature: "void assert_str(expr)",
  example: "begin { assert_str(comm); }",
  parameters: [{ name: "expr", kind: "any" }],
  pure: false,
  type: () => none,
  check: (site) => {
    const type = site.arguments[0]?.type;
    if (type !== undefined && !isText(type)) site.error("argument", `expected a string, char array or char pointer, not '${typeName(type)}'`);
  },
  lower: () => noOperand,
});

// ---- settings ---------------------------------------------------------------------------------------------

/** An integer parameter has 64 bits, whatever its value. */
function wide(literal: Literal & { kind: "int" }, span: Span): Expression {
  const name = literal.value > 0x7fff_ffff_ffff_ffffn ? "uint64" : "int64";
  return { kind: "cast", type: { kind: "named-type", name, size: undefined, span }, operand: literalNode(literal, span), span };
}

/** The literal that the default is; undefined: none is given, "invalid" when it is no literal. */
function defaultOf(site: CallSite): Literal | undefined | "invalid" {
  const [, given] = site.arguments;
  return given === undefined ? undefined : (given.literal ?? "invalid");
}

const getopt = builtin({
  names: ["getopt"],
  form: "function",
  doc: "Value of a named parameter (`-- --name=value`); its type is that of the default, bool without one.",
  signature: "bool | int | string getopt(const string name [, const default [, const string description]])",
  example: 'begin { print(getopt("count", 5, "how many")); }',
  parameters: [
    { name: "name", kind: "string-literal" },
    { name: "default", kind: "any" },
    { name: "description", kind: "format" },
  ],
  required: 1,
  type: () => undefined,
  check: (site) => {
    if (defaultOf(site) === "invalid") site.error("argument", "getopt() expects a literal as default value", site.arguments[1]?.span);
  },
  // The value is no literal: what depends on it is decided at run time.
  expansion: (site) => {
    const [name, , description] = site.arguments;
    const fallback = defaultOf(site);
    if (fallback === "invalid" || name?.literal?.kind !== "string") return undefined;
    const value = site.option(name.literal.value, fallback, String(description?.literal?.value ?? ""));
    return value.kind === "int" ? wide(value, site.span) : literalNode(value, site.span);
  },
  lower: () => noOperand,
});

function settingNode(value: Config[keyof Config], span: Span): Expression {
  switch (typeof value) {
    case "boolean":
      return { kind: "bool", value, span };
    case "number":
      return { kind: "int", value: BigInt(value), span };
    case "string":
      return { kind: "string", value, span };
  }
}

const config = builtin({
  names: ["config"],
  form: "function",
  doc: "The effective configuration, as a record.",
  signature: "record config()",
  example: "begin { print(config().max_strlen); }",
  type: () => undefined,
  expansion: ({ config: effective, span }) => ({
    kind: "record",
    fields: configDefinitions.map(({ key, property }) => ({ name: key, value: settingNode(effective[property], span), span })),
    span,
  }),
  lower: () => noOperand,
});

const defaultStrLength = builtin({
  names: ["default_str_length"],
  form: "both",
  doc: "Bytes that str() reads at most: the config max_strlen.",
  signature: "uint64 default_str_length()",
  example: "begin { print(default_str_length()); }",
  fold: (site) => ({ kind: "int", value: BigInt(site.config.maxStrlen) }),
  type: () => uint64,
  lower: () => noOperand,
});

// ---- kernel -----------------------------------------------------------------------------------------------

function nameOf(site: CallSite): string | undefined {
  const literal = site.arguments[0]?.literal;
  return literal?.kind === "string" ? literal.value : undefined;
}

const kfuncExist = builtin({
  names: ["kfunc_exist"],
  form: "function",
  doc: "Whether the kernel has a function of that name (BTF).",
  signature: "bool kfunc_exist(const string name)",
  example: 'begin { print(kfunc_exist("bpf_task_from_pid")); }',
  parameters: [{ name: "name", kind: "string-literal" }],
  fold: (site) => {
    const name = nameOf(site);
    if (name === undefined) return undefined;
    return { kind: "bool", value: site.target.kernelTypes?.functionModules(name).includes("vmlinux") ?? false };
  },
  type: () => bool,
  lower: () => noOperand,
});

const kfuncAllowed = builtin({
  names: ["kfunc_allowed"],
  form: "function",
  doc: "Whether programs of this probe may call a kernel function; the kernel is asked.",
  signature: "bool kfunc_allowed(const string name)",
  example: 'begin { print(kfunc_allowed("bpf_task_from_pid")); }',
  parameters: [{ name: "name", kind: "string-literal" }],
  perAttachPoint: true,
  fold: (site) => {
    const name = nameOf(site);
    return name === undefined ? undefined : { kind: "bool", value: site.target.allowsKernelFunction(name, site.point.program) };
  },
  type: () => bool,
  lower: () => noOperand,
});

// ---- container_of -----------------------------------------------------------------------------------------

/** `a.b.c` as it was parsed: names from the outermost on. */
function memberPath(expression: Expression | undefined): readonly string[] | undefined {
  if (expression?.kind === "identifier") return [expression.name];
  if (expression?.kind !== "field") return undefined;
  const base = memberPath(expression.base);
  return base === undefined ? undefined : [...base, expression.name];
}

/** Offset of a member; the name that is missing when there is none. */
function memberOffset(type: Type, path: readonly string[]): number | string {
  let current = type;
  let offset = 0;
  for (const name of path) {
    const field: Field | undefined = current.kind === "struct" ? current.layout.fields().find((f) => f.name === name) : undefined;
    if (field === undefined) return `${typeName(current)} does not contain a field named '${name}'`;
    offset += field.offset;
    current = field.type;
  }
  return offset;
}

const containerOf = builtin({
  names: ["container_of"],
  form: "function",
  doc: "Pointer to the struct whose member a pointer points to.",
  signature: "container * container_of(ptr, container, path)",
  example: "begin { print(container_of(curtask.tasks.next.prev, struct task_struct, tasks) == curtask); }",
  parameters: [
    { name: "ptr", kind: "int" },
    { name: "container", kind: "type" },
    { name: "path", kind: "member" },
  ],
  type: (site) => {
    const [pointer, struct] = site.arguments;
    if (pointer?.type === undefined || struct?.type === undefined) return undefined;
    return pointerTo(struct.type, pointer.type.kind === "pointer" ? pointer.type.space : site.point.space);
  },
  check: (site) => {
    const [, struct, member] = site.arguments;
    const path = memberPath(member?.expression);
    if (path === undefined) return site.error("argument", "container_of() expects the name of a member", member?.span);
    const offset = struct?.type === undefined ? 0 : memberOffset(struct.type, path);
    if (typeof offset === "string") site.error("no-field", offset);
  },
  lower: (code, call) => {
    const [pointer, , member] = call.arguments;
    const offset = call.type.kind === "pointer" ? memberOffset(call.type.to, present(memberPath(member), "member")) : 0;
    const address = code.integer(present(pointer, "pointer"));
    return scalarOperand(call.type, code.ir.binary("sub", address, code.ir.const(typeof offset === "number" ? offset : 0)));
  },
});

export const compileTimeFunctions: readonly BuiltinDef[] = [
  staticAssert,
  fail,
  assert,
  assertStr,
  getopt,
  config,
  defaultStrLength,
  kfuncExist,
  kfuncAllowed,
  containerOf,
];
