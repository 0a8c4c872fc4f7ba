// Walks through the source beside the syntax tree: each token that is printed is looked up there, which keeps literals
// as written and comments between their tokens. Only parentheses, commas and semicolons may be left out or put in.

import { invariant } from "../../base/invariant.ts";
import type { Comment, Program } from "../ast.ts";
import { wordAt } from "../scanner.ts";
import type { PrintedToken } from "./layout.ts";

/** A comment, and the line ends between it and what stands before. */
interface FoundComment {
  readonly comment: Comment;
  readonly newlines: number;
}

/** Where the comments before a token go: `early` lets it come before those that end a line. */
type Place = "plain" | "early" | "block-end";

/** An opening parenthesis: how many were open around it, or undefined if the source has none. */
export interface Opening {
  readonly token: PrintedToken;
  readonly depth: number | undefined;
}

export class SourceTokens {
  private readonly text: string;
  private readonly comments: ReadonlyMap<number, Comment>;
  private position = 0;
  /** Parentheses open at the position. */
  private depth = 0;
  /** Comments since the last token of the source. */
  private gap: FoundComment[] = [];
  /** Line ends since the last token or comment of the source; the first line counts as ended before it. */
  private newlines = 1;
  private last: PrintedToken | undefined;
  private found = 0;

  constructor(program: Program) {
    this.text = program.span.file.text;
    this.comments = new Map(program.comments.map((comment) => [comment.span.start, comment]));
  }

  // ---- tokens -------------------------------------------------------------------------------------------

  /** A token that comes next, or at a position. */
  token(text: string, at?: number): PrintedToken {
    return this.take(text, "plain", at);
  }

  /** A token that belongs to the line before it: comments that end that line go behind it. */
  early(text: string): PrintedToken {
    return this.take(text, "early");
  }

  /** The brace that ends a block of statements. */
  blockEnd(): PrintedToken {
    return this.take("}", "block-end");
  }

  /** The next word, number, literal or name with sigil, as written. */
  lexeme(): PrintedToken {
    const at = this.upcoming("(),;");
    const pattern = /"(?:[^"\\]|\\.)*"|[$@]?\w+|@/y;
    pattern.lastIndex = at;
    const text = pattern.exec(this.text)?.[0];
    invariant(text !== undefined, `the formatter found no word at byte ${at}`);
    return this.token(text, at);
  }

  /** A word, if one comes next. */
  word(): PrintedToken | undefined {
    const at = this.upcoming("");
    const text = wordAt(this.text, at);
    return text === undefined ? undefined : this.token(text, at);
  }

  /** A piece of the source whose inside is not looked at, printed as `text`. */
  raw(start: number, end: number, text: string): PrintedToken {
    this.advance(() => this.position === start);
    this.position = end;
    return this.settle(text, "plain");
  }

  /** A semicolon, whether there is one or not. */
  semicolon(): PrintedToken {
    return this.text.charAt(this.upcoming(")")) === ";" ? this.early(";") : this.added(";");
  }

  /** Nothing, at the end of the source, with the last comments. */
  end(): PrintedToken {
    this.advance(() => this.position === this.text.length);
    this.newlines = Math.max(this.newlines, 1);
    const token = this.settle("", "plain");
    invariant(this.found === this.comments.size, "the formatter lost a comment");
    return token;
  }

  // ---- parentheses --------------------------------------------------------------------------------------

  /** The opening one of a call, cast, tuple …, which the source must have. */
  open(place: "plain" | "early", at?: number): Opening {
    const token = this.take("(", place, at);
    return { token, depth: this.depth - 1 };
  }

  /** The opening one of a grouping around what begins at `before`; added if the source has none. */
  openGrouping(before: number): Opening {
    const at = this.upcoming(",;");
    if (this.text.charAt(at) !== "(" || at >= before) return { token: this.added("("), depth: undefined };
    return this.open("plain", at);
  }

  /** The one that closes an opening one. */
  close({ depth }: Opening): PrintedToken {
    const at = depth === undefined ? undefined : this.closing(depth);
    return at === undefined ? this.added(")") : this.token(")", at);
  }

  /** Where the parenthesis stands that leaves `depth` others open, unless it was passed already. */
  private closing(depth: number): number | undefined {
    let open = this.depth;
    let at = this.position;
    for (;;) {
      at = this.afterLayout(at);
      const c = this.text.charAt(at);
      if (c !== ")" && c !== ",") return undefined;
      if (c === ")") {
        open -= 1;
        if (open <= depth) return open === depth ? at : undefined;
      }
      at += 1;
    }
  }

  // ---- walking ------------------------------------------------------------------------------------------

  private added(text: string): PrintedToken {
    this.last = { text, leading: [], trailing: [], blankBefore: false };
    return this.last;
  }

  private take(text: string, place: Place, at?: number): PrintedToken {
    this.advance(() => (at === undefined ? this.text.startsWith(text, this.position) : this.position === at));
    invariant(this.text.startsWith(text, this.position), `the formatter expected '${text}' at byte ${this.position}`);
    this.position += text.length;
    if (text === "(") this.depth += 1;
    if (text === ")") this.depth -= 1;
    return this.settle(text, place);
  }

  /** Goes on over layout, comments and what may be left out. */
  private advance(reached: () => boolean): void {
    for (;;) {
      const comment = this.comments.get(this.position);
      if (comment !== undefined) {
        this.gap.push({ comment, newlines: this.newlines });
        this.found += 1;
        this.newlines = 0;
        this.position = comment.span.end;
        continue;
      }
      if (reached()) return;
      const c = this.text.charAt(this.position);
      if (c === "\n") this.newlines += 1;
      else if (this.continuesLine(this.position)) this.position += 1;
      else if (c === "(") this.depth += 1;
      else if (c === ")") this.depth -= 1;
      else invariant(/^[\s,;]$/.test(c), `the formatter lost its place at byte ${this.position}`);
      this.position += 1;
    }
  }

  /** Position of the next thing that is not layout, a comment or one of some symbols. */
  private upcoming(symbols: string): number {
    let at = this.afterLayout(this.position);
    while (at < this.text.length && symbols.includes(this.text.charAt(at))) at = this.afterLayout(at + 1);
    return at;
  }

  /** A backslash at the end of a line is layout. */
  private continuesLine(at: number): boolean {
    return this.text.startsWith("\\\n", at);
  }

  private afterLayout(start: number): number {
    let at = start;
    for (;;) {
      const comment = this.comments.get(at);
      if (comment !== undefined) at = comment.span.end;
      else if (/\s/.test(this.text.charAt(at))) at += 1;
      else if (this.continuesLine(at)) at += 2;
      else return at;
    }
  }

  // ---- comments -----------------------------------------------------------------------------------------

  /** Makes the token that was just passed, and gives the comments before it to it and to the last one. */
  private settle(text: string, place: Place): PrintedToken {
    const token: PrintedToken = { text, leading: [], trailing: [], blankBefore: this.newlines > 1 };
    const runs = runsOf(this.gap, this.newlines);
    const { last } = this;
    this.last = token;
    if (place === "early" && runs.some((run) => run.endsLine)) return token;
    this.gap = [];
    this.newlines = 0;
    const inBlock = place === "block-end" && last?.text !== "{";
    for (const [index, { comments, startsLine, endsLine, blankBefore }] of runs.entries()) {
      if (index === 0 && !startsLine && (endsLine || inBlock)) last?.trailing.push(...comments);
      else token.leading.push({ comments, ownLine: endsLine || place === "block-end", blankBefore });
    }
    return token;
  }
}

interface Run {
  readonly comments: string[];
  readonly startsLine: boolean;
  endsLine: boolean;
  readonly blankBefore: boolean;
}

/** Comments by the lines they stand on; `newlines` follow the last one. */
function runsOf(gap: readonly FoundComment[], newlines: number): readonly Run[] {
  const runs: Run[] = [];
  for (const { comment, newlines: before } of gap) {
    const run = runs.at(-1);
    if (run !== undefined && before === 0) run.comments.push(comment.text);
    else {
      if (run !== undefined) run.endsLine = true;
      runs.push({ comments: [comment.text], startsLine: before > 0, endsLine: false, blankBefore: before > 1 });
    }
  }
  const run = runs.at(-1);
  if (run !== undefined) run.endsLine = newlines > 0;
  return runs;
}
