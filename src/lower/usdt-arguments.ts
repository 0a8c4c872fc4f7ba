// Arguments of USDT probes: constants, registers, and memory that the probe's note points to.

import type { UsdtPlace } from "../define/probe.ts";
import { instructionPointer } from "../define/registers.ts";
import type { UsdtOperand } from "../formats/usdt-arguments.ts";
import type { Value } from "../ir/model.ts";
import type { FunctionLowering } from "./function.ts";

type MemoryOperand = Extract<UsdtOperand, { readonly kind: "memory" }>;

/** The value of argument `index`, extended to 64 bits; 0 for arguments that the probe does not have. */
export function lowerUsdtArgument(f: FunctionLowering, place: UsdtPlace, index: number): Value {
  const argument = place.arguments[index];
  if (argument === undefined || typeof argument.operand === "string") return f.ir.const(0);
  const { operand, size, signed } = argument;
  const value = operandValue(f, place, operand, size);
  if (size === 8) return value;
  return f.ir.extend(value, size === 1 ? 8 : size === 2 ? 16 : 32, signed);
}

function operandValue(f: FunctionLowering, place: UsdtPlace, operand: UsdtOperand, size: 1 | 2 | 4 | 8): Value {
  switch (operand.kind) {
    case "constant":
      return f.ir.const(operand.value);
    case "register": {
      const word = f.register(operand.register);
      return operand.shift === 0 ? word : f.ir.binary("lshr", word, f.ir.const(operand.shift));
    }
    case "memory": {
      const copy = f.temporary(8);
      f.probeRead("user", copy, f.ir.const(size), memoryAddress(f, place, operand));
      return f.ir.load(size, copy, 0);
    }
  }
}

function memoryAddress(f: FunctionLowering, place: UsdtPlace, operand: MemoryOperand): Value {
  let address = f.ir.const(operand.displacement);
  const add = (value: Value) => {
    address = f.ir.binary("add", address, value);
  };
  if (operand.base !== undefined) add(f.register(operand.base));
  if (operand.index !== undefined) add(f.ir.binary("mul", f.register(operand.index), f.ir.const(operand.scale)));
  const global = operand.symbol === undefined ? undefined : place.globals.get(operand.symbol);
  if (global !== undefined) {
    // The probed instruction is at a known distance from the global, wherever the file is loaded.
    add(f.ir.binary("add", f.register(instructionPointer[f.target.arch]), f.ir.const(global - place.address)));
  }
  return address;
}
