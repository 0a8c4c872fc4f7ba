// The standard form, by example: input and output; each output formats to itself.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Diagnostics } from "../../source/diagnostic.ts";
import { SourceFile } from "../../source/source.ts";
import { parseProgram } from "../parser.ts";
import { formatProgram } from "./format-program.ts";

function format(text: string): string {
  const diagnostics = new Diagnostics();
  const program = parseProgram(new SourceFile("test", text), diagnostics);
  assert.deepEqual(diagnostics.all().map(({ message }) => message), []);
  return formatProgram(program);
}

type Case = readonly [name: string, input: string, output: string];

/** Each case: the formatted text, and that formatting leaves it alone. */
function check(subject: string, cases: readonly Case[]): void {
  describe(subject, () => {
    for (const [name, input, output] of cases) {
      test(name, () => {
        assert.equal(format(input), output);
        assert.equal(format(output), output);
      });
    }
  });
}

/** Statements or an expression in the body of a probe; the output without the probe and its indentation. */
function inBody(cases: readonly Case[]): readonly Case[] {
  return cases.map(([name, input, output]) => {
    const lines = output.split("\n").map((text) => (text === "" ? "" : `  ${text}`));
    return [name, `begin{${input}}`, `begin {\n${lines.join("\n")}\n}\n`];
  });
}

check("a whole script", [
  ["an empty text", "", ""],
  ["white space alone", " \n\n ", ""],
  ["comments alone", "\n\n// a\n\n\n/* b */", "// a\n\n/* b */\n"],
  ["a probe", "begin{print( 1 );@x=count()}", "begin {\n  print(1);\n  @x = count();\n}\n"],
  ["an empty probe", "begin {  }", "begin {}\n"],
  ["a blank line between probes", "begin{}end{}\n\n\n\ninterval:s:1{}", "begin {}\n\nend {}\n\ninterval:s:1 {}\n"],
  ["the first line for the shell", "#!/bin/bpftrace  \nbegin{}", "#!/bin/bpftrace\nbegin {}\n"],
  ["a blank line behind it", "#!/bin/bpftrace\n\n\n// x\nbegin{}", "#!/bin/bpftrace\n\n// x\nbegin {}\n"],
  ["carriage returns", "begin // x\r\n{\r\n  exit();\r\n}\r\n", "begin { // x\n  exit();\n}\n"],
  ["lines continued by backslashes", "begin { f(1, \\\n 2); \\\n}", "begin {\n  f(1, 2);\n}\n"],
  ["stray semicolons", ";begin{;;exit();;};;", "begin {\n  exit();\n}\n"],
  ["bytes beyond ASCII", 'begin{print("\xc3\xa4")}', 'begin {\n  print("\xc3\xa4")\n}\n'],
]);

check("items", [
  ["config", "config={a=1;b=warn;c=\"x\"}begin{}", 'config = {\n  a = 1;\n  b = warn;\n  c = "x";\n}\n\nbegin {}\n'],
  ["an empty config", "config = { }", "config = {}\n"],
  ["imports stay together", 'import "a" import "b";begin{}', 'import "a";\nimport "b";\n\nbegin {}\n'],
  ["imports with a blank line between them keep it", 'import "a"\n\n\nimport "b"', 'import "a";\n\nimport "b";\n'],
  ["map declarations", "let @a=hash( 0x10 )let @b = lruhash(1_000);", "let @a = hash(0x10);\nlet @b = lruhash(1_000);\n"],
  ["macros", "macro m($a,@b , c){$a+c}", "macro m($a, @b, c) {\n  $a + c\n}\n"],
  ["functions", "fn f($a:int8,$b:struct s*):void{return}", "fn f($a: int8, $b: struct s *): void {\n  return;\n}\n"],
  ["preprocessor lines as written", "#define  X   1 // c\n#include <a.h>\nbegin{}", "#define  X   1 // c\n#include <a.h>\n\nbegin {}\n"],
  ["preprocessor lines with continuations", "#define X \\\n    1\n  begin{}", "#define X \\\n    1\n\nbegin {}\n"],
  ["C definitions as written", "struct s{int  a; // c\n\n\n    };\n\n\n\nenum e { A }\nbegin{}", "struct s{int  a; // c\n\n\n    };\n\nenum e { A }\n\nbegin {}\n"],
]);

check("probes", [
  ["attach points on a line each", "begin , end,interval:s:1{}", "begin,\nend,\ninterval:s:1 {}\n"],
  ["a trailing comma goes", "begin, {}", "begin {}\n"],
  ["attach points as written", 'uprobe:"/a b":f /1/{}', 'uprobe:"/a b":f /1/ {}\n'],
  ["a predicate on the line of the attach point", "kprobe:f\n/ pid==1 /\n{}", "kprobe:f /pid == 1/ {}\n"],
  ["a predicate that begins with a star", "kprobe:f / *$x / {}", "kprobe:f / *$x/ {}\n"],
  ["division in a predicate", "kprobe:f /4/2==2/{}", "kprobe:f /4 / 2 == 2/ {}\n"],
  ["a long predicate on its own line", `kprobe:${"f".repeat(60)} /pid == 1234567890 && comm != "some command"/{}`, `kprobe:${"f".repeat(60)}\n/pid == 1234567890 && comm != "some command"/ {}\n`],
  [
    "a predicate of several lines",
    `kprobe:f /${"a".repeat(40)} && ${"b".repeat(40)} && ${"c".repeat(40)}/{}`,
    `kprobe:f\n/${"a".repeat(40)} &&\n  ${"b".repeat(40)} &&\n  ${"c".repeat(40)}/ {}\n`,
  ],
]);

check("statements", inBody([
  ["one a line", "$x=1;@a=2;exit();", "$x = 1;\n@a = 2;\nexit();"],
  ["an added semicolon", "$x=1", "$x = 1;"],
  ["no semicolon behind the value of a block", "exit()", "exit()"],
  ["at most one blank line, none at the edges", "\n\n$x=1;\n\n\n$y=2;\n$z=3;\n\n", "$x = 1;\n\n$y = 2;\n$z = 3;"],
  ["let", "let $a;let $b:uint8;let $c=1;let $d:string[8]=\"\"", 'let $a;\nlet $b: uint8;\nlet $c = 1;\nlet $d: string[8] = "";'],
  ["updates", "$x+=1;@a[1]<<=2;$x++;--@a;_=f()", "$x += 1;\n@a[1] <<= 2;\n$x++;\n--@a;\n_ = f();"],
  ["if", "if($x){a()}else if  ($y){b();}else{}", "if ($x) {\n  a()\n} else if ($y) {\n  b();\n} else {}"],
  ["if with a condition without parentheses", "if 1{}", "if (1) {}"],
  ["if comptime", "if comptime (1==2) {} if (comptime $x) {}", "if comptime (1 == 2) {}\nif comptime $x {}"],
  ["an else with a block of its own", "if (1) {} else { if (2) {} }", "if (1) {} else {\n  if (2) {}\n}"],
  ["loops", "while($x<1){break}unroll(5){continue;};unroll 3 {}", "while ($x < 1) {\n  break;\n}\nunroll (5) {\n  continue;\n}\nunroll (3) {}"],
  ["for", "for $kv:@m{}for($i:0 .. 5){}", "for ($kv : @m) {}\nfor ($i : 0..5) {}"],
  ["bounds that are operations", "for ($i : (-2)..-$x) {}", "for ($i : (-2)..(-$x)) {}"],
  ["blocks", "{$x=1;{}}", "{\n  $x = 1;\n  {}\n}"],
  ["return and import", "return;return 1;import \"a\";", 'return;\nreturn 1;\nimport "a";'],
  ["a block as the beginning of an expression", "({1})+2;", "({ 1 } + 2);"],
  ["a keyword as a value", "(break);", "(break);"],
]));

check("expressions", inBody([
  ["literals as written", "f(0x1F,1_000,3e4,5ms,'a',\"\\x41\\n\",017,1UL);", "f(0x1F, 1_000, 3e4, 5ms, 'a', \"\\x41\\n\", 017, 1UL);"],
  ["operators", "$x=1+2*3<<4&5;", "$x = 1 + 2 * 3 << 4 & 5;"],
  ["parentheses that change nothing go", "$x=((1)+(2*3))+f((4));", "$x = 1 + 2 * 3 + f(4);"],
  ["parentheses that matter stay", "$x=(1+2)*3-(4-5);", "$x = (1 + 2) * 3 - (4 - 5);"],
  ["prefixes", "$x=-(-$y)+- -1+!(!$z)+~(*$p)- -- $x;", "$x = - -$y + - -1 + !!$z + ~*$p - --$x;"],
  ["prefixes of operations", "$x=-(1+2)+(-$y).f;", "$x = -(1 + 2) + (-$y).f;"],
  ["members and elements", "$x=$p -> a . b [1].0;", "$x = $p->a.b[1].0;"],
  ["an element of a map as a whole", "$x=(@m)[1]+@m[1];", "$x = (@m)[1] + @m[1];"],
  ["casts", "$x=( struct s*)$p+(uint8)(1)+((struct s*)arg0)->f+(uint8)($x+1);", "$x = (struct s *)$p + (uint8)1 + ((struct s *)arg0)->f + (uint8)($x + 1);"],
  ["casts of what would be an operator", "$x=(uint8)(++$y)+(uint8)({1});", "$x = (uint8)(++$y) + (uint8)({ 1 });"],
  ["types as written", "$x=sizeof(unsigned  int)+(const   char*const*)1+(int8[2][3])$y;", "$x = sizeof(unsigned int) + (const char * const *)1 + (int8[2][3])$y;"],
  ["types as arguments", "$x=container_of($p,struct  foo,a . b)+f(int8*,unsigned  int);", "$x = container_of($p, struct foo, a.b) + f(int8 *, unsigned int);"],
  ["values that look like types", "$x=sizeof((comm))+sizeof(comm)+sizeof((a[3]))+sizeof((a+1));", "$x = sizeof((comm)) + sizeof(comm) + sizeof((a[3])) + sizeof(a + 1);"],
  ["offsetof and typeof", "$x=offsetof(struct s,a.b)+(typeof($y ))1;", "$x = offsetof(struct s, a.b) + (typeof($y))1;"],
  ["tuples and records", "$x=((1,2,),(1,),(),(a=1,b=(2)));", "$x = ((1, 2), (1,), (), (a = 1, b = 2));"],
  ["ternaries", "$x=(1?2:3)?(4?5:6):(7?8:9);$y=1?:2;", "$x = (1 ? 2 : 3) ? 4 ? 5 : 6 : 7 ? 8 : 9;\n$y = 1 ?: 2;"],
  ["if as a value", "$x=if($y){1}else if($z){2}else{3};", "$x = if ($y) { 1 } else if ($z) { 2 } else { 3 };"],
  ["if in an operation", "$x=1+if($y){1}else{2};", "$x = 1 + (if ($y) { 1 } else { 2 });"],
  ["a block as a value", "$x={$y=1;$y};", "$x = {\n  $y = 1;\n  $y\n};"],
  ["division by a block", "$x=1/{2};", "$x = 1 / ({ 2 });"],
]));

const a = "a".repeat(40);
const b = "b".repeat(40);
const c = "c".repeat(40);

check("long lines", inBody([
  ["arguments", `f(${a},${b},${c});`, `f(\n  ${a},\n  ${b},\n  ${c}\n);`],
  ["only the call that needs it", `f(g(1,2),h(${a},${b}),${c});`, `f(\n  g(1, 2),\n  h(${a}, ${b}),\n  ${c}\n);`],
  ["keys", `@m[${a},${b},${c}]=1;`, `@m[\n  ${a},\n  ${b},\n  ${c}\n] = 1;`],
  ["operators of one precedence", `$x=${a}*2+${b}-${c};`, `$x = ${a} * 2 +\n  ${b} -\n  ${c};`],
  ["conditions", `if(${a}&&${b}&&${c}){}`, `if (\n  ${a} &&\n  ${b} &&\n  ${c}\n) {}`],
  ["ternaries", `$x=${a}?${b}:${c};`, `$x = ${a}\n  ? ${b}\n  : ${c};`],
  ["chains of ternaries", `$x=${a}?${b}:$y?1:$z?2:${c};`, `$x = ${a}\n  ? ${b}\n  : $y ? 1\n  : $z ? 2\n  : ${c};`],
  ["blocks of values", `$x=if(${a}){${b}}else{${c}};`, `$x = if (${a}) {\n  ${b}\n} else {\n  ${c}\n};`],
  ["96 columns and a semicolon fit", `f(${"x".repeat(94)});`, `f(${"x".repeat(94)});`],
  ["one column more does not", `f(${"x".repeat(95)});`, `f(\n  ${"x".repeat(95)}\n);`],
  ["a comment takes no room", `f(${"x".repeat(80)}); // ${c}`.concat("\n"), `f(${"x".repeat(80)}); // ${c}`],
]));

check("comments", [
  ["behind and between items", "// a\nbegin{} // b\n// c\n\n\n\n// d\nend{} /* e */\n\n// f", "// a\nbegin {} // b\n\n// c\n\n// d\nend {} /* e */\n\n// f\n"],
  ["of the first line", "/* a */ begin {}", "/* a */ begin {}\n"],
  ["between attach points", "begin, // a\n// b\nend /* c */ {}", "begin, // a\n// b\nend /* c */ {}\n"],
  ["in front of a predicate", "begin // a\n/1/ // b\n{}", "begin // a\n/1/ { // b\n}\n"],
  ["before a brace", "begin // a\n{}", "begin { // a\n}\n"],
  ["in config", "config = { // a\n  // b\n  x = 1 // c\n  // d\n}", "config = { // a\n  // b\n  x = 1; // c\n  // d\n}\n"],
  ["with stars are indented together", "begin {\n/* a\n     * b\n */\nexit(); }", "begin {\n  /* a\n   * b\n   */\n  exit();\n}\n"],
  ["without stars stay as they are", "begin {\n/* a\n  b */\nexit(); }", "begin {\n  /* a\n  b */\n  exit();\n}\n"],
  ["that look like code", 'begin { print("/* no */ // no"); /* "yes" */ }', 'begin {\n  print("/* no */ // no"); /* "yes" */\n}\n'],
  ...inBody([
    ["behind a statement", "$x=1; // a\n$y=2 /* b */;$z=3 // c\n", "$x = 1; // a\n$y = 2 /* b */;\n$z = 3; // c"],
    ["on their own lines", "\n// a\n\n\n// b\n$x=1;\n\n// c\n", "// a\n\n// b\n$x = 1;\n\n// c"],
    ["alone", "/* a */", "/* a */"],
    ["before a semicolon or comma on the next line", "f(1 // a\n, 2) // b\n;", "f(\n  1, // a\n  2\n); // b"],
    ["between arguments", "f(/* a */1,/* b */2/* c */);", "f(/* a */ 1, /* b */ 2 /* c */);"],
    ["behind arguments", "f(1, // a\n2 // b\n);", "f(\n  1, // a\n  2 // b\n);"],
    ["above arguments", "f(\n// a\n1);", "f(\n  // a\n  1\n);"],
    ["behind operators", "$x=1+ // a\n2+3;", "$x = 1 + // a\n  2 +\n  3;"],
    ["before operators", "$x=1 // a\n+2;", "$x = 1 + // a\n  2;"],
    ["around parentheses that go", "$x=(/* a */(1/* b */))/* c */;", "$x = /* a */ 1 /* b */ /* c */;"],
    ["in a call without arguments", "f(/* a */);", "f(/* a */);"],
    ["around else", "if(1){} // a\n// b\nelse // c\n{}", "if (1) {} // a\n// b\nelse { // c\n}"],
    ["before members", "$x=$p // a\n.f;", "$x = $p // a\n  .f;"],
  ]),
]);
