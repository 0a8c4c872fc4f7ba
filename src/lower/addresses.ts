// Addresses that programs take with `&`: how much lies behind them, and reading past it as numbers, which the verifier allows.

import type { Value } from "../ir/model.ts";
import type { Type } from "../types/type.ts";
import { storedSize } from "../types/type.ts";
import type { FunctionLowering } from "./function.ts";

/** Notes that an address is that of an object of so many bytes. */
export function startsObject(f: FunctionLowering, address: Value, bytes: number): Value {
  f.objects.set(address, { at: 0, bytes });
  return address;
}

/** An address moved by a constant; outside of its object it goes on as a number. */
export function moveAddress(f: FunctionLowering, address: Value, by: number): Value {
  const object = f.objects.get(address);
  if (object === undefined) return f.ir.offset(address, by);
  const at = object.at + by;
  if (at < 0 || at >= object.bytes) return f.ir.offset(addressNumber(f, address), by);
  const moved = f.ir.offset(address, by);
  f.objects.set(moved, { at, bytes: object.bytes });
  return moved;
}

/** Whether a value of a type that an address leads to is inside the object, where loads are allowed. */
export function holdsValue(f: FunctionLowering, address: Value, type: Type, offset: number): boolean {
  const object = f.objects.get(address);
  if (object === undefined) return false;
  const start = object.at + offset;
  return start >= 0 && start + storedSize(type) <= object.bytes;
}

/** An address of the program's own memory as a number: the verifier allows no arithmetic on stack addresses, but what a helper read is a number to it. */
export function addressNumber(f: FunctionLowering, address: Value): Value {
  if (address.type !== "stack" && address.type !== "memory") return address;
  const slots = f.ir.slotAddress(f.ir.slot(16));
  f.ir.store(8, slots, 0, address);
  f.probeRead("kernel", f.ir.offset(slots, 8), f.ir.const(8), slots);
  return f.ir.load(8, slots, 8);
}
