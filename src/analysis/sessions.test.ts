// Which probes at entry and return of kernel functions become one program, and what each body of it has.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compile, describeDiagnostic } from "../../test/support/compile.ts";
import { fakeTarget } from "../../test/support/fake-target.ts";

/** `NAME mechanism ends count` of each program. */
function programs(text: string, without: readonly string[] = []): readonly string[] {
  const result = compile(text, { target: fakeTarget(without) });
  if (result.kind !== "compiled") return result.diagnostics.flatMap(describeDiagnostic);
  return result.program.probes.map(({ name, attach, count, program }) => {
    const ends = attach.mechanism === "kprobe-multi" ? attach.ends : "";
    return [name, attach.mechanism, ends, count, program.expectedAttach].join(" ");
  });
}

const session = "kprobe:vfs_read kprobe-multi both 1 56";
const entry = "kprobe:vfs_read kprobe  1 0";
const atReturn = "kretprobe:vfs_read kprobe  1 0";

describe("one program for both ends", () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ["kprobe:vfs_read { @ = arg0; } kretprobe:vfs_read { @r = retval; }", [session]],
    ["kretprobe:vfs_read { @r = retval; } kprobe:vfs_read { @ = arg0; }", [session]],
    ["kprobe:vfs_read { print(probe); } kretprobe:vfs_read { print(probe); }", [session]],
    ["a=kprobe:vfs_read { } b=kretprobe:vfs_read { }", ["a kprobe-multi both 1 56"]],
    ["kprobe:vfs_* { } kretprobe:vfs_* { }", ["kprobe:vfs_* kprobe-multi both 2 56"]],
    ["begin { } kprobe:vfs_read { } end { } kretprobe:vfs_read { }", ["begin test-run  1 0", session, "end test-run  1 0"]],
    ["kprobe:vfs_read { } kretprobe:vfs_read { } kprobe:vfs_read { }", [session, entry]],
    // What differs stays apart.
    ["kprobe:vfs_read { }", [entry]],
    ["kprobe:vfs_read { } kretprobe:vfs_write { }", [entry, "kretprobe:vfs_write kprobe  1 0"]],
    ["kprobe:vfs_read { } kretprobe:vfs_read { } kretprobe:vfs_read { }", [entry, atReturn, atReturn]],
    ["kprobe:vfs_read,kretprobe:vfs_read { }", [entry, atReturn]],
    ["kprobe:vfs_read, kprobe:vfs_write { } kretprobe:vfs_read { }", [entry, "kprobe:vfs_write kprobe  1 0", atReturn]],
    ["kprobe:vfs_read+4 { } kretprobe:vfs_read { }", ["kprobe:vfs_read+4 kprobe  1 0", atReturn]],
    ["kprobe:vmlinux:vfs_read { } kretprobe:vmlinux:vfs_read { }", ["kprobe:vmlinux:vfs_read kprobe  1 0", "kretprobe:vmlinux:vfs_read kprobe  1 0"]],
    ["kprobe:vfs_rea* { } kretprobe:vfs_* { }", ["kprobe:vfs_rea* kprobe-multi entry 1 42", "kretprobe:vfs_* kprobe-multi return 2 42"]],
  ];
  for (const [text, expected] of rows) test(text, () => assert.deepEqual(programs(text), expected));

  for (const feature of ["kprobe_session", "kprobe_multi"]) {
    test(`not without ${feature}`, () => {
      assert.deepEqual(programs("kprobe:vfs_read { } kretprobe:vfs_read { }", [feature]), [entry, atReturn]);
    });
  }
});

test("each body has the builtins of its end", () => {
  assert.deepEqual(programs("kprobe:vfs_read { print(retval); } kretprobe:vfs_read { print(arg0); }"), [
    "1:25-31 E The retval builtin can only be used with kretprobe, uretprobe and fexit probes, not with 'kprobe' probes",
    "1:63-67 E The arg0 builtin can only be used with kprobe, uprobe, usdt and rawtracepoint probes, not with 'kretprobe' probes",
  ]);
});

test("a session counts once", () => {
  const text = "config = { max_probes = 2 } kprobe:vfs_* { } kretprobe:vfs_* { }";
  assert.deepEqual(programs(text), ["kprobe:vfs_* kprobe-multi both 2 56"]);
  assert.equal(programs(text, ["kprobe_session"]).length, 2);
});
