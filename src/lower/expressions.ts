// Lowering of expressions: literals, builtins, variables, casts, tuples, branches. Operators, members and maps have
// files of their own.

import { assertNever, invariant, present } from "../base/invariant.ts";
import type { BuiltinDef, Call } from "../define/builtin.ts";
import { memoryOperand, noOperand, type Operand, type Place, scalarOperand } from "../define/code.ts";
import type { Literal } from "../define/literal.ts";
import { internalMaps } from "../define/internal-names.ts";
import type { Value } from "../ir/model.ts";
import type { Block, Expression } from "../syntax/ast.ts";
import { isScalar, layoutTuple, none, sizeOf, storedSize, stringType, type Type } from "../types/type.ts";
import { lowerElement, lowerField, lowerIndex } from "./access.ts";
import { addressNumber, startsObject } from "./addresses.ts";
import { clearPadding, loadArrayInteger } from "./convert.ts";
import { chunks, type FunctionLowering } from "./function.ts";
import { readMap, storeMapValue } from "./map-read.ts";
import { mapElementAddress } from "./map-write.ts";
import { extendTo } from "./operands.ts";
import { lowerBinary, lowerCondition, lowerIncrement, lowerUnary } from "./operators.ts";
import { lowerStatements } from "./statements.ts";
import { readVariable, variableAddress } from "./variables.ts";

/** Literals up to this size are written by instructions, longer ones stand in the constants map. */
const immediateStringLimit = 32;

export function lowerExpression(f: FunctionLowering, expression: Expression): Operand {
  const literal = f.literalOf(expression);
  if (literal !== undefined) return lowerLiteral(f, literal, f.typeOf(expression));
  const replacement = f.program.analysed.replacements.get(expression);
  if (replacement !== undefined) return lowerExpression(f, replacement);
  switch (expression.kind) {
    case "int":
    case "string":
    case "bool":
    case "positional":
    case "positional-count":
    case "sizeof":
    case "offsetof":
    case "typeinfo":
    case "type-argument":
      invariant(false, `${expression.kind} without a literal value`);
      break;
    case "identifier":
      return lowerBuiltin(f, expression, expression.name, []);
    case "call":
      return lowerBuiltin(f, expression, expression.name, expression.arguments);
    case "variable":
      return readVariable(f, expression);
    case "map":
      return readMap(f, expression);
    case "binary":
      return lowerBinary(f, expression);
    case "unary":
      return lowerUnary(f, expression);
    case "increment":
      return lowerIncrement(f, expression);
    case "address-of":
      return lowerAddress(f, expression);
    case "ternary":
      return lowerTernary(f, expression);
    case "field":
      return lowerField(f, expression);
    case "element":
      return lowerElement(f, expression);
    case "index":
      return lowerIndex(f, expression);
    case "cast":
      return lowerCast(f, expression);
    case "tuple":
    case "record":
      return lowerAggregate(f, expression);
    case "block-expression":
      return lowerBlockValue(f, expression.block);
    case "if-expression":
      return lowerIf(f, expression);
    case "comptime":
      return f.operand(expression.operand);
    default:
      return assertNever(expression);
  }
}

/** A literal as the type that analysis gave its expression. */
function lowerLiteral(f: FunctionLowering, literal: Literal, type: Type): Operand {
  switch (literal.kind) {
    case "int":
      return scalarOperand(type, f.ir.const(literal.value));
    case "bool":
      return scalarOperand(type, f.ir.const(literal.value ? 1 : 0));
    case "string":
      return stringOperand(f, literal.value);
  }
}

/** A string literal in loadable memory. */
export function stringOperand(f: FunctionLowering, text: string): Operand {
  const size = text.length + 1;
  const type = stringType(size);
  if (size > immediateStringLimit) {
    return memoryOperand(type, f.ir.mapValue(internalMaps.constants, f.program.resources.constant(text)));
  }
  const address = f.ir.slotAddress(f.ir.slot(size));
  storeText(f, text, size, { address, offset: 0 });
  return memoryOperand(type, address);
}

/** Writes a literal and zeros up to `size` by immediate stores. */
export function storeText(f: FunctionLowering, text: string, size: number, to: Place): void {
  for (const [offset, bytes] of chunks(size, to.offset)) {
    let word = 0n;
    for (let i = bytes - 1; i >= 0; i--) {
      const at = offset + i;
      word = (word << 8n) | BigInt(at < text.length ? text.charCodeAt(at) : 0);
    }
    f.ir.store(bytes, to.address, to.offset + offset, f.ir.const(word));
  }
}

/** Evaluates to an integer of 64 bits. */
export function lowerInteger(f: FunctionLowering, expression: Expression): Value {
  const operand = f.operand(expression);
  return readAt(f, expression, operand, () =>
    operand.kind !== "none" && operand.type.kind === "array" ? loadArrayInteger(f, operand, operand.type) : f.scalar(operand),
  );
}

/** Reads an operand; what is read only now has failed where its expression is, if it fails. */
function readAt<T>(f: FunctionLowering, expression: Expression, operand: Operand, read: () => T): T {
  if (operand.kind !== "remote") return read();
  const before = f.ir.span;
  f.ir.at(expression.span);
  const result = read();
  f.ir.at(before);
  return result;
}

// ---- builtins --------------------------------------------------------------------------------------

interface BuiltinUse {
  readonly definition: BuiltinDef;
  readonly call: Call;
}

function builtinUse(f: FunctionLowering, expression: Expression, name: string, args: readonly Expression[]): BuiltinUse {
  const definition = present(f.program.registry.builtins.get(name), `builtin ${name}`);
  const type = f.program.analysed.types.get(expression) ?? none;
  const word = (index: number) => {
    const argument = args[index];
    return argument?.kind === "identifier" ? argument.name : undefined;
  };
  return { definition, call: { name, arguments: args, span: expression.span, type, word } };
}

function lowerBuiltin(f: FunctionLowering, expression: Expression, name: string, args: readonly Expression[]): Operand {
  const { definition, call } = builtinUse(f, expression, name, args);
  const before = f.ir.span;
  f.ir.at(expression.span);
  const result = definition.lower(f, call);
  f.ir.at(before);
  return result;
}

// ---- storing -----------------------------------------------------------------------------------------

/** Evaluates an expression straight into memory where that saves a copy. */
export function storeExpression(f: FunctionLowering, expression: Expression, as: Type, to: Place, clean: boolean): void {
  const literal = f.literalOf(expression);
  if (literal?.kind === "string" && as.kind === "string" && as.size <= immediateStringLimit) {
    return storeText(f, literal.value.slice(0, as.size), as.size, to);
  }
  if (literal === undefined) {
    if (expression.kind === "call" || expression.kind === "identifier") {
      const args = expression.kind === "call" ? expression.arguments : [];
      const { definition, call } = builtinUse(f, expression, expression.name, args);
      if (definition.lowerInto !== undefined && call.type.kind === as.kind) {
        const before = f.ir.span;
        f.ir.at(expression.span);
        definition.lowerInto(f, call, as, to, clean);
        f.ir.at(before);
        return;
      }
    }
    if (expression.kind === "tuple" && as.kind === "tuple") {
      return storeMembers(f, expression.elements, as.elements, to, clean);
    }
    if (expression.kind === "map" && !isScalar(as) && storeMapValue(f, expression, as, to)) return;
  }
  const operand = f.operand(expression);
  readAt(f, expression, operand, () => f.store(operand, as, to));
}

function storeMembers(
  f: FunctionLowering,
  members: readonly Expression[],
  types: readonly Type[],
  to: Place,
  clean: boolean,
): void {
  clearPadding(f, types, to);
  const layout = layoutTuple(types);
  for (const [i, member] of members.entries()) {
    const place = { address: to.address, offset: to.offset + (layout.offsets[i] ?? 0) };
    storeExpression(f, member, present(types[i], "member type"), place, clean);
  }
}

function lowerAggregate(f: FunctionLowering, expression: Expression & { kind: "tuple" | "record" }): Operand {
  const type = f.program.analysed.types.get(expression) ?? none;
  if (type.kind === "none") return noOperand;
  const address = f.temporary(sizeOf(type));
  const to = { address, offset: 0 };
  if (expression.kind === "tuple") {
    invariant(type.kind === "tuple", "tuple type");
    storeMembers(f, expression.elements, type.elements, to, true);
  } else {
    invariant(type.kind === "record", "record type");
    const values = expression.fields.map((field) => field.value);
    storeMembers(f, values, type.fields.map((field) => field.type), to, true);
  }
  return memoryOperand(type, address);
}

// ---- branches ----------------------------------------------------------------------------------------

/** The value of one of two pieces of code, as a common type. */
export function lowerChoice(
  f: FunctionLowering,
  type: Type,
  test: (then: () => void, otherwise: () => void) => void,
  then: (into: (operand: Operand) => void) => void,
  otherwise: (into: (operand: Operand) => void) => void,
): Operand {
  if (type.kind === "none") {
    test(() => then(() => undefined), () => otherwise(() => undefined));
    return noOperand;
  }
  if (isScalar(type)) {
    const result = f.ir.variable();
    const write = (operand: Operand) => f.ir.write(result, f.scalar(operand));
    test(() => then(write), () => otherwise(write));
    return scalarOperand(type, f.ir.read(result));
  }
  const address = f.temporary(sizeOf(type));
  const store = (operand: Operand) => f.store(operand, type, { address, offset: 0 });
  test(() => then(store), () => otherwise(store));
  return memoryOperand(type, address);
}

function lowerTernary(f: FunctionLowering, expression: Expression & { kind: "ternary" }): Operand {
  const type = f.program.analysed.types.get(expression) ?? none;
  const thenNode = expression.then ?? expression.condition;
  return lowerChoice(
    f,
    type,
    (then, otherwise) => lowerCondition(f, expression.condition, then, otherwise),
    (into) => into(f.operand(thenNode)),
    (into) => into(f.operand(expression.else)),
  );
}

function lowerIf(f: FunctionLowering, expression: Expression & { kind: "if-expression" }): Operand {
  const type = f.program.analysed.types.get(expression) ?? none;
  return lowerChoice(
    f,
    type,
    (then, otherwise) => lowerCondition(f, expression.condition, then, otherwise),
    (into) => into(lowerBlockValue(f, expression.then)),
    (into) => into(expression.else === undefined ? noOperand : lowerBlockValue(f, expression.else)),
  );
}

function lowerBlockValue(f: FunctionLowering, block: Block): Operand {
  lowerStatements(f, block.statements);
  return block.value === undefined ? noOperand : f.operand(block.value);
}

// ---- addresses and casts -------------------------------------------------------------------------------

function lowerAddress(f: FunctionLowering, expression: Expression & { kind: "address-of" }): Operand {
  const { operand } = expression;
  const type = f.typeOf(expression);
  const address = operand.kind === "map" ? mapElementAddress(f, operand) : variableAddress(f, operand);
  invariant(type.kind === "pointer", "an address is a pointer");
  return scalarOperand(type, startsObject(f, address, storedSize(type.to)));
}

function lowerCast(f: FunctionLowering, expression: Expression & { kind: "cast" }): Operand {
  const to = f.typeOf(expression);
  const operand = f.operand(expression.operand);
  invariant(operand.kind !== "none" && operand.kind !== "arguments", "cast of a value");
  const from = operand.type;
  if (to.kind === "bool") return scalarOperand(to, truthOf(f, operand));
  if (isScalar(to)) {
    const number = from.kind === "pointer" && from.space === "bpf" && to.kind === "int";
    const value = from.kind === "array" ? loadArrayInteger(f, operand, from) : number ? addressNumber(f, f.scalar(operand)) : f.scalar(operand);
    return scalarOperand(to, to.kind === "int" ? extendTo(f, value, to) : value);
  }
  const address = f.temporary(sizeOf(to));
  f.store(operand, to, { address, offset: 0 });
  return memoryOperand(to, address);
}

/** 1 or 0: whether a value counts as true; a string does when it is not empty. */
export function truthOf(f: FunctionLowering, operand: Operand): Value {
  if (operand.kind !== "none" && operand.type.kind === "string") {
    const place = f.place(operand);
    return f.ir.compare("ne", f.ir.load(1, place.address, place.offset), f.ir.const(0));
  }
  return f.ir.compare("ne", f.scalar(operand), f.ir.const(0));
}
