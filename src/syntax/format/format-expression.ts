// Expressions in standard form.

import { assertNever } from "../../base/invariant.ts";
import { textOf } from "../../source/source.ts";
import type { Assignable, Block, Expression, IfExpression, MapExpression } from "../ast.ts";
import { formatType, formatTypeOrExpression } from "./format-type.ts";
import { bare, bracketed, commentsBefore, concat, group, indent, type Layout, line, type PrintedToken, rejoin, space, whole } from "./layout.ts";
import { firstToken, isWeakBase, isWeaker, startOf, strengthOf, strengths } from "./precedence.ts";
import type { SourceTokens } from "./source-tokens.ts";

type Binary = Extract<Expression, { kind: "binary" }>;
type Ternary = Extract<Expression, { kind: "ternary" }>;

/** Where lines of a long chain of operators begin: below its first operand, or further in. */
type Continuation = "aligned" | "indented";

export class ExpressionFormatter {
  readonly tokens: SourceTokens;
  /** A block whose opening brace was taken; statements are in a file of their own. */
  private readonly statements: (open: PrintedToken, block: Block) => Layout;

  constructor(tokens: SourceTokens, statements: (open: PrintedToken, block: Block) => Layout) {
    this.tokens = tokens;
    this.statements = statements;
  }

  expression(expression: Expression, continuation: Continuation = "indented"): Layout {
    const { tokens } = this;
    switch (expression.kind) {
      case "int":
      case "string":
      case "bool":
      case "positional":
      case "positional-count":
      case "identifier":
      case "variable":
        return whole(tokens.token(textOf(expression.span), expression.span.start));
      case "map":
        return this.map(expression);
      case "call":
        return concat(whole(tokens.token(expression.name, expression.span.start)), this.arguments(expression.arguments));
      case "binary":
        return this.chain(expression, continuation);
      case "unary":
        return this.unary(expression);
      case "increment":
        return this.increment(expression);
      case "address-of":
        return concat(whole(tokens.token("&")), this.expression(expression.operand));
      case "ternary":
        return this.ternary(expression);
      case "field":
        return concat(this.base(expression.base), whole(tokens.token(expression.arrow ? "->" : ".")), whole(tokens.lexeme()));
      case "element":
        return concat(this.base(expression.base), whole(tokens.token(expression.arrow ? "->" : ".")), whole(tokens.lexeme()));
      case "index":
        return concat(this.base(expression.base, "indexed"), this.keys(expression.indices));
      case "cast":
        return this.cast(expression);
      case "tuple":
        return this.tuple(expression);
      case "record":
        return this.record(expression);
      case "block-expression":
        return group(this.block(tokens.token("{"), expression.block));
      case "if-expression":
        return group(this.ifExpression(expression));
      case "comptime":
        return concat(whole(tokens.token("comptime")), space, this.operand(expression.operand, strengths.unary));
      case "sizeof":
      case "typeinfo":
      case "offsetof":
        return this.typeQuestion(expression);
      case "type-argument":
        return formatType(this, expression.type);
      default:
        return assertNever(expression);
    }
  }

  /** Something in parentheses that only group; `before` is the offset of its first token. */
  grouping(before: number, content: () => Layout): Layout {
    const open = this.tokens.openGrouping(before);
    const inside = content();
    return bracketed(open.token, inside, this.tokens.close(open));
  }

  private parenthesised(expression: Expression): Layout {
    return this.grouping(startOf(expression), () => this.expression(expression, "aligned"));
  }

  /** An expression that needs parentheses when it is weaker than `least`. */
  private operand(expression: Expression, least: number): Layout {
    return isWeaker(expression, least) ? this.parenthesised(expression) : this.expression(expression);
  }

  private base(expression: Expression, use: "member" | "indexed" = "member"): Layout {
    return isWeakBase(expression, use === "indexed") ? this.parenthesised(expression) : this.expression(expression);
  }

  /** The condition of if, while and unroll: in parentheses, but for comptime. */
  condition(condition: Expression): Layout {
    return condition.kind === "comptime" ? this.expression(condition) : this.parenthesised(condition);
  }

  // ---- lists --------------------------------------------------------------------------------------------

  private list(expressions: readonly Expression[]): Layout {
    return this.separated(expressions, (expression) => this.expression(expression));
  }

  /** Items with commas; each on its own line when the group around is broken. */
  separated<T>(items: readonly T[], format: (item: T) => Layout): Layout {
    const parts: Layout[] = [];
    for (const [index, item] of items.entries()) {
      if (index > 0) parts.push(whole(this.tokens.early(",")), line);
      parts.push(format(item));
    }
    return concat(...parts);
  }

  private arguments(items: readonly Expression[]): Layout {
    const open = this.tokens.open("early");
    if (items.length > 0) {
      const list = this.list(items);
      return bracketed(open.token, list, this.tokens.close(open));
    }
    const close = this.tokens.close(open);
    return concat(whole(open.token), whole(close));
  }

  private keys(items: readonly Expression[]): Layout {
    const open = this.tokens.early("[");
    const list = this.list(items);
    return bracketed(open, list, this.tokens.token("]"));
  }

  map({ name, keys, span }: MapExpression): Layout {
    const map = whole(this.tokens.token(name, span.start));
    return keys === undefined ? map : concat(map, this.keys(keys));
  }

  private tuple({ elements, span }: Extract<Expression, { kind: "tuple" }>): Layout {
    const open = this.tokens.open("plain", span.start);
    const list = this.list(elements);
    const comma = elements.length === 1 ? whole(this.tokens.early(",")) : concat();
    const close = this.tokens.close(open);
    return elements.length === 0 ? concat(whole(open.token), whole(close)) : bracketed(open.token, concat(list, comma), close);
  }

  private record({ fields, span }: Extract<Expression, { kind: "record" }>): Layout {
    const open = this.tokens.open("plain", span.start);
    const list = this.separated(fields, ({ name, value }) => {
      const key = whole(this.tokens.token(name));
      return concat(key, space, whole(this.tokens.early("=")), space, this.expression(value));
    });
    return bracketed(open.token, list, this.tokens.close(open));
  }

  // ---- operators ----------------------------------------------------------------------------------------

  /** Operators of one precedence, whose lines break together. */
  private chain(expression: Binary, continuation: Continuation): Layout {
    const strength = strengthOf(expression);
    const links: Binary[] = [expression];
    for (let left = expression.left; left.kind === "binary" && strengthOf(left) === strength; left = left.left) links.push(left);
    const first = this.operand(links.at(-1)?.left ?? expression, strength);
    const rest = links.toReversed().map(({ operator, right }) => {
      const symbol = whole(this.tokens.early(operator));
      // Before a brace a slash would end a predicate.
      const grouped = operator === "/" && firstToken(right) === "{";
      return concat(space, symbol, line, grouped ? this.parenthesised(right) : this.operand(right, strength + 1));
    });
    return group(first, continuation === "aligned" ? concat(...rest) : indent(...rest));
  }

  private unary({ operator, operand }: Extract<Expression, { kind: "unary" }>): Layout {
    const symbol = whole(this.tokens.token(operator));
    const inner = this.operand(operand, strengths.unary);
    const apart = operator === "-" && !isWeaker(operand, strengths.unary) && firstToken(operand).startsWith("-");
    return apart ? concat(symbol, space, inner) : concat(symbol, inner);
  }

  private increment({ operator, prefix, target }: Extract<Expression, { kind: "increment" }>): Layout {
    if (!prefix) {
      const operand = this.assignable(target);
      return concat(operand, whole(this.tokens.token(operator)));
    }
    const symbol = whole(this.tokens.token(operator));
    return concat(symbol, this.assignable(target));
  }

  assignable(target: Assignable): Layout {
    return this.expression(target);
  }

  /** A chain of them: the first on up to three lines, each further one on a line that begins with its colon. */
  private ternary(expression: Ternary): Layout {
    const first = this.operand(expression.condition, strengths.ternary + 1);
    const parts = [line, ...this.choice(expression)];
    let rest = expression.else;
    for (; rest.kind === "ternary"; rest = rest.else) {
      parts.push(this.operand(rest.condition, strengths.ternary + 1), space, ...this.choice(rest));
    }
    return group(first, indent(...parts, this.expression(rest)));
  }

  /** From the question mark to the blank behind the colon. */
  private choice({ then }: Ternary): Layout[] {
    const question = whole(this.tokens.token("?"));
    if (then === undefined) return [question, whole(this.tokens.token(":")), space];
    const value = this.expression(then);
    return [question, space, value, line, whole(this.tokens.token(":")), space];
  }

  private cast({ type, operand, span }: Extract<Expression, { kind: "cast" }>): Layout {
    const open = this.tokens.open("plain", span.start);
    const inside = formatType(this, type);
    const close = this.tokens.close(open);
    const before = concat(whole(open.token), inside, whole(close));
    // These can't follow a type: they would be operators on a value in parentheses.
    const grouped = /^(?:\+\+|--|\{)/.test(firstToken(operand));
    return concat(before, grouped ? this.parenthesised(operand) : this.operand(operand, strengths.unary));
  }

  private typeQuestion(expression: Extract<Expression, { kind: "sizeof" | "typeinfo" | "offsetof" }>): Layout {
    const { tokens } = this;
    const keyword = whole(tokens.token(expression.kind, expression.span.start));
    const open = tokens.open("early");
    const operand = formatTypeOrExpression(this, expression.operand);
    if (expression.kind !== "offsetof") return concat(keyword, bracketed(open.token, operand, tokens.close(open)));
    const comma = whole(tokens.early(","));
    const path = expression.path.flatMap((step, index) => {
      if (typeof step !== "string") return [this.keys([step])];
      const dot = index === 0 ? [] : [whole(tokens.token("."))];
      return [...dot, whole(tokens.token(step))];
    });
    return concat(keyword, bracketed(open.token, concat(operand, comma, line, ...path), tokens.close(open)));
  }

  // ---- blocks -------------------------------------------------------------------------------------------

  /** A block in an expression: on one line if it is a mere value and the group around it fits. */
  private block(open: PrintedToken, block: Block): Layout {
    if (block.statements.length > 0 || block.value === undefined) return this.statements(open, block);
    const value = this.blockValue(block.value);
    const close = this.tokens.token("}");
    return concat(whole(open), indent(line, value, commentsBefore(close)), line, bare(close));
  }

  /** The last expression of a block; where a statement could stand, some need parentheses. */
  blockValue(value: Expression): Layout {
    return startsLikeStatement(value) ? this.parenthesised(value) : this.expression(value);
  }

  private ifExpression({ condition, then, else: otherwise, span }: IfExpression): Layout {
    const { tokens } = this;
    const keyword = whole(tokens.token("if", span.start));
    const head = concat(keyword, space, this.condition(condition), space);
    const first = this.block(tokens.early("{"), then);
    if (otherwise === undefined) return concat(head, first);
    const word = whole(tokens.token("else"));
    const { value } = otherwise;
    const chained = value?.kind === "if-expression" && value.span.start === otherwise.span.start;
    const second = chained ? this.ifExpression(value) : this.block(tokens.early("{"), otherwise);
    return concat(head, first, rejoin, word, space, second);
  }
}

/** Words that begin a statement, or go on with one, so that no expression can begin with them there. */
const statementWords: ReadonlySet<string> = new Set(["let", "if", "else", "unroll", "while", "for", "break", "continue", "return"]);

/** Whether an expression must be in parentheses to stand where a statement begins. */
export function startsLikeStatement(expression: Expression): boolean {
  const first = firstToken(expression);
  return first === "{" || statementWords.has(first);
}
