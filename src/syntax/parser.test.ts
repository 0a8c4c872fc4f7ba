// Programs, statements, types of declarations; wrong programs with all their errors and the places of those.

import assert from "node:assert/strict";
import { describe as suite, test } from "node:test";
import { describeItems, parse } from "./describe-for-tests.ts";

function items(rows: readonly (readonly [string, readonly string[]])[]): void {
  for (const [text, expected] of rows) {
    test(text.split("\n").join(" ⏎ "), () => {
      const { program, problems } = parse(text);
      assert.deepEqual(problems, []);
      assert.deepEqual(describeItems(program), expected);
    });
  }
}

suite("items", () => {
  items([
    ["begin { }", ["begin { }"]],
    ["begin{$a=1;$b=2;f($a+$b)}end{f(\"e\")}", ["begin { $a = 1; $b = 2; f(($a + $b)) }", 'end { f("e") }']],
    ["begin { } ; ; end { };", ["begin { }", "end { }"]],
    ["#!/usr/bin/env bpftrace\nbegin { }", ["begin { }"]],
    ["let @a = hash(10); let @ = lruhash(0x10)\nbegin { }", ["@a = hash(10)", "@ = lruhash(16)", "begin { }"]],
    ["macro m($a, @b, c) { $a + c } begin { }", ["macro m(variable $a, map @b, expression c) { ($a + c) }", "begin { }"]],
    ["macro none() { } begin { }", ["macro none() { }", "begin { }"]],
    ["fn f($a : int32, $b : struct s *): bool { return true; } begin { }", ["fn f($a: int32, $b: struct s *): bool { return true; }", "begin { }"]],
    ["macro /* a */ m /* b */ (x) { x } fn /* c */ f(): int8 { return 1; } begin { }", ["macro m(expression x) { x }", "fn f(): int8 { return 1; }", "begin { }"]],
    ["typedef int (*fp)(int), my, arr[3]; begin { f((my)-1, (fp)-1, (arr)-1, (other)-1); }", ["begin { f(<my>(-1), <fp>(-1), <arr>(-1), (other - 1)); }"]],
    ["struct a { char c['}']; /* } */ int y; // }\n }; begin { }", ["begin { }"]],
    ["macro:x { }", ["macro:x { }"]],
    ["config:x { }", ["config:x { }"]],
  ]);
});

suite("attach points and predicates", () => {
  items([
    ["begin, end { }", ["begin , end { }"]],
    ["begin,{ }", ["begin { }"]],
    ["begin,\n  end\n{ }", ["begin , end { }"]],
    ["lbl=begin { }", ["lbl=begin { }"]],
    ["lbl = begin, x =end /1/ { }", ["lbl=begin , x=end /1/ { }"]],
    ["begin/1/{ }", ["begin /1/ { }"]],
    ["begin /4 / 2 == 2/ { }", ["begin /((4 / 2) == 2)/ { }"]],
    ["begin /f(1 / 2) > (4 / 2)/{ }", ["begin /(f((1 / 2)) > (4 / 2))/ { }"]],
    ["begin /@n++ < 2/ { }", ["begin /((@n++) < 2)/ { }"]],
    ["interval:ms:10/1==1/{ }", ["interval:ms:10 /(1 == 1)/ { }"]],
    ["uprobe:/bin/bash:main { }", ["uprobe:/bin/bash:main { }"]],
    ["uprobe:/bin/bash:main /1/ { }", ["uprobe:/bin/bash:main /1/ { }"]],
    ['uprobe:"/a b/{c}":"x,y" { }', ['uprobe:"/a b/{c}":"x,y" { }']],
    ["kprobe:vfs_* , t:sched:* /* all */ { }", ["kprobe:vfs_* , t:sched:* { }"]],
    ["begin // note\n{ }", ["begin { }"]],
    ["begin /* a */ /1/ { }", ["begin /1/ { }"]],
    ["$1 { }", ["$1 { }"]],
    ["interval:ms:$1 { }", ["interval:ms:$1 { }"]],
    ["u:./x:@a.c:12:3 { }", ["u:./x:@a.c:12:3 { }"]],
  ]);
});

function statements(rows: readonly (readonly [string, string])[]): void {
  items(rows.map(([text, expected]) => [`begin { ${text} }`, [`begin { ${expected} }`]]));
}

suite("statements", () => {
  statements([
    ["let $x;", "let $x;"],
    ["let $x: uint8 = 3", "let $x: uint8 = 3;"],
    ["let $x : string[3];", "let $x: string{3};"],
    ["let $x: struct s *;", "let $x: struct s *;"],
    ["$x = 1;", "$x = 1;"],
    ["@ = 1;", "@ = 1;"],
    ["@a[1, \"b\"] = count();", '@a[1, "b"] = count();'],
    ["_ = f(1);", "_ = f(1);"],
    ["_ + 1;", "(_ + 1);"],
    ["f(1); f(2)", "f(1); f(2)"],
    [";;f();;", "f();"],
    ["{ f(); } g();", "{ f(); }; g();"],
    ["if ($x) { f(); }", "if $x { f(); };"],
    ["if 1 { } else { g() };", "if 1 { } else { g() };"],
    ["if (1) { } else if (2) { } else { }", "if 1 { } else { if 2 { } else { }; };"],
    ["unroll(3) { f(); } g()", "unroll 3 { f(); }; g()"],
    ["unroll $1 { }", "unroll $1 { };"],
    ["while ($i < 2) { $i++; } f();", "while ($i < 2) { ($i++); }; f();"],
    ["for ($i : 0..5) { f($i); }", "for $i : 0..5 { f($i); };"],
    ["for $i : 0..$n { }", "for $i : 0..$n { };"],
    ["for ($i : (-2)..f(1)) { }", "for $i : (-2)..f(1) { };"],
    ["for ($kv : @m) { break; continue; }", "for $kv : @m { break; continue; };"],
    ["for $kv : @ { };", "for $kv : @ { };"],
    ["return;", "return;"],
    ["return 3", "return 3;"],
    ['import "x";', 'import "x";'],
    ["$c ? f() : g();", "($c ? f() : g());"],
    ["1 ? f() : g();", "(1 ? f() : g());"],
  ]);
});

suite("updates", () => {
  statements(["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"].map((operator) => [`$x ${operator}= 1 + 2;`, `$x ${operator}= (1 + 2);`]));
});

suite("old spellings", () => {
  items([
    ["BEGIN{@x=1;@x++;f(@x)}END{clear(@x)}", ["BEGIN { @x = 1; (@x++); f(@x) }", "END { clear(@x) }"]],
    ["kfunc:vfs_read { f(args->file) }", ["kfunc:vfs_read { f(args.file) }"]],
    ["BEGIN { delete(@a[1]); }", ["BEGIN { delete(@a[1]); }"]],
    ["BEGIN { unroll(2) { f(\"x\\n\"); } }", ['BEGIN { unroll 2 { f("x\\n"); }; }']],
    ["i:s:1 { } ; END { ; f(); ; }", ["i:s:1 { }", "END { f(); }"]],
    ["BEGIN { @[sarg0, (type *)$p->field]++ }", ["BEGIN { (@[sarg0, <type *>$p.field]++) }"]],
    ["BEGIN { (unsigned int)$x; sizeof(unsigned long) }", ["BEGIN { <unsigned int>$x; sizeof(type unsigned long) }"]],
  ]);
});

test("C definitions are kept apart, with their continuation lines and attributes", () => {
  const text =
    "#include <a.h>\n#define A 1 + \\\n 2\nstruct s { int a; struct { int b; } c; } __attribute__((packed));\nunion u { int x; }\n" +
    "typedef struct { int q; } t; struct fwd; enum e { A = 1 };\nbegin { }";
  const { program, problems } = parse(text);
  assert.deepEqual(problems, []);
  assert.deepEqual(program.cDefinitions.map((c) => [c.kind, c.text]), [
    ["preprocessor", "#include <a.h>"],
    ["preprocessor", "#define A 1 + \\\n 2"],
    ["declaration", "struct s { int a; struct { int b; } c; } __attribute__((packed));"],
    ["declaration", "union u { int x; }"],
    ["declaration", "typedef struct { int q; } t;"],
    ["declaration", "struct fwd;"],
    ["declaration", "enum e { A = 1 };"],
  ]);
});

test("config entries keep the kind of their values", () => {
  const { program, problems } = parse('config = { a = "x"; b = 0x10; c = true; d = word }\nimport "lib"; begin { }');
  assert.deepEqual(problems, []);
  assert.deepEqual(program.config?.entries.map(({ key, value }) => [key, value.kind, value.value]), [
    ["a", "string", "x"],
    ["b", "int", 16n],
    ["c", "bool", true],
    ["d", "word", "word"],
  ]);
  assert.deepEqual(program.imports.map((i) => i.path), ["lib"]);
});

test("comments are kept, each once", () => {
  const { program } = parse("// a\nbegin { /* b */ f((1) /* c */); } // d");
  assert.deepEqual(program.comments.map((c) => [c.kind, c.text]), [
    ["line", "// a"],
    ["block", "/* b */"],
    ["block", "/* c */"],
    ["line", "// d"],
  ]);
});

test("names may be long", () => {
  const name = "x".repeat(1000);
  const { program, problems } = parse(`begin { $${name} = @${name}; for ($${name}y : 0..1) { ${name}(); } }`);
  assert.deepEqual(problems, []);
  assert.deepEqual(describeItems(program), [`begin { $${name} = @${name}; for $${name}y : 0..1 { ${name}(); }; }`]);
});

suite("errors", () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ["begin { f(+3); }", ["1:11-12 syntax: expected expression"]],
    ["begin { f(1) g(2); }", ["1:14-15 syntax: expected ';'"]],
    ["begin { $ x = 1; }", ["1:9-10 syntax: expected identifier after '$'"]],
    ["begin { f(5++); }", ["1:12-14 syntax: increment/decrement requires a variable or map"]],
    ["begin { f(2--3); }", ["1:12-14 syntax: increment/decrement requires a variable or map"]],
    ["begin { f(&5); }", ["1:12-13 syntax: address-of operator requires a map or variable"]],
    ["begin { $t.0 = 3; }", ["1:9-17 syntax: tuples, records and structs are immutable once created"]],
    ["begin { $p->x += 3; }", ["1:9-19 syntax: tuples, records and structs are immutable once created"]],
    ["begin { f() = 3; }", ["1:9-16 syntax: invalid assignment target"]],
    ["begin { 1 + $x = 3; }", ["1:9-19 syntax: invalid assignment target"]],
    ["begin { if ($x = 5) { } }", ["1:16-17 syntax: expected ')'"]],
    ["begin { @a = $b = 1; }", ["1:17-18 syntax: expected ';'"]],
    ["begin { @x[] = 1; }", ["1:12-13 syntax: expected expression"]],
    ["begin { if (1) f(); }", ["1:16-17 syntax: expected '{'"]],
    ["begin { for ($i : -1..2) { } }", ["1:19-20 syntax: expected expression"]],
    ["begin { for ($i : 5) { } }", ["1:20-21 syntax: expected '..'"]],
    ["begin { let @a = 1; }", ["1:13-15 syntax: expected variable after 'let'"]],
    ["begin { $r = (a=1, a=2); }", ["1:20-23 syntax: record already contains name: a"]],
    ["begin { f(1,); }", ["1:13-14 syntax: expected expression"]],
    ["begin { f(\"ab); }", ["1:18-18 syntax: unterminated string"]],
    ["begin { f(\"a\nb\"); }", ["1:13-13 syntax: unterminated string", "2:7-7 syntax: expected '}'"]],
    ["begin { f(\"\\q\"); }", ["1:13-14 syntax: invalid escape character '\\q'"]],
    ["begin { f(\"\\400\"); }", ["1:12-16 syntax: octal escape out of range: \\400"]],
    ["begin { f('ab'); }", ["1:11-12 syntax: invalid character literal"]],
    ["begin { f($0); }", ["1:11-13 syntax: param $0 is out of integer range [1, 9223372036854775807]"]],
    ["begin { f(5m0); }", ["1:13-14 syntax: expected ')'"]],
    ["begin { f(1); /* open", ["1:15-17 syntax: unterminated comment"]],
    ["begin { f(1);", ["1:14-14 syntax: expected '}'"]],
    ["begin", ["1:6-6 syntax: expected '{'"]],
    ["begin /1 { }", ["1:10-11 syntax: expected '/'"]],
    ["{ }", ["1:1-2 syntax: expected attach point"]],
    ["begin { } struct s { int a; };", ["1:11-31 syntax: C definitions must appear before probes, macros and other items"]],
    ["struct s { int a;", ["1:18-18 syntax: expected '}'"]],
    ["begin { } config = { }", ["1:11-17 syntax: config must appear before probes, macros and other items"]],
    ["config = { } config = { } begin { }", ["1:14-20 syntax: duplicate config block"]],
    ["config = { a } begin { }", ["1:14-15 syntax: expected '='"]],
    ["config = { a = -5 } begin { }", ["1:16-17 syntax: expected config value"]],
    ["begin { } import \"x\"", ["1:11-21 syntax: imports must appear before probes, macros and other items"]],
    ["let $x = 1; begin { }", ["1:1-4 syntax: top-level let statements need to be map declarations, e.g. `let @a = hash(5);`"]],
    ["let @m = hash(1+1); begin { }", ["1:16-17 syntax: expected ')'"]],
    ["let @m = hash($x); begin { }", ["1:15-17 syntax: expected integer"]],
    ["fn f() { } begin { }", ["1:8-9 syntax: expected ':'"]],
    ["macro 5() { } begin { }", ["1:7-8 syntax: expected macro name"]],
  ];
  for (const [text, expected] of rows) {
    test(text.split("\n").join(" ⏎ "), () => {
      assert.deepEqual(parse(text).problems, expected);
    });
  }
});

suite("after an error", () => {
  test("each wrong statement is reported, and what is between them is read", () => {
    const { program, problems } = parse("begin { f(+1); g(); h(*); $x = 1; k(3q); }");
    assert.deepEqual(problems, ["1:11-12 syntax: expected expression", "1:24-25 syntax: expected expression", "1:38-39 syntax: invalid integer suffix 'q'"]);
    assert.deepEqual(describeItems(program), ["begin { g(); $x = 1; k(0); }"]);
  });

  test("other probes are read", () => {
    const { program, problems } = parse("begin /)/ { f(); } end { g(); } macro ( { } interval:1s { h(); }");
    assert.deepEqual(problems, ["1:8-9 syntax: expected expression", "1:39-40 syntax: expected macro name"]);
    assert.deepEqual(describeItems(program), ["end { g(); }", "interval:1s { h(); }"]);
  });

  test("braces and semicolons in strings do not end the wrong statement", () => {
    const { program, problems } = parse('begin { f(+ "};{"); g(); }');
    assert.deepEqual(problems, ["1:11-12 syntax: expected expression"]);
    assert.deepEqual(describeItems(program), ["begin { g(); }"]);
  });

  test("many wrong statements do not look like deep nesting", () => {
    const { problems } = parse(`begin { ${"f(((+))); ".repeat(500)} }`);
    assert.equal(problems.length, 500);
    assert.ok(problems.every((problem) => problem.endsWith("expected expression")));
  });

  test("many wrong probes do not look like deep nesting", () => {
    const { problems } = parse("begin { { { f( } ".repeat(300));
    assert.ok(problems.every((problem) => !problem.includes("deeply")), "no message about nesting");
  });
});

suite("depth", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["parentheses", `begin { f(${"(".repeat(5000)}1${")".repeat(5000)}); }`],
    ["prefix operators", `begin { f(${"!".repeat(5000)}1); }`],
    ["blocks", `begin { ${"{ ".repeat(5000)}${"} ".repeat(5000)} }`],
    ["conditionals", `begin { f(${"1 ? ".repeat(5000)}1${" : 2".repeat(5000)}); }`],
  ];
  for (const [what, text] of rows) {
    test(`${what} nested too deeply are an error, not a crash`, () => {
      const { problems } = parse(text);
      assert.ok(problems.length > 0);
      assert.match(problems[0] ?? "", /nested too deeply/);
    });
  }

  test("reasonable nesting is read", () => {
    const text = `begin { f(${"(".repeat(100)}1${")".repeat(100)}); ${"{ ".repeat(100)}${"} ".repeat(100)} }`;
    assert.deepEqual(parse(text).problems, []);
  });
});
