// What mutations begin with: the programs of the conformance tables, C texts, and words worth inserting anywhere.

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { toByteString } from "../../src/base/byte-string.ts";
import { parseTable } from "../conformance/table.ts";

const tables = resolve("test/conformance/tables");

export function scripts(): readonly string[] {
  const rows = readdirSync(tables).sort().flatMap((file) => parseTable(readFileSync(join(tables, file), "utf8")));
  const further = process.env["FUZZ_CORPUS"];
  // Scripts are byte strings in the compiler.
  return [...rows.map((row) => row.program), ...more, ...(further === undefined ? [] : textsIn(further))].map(toByteString);
}

/** A JSON file with an array of further scripts. */
function textsIn(file: string): readonly string[] {
  const list: unknown = JSON.parse(readFileSync(file, "utf8"));
  return Array.isArray(list) ? list.filter((text): text is string => typeof text === "string") : [];
}

/** Constructs that the tables show seldom. */
const more: readonly string[] = [
  "kprobe:vfs_read /arg2 > 10/ { @[func, kstack(3)] = sum(arg2); } kretprobe:vfs_read { print(retval); } kprobe:vfs_* { @++; }",
  "fentry:vfs_read { @[args.file] = count(); } fexit:vfs_write { print((args.count, retval)); } fentry:wake_up_new_task { print(args.p->comm); }",
  "watchpoint:0x1000:8:rw { print(kstack); } kprobe:vfs_read+4 { @a[reg(\"ip\")] = lhist(arg0, 0, 100, 10); }",
  "uprobe:/bin/app:main,uretprobe:/bin/app:main { @[ustack(perf, 3), func] = count(); print(arg0); }",
  "tracepoint:sched:sched_switch { @[args.prev_comm, args->next_pid] = hist(args.next_prio); }",
  "rawtracepoint:sched_switch { $t = (struct task_struct *)arg0; print(($t->comm, $t->counts[1][2], $t->nested.inner)); }",
  "let @a = lruhash(10); let @b = percpuhash(5); begin { @a[1, \"x\"] = (1, (2, \"y\")); @b[1] = avg(5); for ($kv : @a) { print($kv.0.1); } }",
  "begin { for ($i : 0..3) { for ($j : 0..$i) { if ($j == 1) { continue } if ($i == 2) { break } @s[$i] = sum($j); } } }",
  "macro add(x, $y, @z) { $y += x; @z[$y] = x; $y } begin { $v = 1; @m[1] = 2; print(add(5, $v, @m)); }",
  "begin { $s = str(kptr(1), 10); $b = buf(kptr(2), 4); @[$s, $b, ksym(1), usym(2), ntop(3), macaddr(4)] = stats(nsecs); }",
  "begin { let $x: uint8 = 3; let $y: string[20] = \"a\"; $y = \"bc\"; $z = (a=1, b=(2, $y)); print($z.b.1); unroll(3) { $x++ } }",
  "begin { print(curtask.real_parent.children); $t = *curtask; print($t.flags); print($t.bytes[1]); @t = $t; print(offsetof(struct task_struct, nested.inner)); }",
  "config = { max_strlen = 20; stack_mode = perf; on_stack_limit = 8 } begin { printf(\"%s %d %-5x %c\\n\", comm, pid, 3, 65); }",
];

/** Texts for the C reader alone. */
export const cTexts: readonly string[] = [
  "#define N(a, b...) (a + sizeof(struct q) __VA_OPT__(+))\nstruct q { int a : 3, b : 5; union { char c[2]; void (*f[3])(int, char *); }; } __attribute__((packed, aligned(4)));\n",
  "typedef struct { struct q q[2]; enum { E1 = 1 << 4, E2 = -1 } e; } q_t;\n#if defined(N) && 3 > 2\nunion u { q_t x; long long y; };\n#else\n#error no\n#endif\n",
  "#include <linux/sched.h>\n#include \"own.h\"\n#define STR(x) #x\n#define CAT(a, b) a ## b\nstruct CAT(a, b) { int CAT(x, 1); };\n#undef CAT\n",
  "enum e { A, B = A + 5, C = sizeof(int[B]) };\nstruct f { unsigned long a[C][2]; _Bool b; const volatile char *c; struct f *next; double d; int tail[]; };\n",
  "static inline int g(int x) { return x ? 'a' : '\\n'; }\nextern struct h { long l; } *hp, ha[3];\n_Static_assert(1, \"x\");\n",
];

/** Words that mutations insert. */
export const words: readonly string[] = (
  "{ } ( ) [ ] , ; : . -> .. ... = == ! != < <= > >= << >> + - * / % & | ^ ~ ? && || ++ -- += -= <<= @ @a @a[1] $ $x $1 $0 $# # #! " +
  "\" ' \\ // /* */ 0 1 -1 08 0x 1e9 255u 64 65536 4294967296 18446744073709551615 9223372036854775808 5ms 1_0 a int8 uint64 int32* " +
  "string string[3] struct union enum typeof sizeof offsetof typeinfo comptime let if else unroll while for break continue return import " +
  "config macro fn begin end BEGIN kprobe:vfs_read tracepoint:sched:sched_switch uprobe:/bin/app:main interval:1s profile:hz:99 " +
  "struct\ttask_struct curtask args ctx pid comm nsecs kstack ustack retval arg0 cpu probe count() sum(1) hist(2) lhist(1,0,9,3) avg(pid) " +
  "printf(\"%d\",1) print( str( buf( clear( delete( len( exit() time( strftime( signal( ntop( kaddr( reg( has_key( true false \"\" \"abc\" " +
  "(1,2) (a=1) (int8)1 (int8[2]) @x[1]=count() ,) ;} #define #include #if #endif union{int\ta;} __attribute__((packed)) \x00 \xff \x80 \t \r\n"
).split(" ");
