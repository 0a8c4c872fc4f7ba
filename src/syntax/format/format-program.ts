// The formatter: a whole script in one standard form, with its comments.

import { assertNever } from "../../base/invariant.ts";
import type { AttachPoint, CDefinition, ConfigBlock, ConfigEntry, Import, Item, Probe, Program } from "../ast.ts";
import { formatType } from "./format-type.ts";
import { StatementFormatter } from "./format-statement.ts";
import { bracketed, concat, group, hardline, type Layout, rejoin, softline, space, whole } from "./layout.ts";
import { firstToken } from "./precedence.ts";
import { printLayout } from "./print-layout.ts";
import { SourceTokens } from "./source-tokens.ts";

/**
 * Formats a program that was parsed without errors. Parsing the result gives an equal tree but for the places, with the
 * same comments; formatting the result gives it again.
 */
export function formatProgram(program: Program): string {
  return printLayout(new ProgramFormatter(program).program());
}

/** What stands at the outermost level. */
type TopLevel =
  | { readonly kind: "c"; readonly node: CDefinition }
  | { readonly kind: "config"; readonly node: ConfigBlock }
  | { readonly kind: "import"; readonly node: Import }
  | { readonly kind: Item["kind"]; readonly node: Item };

class ProgramFormatter {
  private readonly source: Program;
  private readonly tokens: SourceTokens;
  private readonly statements: StatementFormatter;

  constructor(program: Program) {
    this.source = program;
    this.tokens = new SourceTokens(program);
    this.statements = new StatementFormatter(this.tokens);
  }

  program(): Layout {
    const { shebang } = this.source;
    const parts: Layout[] = [];
    if (shebang !== undefined) parts.push(whole(this.tokens.raw(0, shebang.length, shebang.trimEnd())), hardline("keep"));
    let before: TopLevel | undefined;
    for (const next of topLevel(this.source)) {
      if (before !== undefined) parts.push(hardline(belongTogether(before, next) ? "keep" : "always"));
      parts.push(this.topLevel(next));
      before = next;
    }
    if (before !== undefined) parts.push(hardline("keep"));
    return concat(...parts, whole(this.tokens.end()));
  }

  private topLevel(item: TopLevel): Layout {
    switch (item.kind) {
      case "c":
        return this.cDefinition(item.node);
      case "config":
        return this.config(item.node);
      case "import": {
        const keyword = whole(this.tokens.token("import"));
        const path = whole(this.tokens.lexeme());
        return concat(keyword, space, path, whole(this.tokens.semicolon()));
      }
      default:
        return this.item(item.node);
    }
  }

  /** As written, but for blanks at the end; behind a backslash even they mean something. */
  private cDefinition({ text, span }: CDefinition): Layout {
    const trimmed = text.trimEnd();
    return whole(this.tokens.raw(span.start, span.end, trimmed.endsWith("\\") ? text : trimmed));
  }

  private config({ entries }: ConfigBlock): Layout {
    const keyword = whole(this.tokens.token("config"));
    const symbol = whole(this.tokens.token("="));
    const open = this.tokens.early("{");
    const lines = entries.map((entry) => this.configEntry(entry));
    return concat(keyword, space, symbol, space, this.statements.braced(open, lines));
  }

  private configEntry({ key }: ConfigEntry): Layout {
    const name = whole(this.tokens.token(key));
    const symbol = whole(this.tokens.early("="));
    const value = whole(this.tokens.lexeme());
    return concat(name, space, symbol, space, value, whole(this.tokens.semicolon()));
  }

  private item(item: Item): Layout {
    const { tokens, statements } = this;
    switch (item.kind) {
      case "probe":
        return this.probe(item);
      case "macro": {
        const head = concat(whole(tokens.token("macro")), space, whole(tokens.token(item.name)));
        const parameters = this.parameters(item.parameters, ({ name }) => whole(tokens.token(name)));
        return concat(head, parameters, space, statements.body(item.body));
      }
      case "function": {
        const head = concat(whole(tokens.token("fn")), space, whole(tokens.token(item.name)));
        const parameters = this.parameters(item.parameters, ({ name, type }) => {
          const variable = whole(tokens.token(name));
          const colon = whole(tokens.early(":"));
          return concat(variable, colon, space, formatType(statements.expressions, type));
        });
        const colon = whole(tokens.early(":"));
        const returns = formatType(statements.expressions, item.returns);
        return concat(head, parameters, colon, space, returns, space, statements.body(item.body));
      }
      case "map-declaration": {
        const head = concat(whole(tokens.token("let")), space, whole(tokens.token(item.name)));
        const symbol = whole(tokens.early("="));
        const kind = whole(tokens.token(item.mapKind));
        const open = tokens.open("early");
        const entries = whole(tokens.lexeme());
        const size = bracketed(open.token, entries, tokens.close(open));
        return concat(head, space, symbol, space, kind, size, whole(tokens.semicolon()));
      }
      default:
        return assertNever(item);
    }
  }

  private parameters<T>(parameters: readonly T[], format: (parameter: T) => Layout): Layout {
    const open = this.tokens.open("early");
    const list = this.statements.expressions.separated(parameters, format);
    const close = this.tokens.close(open);
    return parameters.length === 0 ? concat(whole(open.token), whole(close)) : bracketed(open.token, list, close);
  }

  // ---- probes -------------------------------------------------------------------------------------------

  private probe({ attachPoints, predicate, body }: Probe): Layout {
    const parts: Layout[] = [];
    for (const [index, attachPoint] of attachPoints.entries()) {
      if (index > 0) parts.push(whole(this.tokens.early(",")), hardline("never"));
      parts.push(this.attachPoint(attachPoint));
    }
    if (predicate !== undefined) parts.push(rejoin, this.predicate(predicate));
    parts.push(rejoin, this.statements.body(body));
    return concat(...parts);
  }

  private attachPoint({ text, span }: AttachPoint): Layout {
    return whole(this.tokens.raw(span.start, span.end, text));
  }

  /** On the line of the last attach point, or if that is too short on its own. */
  private predicate({ condition }: NonNullable<Probe["predicate"]>): Layout {
    const open = whole(this.tokens.token("/"));
    // A slash and a star would begin a comment.
    const apart = firstToken(condition) === "*" ? space : concat();
    const inside = this.statements.expressions.expression(condition);
    return group(softline, open, apart, inside, whole(this.tokens.token("/")));
  }
}

function topLevel({ cDefinitions, config, imports, items }: Program): readonly TopLevel[] {
  const all: TopLevel[] = [
    ...cDefinitions.map((node) => ({ kind: "c" as const, node })),
    ...(config === undefined ? [] : [{ kind: "config" as const, node: config }]),
    ...imports.map((node) => ({ kind: "import" as const, node })),
    ...items.map((node) => ({ kind: node.kind, node })),
  ];
  return all.sort((a, b) => a.node.span.start - b.node.span.start);
}

/** Short items of one kind need no blank line between them. */
function belongTogether(first: TopLevel, second: TopLevel): boolean {
  return first.kind === second.kind && (first.kind === "c" || first.kind === "import" || first.kind === "map-declaration");
}
