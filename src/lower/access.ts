// Lowering of member access: fields of structs, records and arguments, tuple elements, indices.

import { invariant, present } from "../base/invariant.ts";
import { type Operand, scalarOperand } from "../define/code.ts";
import type { ArgumentField } from "../define/probe.ts";
import type { Value } from "../ir/model.ts";
import type { Expression } from "../syntax/ast.ts";
import { int8, isScalar, layoutTuple, none, type RecordType, sizeOf, storedSize, type Type } from "../types/type.ts";
import { addressNumber, moveAddress } from "./addresses.ts";
import { chunks, type FunctionLowering } from "./function.ts";
import { extendTo, memberOperand } from "./operands.ts";
import { dereference, valueMember } from "./operators.ts";
import { pairMember } from "./variables.ts";

export function lowerField(f: FunctionLowering, expression: Expression & { kind: "field" }): Operand {
  const base = f.operand(expression.base);
  invariant(base.kind !== "none", "field of a value");
  if (base.kind === "arguments") {
    const field = present(base.layout.fields.find((a) => a.name === expression.name), "argument field");
    return lowerArgument(f, field);
  }
  if (base.type.kind === "record") return recordMember(base, base.type, expression.name);
  if (base.type.kind === "pointer" && base.type.to.kind === "record") {
    return recordMember(dereference(f, base.type, f.scalar(base), 0), base.type.to, expression.name);
  }
  const struct = base.type.kind === "pointer" ? base.type.to : base.type;
  invariant(struct.kind === "struct", "field of a struct");
  const field = present(struct.layout.fields().find((x) => x.name === expression.name), "struct field");
  if (base.type.kind === "pointer") {
    const typed = f.keepsTypes && base.kind === "scalar" ? base.typed : undefined;
    if (typed !== undefined && field.type.kind === "pointer") {
      const word = loadTyped(f, typed, field.offset);
      return { kind: "scalar", type: field.type, value: word, typed: word };
    }
    const bytes = dereference(f, base.type, f.scalar(base), 0);
    return fieldMember(bytes, field.type, field.offset, field.bits, base.type.space);
  }
  return memberOperand(base, field.type, field.offset, field.bits);
}

/** A pointer behind a pointer that the verifier knows: null behind a null one, which may not be followed. */
function loadTyped(f: FunctionLowering, base: Value, offset: number): Value {
  const load = () => f.ir.load(8, base, offset, "btf");
  return base.type === "btf" ? f.choose("eq", base, f.ir.const(0), () => f.ir.const(0), load) : load();
}

function recordMember(bytes: Operand, type: RecordType, name: string): Operand {
  const index = type.fields.findIndex((field) => field.name === name);
  const layout = layoutTuple(type.fields.map((field) => field.type));
  return valueMember(bytes, present(type.fields[index], "record field").type, layout.offsets[index] ?? 0);
}

/** A field of pointed-to memory; pointers in it refer to the same space unless their type says otherwise. */
function fieldMember(
  bytes: Operand,
  type: Type,
  offset: number,
  bits: { readonly shift: number; readonly width: number } | undefined,
  space: string,
): Operand {
  const inherits = type.kind === "pointer" && type.space === "none" && (space === "kernel" || space === "user");
  const typed: Type = inherits && type.kind === "pointer" ? { ...type, space: space === "user" ? "user" : "kernel" } : type;
  return memberOperand(bytes, typed, offset, bits);
}

/** A field of `args` from where the event has it. */
export function lowerArgument(f: FunctionLowering, field: ArgumentField): Operand {
  const { source, type } = field;
  switch (source.from) {
    case "record":
      return recordField(f, type, source.offset, source.size);
    case "data-loc": {
      const word = f.ir.load(4, f.context(), source.offset);
      const low = f.ir.binary("and", word, f.ir.const(0xffff));
      const distance = source.relative ? f.ir.binary("add", low, f.ir.const(source.offset + 4)) : low;
      // The record's address as a number: the verifier does not let the context move by a variable.
      return scalarOperand(type, f.ir.binary("add", contextAddress(f), distance));
    }
    case "saved-register":
      return wordArgument(f, type, f.ir.load(source.size, f.ir.load(8, f.context(), 0, "btf"), source.offset));
    case "word":
      return wordArgument(f, type, contextWord(f, type, source.index));
    case "register":
      return wordArgument(f, type, f.argument(source.index));
  }
}

/** In contexts of words, pointers to kernel structs are such to the verifier too. */
function contextWord(f: FunctionLowering, type: Type, index: number): Value {
  const known = type.kind === "pointer" && type.space === "kernel" && type.to.kind === "struct";
  if (!known) return f.ir.load(8, f.context(), index * 8);
  return f.ir.loadPointer(f.context(), index * 8, f.target.kernelTypes?.structId(type.to) ?? unknownStruct);
}

/** A struct that has no place in the kernel's own BTF. */
const unknownStruct = 0;

/** The context as an integer: stored to the stack and loaded back, so that arithmetic is allowed. */
function contextAddress(f: FunctionLowering): Value {
  const copy = f.temporary(8);
  f.copyContextAddress(copy);
  return f.ir.load(8, copy, 0);
}

function wordArgument(f: FunctionLowering, type: Type, word: Value): Operand {
  if (isScalar(type)) return scalarOperand(type, extendTo(f, word, type));
  // A struct passed by value in a register: its bytes are the register's.
  const address = f.temporary(8);
  f.ir.store(8, address, 0, word);
  return { kind: "memory", type, address, offset: 0, bits: undefined };
}

/** Bytes of the record: loads from the context take the field's own size. */
function recordField(f: FunctionLowering, type: Type, offset: number, size: number): Operand {
  if (isScalar(type)) {
    const bytes = size === 1 || size === 2 || size === 4 ? size : 8;
    const word = f.ir.load(bytes, f.context(), offset);
    const loaded: Type = type.kind === "int" ? { kind: "int", bytes, signed: type.signed } : type;
    return scalarOperand(type, bytes < 8 && type.kind !== "bool" ? extendTo(f, word, narrowTo(loaded, bytes)) : word);
  }
  const total = sizeOf(type);
  const address = f.temporary(total);
  copyFromContext(f, offset, address, total);
  return { kind: "memory", type, address, offset: 0, bits: undefined };
}

function narrowTo(type: Type, bytes: 1 | 2 | 4 | 8): Type {
  const signed = (type.kind === "int" || type.kind === "enum") && type.signed;
  return { kind: "int", bytes, signed };
}

function copyFromContext(f: FunctionLowering, offset: number, address: Value, size: number): void {
  for (const [at, bytes] of chunks(size, offset, 0)) f.ir.store(bytes, address, at, f.ir.load(bytes, f.context(), offset + at));
}

// ---- tuples and indices --------------------------------------------------------------------------------

export function lowerElement(f: FunctionLowering, expression: Expression & { kind: "element" }): Operand {
  return tupleMember(f, expression.base, expression.index);
}

function tupleMember(f: FunctionLowering, base: Expression, index: number): Operand {
  if (base.kind === "variable") {
    const member = pairMember(f, base, index);
    if (member !== undefined) return member;
  }
  const operand = f.operand(base);
  const pointer = operand.kind === "none" || operand.type.kind !== "pointer" ? undefined : operand.type;
  const tuple = pointer === undefined ? operand : dereference(f, pointer, f.scalar(operand), 0);
  invariant((tuple.kind === "memory" || tuple.kind === "remote") && tuple.type.kind === "tuple", "bytes of a tuple");
  return valueMember(tuple, present(tuple.type.elements[index], "tuple element"), layoutTuple(tuple.type.elements).offsets[index] ?? 0);
}

const outOfBounds = "Array access out of bounds. This can lead to unexpected results.";

export function lowerIndex(f: FunctionLowering, expression: Expression & { kind: "index" }): Operand {
  const baseType = f.typeOf(expression.base);
  const index = present(expression.indices[0], "index");
  const literal = f.literalOf(index);
  if (baseType.kind === "tuple") return tupleMember(f, expression.base, Number(literal?.value ?? 0));
  const base = f.operand(expression.base);
  if (baseType.kind === "pointer") {
    const size = Math.max(1, storedSize(baseType.to));
    if (literal?.kind === "int" && literal.value <= 0x1000n) {
      return dereference(f, baseType, moveAddress(f, f.scalar(base), Number(literal.value) * size), 0);
    }
    const at = f.ir.binary("mul", f.integer(index), f.ir.const(size));
    return dereference(f, baseType, f.ir.binary("add", addressNumber(f, f.scalar(base)), at), 0);
  }
  invariant(baseType.kind === "array" || baseType.kind === "string", "indexed value");
  const element = baseType.kind === "array" ? baseType.element : int8;
  const count = baseType.kind === "array" ? baseType.count : baseType.size;
  const size = storedSize(element);
  if (literal?.kind === "int") return memberOperand(base, element, Number(literal.value) * size, undefined);
  return runtimeIndex(f, base, element, count, size, f.integer(index), expression.span);
}

/** An index that is only known at run time: outside the array the element is zero, with a warning. */
function runtimeIndex(
  f: FunctionLowering,
  base: Operand,
  element: Type,
  count: number,
  size: number,
  index: Value,
  span: Expression["span"],
): Operand {
  const warn = () => {
    const before = f.ir.span;
    f.ir.at(span);
    f.warning(outOfBounds, undefined, undefined, "always");
    f.ir.at(before);
  };
  const address = f.temporary(Math.max(8, size));
  f.zero({ address, offset: 0 }, Math.max(8, size));
  // Flexible arrays have no bound to check.
  const limit = count === 0 ? Number.MAX_SAFE_INTEGER : count;
  f.branch(
    "ult",
    index,
    f.ir.const(limit),
    () => {
      const bounded = count === 0 ? index : f.ir.clamp(index, count - 1);
      const offset = f.ir.binary("mul", bounded, f.ir.const(size));
      if (base.kind === "remote") {
        const from = f.ir.binary("add", f.ir.offset(base.address, base.offset), offset);
        f.probeRead(base.space, address, f.ir.const(size), from);
      } else {
        const place = f.place(base);
        const from = f.ir.binary("add", f.ir.offset(place.address, place.offset), offset);
        const aligned = [1, 2, 4, 8].includes(size) && place.offset % size === 0;
        if (aligned) f.copy({ address: from, offset: 0 }, { address, offset: 0 }, size);
        else f.probeRead("kernel", address, f.ir.const(size), from);
      }
    },
    warn,
  );
  const bytes: Operand = { kind: "memory", type: none, address, offset: 0, bits: undefined };
  return memberOperand(bytes, element, 0, undefined);
}
