// A program that the kernel refuses is tried again in the form that has no loads of kernel memory.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { CompiledProgram } from "../../src/compile/compiled-program.ts";
import { compileScript, thisMachine } from "../../src/library/compile.ts";
import { runProgram } from "../../src/library/run.ts";
import { TraceQueue } from "../../src/library/trace-event.ts";
import { VerifierRejection } from "../../src/loader/load.ts";
import { SourceFile } from "../../src/source/source.ts";
import { plainOptions } from "../support/script-options.ts";

const machine = thisMachine([]);
const script = "begin { print((curtask.pid == tid, curtask.real_parent.tgid > 0)); exit(); }";

function compile(plainLoads: boolean): CompiledProgram {
  const result = compileScript(new SourceFile("script", script), { ...plainOptions, plainLoads }, machine);
  assert.equal(result.kind, "compiled");
  return result.program;
}

/** No verifier takes an instruction of this code. */
function damaged(program: CompiledProgram): CompiledProgram {
  const probes = program.probes.map((probe) => ({ ...probe, bytecode: { ...probe.bytecode, code: new Uint8Array(probe.bytecode.code.length).fill(0xff), relocations: [] } }));
  return { ...program, probes };
}

async function run(program: CompiledProgram, withoutLoads: (() => CompiledProgram | undefined) | undefined): Promise<readonly string[]> {
  const queue = new TraceQueue({ truncationTrailer: "" });
  const settings = { child: undefined, pid: undefined, unwindPids: [], verbose: true, verifierLog: 0, dryRun: false, onSelf: () => () => undefined, stop: new Promise<void>(() => undefined) };
  await runProgram(program, machine, { ...settings, withoutLoads }, queue);
  return queue.take().flatMap((event) => (event.type === "value" ? [event.text] : []));
}

test("the second form runs when the first is refused", async () => {
  const plain = compile(false);
  assert.ok(!plain.probes.some(({ bytecode }) => bytecode.relocations.some(({ kind }) => kind === "kfunc")));
  assert.deepEqual(await run(damaged(plain), () => plain), ["(true, true)"]);
});

test("both forms print the same", async () => {
  assert.deepEqual(await run(compile(true), undefined), ["(true, true)"]);
  assert.deepEqual(await run(compile(false), undefined), ["(true, true)"]);
});

test("the refusal is reported when there is no other form, or the same", async () => {
  const bad = damaged(compile(true));
  for (const other of [undefined, () => undefined, () => bad]) await assert.rejects(run(bad, other), VerifierRejection);
});
