// Trees as text.

import assert from "node:assert/strict";
import { test } from "node:test";
import { treeLines } from "./tree-text.ts";

test("a node is its kind with its scalars; what it holds is further in", () => {
  const tree = {
    kind: "probe",
    span: { start: 0 },
    points: [{ text: "begin", textSpan: 1 }],
    predicate: undefined,
    body: { kind: "block", statements: [{ kind: "call", name: "print", arguments: [{ kind: "integer", value: 1n }] }], empty: [] },
  };
  assert.deepEqual(treeLines(tree, "", 0), [
    "probe",
    " points",
    '  text="begin"',
    " body: block",
    "  statements",
    '   call name="print"',
    "    arguments",
    "     integer value=1",
  ]);
});

test("lists and scalars stand by themselves", () => {
  assert.deepEqual(treeLines(["a", 2], "", 1), [' "a"', " 2"]);
  assert.deepEqual(treeLines([], "none", 0), []);
  assert.deepEqual(treeLines(null, "x", 0), ["x: null"]);
});
