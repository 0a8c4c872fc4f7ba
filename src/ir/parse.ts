// Reads the text that print.ts writes. Comments go from `;` to the end of the line.

import type {
  AccessSize,
  BinaryOperation,
  Block,
  BlockTarget,
  Comparison,
  Instruction,
  IrFunction,
  IrModule,
  StackSlot,
  Terminator,
  Value,
  ValueType,
} from "./model.ts";

/** The text is not IR. */
export class IrSyntaxError extends Error {
  /** From 1. */
  readonly line: number;

  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`);
    this.name = "IrSyntaxError";
    this.line = line;
  }
}

const valueTypes: readonly ValueType[] = ["int", "ctx", "stack", "map", "memory", "memory-or-null", "btf", "function"];
const binaryOperations: readonly BinaryOperation[] = [
  "add",
  "sub",
  "mul",
  "udiv",
  "sdiv",
  "umod",
  "smod",
  "and",
  "or",
  "xor",
  "shl",
  "lshr",
  "ashr",
];
const comparisons: readonly Comparison[] = ["eq", "ne", "ult", "ule", "ugt", "uge", "slt", "sle", "sgt", "sge"];

/** Parses a module. Throws IrSyntaxError; verifyModule checks the rest. */
export function parseModule(text: string): IrModule {
  const groups: Line[][] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const tokens = tokensOf(raw, index + 1);
    if (tokens.length === 0) continue;
    const line = new Line(tokens, index + 1);
    if (line.is("function")) groups.push([line]);
    else if (groups.length === 0) line.fail("expected a function");
    else groups.at(-1)?.push(line);
  }
  return { functions: groups.map((lines) => new FunctionParser(lines).parse()) };
}

function tokensOf(text: string, line: number): string[] {
  const tokens: string[] = [];
  const pattern = /\s+|;.*|("(?:[^"\\]|\\.)*"|-?\d+|[A-Za-z_][\w-]*|[(),:=+#@-])/gy;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) throw new IrSyntaxError(line, `unexpected ${JSON.stringify(text.slice(at))}`);
    if (match[1] !== undefined) tokens.push(match[1]);
  }
  return tokens;
}

/** The tokens of a line, read from left to right. */
class Line {
  private readonly tokens: readonly string[];
  private readonly number: number;
  private at = 0;

  constructor(tokens: readonly string[], number: number) {
    this.tokens = tokens;
    this.number = number;
  }

  is(token: string, ahead = 0): boolean {
    return this.tokens[this.at + ahead] === token;
  }

  accept(token: string): boolean {
    if (!this.is(token)) return false;
    this.at += 1;
    return true;
  }

  expect(token: string): void {
    if (!this.accept(token)) this.fail(`expected ${token}`);
  }

  next(): string {
    const token = this.tokens[this.at];
    if (token === undefined) this.fail("unexpected end");
    this.at += 1;
    return token;
  }

  end(): void {
    if (this.at < this.tokens.length) this.fail("expected the end of the line");
  }

  integer(): bigint {
    const token = this.next();
    if (!/^-?\d+$/.test(token)) this.fail(`${token} is no number`);
    return BigInt(token);
  }

  /** The same line from its beginning. */
  copy(): Line {
    return new Line(this.tokens, this.number);
  }

  startsBlock(): boolean {
    return /^b\d+$/.test(this.tokens[0] ?? "");
  }

  /** A name with a number, like b3. */
  numbered(letter: string): number {
    const token = this.next();
    if (!token.startsWith(letter) || !/^\d+$/.test(token.slice(1))) this.fail(`expected ${letter}N, not ${token}`);
    return Number(token.slice(1));
  }

  text(): string {
    const token = this.next();
    if (!token.startsWith('"')) this.fail("expected a string");
    const value: unknown = JSON.parse(token);
    if (typeof value !== "string") this.fail("expected a string");
    return value;
  }

  oneOf<T extends string | number>(choices: readonly T[], what: string): T {
    const token = this.next();
    const choice = choices.find((known) => `${known}` === token);
    if (choice === undefined) this.fail(`${token} is no ${what}`);
    return choice;
  }

  /** `item, item …` between parentheses. */
  list<T>(item: () => T): T[] {
    const result: T[] = [];
    this.expect("(");
    if (this.accept(")")) return result;
    do result.push(item());
    while (this.accept(","));
    this.expect(")");
    return result;
  }

  fail(message: string): never {
    throw new IrSyntaxError(this.number, `${message} at ${JSON.stringify(this.tokens.slice(this.at).join(" "))}`);
  }
}

class FunctionParser {
  private readonly lines: readonly Line[];
  private readonly values = new Map<number, Value>();
  private readonly blocks = new Map<number, Block>();
  private readonly slots: StackSlot[] = [];
  private readonly order: Block[] = [];

  constructor(lines: readonly Line[]) {
    this.lines = lines;
  }

  parse(): IrFunction {
    const [head, ...body] = this.lines;
    if (head === undefined) throw new IrSyntaxError(0, "a function has a first line");
    head.expect("function");
    const name = head.text();
    const parameters = head.list(() => this.typedValue(head));
    head.end();
    this.declare(body);
    let block: Block | undefined;
    for (const line of body) {
      if (line.accept("slot")) this.slot(line);
      else block = this.line(line, block);
    }
    return {
      name,
      parameters,
      slots: this.slots,
      blocks: this.order,
      nextValue: nextAfter(this.values.keys()),
      nextBlock: nextAfter(this.blocks.keys()),
    };
  }

  /** Types stand at definitions, which may come after uses: they are collected first. */
  private declare(lines: readonly Line[]): void {
    for (const line of lines) {
      const probe = line.copy();
      if (probe.is("slot")) continue;
      const token = probe.next();
      if (/^b\d+$/.test(token)) {
        if (probe.is("(")) probe.list(() => this.typedValue(probe));
      } else if (/^v\d+$/.test(token)) {
        const type = probe.accept(":") ? probe.oneOf(valueTypes, "type") : "int";
        this.define(Number(token.slice(1)), type, probe);
      }
    }
  }

  private line(line: Line, current: Block | undefined): Block {
    if (line.startsBlock()) {
      const block = this.block(line.numbered("b"));
      if (line.is("(")) block.parameters = line.list(() => this.reference(line));
      line.expect(":");
      line.end();
      this.order.push(block);
      return block;
    }
    if (current === undefined) line.fail("expected a block");
    if (current.terminator !== undefined) line.fail("the block has ended");
    if (line.is("jump") || line.is("branch") || line.is("return")) current.terminator = this.terminator(line);
    else current.instructions.push(this.instruction(line));
    line.end();
    return current;
  }

  private slot(line: Line): void {
    const id = line.numbered("s");
    const size = Number(line.integer());
    line.expect("align");
    this.slots.push({ id, size, alignment: line.oneOf([1, 2, 4, 8] as const, "alignment") });
    line.end();
  }

  private terminator(line: Line): Terminator {
    const span = undefined;
    if (line.accept("jump")) return { op: "jump", target: this.target(line), span };
    if (line.accept("return")) return { op: "return", value: this.value(line), span };
    line.expect("branch");
    const comparison = line.oneOf(comparisons, "comparison");
    const left = this.value(line);
    line.expect(",");
    const right = this.value(line);
    line.expect(",");
    const then = this.target(line);
    line.expect(",");
    return { op: "branch", comparison, left, right, then, else: this.target(line), span };
  }

  private target(line: Line): BlockTarget {
    const block = this.block(line.numbered("b"));
    return { block, arguments: line.is("(") ? line.list(() => this.value(line)) : [] };
  }

  private instruction(line: Line): Instruction {
    const span = undefined;
    if (line.is("store") || line.is("atomic-add")) {
      const op = line.next();
      const size = this.size(line);
      const { address, offset } = this.place(line);
      line.expect(",");
      const value = this.value(line);
      if (op === "store") return { op, size, address, offset, value, span };
      if (size !== 4 && size !== 8) line.fail("atomic additions take 4 or 8 bytes");
      return { op: "atomic-add", size, address, offset, value, span };
    }
    const result = this.reference(line);
    line.expect("=");
    return this.definition(line, result);
  }

  private definition(line: Line, result: Value): Instruction {
    const span = undefined;
    const op = line.next();
    const operation = binaryOperations.find((known) => known === op);
    if (operation !== undefined) {
      const left = this.value(line);
      line.expect(",");
      return { op: "binary", result, operation, left, right: this.value(line), span };
    }
    switch (op) {
      case "const":
        return { op, result, value: BigInt.asUintN(64, line.integer()), span };
      case "link-constant":
      case "function":
        return { op, result, name: line.text(), span };
      case "compare": {
        const comparison = line.oneOf(comparisons, "comparison");
        const left = this.value(line);
        line.expect(",");
        return { op, result, comparison, left, right: this.value(line), span };
      }
      case "extend": {
        const kind = line.oneOf(["u8", "u16", "u32", "s8", "s16", "s32"] as const, "extension");
        const bits = kind.endsWith("8") ? 8 : kind.endsWith("16") ? 16 : 32;
        return { op, result, bits, signed: kind.startsWith("s"), operand: this.value(line), span };
      }
      case "byte-swap":
        return { op, result, bits: line.oneOf([16, 32, 64] as const, "width"), operand: this.value(line), span };
      case "clamp": {
        const operand = this.value(line);
        line.expect(",");
        return { op, result, operand, maximum: line.integer(), span };
      }
      case "load":
        return { op, result, size: this.size(line), ...this.place(line), ...this.pointee(line), span };
      case "read": {
        const size = this.size(line);
        const place = this.place(line);
        const struct = line.accept("of") ? this.struct(line) : undefined;
        return { op, result, size, ...place, struct, pointee: this.pointee(line).pointee, span };
      }
      default:
        return this.symbol(line, op, result);
    }
  }

  private symbol(line: Line, op: string, result: Value): Instruction {
    const span = undefined;
    switch (op) {
      case "slot-address": {
        const id = line.numbered("s");
        const slot = this.slots.find((known) => known.id === id);
        if (slot === undefined) line.fail(`there is no slot s${id}`);
        return { op, result, slot, span };
      }
      case "map":
        return { op, result, map: line.text(), span };
      case "map-value": {
        const map = line.text();
        line.expect("+");
        return { op, result, map, offset: Number(line.integer()), span };
      }
      case "call": {
        line.next();
        line.expect("#");
        const helper = Number(line.integer());
        return { op, result, helper, arguments: line.list(() => this.value(line)), ...this.pointee(line), span };
      }
      case "call-function":
      case "call-kfunc": {
        const name = line.text();
        return { op, result, name, arguments: line.list(() => this.value(line)), span };
      }
      default:
        return line.fail(`there is no operation ${op}`);
    }
  }

  private size(line: Line): AccessSize {
    return line.oneOf([1, 2, 4, 8] as const, "access size");
  }

  /** The struct that a word points to, if there is one: `to @132`. */
  private pointee(line: Line): { pointee?: number } {
    return line.accept("to") ? { pointee: this.struct(line) } : {};
  }

  private struct(line: Line): number {
    line.expect("@");
    return Number(line.integer());
  }

  private place(line: Line): { address: Value; offset: number } {
    const address = this.value(line);
    const negative = line.accept("-");
    if (!negative) line.expect("+");
    const offset = Number(line.integer());
    return { address, offset: negative ? -offset : offset };
  }

  private block(id: number): Block {
    let block = this.blocks.get(id);
    if (block === undefined) {
      block = { id, parameters: [], instructions: [], terminator: undefined };
      this.blocks.set(id, block);
    }
    return block;
  }

  private typedValue(line: Line): Value {
    const id = line.numbered("v");
    line.expect(":");
    return this.define(id, line.oneOf(valueTypes, "type"), line);
  }

  private define(id: number, type: ValueType, line: Line): Value {
    if (this.values.has(id)) line.fail(`v${id} is defined twice`);
    const value = { id, type };
    this.values.set(id, value);
    return value;
  }

  /** A value at its definition, with its type if written. */
  private reference(line: Line): Value {
    const value = this.value(line);
    if (line.accept(":")) line.next();
    return value;
  }

  private value(line: Line): Value {
    const id = line.numbered("v");
    const value = this.values.get(id);
    if (value === undefined) line.fail(`v${id} is not defined`);
    return value;
  }
}

function nextAfter(ids: Iterable<number>): number {
  let next = 0;
  for (const id of ids) next = Math.max(next, id + 1);
  return next;
}
