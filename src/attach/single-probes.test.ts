// Links for many functions as single probes: the same bytecode, with the answer to which end it runs at filled in.

import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "../../test/support/compile.ts";
import { sessionFunction } from "../define/attach-spec.ts";
import { singleProbes } from "./single-probes.ts";

function singles(text: string) {
  const result = compile(text);
  assert.equal(result.kind, "compiled");
  const [probe] = result.kind === "compiled" ? result.program.probes : [];
  assert.ok(probe !== undefined);
  return { probe, singles: singleProbes(probe) };
}

const place = (symbol: string, onReturn: boolean) => ({ mechanism: "kprobe", function: symbol, module: undefined, offset: 0n, onReturn });

test("a pattern becomes one program for each of its functions", () => {
  const { probe, singles: made } = singles("kprobe:vfs_* { @ = count(); }");
  assert.deepEqual(made?.map(({ places }) => places), [[place("vfs_read", false), place("vfs_write", false)]]);
  assert.deepEqual(made?.[0]?.probe.program, { type: 2, expectedAttach: 0 });
  assert.equal(made?.[0]?.probe.bytecode, probe.bytecode);
});

test("a session becomes two programs, the one at the return first", () => {
  const { probe, singles: made } = singles("kprobe:vfs_read { @ = arg0; } kretprobe:vfs_read { @r = retval; }");
  assert.deepEqual(made?.map(({ places }) => places), [[place("vfs_read", true)], [place("vfs_read", false)]]);
  assert.deepEqual(made?.map((single) => single.probe.answers), [{ [sessionFunction]: 1 }, { [sessionFunction]: 0 }]);
  assert.deepEqual(probe.bytecode.relocations.filter(({ kind }) => kind === "kfunc").map(({ name }) => name), [sessionFunction]);
});

test("other probes have nothing to fall back on", () => {
  assert.equal(singles("kprobe:vfs_read { @ = count(); }").singles, undefined);
  assert.equal(singles("interval:s:1 { @ = count(); }").singles, undefined);
});
