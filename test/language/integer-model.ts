// Random integer expressions of the language with the values that its rules give them: types by promotion, 64-bit
// arithmetic, unsigned narrow operands of - and ~ in their own width, comparisons by the promoted type.

export interface IntegerType {
  readonly bits: 8 | 16 | 32 | 64;
  readonly signed: boolean;
}

export interface Modelled {
  readonly text: string;
  readonly type: IntegerType;
  readonly value: bigint;
  /** A literal that is not negative: its sign adapts to the other operand. */
  readonly flexible: boolean;
}

/** A source of numbers from 0 to n - 1. */
export type Choose = (n: number) => number;

const widths = [8, 16, 32, 64] as const;
export const integerTypes: readonly IntegerType[] = widths.flatMap((bits) => [
  { bits, signed: true },
  { bits, signed: false },
]);
const int64: IntegerType = { bits: 64, signed: true };
const uint64: IntegerType = { bits: 64, signed: false };

export function typeText({ bits, signed }: IntegerType): string {
  return `${signed ? "" : "u"}int${bits}`;
}

export function wrap(value: bigint, { bits, signed }: IntegerType): bigint {
  return signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

function promote(a: Modelled, b: Modelled): IntegerType {
  const bits = a.type.bits > b.type.bits ? a.type.bits : b.type.bits;
  if (a.type.signed === b.type.signed) return { bits, signed: a.type.signed };
  if (a.flexible) return { bits, signed: b.type.signed };
  if (b.flexible) return { bits, signed: a.type.signed };
  const [signed, unsigned] = a.type.signed ? [a.type, b.type] : [b.type, a.type];
  if (signed.bits > unsigned.bits) return signed;
  return { bits: unsigned.bits === 8 ? 16 : unsigned.bits === 16 ? 32 : 64, signed: true };
}

const operators = ["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"] as const;
const comparisons = ["==", "!=", "<", "<=", ">", ">="] as const;

/** Makes expressions over named values. */
export class ExpressionMaker {
  private readonly choose: Choose;
  private readonly values: readonly Modelled[];

  constructor(choose: Choose, values: readonly Modelled[]) {
    this.choose = choose;
    this.values = values;
  }

  private pick<T>(list: readonly T[]): T {
    const item = list[this.choose(list.length)];
    if (item === undefined) throw new Error("nothing to choose from");
    return item;
  }

  /** A value that is only known at run time. */
  private value(): Modelled {
    return this.pick(this.values);
  }

  private leaf(): Modelled {
    if (this.choose(4) > 0) return this.value();
    const value = this.pick([0n, 1n, 2n, 3n, 100n, 127n, 128n, 255n, 32_767n, 40_000n, 70_000n, 1n << 31n, 1n << 40n]);
    const bits = widths.find((width) => value < 1n << BigInt(width - 1)) ?? 64;
    return { text: value.toString(), type: { bits, signed: true }, value, flexible: true };
  }

  /** No literal: literals are folded by rules of their own. */
  private runtime(depth: number): Modelled {
    const made = this.make(depth);
    return made.flexible ? this.value() : made;
  }

  make(depth: number): Modelled {
    if (depth === 0) return this.leaf();
    switch (this.choose(6)) {
      case 0:
      case 1:
        return this.binary(this.runtime(depth - 1), this.make(depth - 1));
      case 2:
        return this.comparison(this.runtime(depth - 1), this.make(depth - 1));
      case 3:
        return this.cast(this.runtime(depth - 1));
      case 4:
        return this.prefix(this.runtime(depth - 1));
      default:
        return this.choice(this.runtime(depth - 1), this.runtime(depth - 1), this.runtime(depth - 1));
    }
  }

  private binary(a: Modelled, b: Modelled): Modelled {
    const operator = this.pick(operators);
    const signed = operator === "-" || (b.flexible ? a.type.signed : a.type.signed || b.type.signed);
    const type = signed ? int64 : uint64;
    const result = compute(operator, a, b, type);
    return { text: `(${a.text} ${operator} ${b.text})`, type, value: wrap(result, type), flexible: false };
  }

  private comparison(a: Modelled, b: Modelled): Modelled {
    const operator = this.pick(comparisons);
    const { signed } = promote(a, b);
    const x = wrap(a.value, signed ? int64 : uint64);
    const y = wrap(b.value, signed ? int64 : uint64);
    const results = { "==": x === y, "!=": x !== y, "<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y };
    const text = `((uint8)(${a.text} ${operator} ${b.text}))`;
    return { text, type: { bits: 8, signed: false }, value: results[operator] ? 1n : 0n, flexible: false };
  }

  private cast(a: Modelled): Modelled {
    const type = this.pick(integerTypes);
    return { text: `((${typeText(type)})${a.text})`, type, value: wrap(a.value, type), flexible: false };
  }

  private prefix(a: Modelled): Modelled {
    const operator = this.pick(["-", "~"] as const);
    const raw = operator === "-" ? -a.value : ~a.value;
    const type = a.type.signed ? int64 : uint64;
    return { text: `(${operator}${a.text})`, type, value: wrap(raw, a.type.signed ? int64 : a.type), flexible: false };
  }

  private choice(condition: Modelled, a: Modelled, b: Modelled): Modelled {
    const type = promote(a, b);
    const value = wrap(condition.value !== 0n ? a.value : b.value, type);
    return { text: `(${condition.text} ? ${a.text} : ${b.text})`, type, value, flexible: false };
  }
}

/** The result before it wraps; division by zero gives 1, shifts count modulo 64 and keep the left operand's sign. */
function compute(operator: (typeof operators)[number], a: Modelled, b: Modelled, type: IntegerType): bigint {
  const x = wrap(a.value, type);
  const y = wrap(b.value, type);
  const amount = BigInt.asUintN(6, b.value);
  switch (operator) {
    case "+":
      return x + y;
    case "-":
      return x - y;
    case "*":
      return x * y;
    case "/":
      return y === 0n ? 1n : x / y;
    case "%":
      return y === 0n ? 1n : x % y;
    case "&":
      return x & y;
    case "|":
      return x | y;
    case "^":
      return x ^ y;
    case "<<":
      return x << amount;
    case ">>":
      return wrap(a.value, { bits: 64, signed: a.type.signed }) >> amount;
  }
}
