// Whether a program shows names of user addresses: then processes have to be watched, as they may end before.

import type { CompiledProgram } from "../compile/compiled-program.ts";
import type { Registry } from "../define/registry.ts";
import type { Type } from "../types/type.ts";

export function showsUserSymbols(program: CompiledProgram, registry: Registry): boolean {
  const types = [
    ...program.actions.flatMap((action) => action.fields.map((field) => field.type)),
    ...program.userMaps.flatMap(({ map }) => [map.key, map.value]),
  ];
  return types.some((type) => hasUserSymbols(type, registry));
}

function hasUserSymbols(type: Type, registry: Registry): boolean {
  switch (type.kind) {
    case "stack":
      return type.space === "user" && (type.mode === "bpftrace" || type.mode === "perf");
    case "opaque":
      return registry.valueTypes.get(type.name)?.namesUserAddress ?? false;
    case "tuple":
      return type.elements.some((element) => hasUserSymbols(element, registry));
    case "record":
      return type.fields.some((field) => hasUserSymbols(field.type, registry));
    default:
      return false;
  }
}
