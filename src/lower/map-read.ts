// Reading map elements: a missing one gives zero; aggregates give their value over all CPUs.

import { helpers } from "../bpf/helpers.ts";
import { invariant, present } from "../base/invariant.ts";
import { elementType } from "../define/aggregation.ts";
import { memoryOperand, type Operand, type Place, scalarOperand } from "../define/code.ts";
import type { Value } from "../ir/model.ts";
import type { Span } from "../source/source.ts";
import type { Expression, MapExpression } from "../syntax/ast.ts";
import { type AggregateType, isScalar, sameType, sizeOf, type Type } from "../types/type.ts";
import { aggregateValueType } from "./aggregate-type.ts";
import { emitMissing } from "./warnings.ts";
import type { FunctionLowering } from "./function.ts";
import type { MapLayout } from "./map-layout.ts";
import { buildKey, lookup, scalarEntry } from "./maps.ts";
import { loadScalar } from "./operands.ts";
import { writeVariable } from "./variables.ts";

export function readMap(f: FunctionLowering, expression: MapExpression): Operand {
  const layout = f.layout(expression.name);
  const { value } = layout.map;
  if (value.kind === "aggregate") {
    const key = buildKey(f, layout, expression.keys ?? []);
    const fields = layout.map.aggregation?.fields ?? [];
    if (fields.length > 0) return readFields(f, layout, value, key);
    return scalarOperand({ kind: "int", bytes: 8, signed: value.signed }, readAggregate(f, layout, key));
  }
  if (layout.kind === "scalar") return memoryValue(f, value, scalarEntry(f, layout), layout.valueOffset);
  const element = lookup(f, layout, buildKey(f, layout, expression.keys ?? []));
  if (isScalar(value)) {
    const read = () => loadScalar(f, memoryOperand(value, element));
    const missing = () => {
      emitMissing(f, expression.span);
      return f.ir.const(0);
    };
    return scalarOperand(value, f.choose("eq", element, f.ir.const(0), missing, read));
  }
  const address = f.temporary(sizeOf(value));
  copyOrClear(f, element, value, { address, offset: 0 }, expression.span);
  return memoryOperand(value, address);
}

/** Copies an element's value to a variable; 1 when there is one, else 0. */
export function findElement(f: FunctionLowering, layout: MapLayout, keys: readonly Expression[], target: Expression): Value {
  invariant(target.kind === "variable", "find gives its value to a variable");
  const { value } = layout.map;
  const key = buildKey(f, layout, keys);
  const element = lookup(f, layout, key);
  return f.choose("eq", element, f.ir.const(0), () => f.ir.const(0), () => {
    const integer = value.kind === "aggregate" ? readAggregate(f, layout, key) : undefined;
    const type = aggregateValueType(value);
    writeVariable(f, target, integer === undefined ? memoryOperand(type, element) : scalarOperand(type, integer));
    return f.ir.const(1);
  });
}

function memoryValue(f: FunctionLowering, type: Type, address: Value, offset: number): Operand {
  const operand = memoryOperand(type, address, offset);
  return isScalar(type) ? scalarOperand(type, loadScalar(f, operand)) : operand;
}

function copyOrClear(f: FunctionLowering, element: Value, type: Type, to: Place, span: Span): void {
  const size = sizeOf(type);
  f.branch(
    "eq",
    element,
    f.ir.const(0),
    () => {
      f.zero(to, size);
      emitMissing(f, span);
    },
    () => f.copy({ address: element, offset: 0 }, to, size),
  );
}

/** Copies an element of a keyed map straight to its destination; false when that is not possible. */
export function storeMapValue(f: FunctionLowering, expression: MapExpression, as: Type, to: Place): boolean {
  const layout = f.layout(expression.name);
  if (layout.kind !== "keyed" || layout.perCpu || !sameType(layout.map.value, as)) return false;
  copyOrClear(f, lookup(f, layout, buildKey(f, layout, expression.keys ?? [])), as, to, expression.span);
  return true;
}

/** An aggregate of several parts, as a record of words. */
function readFields(f: FunctionLowering, layout: MapLayout, value: AggregateType, key: Value): Operand {
  const definition = present(layout.map.aggregation, "aggregation");
  const words = definition.finishFields(f, value, foldStates(f, layout, value, key));
  const address = f.temporary(8 * words.length);
  for (const [i, word] of words.entries()) f.ir.store(8, address, 8 * i, word);
  return memoryOperand(present(elementType(definition, value), "type of an element"), address);
}

/** The integer of an aggregate. */
export function readAggregate(f: FunctionLowering, layout: MapLayout, key: Value): Value {
  const { value, aggregation } = layout.map;
  if (value.kind !== "aggregate") return f.ir.const(0);
  return present(aggregation, "aggregation").finish(f, value, foldStates(f, layout, value, key));
}

/** The states of an element on all CPUs combined in a loop. */
function foldStates(f: FunctionLowering, layout: MapLayout, value: AggregateType, key: Value): readonly Value[] {
  const definition = present(layout.map.aggregation, "aggregation");
  const variables = Array.from({ length: definition.accumulators }, () => f.ir.variable());
  for (const variable of variables) f.ir.write(variable, f.ir.const(0));
  f.repeat(f.target.possibleCpus, (cpu) => {
    const args = [f.ir.map(layout.storage), key, cpu];
    const state = f.ir.call(helpers.mapLookupPercpuElem.id, args, "memory-or-null");
    f.branch(
      "eq",
      state,
      f.ir.const(0),
      () => undefined,
      () => {
        const before = variables.map((variable) => f.ir.read(variable));
        const after = definition.fold(f, value, before, state, layout.valueOffset);
        for (const [i, variable] of variables.entries()) f.ir.write(variable, present(after[i], "accumulator"));
      },
    );
  });
  return variables.map((variable) => f.ir.read(variable));
}
