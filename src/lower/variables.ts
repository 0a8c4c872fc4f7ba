// Variables of a probe: registers for scalars, memory for the rest, frames for what loop bodies share.

import { invariant, present } from "../base/invariant.ts";
import type { VariableSymbol } from "../define/analysed.ts";
import { memoryOperand, type Operand, type Place, scalarOperand } from "../define/code.ts";
import type { Value } from "../ir/model.ts";
import type { Expression, VariableExpression } from "../syntax/ast.ts";
import { isScalar, layoutTuple, sizeOf, type Type } from "../types/type.ts";
import type { FunctionLowering, VariableStorage } from "./function.ts";
import { extendTo } from "./operands.ts";

function symbolOf(f: FunctionLowering, variable: VariableExpression): VariableSymbol {
  return present(f.program.analysed.variables.get(variable), `variable ${variable.name}`);
}

export function variableType(f: FunctionLowering, variable: VariableExpression): Type {
  return present(f.program.analysed.variableTypes.get(symbolOf(f, variable)), `type of ${variable.name}`);
}

/** Where a variable is; decided when it is first met, cleared then. */
function storageOf(f: FunctionLowering, variable: VariableExpression): VariableStorage {
  const symbol = symbolOf(f, variable);
  return f.storage.get(symbol) ?? allocate(f, symbol, variableType(f, variable));
}

function allocate(f: FunctionLowering, symbol: VariableSymbol, type: Type): VariableStorage {
  const storage = chooseStorage(f, symbol, type);
  f.storage.set(symbol, storage);
  return storage;
}

function chooseStorage(f: FunctionLowering, symbol: VariableSymbol, type: Type): VariableStorage {
  const captured = f.program.captures.captured.get(symbol);
  if (isScalar(type) && !f.program.roomy) {
    if (typeof captured === "number") return { kind: "frame", depth: f.depth, offset: captured, type };
    if (f.addressTaken.has(symbol.name)) return { kind: "slot", slot: f.ir.slot(8), type };
    const variable = f.ir.variable();
    f.ir.write(variable, f.ir.const(0));
    return { kind: "register", variable, type };
  }
  const size = isScalar(type) ? 8 : sizeOf(type);
  if (captured === undefined && size <= f.stackLimit) return { kind: "slot", slot: f.ir.slot(Math.max(size, 1)), type };
  return { kind: "scratch", offset: f.program.scratch.allocate(size), type };
}

/** Declares a variable: a new one each time its scope is entered, zero at first. */
export function declareVariable(f: FunctionLowering, variable: VariableExpression): void {
  const symbol = symbolOf(f, variable);
  const type = variableType(f, variable);
  const storage = f.storage.get(symbol) ?? allocate(f, symbol, type);
  clear(f, storage);
}

function clear(f: FunctionLowering, storage: VariableStorage): void {
  if (storage.kind === "register") return f.ir.write(storage.variable, f.ir.const(0));
  if (storage.kind === "pair") return;
  f.zero(placeOfStorage(f, storage), isScalar(storage.type) ? 8 : sizeOf(storage.type));
}

function placeOfStorage(f: FunctionLowering, storage: VariableStorage): Place {
  switch (storage.kind) {
    case "slot":
      return { address: f.ir.slotAddress(storage.slot), offset: 0 };
    case "scratch":
      return { address: f.scratchAddress(storage.offset), offset: 0 };
    case "frame":
      return { address: f.frameAddress(storage.depth), offset: storage.offset };
    case "register":
    case "pair":
      invariant(false, `a ${storage.kind} variable has no memory`);
  }
}

export function readVariable(f: FunctionLowering, variable: VariableExpression): Operand {
  const storage = storageOf(f, variable);
  switch (storage.kind) {
    case "register":
      return scalarOperand(storage.type, f.ir.read(storage.variable));
    case "pair":
      return materialise(f, storage);
    case "frame": {
      const place = placeOfStorage(f, storage);
      return scalarOperand(storage.type, f.ir.load(8, place.address, place.offset));
    }
    case "slot":
    case "scratch": {
      const place = placeOfStorage(f, storage);
      return isScalar(storage.type)
        ? scalarOperand(storage.type, f.ir.load(8, place.address, place.offset))
        : memoryOperand(storage.type, place.address, place.offset);
    }
  }
}

/** Key and value of a loop over a map as one tuple. */
function materialise(f: FunctionLowering, storage: VariableStorage & { kind: "pair" }): Operand {
  const { type } = storage;
  invariant(type.kind === "tuple", "pair type");
  const address = f.temporary(sizeOf(type));
  const layout = layoutTuple(type.elements);
  f.zero({ address, offset: 0 }, layout.size);
  for (const [i, element] of [storage.key, storage.value].entries()) {
    f.store(element, present(type.elements[i], "pair element"), { address, offset: layout.offsets[i] ?? 0 });
  }
  return memoryOperand(type, address);
}

/** `.0` or `.1` of a loop variable, without making the tuple. */
export function pairMember(f: FunctionLowering, variable: VariableExpression, index: number): Operand | undefined {
  const storage = f.storage.get(symbolOf(f, variable));
  if (storage?.kind !== "pair") return undefined;
  return index === 0 ? storage.key : storage.value;
}

/** Stores a value that is in registers or memory already. */
export function writeVariable(f: FunctionLowering, variable: VariableExpression, operand: Operand): void {
  const storage = storageOf(f, variable);
  if (isScalar(storage.type)) return writeScalar(f, storage, f.scalar(operand));
  f.store(operand, storage.type, placeOfStorage(f, storage));
}

function writeScalar(f: FunctionLowering, storage: VariableStorage, value: Value): void {
  const narrow = extendTo(f, value, storage.type);
  if (storage.kind === "register") return f.ir.write(storage.variable, narrow);
  const place = placeOfStorage(f, storage);
  f.ir.store(8, place.address, place.offset, narrow);
}

/** Evaluates an expression into a variable. */
export function assignVariable(f: FunctionLowering, variable: VariableExpression, value: Expression): void {
  const type = variableType(f, variable);
  if (isScalar(type)) {
    const word = f.integer(value);
    writeScalar(f, storageOf(f, variable), word);
    return;
  }
  // Only calls write to their place before they have read what they need: all else may refer to the variable itself.
  const direct = value.kind === "call" || value.kind === "identifier" || value.kind === "string";
  if (direct) return f.storeExpression(value, type, placeOfStorage(f, storageOf(f, variable)), true);
  f.store(f.operand(value), type, placeOfStorage(f, storageOf(f, variable)));
}

/** The address of a variable, which then lives in memory. */
export function variableAddress(f: FunctionLowering, variable: VariableExpression): Value {
  const place = placeOfStorage(f, storageOf(f, variable));
  return f.ir.offset(place.address, place.offset);
}
