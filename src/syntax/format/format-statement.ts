// Blocks and statements in standard form.

import { assertNever } from "../../base/invariant.ts";
import type { Block, Expression, IfStatement, Statement } from "../ast.ts";
import { ExpressionFormatter, startsLikeStatement } from "./format-expression.ts";
import { formatType } from "./format-type.ts";
import { bare, commentsBefore, concat, hardline, indent, type Layout, type PrintedToken, rejoin, space, whole } from "./layout.ts";
import { firstToken, isWeaker, startOf, strengths } from "./precedence.ts";
import type { SourceTokens } from "./source-tokens.ts";

export class StatementFormatter {
  readonly expressions: ExpressionFormatter;
  private readonly tokens: SourceTokens;

  constructor(tokens: SourceTokens) {
    this.tokens = tokens;
    this.expressions = new ExpressionFormatter(tokens, (open, block) => this.block(open, block));
  }

  /** A block that belongs to what stands before it: comments between them go inside. */
  body(block: Block): Layout {
    return this.block(this.tokens.early("{"), block);
  }

  private block(open: PrintedToken, block: Block): Layout {
    const lines = block.statements.map((statement) => this.statement(statement));
    if (block.value !== undefined) lines.push(this.expressions.blockValue(block.value));
    return this.braced(open, lines);
  }

  /** Lines between an opening brace and the closing one, which comes next. */
  braced(open: PrintedToken, lines: readonly Layout[]): Layout {
    const close = this.tokens.blockEnd();
    if (lines.length === 0 && close.leading.length === 0 && open.trailing.length === 0) return concat(whole(open), whole(close));
    const parts = lines.flatMap((text, index) => [hardline(index === 0 ? "never" : "keep"), text]);
    if (close.leading.length > 0) parts.push(hardline(lines.length === 0 ? "never" : "keep"), commentsBefore(close));
    return concat(whole(open), indent(...parts), hardline("never"), bare(close));
  }

  private ended(...parts: readonly Layout[]): Layout {
    return concat(...parts, whole(this.tokens.semicolon()));
  }

  private keyword(word: string): Layout {
    return concat(whole(this.tokens.token(word)), space);
  }

  statement(statement: Statement): Layout {
    const { tokens, expressions } = this;
    switch (statement.kind) {
      case "expression-statement":
        return this.ended(this.expressionStatement(statement.expression));
      case "let":
        return this.let(statement);
      case "assign": {
        const target = expressions.assignable(statement.target);
        const symbol = whole(tokens.early(`${statement.operator ?? ""}=`));
        return this.ended(target, space, symbol, space, expressions.expression(statement.value));
      }
      case "discard": {
        const target = this.keyword("_");
        const symbol = whole(tokens.early("="));
        return this.ended(target, symbol, space, expressions.expression(statement.value));
      }
      case "if":
        return this.if(statement);
      case "block-statement":
        return this.block(tokens.token("{"), statement.block);
      case "unroll":
      case "while": {
        const keyword = this.keyword(statement.kind);
        const head = expressions.condition(statement.kind === "unroll" ? statement.count : statement.condition);
        return concat(keyword, head, space, this.body(statement.body));
      }
      case "for-range":
      case "for-map":
        return this.for(statement);
      case "break":
      case "continue":
        return this.ended(whole(tokens.token(statement.kind)));
      case "return": {
        if (statement.value === undefined) return this.ended(whole(tokens.token("return")));
        const keyword = this.keyword("return");
        return this.ended(keyword, expressions.expression(statement.value));
      }
      case "import-statement": {
        const keyword = this.keyword("import");
        return this.ended(keyword, whole(tokens.lexeme()));
      }
      default:
        return assertNever(statement);
    }
  }

  private expressionStatement(expression: Expression): Layout {
    return startsLikeStatement(expression) ? this.grouped(expression) : this.expressions.expression(expression);
  }

  private grouped(expression: Expression): Layout {
    return this.expressions.grouping(startOf(expression), () => this.expressions.expression(expression, "aligned"));
  }

  private let({ variable, type, value }: Extract<Statement, { kind: "let" }>): Layout {
    const { tokens, expressions } = this;
    const parts = [this.keyword("let"), expressions.expression(variable)];
    if (type !== undefined) parts.push(whole(tokens.early(":")), space, formatType(expressions, type));
    if (value !== undefined) parts.push(space, whole(tokens.early("=")), space, expressions.expression(value));
    return this.ended(...parts);
  }

  private if({ condition, then, else: otherwise }: IfStatement): Layout {
    const parts = [this.keyword("if"), this.expressions.condition(condition), space, this.body(then)];
    if (otherwise === undefined) return concat(...parts);
    parts.push(rejoin, this.keyword("else"));
    const [inner] = otherwise.statements;
    const chained = inner?.kind === "if" && inner.span.start === otherwise.span.start;
    return concat(...parts, chained ? this.if(inner) : this.body(otherwise));
  }

  private for(statement: Extract<Statement, { kind: "for-range" | "for-map" }>): Layout {
    const { tokens, expressions } = this;
    const keyword = this.keyword("for");
    const open = tokens.openGrouping(statement.variable.span.start);
    const variable = expressions.expression(statement.variable);
    const colon = whole(tokens.early(":"));
    const over = statement.kind === "for-map" ? expressions.map(statement.map) : this.range(statement.from, statement.to);
    const close = whole(tokens.close(open));
    return concat(keyword, whole(open.token), variable, space, colon, space, over, close, space, this.body(statement.body));
  }

  private range(from: Expression, to: Expression): Layout {
    const first = this.bound(from);
    const dots = whole(this.tokens.token(".."));
    return concat(first, dots, this.bound(to));
  }

  /** A bound of a range: without parentheses only if it can't be taken for something else. */
  private bound(bound: Expression): Layout {
    const plain = !isWeaker(bound, strengths.postfix) && /^[\w$@"({]/.test(firstToken(bound));
    return plain ? this.expressions.expression(bound) : this.grouped(bound);
  }
}
