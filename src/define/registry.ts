// The table of everything the language is made of, by name.

import { invariant } from "../base/invariant.ts";
import type { ActionDef } from "./action.ts";
import type { AggregationDef } from "./aggregation.ts";
import type { BuiltinDef } from "./builtin.ts";
import type { ConfigDef } from "./config.ts";
import type { ProbeDef } from "./probe.ts";
import type { ValueTypeDef } from "./value-type.ts";

export interface Definitions {
  readonly builtins: readonly BuiltinDef[];
  readonly aggregations: readonly AggregationDef[];
  readonly actions: readonly ActionDef[];
  readonly probes: readonly ProbeDef[];
  readonly valueTypes: readonly ValueTypeDef[];
  readonly config: readonly ConfigDef[];
}

export interface Registry {
  readonly definitions: Definitions;
  readonly builtins: ReadonlyMap<string, BuiltinDef>;
  readonly aggregations: ReadonlyMap<string, AggregationDef>;
  readonly actions: ReadonlyMap<string, ActionDef>;
  readonly valueTypes: ReadonlyMap<string, ValueTypeDef>;
  readonly config: ReadonlyMap<string, ConfigDef>;
  /** The probe type that a provider word means. */
  probe(word: string): ProbeDef | undefined;
}

/** Indexes definitions; two with one name are a defect. */
export function createRegistry(definitions: Definitions): Registry {
  const probes = indexProbes(definitions.probes);
  return {
    definitions,
    builtins: index(definitions.builtins.flatMap((d) => d.names.map((name) => [name, d] as const))),
    aggregations: index(definitions.aggregations.map((d) => [d.name, d] as const)),
    actions: index(definitions.actions.map((d) => [d.name, d] as const)),
    valueTypes: index(definitions.valueTypes.map((d) => [d.name, d] as const)),
    config: index(definitions.config.map((d) => [d.key, d] as const)),
    probe: (word) => probes.get(word) ?? probes.get(word.toLowerCase()),
  };
}

function index<T>(entries: readonly (readonly [string, T])[]): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const [name, definition] of entries) {
    invariant(!map.has(name), `two definitions of ${name}`);
    map.set(name, definition);
  }
  return map;
}

/** Names in lower case; an alias that is upper case only (`U`) keeps its case, and so differs from `u`. */
function indexProbes(probes: readonly ProbeDef[]): ReadonlyMap<string, ProbeDef> {
  return index(probes.flatMap((d) => d.names.map((name) => [name, d] as const)));
}
