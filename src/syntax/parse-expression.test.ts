// Expressions: what binds tighter, what a parenthesis means, types against values, and the places of nodes.

import assert from "node:assert/strict";
import { describe as suite, test } from "node:test";
import type { Expression } from "./ast.ts";
import { describe, parse } from "./describe-for-tests.ts";

/** The expression that a probe's body ends with. */
function expressionOf(text: string): Expression {
  const { program, problems } = parse(`begin { ${text} }`);
  assert.deepEqual(problems, []);
  const [probe] = program.items;
  const value = probe?.kind === "probe" ? probe.body.value : undefined;
  assert.ok(value !== undefined, "the body ends with an expression");
  return value;
}

function table(rows: readonly (readonly [string, string])[]): void {
  for (const [text, expected] of rows) {
    test(`${text} reads as ${expected}`, () => {
      assert.equal(describe(expressionOf(text)), expected);
    });
  }
}

suite("precedence", () => {
  const levels = [["||"], ["&&"], ["|"], ["^"], ["&"], ["==", "!="], ["<", "<=", ">", ">="], ["<<", ">>"], ["+", "-"], ["*", "/", "%"]];
  for (const [i, weaker] of levels.entries()) {
    for (const stronger of levels.slice(i + 1).flat()) {
      for (const operator of weaker) {
        test(`${stronger} before ${operator}`, () => {
          assert.equal(describe(expressionOf(`a ${operator} b ${stronger} c`)), `(a ${operator} (b ${stronger} c))`);
          assert.equal(describe(expressionOf(`a ${stronger} b ${operator} c`)), `((a ${stronger} b) ${operator} c)`);
        });
      }
    }
    for (const operator of weaker) {
      test(`${operator} groups from the left`, () => {
        assert.equal(describe(expressionOf(`a ${operator} b ${operator} c`)), `((a ${operator} b) ${operator} c)`);
      });
    }
  }
});

suite("conditional", () => {
  table([
    ["a ? b : c", "(a ? b : c)"],
    ["a ? b : c ? d : e", "(a ? b : (c ? d : e))"],
    ["a ? b ? c : d : e", "(a ? (b ? c : d) : e)"],
    ["a || b ? c : d || e", "((a || b) ? c : (d || e))"],
    ["a ?: b", "(a ?: b)"],
    ["a ? : b", "(a ?: b)"],
    ["0 ?: 0 ?: 3", "(0 ?: (0 ?: 3))"],
  ]);
});

suite("prefix and postfix", () => {
  table([
    ["-a.b", "(-a.b)"],
    ["-a * b", "((-a) * b)"],
    ["!a == b", "((!a) == b)"],
    ["!!5", "(!(!5))"],
    ["- - 3", "(-(-3))"],
    ["2 - -3", "(2 - (-3))"],
    ["~*$p", "(~(*$p))"],
    ["*$p.x", "(*$p.x)"],
    ["&$x", "(&$x)"],
    ["&@m", "(&@m)"],
    ["a & b", "(a & b)"],
    ["a && b", "(a && b)"],
    ["++$x", "(++$x)"],
    ["$x++ + ++$y", "(($x++) + (++$y))"],
    ["@m[1]--", "(@m[1]--)"],
    ["$t.0.1", "$t.0.1"],
    ["$t.2 . 0", "$t.2.0"],
    ["$p->a.b[3]->c", "$p.a.b[3].c"],
    ["$p.if", "$p.if"],
    ["args.comm", "args.comm"],
    ["@[1, \"a\"]", "@[1, \"a\"]"],
    ["@m[1][2]", "@m[1][2]"],
    ["f()", "f()"],
    ["f(1, (2, 3))", "f(1, tuple(2, 3))"],
    ["f ( 1 ) . x", "f(1).x"],
    ["comptime 5 + 1", "((comptime 5) + 1)"],
    ["$# + $1", "($# + $1)"],
  ]);
});

suite("parentheses", () => {
  table([
    ["()", "tuple()"],
    ["(a)", "a"],
    ["(a,)", "tuple(a)"],
    ["(a, b)", "tuple(a, b)"],
    ["((a, b), c)", "tuple(tuple(a, b), c)"],
    ["(a=1, b=\"x\")", "record(a=1, b=\"x\")"],
    ["(a = (b=1))", "record(a=record(b=1))"],
    ["(a == 1)", "(a == 1)"],
    ["(pid=3)", "record(pid=3)"],
    ["(a + b) * c", "((a + b) * c)"],
  ]);
});

suite("casts and groupings", () => {
  table([
    ["(uint8)-1", "<uint8>(-1)"],
    ["(uint8)1 + 255", "(<uint8>1 + 255)"],
    ["(int64)$p->f", "<int64>$p.f"],
    ["(int32)(int8)$x", "<int32><int8>$x"],
    ["(struct s *)&$v", "<struct s *>(&$v)"],
    ["(struct s *)curtask", "<struct s *>curtask"],
    ["(int8[])\"ab\"", "<int8[]>\"ab\""],
    ["(uint64_t)1", "<uint64_t>1"],
    ["(typeof($y))7", "<typeof($y)>7"],
    ["(string[20])$s", "<string{20}>$s"],
    ["(int32*)0x1000", "<int32 *>4096"],
    ["(int8*[2])$x", "<int8 *[2]>$x"],
    ["(enum e)5", "<enum e>5"],
    ["(bool)!$x", "<bool>(!$x)"],
    ["(unsigned int)$x", "<unsigned int>$x"],
    ["(const unsigned char *)$x", "<unsigned char *>$x"],
    ["(long long unsigned)1", "<unsigned long long>1"],
    // A name alone that is no known type: what could go on as an operator does.
    ["(x) - 1", "(x - 1)"],
    ["(x) * 2", "(x * 2)"],
    ["(x) & 2", "(x & 2)"],
    ["(pid) > 0", "(pid > 0)"],
    ["(cpu)+1 > 0", "((cpu + 1) > 0)"],
    ["($x)-1", "($x - 1)"],
    ["(mytype)5", "<mytype>5"],
    ["(mytype)$x", "<mytype>$x"],
    ["(int8) && 1", "(int8 && 1)"],
    ["(x) != 1", "(x != 1)"],
  ]);
});

suite("operands of sizeof and its like", () => {
  table([
    ["sizeof(int32)", "sizeof(type int32)"],
    ["sizeof(struct s)", "sizeof(type struct s)"],
    ["sizeof(struct s *)", "sizeof(type struct s *)"],
    ["sizeof(unsigned int)", "sizeof(type unsigned int)"],
    ["sizeof(foo *)", "sizeof(type foo *)"],
    ["sizeof(foo[3])", "sizeof(type foo[3])"],
    ["sizeof(int8[2][3])", "sizeof(type int8[2][3])"],
    ["sizeof(string[7])", "sizeof(type string{7})"],
    ["sizeof(comm)", "sizeof(name comm)"],
    ["sizeof(1 + 1)", "sizeof((1 + 1))"],
    ["sizeof(foo + 1)", "sizeof((foo + 1))"],
    ["sizeof(foo * 2)", "sizeof((foo * 2))"],
    ["sizeof($x)", "sizeof($x)"],
    ["sizeof(@m[1])", "sizeof(@m[1])"],
    ["sizeof(true)", "sizeof(true)"],
    ["typeinfo(@m)", "typeinfo(@m)"],
    ["offsetof(struct s, a.b)", "offsetof(type struct s, a.b)"],
    ["offsetof(t, a)", "offsetof(name t, a)"],
    ["offsetof(*$p, a)", "offsetof((*$p), a)"],
  ]);
});

suite("literals", () => {
  table([
    ['"a\\tb\\x41\\102\\"q\\\\"', JSON.stringify('a\tbAB"q\\')],
    ['"a\\0b"', JSON.stringify("a\0b")],
    ['"\\7"', JSON.stringify("\x07")],
    ['"\\x4"', JSON.stringify("\x04")],
    ['"\\1234"', JSON.stringify("S4")],
    ["'A'", "65"],
    ["'\\n'", "10"],
    ["'\\''", "39"],
    ["true", "true"],
    ["false", "false"],
    ["1 // note\n + 2", "(1 + 2)"],
    ["1 /* a /* b */ + 2", "(1 + 2)"],
  ]);
});

suite("blocks and ifs as expressions", () => {
  table([
    ["f({ $x = 1; $x })", "f({ $x = 1; $x })"],
    ["f(if (1) { 2 } else { 3 })", "f(if 1 { 2 } else { 3 })"],
    ["f(if $x { 1 } else if $y { 2 } else { 3 })", "f(if $x { 1 } else { if $y { 2 } else { 3 } })"],
    ["f(if comptime (1) { 2 })", "f(if (comptime 1) { 2 })"],
  ]);
});

suite("places", () => {
  /** Kind of node, text with the place between « and ». */
  const rows: readonly (readonly [Expression["kind"], string])[] = [
    ["call", "1 + «f(1, 2)»"],
    ["binary", "f(«1 + 2»)"],
    // Groups leave no node.
    ["binary", "((«1) + (2»))"],
    ["ternary", "«1 ? 2 : 3»"],
    ["unary", "1 + «-  5»"],
    ["increment", "1 + «$x ++»"],
    ["field", "1 + «$p -> a»"],
    ["element", "1 + «$p.1»"],
    ["index", "1 + «$p[ 2 ]»"],
    ["cast", "1 + «(int64)» 5"],
    ["map", "1 + «@m [ 1 ]»"],
    ["tuple", "f(«(1, 2)»)"],
    ["record", "f(«(a=1)»)"],
    ["sizeof", "1 + «sizeof( int8 )»"],
    ["offsetof", "1 + «offsetof(struct a, b)»"],
    ["string", "1 + «\"a b\"»"],
  ];
  for (const [kind, marked] of rows) {
    test(`${kind} in ${marked}`, () => {
      const before = "begin { ";
      const root = expressionOf(marked.replace(/[«»]/g, ""));
      const found = find(root, kind);
      assert.ok(found !== undefined, `there is a ${kind}`);
      const start = before.length + marked.indexOf("«");
      const end = before.length + marked.indexOf("»") - 1;
      assert.deepEqual([found.span.start, found.span.end], [start, end]);
    });
  }
});

/** The first node of a kind on the way along calls and operands. */
function find(root: Expression, kind: Expression["kind"]): Expression | undefined {
  if (root.kind === kind) return root;
  switch (root.kind) {
    case "binary":
      return find(root.right, kind) ?? find(root.left, kind);
    case "call":
      return root.arguments.map((argument) => find(argument, kind)).find((found) => found !== undefined);
    default:
      return undefined;
  }
}
