// Parameters of user functions by name: debug information says which there are, the calling convention where they are.

import type { AttachSpec } from "../../define/attach-spec.ts";
import type { ArgumentField, ArgumentsLayout } from "../../define/probe.ts";
import { argumentRegisters } from "../../define/registers.ts";
import type { Target } from "../../define/target.ts";
import { isScalar, sizeOf, type Type } from "../../types/type.ts";

/** Bytes of an aggregate that still travels in registers (System V and AAPCS64). */
const registerPair = 16;

/** Layout of `args` of the function that a point is named after; a text says why there is none. */
export function layoutParameters(target: Target, attach: AttachSpec, name: string): ArgumentsLayout | string {
  if (attach.mechanism !== "uprobe" && attach.mechanism !== "uprobe-multi") return "this probe has no args";
  const functionName = name.slice(name.lastIndexOf(":") + 1);
  const parameters = target.userTargets.parameters(attach.path, functionName);
  if (parameters === undefined) {
    return `${attach.path} has no debug information about ${functionName}, which args needs: use arg0, arg1, …`;
  }
  const available = argumentRegisters[target.arch].length;
  const fields: ArgumentField[] = [];
  const forbidden = new Map<string, string>();
  let register = 0;
  for (const { name: own, type } of parameters) {
    const needed = registersOf(type);
    if (!isScalar(type)) forbidden.set(own, `${own} is ${describe(type)}, which args can't read`);
    else if (register + needed > available) forbidden.set(own, `${own} is passed on the stack, where args can't read it`);
    else fields.push({ name: own, type, source: { from: "register", index: register } });
    if (register + needed <= available) register += needed;
  }
  return { fields, forbidden, wholeIsValue: forbidden.size === 0 };
}

/** General registers that a parameter takes; floating point numbers have registers of their own. */
function registersOf(type: Type): number {
  if (type.kind === "opaque" || type.kind === "none") return 0;
  if (isScalar(type)) return 1;
  const bytes = sizeOf(type);
  return bytes > registerPair ? 0 : Math.ceil(bytes / 8);
}

function describe(type: Type): string {
  return type.kind === "opaque" || type.kind === "none" ? "a floating point number" : "a value of several words";
}
