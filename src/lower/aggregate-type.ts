// Aggregates as the integers that they stand for in expressions.

import { int64, type Type, uint64 } from "../types/type.ts";

/** The type of a value read from a map: aggregates are their integer. */
export function aggregateValueType(type: Type): Type {
  if (type.kind !== "aggregate") return type;
  return type.signed ? int64 : uint64;
}
