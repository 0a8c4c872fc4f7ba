// printf, print and their relatives: formatted output, values and maps.

import type { ActionDef, ActionHost, ActionSpec } from "../../define/action.ts";
import { type BuiltinDef, builtin, type CallSite } from "../../define/builtin.ts";
import { type Code, type EventArgument, noOperand } from "../../define/code.ts";
import { invariant } from "../../base/invariant.ts";
import { ByteBuffer } from "../../output/byte-buffer.ts";
import { accepts, conversionsOf, parseFormat } from "../../output/format.ts";
import { type FormatWriter, lazyFormat } from "../../output/format-writer.ts";
import { kernelFormat } from "../../output/kernel-format.ts";
import type { Expression } from "../../syntax/ast.ts";
import { none, typeName } from "../../types/type.ts";

/** Checks a format against the types of its arguments. */
export function checkFormat(site: CallSite): void {
  const [format, ...args] = site.arguments;
  if (format?.literal?.kind !== "string") return;
  const conversions = conversionsOf(parseFormat(format.literal.value));
  if (args.length < conversions.length) {
    const message = `${site.name}: not enough arguments for format string (${conversions.length} expected, ${args.length} found)`;
    return site.error("format", message);
  }
  if (args.length > conversions.length) {
    const message = `${site.name}: too many arguments for format string (${conversions.length} expected, ${args.length} found)`;
    return site.error("format", message);
  }
  for (const [i, conversion] of conversions.entries()) {
    const type = args[i]?.type;
    if (type === undefined) continue;
    const shown = site.shownType(type);
    if (shown === undefined) {
      site.error("format", `${site.name}: a value of type '${typeName(type)}' can't be formatted: print() shows the map`, args[i]?.span);
      continue;
    }
    if (accepts(conversion, shown)) continue;
    site.error("format", `${site.name}: unsupported format specifier for type '${typeName(type)}': ${conversion.letter}`);
  }
}

/** The arguments after the format, as fields of an event. */
export function formatFields(code: Code, args: readonly Expression[]): readonly EventArgument[] {
  return args.slice(1).map((expression) => ({ expression, as: code.valueTypeOf(expression) }));
}

export function formatText(code: Code, expression: Expression | undefined): string {
  const literal = expression === undefined ? undefined : code.literalOf(expression);
  return literal?.kind === "string" ? literal.value : "";
}

const formatParameters = [{ name: "format", kind: "format" }] as const;

/** A function that sends its formatted text to an action of the same kind. */
export function formatFunction(
  name: string,
  action: string,
  doc: string,
  example: string,
  unsafe: boolean,
): BuiltinDef {
  return builtin({
    names: [name],
    form: "function",
    doc,
    signature: `void ${name}(const string format, ...)`,
    example,
    parameters: formatParameters,
    required: 1,
    variadic: true,
    pure: false,
    unsafe,
    sendsEvents: true,
    type: () => none,
    check: checkFormat,
    lower: (code, call) => {
      code.event(action, { format: formatText(code, call.arguments[0]) }, formatFields(code, call.arguments));
      return noOperand;
    },
  });
}

/** What the kernel takes of a format whose text it makes itself; where others read an iterator, it is the kernel that formats. */
function checkKernelFormat(site: CallSite): void {
  checkFormat(site);
  const [format, ...args] = site.arguments;
  if (site.point.writes !== "text" || format?.literal?.kind !== "string") return;
  const types = args.flatMap(({ type }) => (type === undefined ? [] : [type]));
  if (types.length < args.length) return;
  const made = kernelFormat(parseFormat(format.literal.value), types);
  if (typeof made === "string") site.error("format", `${site.name} in a pinned iterator, where the kernel makes the text: ${made}`);
}

const sendPrintf = formatFunction(
  "printf",
  "printf",
  "Prints formatted text: %d %i signed, %u unsigned, %x %X hexadecimal, %o octal, %c a character, %p an address, %s any value, %r %rx %rh the bytes of buf() as text, escaped and in hexadecimal, %gr allocation flags. Integers are cut to 32 bits; hh, h, l, ll before the letter make it 8, 16 or 64. A width pads with blanks, or with zeros after 0; - puts them behind.",
  'begin { printf("%d %s\\n", 42, comm); }',
  false,
);

export const printf: BuiltinDef = {
  ...sendPrintf,
  sendsEvents: false,
  check: checkKernelFormat,
  lower: (code, call) => {
    if (code.point.writes !== "text") return sendPrintf.lower(code, call);
    const [format, ...values] = call.arguments;
    const types = values.map((value) => code.typeOf(value));
    const made = kernelFormat(parseFormat(formatText(code, format)), types);
    invariant(typeof made !== "string", "the format was checked");
    code.writeText(made, values);
    return noOperand;
  },
};

function formatWriter(spec: ActionSpec, host: ActionHost): FormatWriter {
  return lazyFormat(parseFormat(String(spec.parameters["format"] ?? "")), spec.fields, {
    truncationTrailer: host.truncationTrailer,
    maxStrlen: host.maxStrlen,
    decode: (record, at, field) => host.decode(record, at, field),
  });
}

/** An action that formats its fields and hands the text on. */
export function formatAction(name: string, use: (text: string, host: ActionHost, spec: ActionSpec) => void): ActionDef {
  return {
    name,
    prepare: (spec, host) => {
      const write = formatWriter(spec, host);
      const buffer = new ByteBuffer();
      return (record, at) => {
        buffer.length = 0;
        write(record, at, buffer);
        use(buffer.text(), host, spec);
      };
    },
  };
}

const printedText = formatAction("printf", (text, host) => host.output("printf", text));

export const printfAction: ActionDef = {
  name: "printf",
  prepare: (spec, host) => {
    const { bytes } = host;
    if (bytes === undefined) return printedText.prepare(spec, host);
    const write = formatWriter(spec, host);
    return (record, at) => {
      write(record, at, bytes);
      host.written();
    };
  },
};

// ---- print ------------------------------------------------------------------------------------------------

function checkPrint(site: CallSite): void {
  const [value] = site.arguments;
  if (value === undefined) return;
  const wholeMap = value.expression.kind === "map" && value.expression.keys === undefined;
  if (!wholeMap && site.arguments.length > 1) {
    return site.error("print", "Only a single argument is supported when printing a non-map value");
  }
  const type = value.type;
  if (type === undefined) return;
  if (type.kind === "none") return site.error("print", "none type passed to print() is not printable");
  const single = value.expression.kind === "map" && value.expression.keys !== undefined;
  if (single && site.shownType(type) === undefined) {
    site.error("print", `Map ${value.expression.kind === "map" ? value.expression.name : ""}: cannot print the value of individual keys of a histogram`);
  }
  const layout = value.expression.kind === "identifier" && site.point.capabilities.has("args") ? site.point.arguments() : undefined;
  if (type.kind === "struct" && layout !== undefined && typeof layout !== "string" && !layout.wholeIsValue) {
    const [forbidden] = layout.forbidden.values();
    site.error("print", `args of ${site.point.provider} is not printable: print its fields${forbidden === undefined ? "" : ` (${forbidden})`}`);
  }
}

function literalNumber(code: Code, expression: Expression | undefined): number {
  const literal = expression === undefined ? undefined : code.literalOf(expression);
  return literal?.kind === "int" ? Number(literal.value) : 0;
}

export const print = builtin({
  names: ["print"],
  form: "function",
  doc: "Prints a value and a line feed, or a map: its largest `top` entries, divided by `div`.",
  signature: "void print(value)\nvoid print(@map [, const int top [, const int div]])",
  example: 'begin { print((1, "two")); @a = 5; print(@a); clear(@a); }',
  parameters: [
    { name: "value", kind: "map-or-any" },
    { name: "top", kind: "int-literal" },
    { name: "div", kind: "int-literal" },
  ],
  required: 1,
  pure: false,
  sendsEvents: true,
  type: () => none,
  check: checkPrint,
  lower: (code, call) => {
    const [value, top, div] = call.arguments;
    if (value === undefined) return noOperand;
    if (value.kind === "map" && value.keys === undefined) {
      const parameters = { map: value.name, top: literalNumber(code, top), div: literalNumber(code, div) };
      code.event("print_map", parameters, []);
      return noOperand;
    }
    code.event("print_value", {}, [{ expression: value, as: code.valueTypeOf(value) }]);
    return noOperand;
  },
});

export const printValueAction: ActionDef = {
  name: "print_value",
  prepare: (spec, host) => {
    const [field] = spec.fields;
    return (view, at) => {
      if (field !== undefined) host.printValue(host.decode(view, at, field));
    };
  },
};

export const printMapAction: ActionDef = {
  name: "print_map",
  prepare: (spec, host) => () => {
    const { map, top, div } = spec.parameters;
    host.printMap(host.snapshot(String(map), Number(top), Number(div)));
  },
};

export const printFunctions: readonly BuiltinDef[] = [printf, print];
export const printActions: readonly ActionDef[] = [printfAction, printValueAction, printMapAction];
