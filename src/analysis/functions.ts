// Functions of the script (`fn`): their bodies are checked like those of probes, though nothing can call them yet.

import type { VariableSymbol } from "../define/analysed.ts";
import type { ProbePoint } from "../define/probe.ts";
import type { Diagnostics } from "../source/diagnostic.ts";
import type { Span } from "../source/source.ts";
import type { Block, FunctionDefinition, Item, Probe, VariableExpression } from "../syntax/ast.ts";
import { isIntegral, type Type, typeName } from "../types/type.ts";
import { type Context, reportError } from "./context.ts";
import { resolveType } from "./resolve-type.ts";

/** A function, its body with macros expanded, and its parameters as variables. */
export interface ScriptFunction {
  readonly definition: FunctionDefinition;
  readonly body: Block;
  readonly parameters: readonly VariableExpression[];
}

/** The functions of a script, each name once. */
export function collectFunctions(items: readonly Item[], diagnostics: Diagnostics): readonly FunctionDefinition[] {
  const known = new Map<string, FunctionDefinition>();
  for (const item of items) {
    if (item.kind !== "function") continue;
    const earlier = known.get(item.name);
    if (earlier === undefined) known.set(item.name, item);
    else {
      diagnostics.error("function", item.span, `Redefinition of function: ${item.name}`, {
        parts: [{ span: earlier.span, message: "This is the first definition." }],
      });
    }
  }
  return [...known.values()];
}

/** The body as that of a probe, for the stages that work on the tree alone. */
export function asProbe({ body, span }: FunctionDefinition): Probe {
  return { kind: "probe", attachPoints: [], predicate: undefined, body, span };
}

export function scriptFunction(definition: FunctionDefinition, body: Block): ScriptFunction {
  const parameters = definition.parameters.map(
    ({ name, span }): VariableExpression => ({ kind: "variable", name, instance: 0, span }),
  );
  return { definition, body, parameters };
}

/** Gives the parameters their types; the result is the context of the body. */
export function enterFunction(context: Context, { definition, parameters }: ScriptFunction): Context {
  for (const [index, parameter] of parameters.entries()) {
    const written = definition.parameters[index];
    const symbol: VariableSymbol | undefined = context.variables.get(parameter);
    const type = written === undefined ? undefined : resolveType(context, written.type);
    if (type === undefined || symbol === undefined) continue;
    context.state.variableTypes.set(symbol, type);
    context.state.declared.add(symbol);
  }
  const type = resolveType(context, definition.returns);
  return type === undefined ? context : { ...context, returns: { name: definition.name, type } };
}

/** What a function is analysed as: it has no event, so the words of events are out of place in it. */
export function functionPoint(point: ProbePoint): ProbePoint {
  return { ...point, capabilities: new Set() };
}

/** Reports a `return` that does not give what the function promises. */
export function checkReturn(context: Context, at: Span, type: Type): void {
  const { returns } = context;
  if (returns === undefined || fits(returns.type, type)) return;
  const word = (of: Type) => (of.kind === "none" ? "void" : typeName(of));
  const message = `Function ${returns.name} is of type ${word(returns.type)}, cannot return ${word(type)}`;
  reportError(context, "return-type", at, message);
}

function fits(wanted: Type, given: Type): boolean {
  if (wanted.kind === "string" && given.kind === "string") return wanted.size === 0 || given.size <= wanted.size;
  if (isIntegral(wanted)) return isIntegral(given) && (wanted.kind === "bool") === (given.kind === "bool");
  if (wanted.kind === "none" || given.kind === "none") return wanted.kind === given.kind;
  return typeName(wanted) === typeName(given);
}
