// What formatted text is made of: tokens with their comments, and places where a line may or must end.

/** Comments that stood next to each other on one line of the source. */
export interface CommentRun {
  /** Each with its delimiters. */
  readonly comments: readonly string[];
  /** On a line without anything else; otherwise in front of a token. */
  readonly ownLine: boolean;
  /** A blank line stood before it. */
  readonly blankBefore: boolean;
}

/** A token of the output. The lists are filled when the comments around it are read, which is after it was made. */
export interface PrintedToken {
  readonly text: string;
  readonly leading: CommentRun[];
  /** Comments that end its line. */
  readonly trailing: string[];
  /** A blank line stood before it, or between it and its last leading comment. */
  readonly blankBefore: boolean;
}

export type Layout =
  /** The text of a token, and the comments behind it. */
  | { readonly kind: "token"; readonly token: PrintedToken }
  /** The comments in front of a token, which may have to stand apart from it: those before a closing brace. */
  | { readonly kind: "comments"; readonly token: PrintedToken }
  | { readonly kind: "space" }
  /** Behind it the line of the statement goes on: if a comment ended the line, not further in than it began. */
  | { readonly kind: "rejoin" }
  /** A blank, or the end of the line if the group is broken. */
  | { readonly kind: "line" }
  /** Nothing, or the end of the line if the group is broken. */
  | { readonly kind: "softline" }
  /** The end of the line. `blank`: whether a blank line follows always, never, or if one stood there. */
  | { readonly kind: "hardline"; readonly blank: "always" | "never" | "keep" }
  | { readonly kind: "concat"; readonly parts: readonly Layout[] }
  | { readonly kind: "indent"; readonly content: Layout }
  /** On one line if it fits; otherwise all its own lines end where they may. */
  | { readonly kind: "group"; readonly content: Layout };

export const space: Layout = { kind: "space" };
export const rejoin: Layout = { kind: "rejoin" };
export const line: Layout = { kind: "line" };
export const softline: Layout = { kind: "softline" };

export function hardline(blank: "always" | "never" | "keep"): Layout {
  return { kind: "hardline", blank };
}

export function concat(...parts: readonly Layout[]): Layout {
  return { kind: "concat", parts };
}

export function indent(...parts: readonly Layout[]): Layout {
  return { kind: "indent", content: concat(...parts) };
}

export function group(...parts: readonly Layout[]): Layout {
  return { kind: "group", content: concat(...parts) };
}

/** A token with all its comments. */
export function whole(token: PrintedToken): Layout {
  return concat(commentsBefore(token), bare(token));
}

/** A token without the comments in front of it. */
export function bare(token: PrintedToken): Layout {
  return { kind: "token", token };
}

export function commentsBefore(token: PrintedToken): Layout {
  return { kind: "comments", token };
}

/** What stands between brackets: on the brackets' line, or further in on lines of its own. */
export function bracketed(open: PrintedToken, content: Layout, close: PrintedToken): Layout {
  return group(whole(open), indent(softline, content, commentsBefore(close)), softline, bare(close));
}
