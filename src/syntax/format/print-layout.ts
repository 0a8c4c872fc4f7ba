// Turns a layout into text: decides which groups are broken into lines, and places the comments.

import { assertNever } from "../../base/invariant.ts";
import { forcedGroups } from "./forced-groups.ts";
import type { CommentRun, Layout, PrintedToken } from "./layout.ts";

const width = 100;
const step = 2;

/** Prints a layout. Comments take no room: they never make a group break for being long. */
export function printLayout(layout: Layout): string {
  return new LayoutPrinter(forcedGroups(layout)).print(layout);
}

interface Command {
  readonly layout: Layout;
  readonly indent: number;
  /** Lines of the group are blanks. */
  readonly flat: boolean;
}

class LayoutPrinter {
  private readonly forced: ReadonlySet<Layout>;
  private readonly pieces: string[] = [];
  /** Still to print, the next one last. */
  private readonly commands: Command[] = [];
  /** Column without the comments in front of it. */
  private column = 0;
  /** Where the text of the current line begins. */
  private lineIndent = 0;
  /** Line ends and blank due before the next text. */
  private newlines = 0;
  private newlineIndent = 0;
  private spaced = false;
  /** Between two statements or items. */
  private betweenStatements = true;
  private blankAllowed = false;
  /** Indentation of a line that only a comment makes necessary. */
  private rejoinIndent: number | undefined;

  constructor(forced: ReadonlySet<Layout>) {
    this.forced = forced;
  }

  print(layout: Layout): string {
    this.commands.push({ layout, indent: 0, flat: false });
    for (let command = this.commands.pop(); command !== undefined; command = this.commands.pop()) this.step(command);
    return this.pieces.length === 0 ? "" : `${this.pieces.join("")}\n`;
  }

  private step({ layout, indent, flat }: Command): void {
    switch (layout.kind) {
      case "token":
        return this.token(layout.token, indent);
      case "comments":
        for (const run of layout.token.leading) this.comments(run, layout.token, indent);
        return;
      case "space":
        this.spaced = true;
        return;
      case "rejoin":
        this.spaced = true;
        this.rejoinIndent = indent;
        if (this.newlines > 0) this.newlineIndent = indent;
        return;
      case "line":
        if (flat) this.spaced = true;
        else this.endLine(1, indent);
        return;
      case "softline":
        if (!flat) this.endLine(1, indent);
        return;
      case "hardline":
        this.endLine(layout.blank === "always" ? 2 : 1, indent);
        this.betweenStatements = true;
        this.blankAllowed = layout.blank === "keep";
        return;
      case "concat":
        for (const part of layout.parts.toReversed()) this.commands.push({ layout: part, indent, flat });
        return;
      case "indent":
        this.commands.push({ layout: layout.content, indent: indent + step, flat });
        return;
      case "group": {
        const fits = !this.forced.has(layout) && (flat || this.fits(layout.content, indent));
        this.commands.push({ layout: layout.content, indent, flat: fits });
        return;
      }
      default:
        assertNever(layout);
    }
  }

  // ---- text ---------------------------------------------------------------------------------------------

  private token(token: PrintedToken, indent: number): void {
    if (token.text !== "") this.write(token.text, token.blankBefore);
    this.column += token.text.length;
    this.betweenStatements = false;
    this.blankAllowed = false;
    const continued = this.rejoinIndent ?? indent + step;
    this.rejoinIndent = undefined;
    if (token.trailing.length === 0) return;
    this.pieces.push(" ", this.commentText(token.trailing));
    this.endLine(1, continued);
  }

  private comments(run: CommentRun, token: PrintedToken, indent: number): void {
    if (run.ownLine && this.newlines === 0 && this.pieces.length > 0) this.endLine(1, this.rejoinIndent ?? indent + step);
    if (!run.ownLine && this.newlines === 0) this.spaced = !/[([]$/.test(this.pieces.at(-1) ?? "(");
    this.write("", run.blankBefore);
    this.pieces.push(this.commentText(run.comments));
    if (!run.ownLine) {
      this.spaced = !/^[)\],;]/.test(token.text);
      return;
    }
    this.endLine(1, this.lineIndent);
    this.blankAllowed = this.betweenStatements;
  }

  /** Comments of one line; the stars of a long one stand below each other. */
  private commentText(comments: readonly string[]): string {
    return comments.map((comment) => {
      const [first = "", ...rest] = comment.split("\n").map((text) => text.trimEnd());
      const starred = rest.every((text) => text.trimStart().startsWith("*"));
      const before = `\n${" ".repeat(this.lineIndent + 1)}`;
      return [first, ...rest.map((text) => (starred ? `${before}${text.trimStart()}` : `\n${text}`))].join("");
    }).join(" ");
  }

  private endLine(newlines: number, indent: number): void {
    this.newlines = Math.max(this.newlines, newlines);
    this.newlineIndent = indent;
    this.spaced = false;
  }

  /** Writes a text behind the line ends or the blank that are due. */
  private write(text: string, blankBefore: boolean): void {
    if (this.newlines > 0) {
      const blank = this.blankAllowed && blankBefore;
      if (this.pieces.length > 0) this.pieces.push("\n".repeat(blank ? 2 : this.newlines), " ".repeat(this.newlineIndent));
      this.column = this.newlineIndent;
      this.lineIndent = this.newlineIndent;
    } else if (this.spaced) {
      this.pieces.push(" ");
      this.column += 1;
    }
    this.newlines = 0;
    this.spaced = false;
    if (text !== "") this.pieces.push(text);
  }

  // ---- width --------------------------------------------------------------------------------------------

  /** Whether a content fits on the rest of the line, with what follows it up to the next possible end of the line. */
  private fits(content: Layout, indent: number): boolean {
    const fresh = this.newlines > 0;
    let room = width - (fresh ? this.newlineIndent : this.column + (this.spaced ? 1 : 0));
    let measured = false;
    let rest = this.commands.length;
    const stack: Command[] = [{ layout: content, indent, flat: true }];
    while (room >= 0) {
      const command = stack.pop() ?? this.commands[--rest];
      if (command === undefined) return true;
      const { layout, flat } = command;
      switch (layout.kind) {
        case "token":
          room -= layout.token.text.length;
          measured = true;
          if (layout.token.trailing.length > 0) return room >= 0;
          break;
        case "comments":
          if (!layout.token.leading.some((run) => run.ownLine)) break;
          if (measured) return true;
          if (!fresh) room = width - command.indent - step;
          break;
        case "space":
        case "rejoin":
          room -= 1;
          break;
        case "line":
        case "softline":
          if (!flat) return true;
          if (layout.kind === "line") room -= 1;
          break;
        case "hardline":
          return true;
        case "concat":
          for (const part of layout.parts.toReversed()) stack.push({ ...command, layout: part });
          break;
        case "indent":
          stack.push({ ...command, layout: layout.content, indent: command.indent + step });
          break;
        case "group":
          stack.push({ ...command, layout: layout.content, flat: flat && !this.forced.has(layout) });
          break;
        default:
          assertNever(layout);
      }
    }
    return false;
  }
}
