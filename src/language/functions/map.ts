// Functions on maps: clear, zero, delete, has_key, find, len.

import type { ActionDef } from "../../define/action.ts";
import { type BuiltinDef, builtin, type CallSite } from "../../define/builtin.ts";
import { type Code, noOperand, scalarOperand } from "../../define/code.ts";
import type { Expression } from "../../syntax/ast.ts";
import { bool, int64, none } from "../../types/type.ts";

/** clear and zero: carried out when user space reaches the event. */
function wholeMap(name: string, action: string, doc: string): BuiltinDef {
  return builtin({
    names: [name],
    form: "function",
    doc,
    signature: `void ${name}(@map)`,
    example: `begin { @a[1] = 2; ${name}(@a); clear(@a); }`,
    parameters: [{ name: "map", kind: "map" }],
    pure: false,
    sendsEvents: true,
    type: () => none,
    lower: (code, call) => {
      const [map] = call.arguments;
      if (map?.kind === "map") code.event(action, { map: map.name }, []);
      return noOperand;
    },
  });
}

const clear = wholeMap("clear", "clear", "Deletes all elements of a map.");
const zero = wholeMap("zero", "zero", "Sets all values of a map to zero.");

const clearAction: ActionDef = {
  name: "clear",
  prepare: (spec, host) => () => host.clearMap(String(spec.parameters["map"])),
};

const zeroAction: ActionDef = {
  name: "zero",
  prepare: (spec, host) => () => host.zeroMap(String(spec.parameters["map"])),
};

/** The keys that a call means: those of `@m[k]`, or the argument after the map. */
function keysOf(args: readonly Expression[]): readonly Expression[] {
  const [map, key] = args;
  if (map?.kind === "map" && map.keys !== undefined) return map.keys;
  return key === undefined ? [] : [key];
}

function mapName(args: readonly Expression[]): string {
  const [map] = args;
  return map?.kind === "map" ? map.name : "";
}

/** delete and has_key name an element: it must be of a keyed map, with a key. */
function checkElement(site: CallSite, scalarAllowed: boolean): void {
  const [first] = site.arguments;
  if (first?.expression.kind !== "map") return;
  const { name, keys } = first.expression;
  const map = site.map(name);
  const given = keys !== undefined || site.arguments.length > 1;
  if (map?.scalar === true && !scalarAllowed) {
    return site.error("map-form", `${site.name}() needs a map with keys: ${name} is a scalar map`, first.span);
  }
  if (map?.scalar === true && given) return site.error("map-form", `${name} is a scalar map and has no keys`, first.span);
  if (map?.scalar === false && !given) {
    site.error("map-form", `${site.name}() needs a key: ${name} is a non-scalar map`, first.span);
  }
}

const elementParameters = [
  { name: "map", kind: "element" },
  { name: "key", kind: "key" },
] as const;

const remove = builtin({
  names: ["delete"],
  form: "function",
  doc: "Deletes an element of a map, or the value of a map without keys; true if it was there.",
  signature: "bool delete(@map, key)\nbool delete(@map[key])\nbool delete(@scalar)",
  example: "begin { @a[1] = 2; print(delete(@a, 1)); }",
  parameters: elementParameters,
  required: 1,
  pure: false,
  type: () => bool,
  check: (site) => checkElement(site, true),
  lower: (code, call) => scalarOperand(bool, code.deleteElement(mapName(call.arguments), keysOf(call.arguments))),
});

const hasKey = builtin({
  names: ["has_key"],
  form: "function",
  doc: "Whether a map has an element.",
  signature: "bool has_key(@map, key)",
  example: "begin { @a[1] = 2; print(has_key(@a, 1)); clear(@a); }",
  parameters: [{ name: "map", kind: "map" }, { name: "key", kind: "key" }],
  type: () => bool,
  check: (site) => checkElement(site, false),
  lower: (code, call) => scalarOperand(bool, code.hasElement(mapName(call.arguments), keysOf(call.arguments))),
});

const find = builtin({
  names: ["find"],
  form: "function",
  doc: "Looks an element up and, if the map has it, assigns its value to a variable.",
  signature: "bool find(@map, key, $variable)",
  example: "begin { @a[1] = 2; let $v; if (find(@a, 1, $v)) { print($v); } clear(@a); }",
  parameters: [...elementParameters, { name: "found", kind: "variable" }],
  pure: false,
  type: () => bool,
  assigned: (site) => {
    const map = site.arguments[0]?.expression;
    return map?.kind === "map" ? site.map(map.name)?.value : undefined;
  },
  check: (site) => checkElement(site, false),
  lower: (code, call) => {
    const [map, key, variable] = call.arguments;
    if (map === undefined || key === undefined || variable === undefined) return noOperand;
    return scalarOperand(bool, code.findElement(mapName([map]), keysOf([map, key]), variable));
  },
});

const len = builtin({
  names: ["len"],
  form: "function",
  doc: "Number of elements of a map, or of frames of a stack.",
  signature: "int64 len(@map)\nint64 len(stack)",
  example: "begin { @a[1] = 2; print(len(@a)); clear(@a); }",
  parameters: [{ name: "value", kind: "map-or-any" }],
  type: () => int64,
  check: (site) => {
    const [value] = site.arguments;
    if (value === undefined || value.type?.kind === "stack") return;
    if (value.expression.kind !== "map" || value.expression.keys !== undefined) {
      return site.error("argument", "len() expects a map or stack to be provided");
    }
    if (site.map(value.expression.name)?.scalar === true) {
      site.error("map-form", `len() needs a map with keys: ${value.expression.name} is a scalar map`, value.span);
    }
  },
  lower: (code: Code, call) => {
    const [value] = call.arguments;
    if (value?.kind === "map" && value.keys === undefined && code.typeOfMap(value.name).kind !== "stack") {
      return scalarOperand(int64, code.countElements(value.name));
    }
    if (value === undefined) return noOperand;
    const operand = code.operand(value);
    const place = code.place(operand);
    const type = code.typeOf(value);
    const offset = type.kind === "stack" && type.space === "user" ? 8 : 0;
    return scalarOperand(int64, code.ir.load(8, place.address, place.offset + offset));
  },
});

export const mapFunctions: readonly BuiltinDef[] = [clear, zero, remove, hasKey, find, len];
export const mapActions: readonly ActionDef[] = [clearAction, zeroAction];
