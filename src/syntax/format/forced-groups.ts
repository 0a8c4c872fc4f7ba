// Finds the groups that can't be on one line, because something in them ends a line.

import { assertNever } from "../../base/invariant.ts";
import type { Layout } from "./layout.ts";

interface Shape {
  readonly hasToken: boolean;
  /** The line ends before the first token, and behind the last one. */
  readonly opens: boolean;
  readonly closes: boolean;
  /** The line ends between two tokens. */
  readonly forced: boolean;
}

const nothing: Shape = { hasToken: false, opens: false, closes: false, forced: false };
const lineEnd: Shape = { hasToken: false, opens: true, closes: true, forced: false };

/** All groups of a layout with a line end between their tokens; one at an edge does not count. */
export function forcedGroups(layout: Layout): ReadonlySet<Layout> {
  const forced = new Set<Layout>();
  shapeOf(layout, forced);
  return forced;
}

function shapeOf(layout: Layout, forced: Set<Layout>): Shape {
  switch (layout.kind) {
    case "token":
      return { ...nothing, hasToken: true, closes: layout.token.trailing.length > 0 };
    case "comments":
      return layout.token.leading.some((run) => run.ownLine) ? lineEnd : nothing;
    case "hardline":
      return lineEnd;
    case "space":
    case "rejoin":
    case "line":
    case "softline":
      return nothing;
    case "concat":
      return layout.parts.reduce((before, part) => joined(before, shapeOf(part, forced)), nothing);
    case "indent":
      return shapeOf(layout.content, forced);
    case "group": {
      const shape = shapeOf(layout.content, forced);
      if (shape.forced) forced.add(layout);
      return shape;
    }
    default:
      return assertNever(layout);
  }
}

function joined(first: Shape, second: Shape): Shape {
  const between = first.hasToken && second.hasToken && (first.closes || second.opens);
  return {
    hasToken: first.hasToken || second.hasToken,
    opens: first.opens || (!first.hasToken && second.opens),
    closes: second.closes || (!second.hasToken && first.closes),
    forced: first.forced || second.forced || between,
  };
}
