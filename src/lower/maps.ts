// Keys and elements of maps: building keys, looking up, deleting, counting.

import { helpers } from "../bpf/helpers.ts";
import { present } from "../base/invariant.ts";
import { scalarOperand } from "../define/code.ts";
import { scalarValueOffset } from "../define/internal-names.ts";
import type { Value } from "../ir/model.ts";
import type { Expression } from "../syntax/ast.ts";
import { isScalar, layoutTuple, sizeOf } from "../types/type.ts";
import { clearPadding } from "./convert.ts";
import type { FunctionLowering } from "./function.ts";
import type { MapLayout } from "./map-layout.ts";
import { accessSize } from "./operands.ts";

/** A stack slot that holds key 0 of a one-entry array. */
export function zeroKey(f: FunctionLowering): Value {
  const address = f.ir.slotAddress(f.ir.slot(4, 4));
  f.ir.store(4, address, 0, f.ir.const(0));
  return address;
}

/** Builds the key of an element, without bucket; its memory lives until the end of the statement. */
export function buildKey(f: FunctionLowering, layout: MapLayout, keys: readonly Expression[]): Value {
  if (layout.map.scalar) return zeroKey(f);
  const address = f.temporary(layout.keySize);
  storeKey(f, layout, keys, address);
  return address;
}

/** Stores the key of an element at an address; what lies between it and a bucket is cleared. */
export function storeKey(f: FunctionLowering, layout: MapLayout, keys: readonly Expression[], address: Value): void {
  const { key } = layout.map;
  const to = { address, offset: 0 };
  const size = sizeOf(key);
  if (size < layout.userKeySize) f.zero(to, layout.userKeySize);
  const [only] = keys;
  if (keys.length === 1 && only !== undefined) {
    if (isScalar(key)) f.ir.store(accessSize(size), address, 0, f.integer(only));
    else f.storeExpression(only, key, to, true);
    return;
  }
  const types = key.kind === "tuple" ? key.elements : [];
  const tuple = layoutTuple(types);
  clearPadding(f, types, to);
  for (const [i, part] of keys.entries()) {
    const type = present(types[i], "key part");
    const place = { address, offset: tuple.offsets[i] ?? 0 };
    if (isScalar(type)) f.store(scalarOperand(type, f.integer(part)), type, place);
    else f.storeExpression(part, type, place, true);
  }
}

/** Looks up an element: address or null. */
export function lookup(f: FunctionLowering, layout: MapLayout, key: Value): Value {
  return f.ir.call(helpers.mapLookupElem.id, [f.ir.map(layout.storage), key], "memory-or-null");
}

/** Address of the entry of a scalar map of plain values: always there. */
export function scalarEntry(f: FunctionLowering, layout: MapLayout): Value {
  return f.ir.mapValue(layout.storage);
}

/** Deletes an element; gives 1 when it was there. */
export function deleteElement(f: FunctionLowering, layout: MapLayout, keys: readonly Expression[]): Value {
  if (layout.kind === "scalar" && !layout.perCpu) {
    const entry = scalarEntry(f, layout);
    const present = f.ir.load(8, entry, 0);
    f.zero({ address: entry, offset: 0 }, layout.valueSize);
    return present;
  }
  const key = buildKey(f, layout, keys);
  const result = f.ir.call(helpers.mapDeleteElem.id, [f.ir.map(layout.storage), key]);
  return f.ir.compare("eq", result, f.ir.const(0));
}

export function hasElement(f: FunctionLowering, layout: MapLayout, keys: readonly Expression[]): Value {
  const element = lookup(f, layout, buildKey(f, layout, keys));
  return f.choose("eq", element, f.ir.const(0), () => f.ir.const(0), () => f.ir.const(1));
}

/** Counts elements with a callback that does nothing: the helper gives the number of elements it saw. */
export function countElements(f: FunctionLowering, layout: MapLayout): Value {
  const callback = f.shared("count", ["map", "memory", "memory", "int"], (b) => b.return(b.const(0)));
  const args = [f.ir.map(layout.storage), f.ir.functionAddress(callback), f.ir.const(0), f.ir.const(0)];
  return f.ir.call(helpers.forEachMapElem.id, args);
}

const mapFull =
  "Map full; can't update element. Try increasing max_map_keys config or manually setting the max entries in a map declaration e.g. `let @a = hash(5000)`";

/** Updates an element, with a warning when the map is full. */
export function updateElement(f: FunctionLowering, layout: MapLayout, key: Value, value: Value): void {
  const map = f.ir.map(layout.storage);
  const result = f.ir.call(helpers.mapUpdateElem.id, [map, key, value, f.ir.const(0)]);
  f.warning(mapFull, helpers.mapUpdateElem.name, result, "always");
}

/** Marks a scalar map as set. */
export function markPresent(f: FunctionLowering, entry: Value): void {
  f.ir.store(8, entry, scalarValueOffset - 8, f.ir.const(1));
}
