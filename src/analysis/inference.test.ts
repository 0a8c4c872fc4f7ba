// Inference to a fixed point: one type for each variable and map over the whole program, whatever the order of statements.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compilerFor, describeDiagnostic } from "../../test/support/compile.ts";
import { fakeTarget } from "../../test/support/fake-target.ts";
import type { AnalysedProgram } from "../define/analysed.ts";
import { typeName } from "../types/type.ts";

const compile = compilerFor(fakeTarget());

function isAnalysed(value: unknown): value is AnalysedProgram {
  return typeof value === "object" && value !== null && "variableTypes" in value && "maps" in value;
}

function analyse(text: string): AnalysedProgram {
  const seen: AnalysedProgram[] = [];
  const result = compile(text, {
    stage: (_stage, value) => {
      if (isAnalysed(value)) seen.push(value);
    },
  });
  assert.equal(result.diagnostics.filter((d) => d.severity === "error").flatMap(describeDiagnostic).join("\n"), "");
  const [analysed] = seen;
  assert.ok(analysed !== undefined, "the program was analysed");
  return analysed;
}

/** `@name key -> value` of maps and `$name type` of variables, sorted. */
function typesOf(text: string): readonly string[] {
  const { maps, variables, variableTypes } = analyse(text);
  const symbols = [...new Set(variables.values())];
  return [
    ...[...maps.values()].map((map) => `${map.name} ${map.scalar ? "" : `${typeName(map.key)} -> `}${typeName(map.value)}`),
    ...symbols.map((symbol) => `${symbol.name} ${typeName(variableTypes.get(symbol) ?? { kind: "none" })}`),
  ].sort();
}

function table(rows: readonly (readonly [string, string, readonly string[]])[]): void {
  for (const [name, program, expected] of rows) {
    test(`${name}: ${program}`, () => {
      assert.deepEqual(typesOf(program), expected);
    });
  }
}

describe("variables", () => {
  table([
    ["a literal gives the smallest type", "begin { $a = 1; $b = 200; $c = -129; $d = 5000000000; $e = 18446744073709551615; }", ["$a int8", "$b int16", "$c int16", "$d int64", "$e uint64"]],
    ["assignments widen", "begin { $a = 1; $a = 70000; $a = -1; }", ["$a int32"]],
    ["unsigned and literal stay unsigned", "begin { $a = (uint32)1; $a = 5; }", ["$a uint32"]],
    ["unsigned and negative become signed", "begin { $a = (uint32)1; $a = -5; }", ["$a int64"]],
    ["++ makes 64 bits", "begin { $a = 1; $a++; $b = (uint8)1; $b++; $c = (uint8)1; $c--; }", ["$a int64", "$b uint64", "$c int64"]],
    ["op= makes 64 bits", "begin { $a = 1; $a += 1; $b = (uint8)1; $b *= 2; $c = (uint8)1; $c -= 1; }", ["$a int64", "$b uint64", "$c int64"]],
    ["declared types stay", "begin { let $a: uint8 = 1; $a++; $a = 5; let $s: string[9] = \"a\"; $s = \"bc\"; }", ["$a uint8", "$s string[9]"]],
    ["strings take the longest", "begin { $a = \"a\"; $a = \"abc\"; let $b: string = \"x\"; $b = \"xyz\"; }", ["$a string[4]", "$b string[4]"]],
    ["tuples widen by element", "begin { $t = (1, \"a\"); $t = (70000, \"abc\"); }", ["$t (int32,string[4])"]],
    ["records keep their first order", "begin { $r = (a=1, b=true); $r = (b=false, a=300); }", ["$r record { .a = int16, .b = bool }"]],
    ["the last pointer counts", "begin { $p = (int32*)8; $p = (int64*)8; }", ["$p int64 *"]],
    ["siblings have their own", "begin { if (pid) { $x = 1; } else { $x = \"a\"; } }", ["$x int8", "$x string[2]"]],
    ["branches that both assign share it with what reads it after them", "begin { if (pid) { $x = 1; } else if (tid) { $x = 300; } else { $x = 2; } print($x); }", ["$x int16"]],
    ["also where a branch ends the probe", "begin { if (pid) { return; } else { $x = 1; } if (tid) { $x = 300; } print($x); }", ["$x int16"]],
    ["a variable that is read in its branch only is none of them", "begin { if (pid) { $x = 1; print($x); } else { $x = \"a\"; print($x); } }", ["$x int8", "$x string[2]"]],
    ["aggregates are read as integers", "begin { @c = count(); @m = min(-1); $a = @c; $b = @m; }", ["$a int64", "$b int64", "@c count_t", "@m min_t"]],
    ["range variables hold both bounds", "begin { for ($i : 0..300) { } for ($j : pid..5000000000) { } }", ["$i int16", "$j uint64"]],
    ["a declared variable without value is zero", "begin { let $x; print($x); }", ["$x uint64"]],
    ["comparisons are bool, arithmetic is 64 bits", "begin { $a = 1 == pid; $b = pid + 1; $c = pid - 1; $d = !pid; }", ["$a bool", "$b uint64", "$c int64", "$d bool"]],
  ]);
});

describe("maps", () => {
  table([
    ["all probes count", "begin { @x = 1; } interval:1s { @x = -70000; }", ["@x int32"]],
    ["also those before", "begin { print(@x); } end { @x = 300; }", ["@x int16"]],
    ["those of a probe that is left out are there", "config = { missing_probes = ignore } tracepoint:sched:nosuch { @a[pid] = hist(1); @b = 1; } begin { print(@a); print(@b); delete(@a[tid]); }", ["@a uint32 -> int8", "@b int8"]],
    ["counting alone makes 64 bits", "begin { @x++; @y += 5; @z--; }", ["@x int64", "@y int64", "@z int64"]],
    ["several keys are a tuple", "begin { @m[1, \"a\"] = 1; }", ["@m (int8,string[2]) -> int8"]],
    ["a tuple is the same key", "begin { @m[1, 2] = 1; @m[(300, 4)] = 1; }", ["@m (int16,int8) -> int8"]],
    ["keys widen", "begin { @m[1] = 1; @m[nsecs] = 2; @s[\"a\"] = 1; @s[\"abc\"] = 1; }", ["@m int64 -> int8", "@s string[4] -> int8"]],
    ["reads widen keys, too", "begin { @m[1] = 1; print(@m[70000]); }", ["@m int32 -> int8"]],
    ["aggregations have their sign from all uses", "begin { @a = sum((uint64)1); @b = sum((uint64)1); @b = sum(-1); @c = max((uint8)1); }", ["@a usum_t", "@b sum_t", "@c umax_t"]],
    ["what depends on itself begins small", "begin { @x = @x; @y = @y + 1; }", ["@x int8", "@y int64"]],
    ["in a circle, too", "begin { @a = @b; @b = @a; @a = 300; }", ["@a int16", "@b int16"]],
    ["through a variable", "begin { $x = @a; @a = $x; @b[$x] = 1; @a = 70000; }", ["$x int32", "@a int32", "@b int32 -> int8"]],
    ["aggregates as keys are integers", "begin { @c = count(); @m[@c] = 1; }", ["@c count_t", "@m int64 -> int8"]],
    ["loops over maps have key and value", "begin { @m[1, \"a\"] = 5; for ($kv : @m) { @k[$kv.0.1] = $kv.1; } }", ["$kv ((int8,string[2]),int8)", "@k string[2] -> int8", "@m (int8,string[2]) -> int8"]],
    ["also of aggregates", "begin { @m[pid] = count(); for ($kv : @m) { @k = $kv.1; } }", ["$kv (uint32,int64)", "@k int64", "@m uint32 -> count_t"]],
    ["loop pairs know keys that come later", "begin { for ($kv : @m) { @k = $kv.0; } @m[300] = 1; @m[70000] = 2; }", ["$kv (int32,int8)", "@k int32", "@m int32 -> int8"]],
  ]);
});

describe("chains", () => {
  test("widening runs through many steps against the order of the program", () => {
    const count = 40;
    const steps = Array.from({ length: count }, (_, i) => `@m${i} = @m${i + 1};`).join(" ");
    const types = typesOf(`begin { ${steps} } end { @m${count} = 70000; }`);
    assert.equal(types.length, count + 1);
    assert.ok(types.every((type) => type.endsWith(" int32")), types.join("\n"));
  });

  test("the order of statements does not matter", () => {
    const statements = ["@a = @b;", "@b = $c;", "$c = 5;", "@a = -300;", "@k[@a] = 1;", "@k[70000] = @b;"];
    const orders = [statements, [...statements].reverse(), [...statements.slice(3), ...statements.slice(0, 3)]];
    // $c has to be known where it is used.
    const results = orders.map((order) => typesOf(`begin { let $c; ${order.join(" ")} }`).join("\n"));
    assert.equal(new Set(results).size, 1, results.join("\n\n"));
  });
});

describe("expressions", () => {
  /** The type of what a map is assigned. */
  const rows: readonly (readonly [string, string])[] = [
    ["sizeof(1)", "int8"],
    ["1 + 1", "int8"],
    ["(uint8)1 + (uint8)1", "uint64"],
    ["(uint8)1 + (int8)1", "int64"],
    ["(uint8)1 - (uint8)1", "int64"],
    ["(uint64)1 / 2", "uint64"],
    ["(int64)1 >> 1", "int64"],
    ["-(uint32)1", "uint64"],
    ["~(int8)1", "int64"],
    ["!pid", "bool"],
    ["pid && tid", "bool"],
    ["\"a\" == comm", "bool"],
    ["pid ? 1 : 300", "int16"],
    ["pid ? \"a\" : \"abc\"", "string[4]"],
    ["pid ?: 5", "uint32"],
    ["(uint8)pid", "uint8"],
    ["(int8[4])pid", "int8[4]"],
    ["(int8[])\"ab\"", "int8[3]"],
    ["(string[20])comm", "string[20]"],
    ["(enum pid_type)1", "enum pid_type"],
    ["PIDTYPE_TGID", "enum pid_type"],
    ["curtask", "struct task_struct *"],
    ["curtask.pid", "int32"],
    ["curtask->real_parent->comm", "string[16]"],
    ["curtask.counts[1]", "uint32[3]"],
    ["curtask.counts[1][2]", "uint32"],
    ["curtask.nested", "struct "],
    ["*curtask", "struct task_struct"],
    ["(struct task_struct *)0 + 1", "struct task_struct *"],
    ["(1, \"a\").1", "string[2]"],
    ["(a=1, b=pid).b", "uint32"],
    ["if (pid) { 1 } else { 70000 }", "int32"],
    ["{ $x = 5; $x + 1 }", "int64"],
    ["comm", "string[16]"],
    ["nsecs", "uint64"],
    ["str(kptr(1))", "string[1024]"],
    ["str(kptr(1), 5)", "string[6]"],
    ["buf(0, 5)", "buffer[5]"],
    ["kstack", "kstack_bpftrace_127"],
    ["kstack(perf, 3)", "kstack_perf_3"],
    ["ustack(5)", "ustack_bpftrace_5"],
    ["strlen(comm)", "uint64"],
    ["strcontains(\"a\", \"b\")", "bool"],
    ["has_key(@q, 1)", "bool"],
    ["len(@q)", "int64"],
  ];
  for (const [expression, expected] of rows) {
    test(`${expression} is ${expected}`, () => {
      const types = typesOf(`begin { @q[1] = 1; @result = ${expression}; }`);
      assert.equal(types.find((type) => type.startsWith("@result")), `@result ${expected}`);
    });
  }
});
