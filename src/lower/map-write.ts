// Writing map elements: plain values, updates in place, samples of aggregations.

import { present } from "../base/invariant.ts";
import { memoryOperand, type Operand, scalarOperand } from "../define/code.ts";
import type { Value } from "../ir/model.ts";
import type { CallExpression, Expression, MapExpression } from "../syntax/ast.ts";
import { isScalar, sizeOf } from "../types/type.ts";
import type { FunctionLowering } from "./function.ts";
import type { MapLayout } from "./map-layout.ts";
import { buildKey, lookup, markPresent, scalarEntry, storeKey, updateElement, zeroKey } from "./maps.ts";
import { accessSize, extendTo, loadScalar } from "./operands.ts";

/** `@m = value`, `@m[k] = value` for plain values. */
export function assignMap(f: FunctionLowering, target: MapExpression, value: Expression): void {
  const layout = f.layout(target.name);
  const type = layout.map.value;
  if (layout.kind === "scalar") {
    // The value may read the map itself: registers and temporaries are complete before the entry is written.
    const operand = isScalar(type) ? scalarOperand(type, f.integer(value)) : settle(f, f.operand(value));
    const entry = scalarEntry(f, layout);
    f.store(operand, type, { address: entry, offset: layout.valueOffset });
    markPresent(f, entry);
    return;
  }
  if (isScalar(type)) {
    const word = f.integer(value);
    const memory = f.temporary(8);
    f.ir.store(accessSize(sizeOf(type)), memory, 0, word);
    updateElement(f, layout, buildKey(f, layout, target.keys ?? []), memory);
    return;
  }
  const memory = f.temporary(sizeOf(type));
  f.storeExpression(value, type, { address: memory, offset: 0 }, true);
  updateElement(f, layout, buildKey(f, layout, target.keys ?? []), memory);
}

/** Bytes that do not change when the map does. */
function settle(f: FunctionLowering, operand: Operand): Operand {
  if (operand.kind !== "memory") return operand;
  const size = sizeOf(operand.type);
  const address = f.temporary(size);
  f.copy(f.place(operand), { address, offset: 0 }, size);
  return memoryOperand(operand.type, address);
}

/** `++`, `op=`: a new value from the old one, in place where the element exists. */
export function updateMapElement(
  f: FunctionLowering,
  target: MapExpression,
  next: (old: Value) => Value,
): { readonly before: Value; readonly after: Value } {
  const layout = f.layout(target.name);
  const type = layout.map.value;
  const bytes = accessSize(sizeOf(type));
  if (layout.kind === "scalar") {
    const entry = scalarEntry(f, layout);
    const before = loadScalar(f, memoryOperand(type, entry, layout.valueOffset));
    const after = extendTo(f, next(before), type);
    f.ir.store(bytes, entry, layout.valueOffset, after);
    markPresent(f, entry);
    return { before, after };
  }
  const key = buildKey(f, layout, target.keys ?? []);
  const element = lookup(f, layout, key);
  const before = f.ir.variable();
  const after = f.ir.variable();
  f.branch(
    "eq",
    element,
    f.ir.const(0),
    () => {
      const old = f.ir.const(0);
      const value = extendTo(f, next(old), type);
      const memory = f.temporary(8);
      f.ir.store(bytes, memory, 0, value);
      updateElement(f, layout, key, memory);
      f.ir.write(before, old);
      f.ir.write(after, value);
    },
    () => {
      const old = loadScalar(f, memoryOperand(type, element));
      const value = extendTo(f, next(old), type);
      f.ir.store(bytes, element, 0, value);
      f.ir.write(before, old);
      f.ir.write(after, value);
    },
  );
  return { before: f.ir.read(before), after: f.ir.read(after) };
}

/** `&@m`, `&@m[k]`: the address of an element, 0 when there is none. */
export function mapElementAddress(f: FunctionLowering, expression: MapExpression): Value {
  const layout = f.layout(expression.name);
  if (layout.kind === "scalar" && !layout.perCpu) return f.ir.offset(scalarEntry(f, layout), layout.valueOffset);
  const element = lookup(f, layout, buildKey(f, layout, expression.keys ?? []));
  // Zero or an address: what meets here is a number, and is read by probe_read, which gives zeros for address 0.
  return f.choose("eq", element, f.ir.const(0), () => f.ir.const(0), () => element);
}

// ---- aggregations --------------------------------------------------------------------------------------

/** `@m[k] = count()` and the like. */
export function sampleMap(f: FunctionLowering, target: MapExpression, call: CallExpression): void {
  const layout = f.layout(target.name);
  const [first] = call.arguments;
  const before = f.ir.span;
  f.ir.at(call.span);
  const sample = first === undefined ? f.ir.const(1) : f.integer(first);
  if (layout.kind === "keyed-buckets" || layout.kind === "scalar-buckets") sampleBucket(f, layout, target, sample);
  else addSample(f, layout, target, sample);
  f.ir.at(before);
}

function sampleBucket(f: FunctionLowering, layout: MapLayout, target: MapExpression, sample: Value): void {
  const { value, aggregation } = layout.map;
  if (value.kind !== "aggregate") return;
  const definition = present(aggregation, "aggregation");
  const number = definition.bucket(f, value, sample);
  const bucket = layout.ring === undefined ? number : f.ir.binary("umod", number, f.ir.const(layout.ring));
  const key = bucketKey(f, layout, target, bucket);
  const element = lookup(f, layout, key);
  f.branch(
    "eq",
    element,
    f.ir.const(0),
    () => {
      if (layout.kind === "scalar-buckets") return;
      const memory = f.temporary(layout.valueSize);
      f.zero({ address: memory, offset: 0 }, layout.valueSize);
      definition.update(f, value, memory, 0, sample, number);
      updateElement(f, layout, key, memory);
    },
    () => definition.update(f, value, element, 0, sample, number),
  );
}

function bucketKey(f: FunctionLowering, layout: MapLayout, target: MapExpression, bucket: Value): Value {
  if (layout.kind === "scalar-buckets") {
    const key = zeroKey(f);
    f.ir.store(4, key, 0, bucket);
    return key;
  }
  const key = f.temporary(layout.keySize);
  storeKey(f, layout, target.keys ?? [], key);
  f.ir.store(8, key, layout.userKeySize, bucket);
  return key;
}

function addSample(f: FunctionLowering, layout: MapLayout, target: MapExpression, sample: Value): void {
  const { value, aggregation } = layout.map;
  if (value.kind !== "aggregate") return;
  const definition = present(aggregation, "aggregation");
  const key = layout.kind === "scalar" ? zeroKey(f) : buildKey(f, layout, target.keys ?? []);
  const element = lookup(f, layout, key);
  f.branch(
    "eq",
    element,
    f.ir.const(0),
    () => {
      if (layout.kind === "scalar") return;
      const memory = f.temporary(layout.valueSize);
      f.zero({ address: memory, offset: 0 }, layout.valueSize);
      definition.update(f, value, memory, 0, sample, sample);
      updateElement(f, layout, key, memory);
    },
    () => {
      definition.update(f, value, element, layout.valueOffset, sample, sample);
      if (layout.kind === "scalar") markPresent(f, element);
    },
  );
}
