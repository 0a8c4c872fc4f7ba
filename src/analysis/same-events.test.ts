// Which probes on one event become one program.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compile, describeDiagnostic } from "../../test/support/compile.ts";
import { fakeTarget } from "../../test/support/fake-target.ts";

/** `NAME count` of each program. */
function programs(text: string, sharedPrograms = true): readonly string[] {
  const result = compile(text, { target: fakeTarget(), sharedPrograms });
  if (result.kind !== "compiled") return result.diagnostics.flatMap(describeDiagnostic);
  return result.program.probes.map(({ name, count }) => `${name} ${count}`);
}

describe("one program for probes on the same event", () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ["interval:ms:20 { print(1); } interval:ms:20 { print(2); }", ["interval:ms:20 2"]],
    ["interval:ms:20 { print(1); } i:us:20000 { print(2); } i:20000us { print(3); }", ["interval:ms:20 3"]],
    ["a=interval:ms:20 { print(probe); } interval:ms:20 /@++ < 3/ { return; }", ["a 2"]],
    ["profile:hz:99 { @ = count(); } begin { } profile:hz:99 { @ = count(); }", ["profile:hz:99 2", "begin 1"]],
    ["software:faults:1 { @ = count(); } software:page-faults:1 { @ = count(); }", ["software:faults:1 2"]],
    // What differs stays apart.
    ["interval:ms:20 { print(1); } interval:ms:21 { print(2); }", ["interval:ms:20 1", "interval:ms:21 1"]],
    ["interval:ms:20 { print(1); } profile:ms:20 { print(2); }", ["interval:ms:20 1", "profile:ms:20 1"]],
    ["profile:hz:10 { print(1); } profile:ms:100 { print(2); }", ["profile:hz:10 1", "profile:ms:100 1"]],
    ["interval:ms:20, interval:ms:20 { print(1); } interval:ms:20 { print(2); }", ["interval:ms:20 1", "interval:ms:20 1", "interval:ms:20 1"]],
  ];
  for (const [text, expected] of rows) test(text, () => assert.deepEqual(programs(text), expected));
});

test("all of them count", () => {
  const text = "config = { max_probes = 2 } i:s:1 { print(1); } i:s:1 { print(2); } i:s:1 { print(3); }";
  assert.equal(programs(text)[0], "- E Can't attach to 3 probes because it exceeds the current limit of 2 probes.");
});

test("apart where some of them may be left out later", () => {
  assert.deepEqual(programs("a=i:s:1 { print(1); } b=i:s:1 { print(2); }", false), ["a 1", "b 1"]);
  assert.deepEqual(programs("a=kprobe:vfs_read { } b=kretprobe:vfs_read { }", false), ["a 1", "b 1"]);
});
