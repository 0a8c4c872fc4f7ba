// Compiled programs in files: what is read back is what was written, and it runs like the script; other machines refuse it.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { toByteString } from "../../src/base/byte-string.ts";
import { unmetFacts } from "../../src/compile/facts.ts";
import { isSavedProgram, restoreProgram, saveProgram } from "../../src/compile/saved-program.ts";
import { compileScript, type ScriptOptions, thisMachine } from "../../src/library/compile.ts";
import { SourceFile } from "../../src/source/source.ts";
import { parseTable } from "../conformance/table.ts";
import { plainOptions } from "../support/script-options.ts";

const options: ScriptOptions = { ...plainOptions, unsafe: true, observe: true };
const machine = thisMachine([]);

function compiled(source: string) {
  const result = compileScript(new SourceFile("script", toByteString(source)), options, machine);
  assert.equal(result.kind, "compiled", result.kind === "compiled" ? "" : result.diagnostics.map((d) => d.message).join("\n"));
  return result.kind === "compiled" ? result : assert.fail();
}

test("programs of the conformance tables are the same after writing and reading", () => {
  const rows = ["language", "seeds"].flatMap((name) =>
    parseTable(readFileSync(resolve(`test/conformance/tables/${name}.txt`), "utf8")),
  );
  let count = 0;
  for (const row of rows) {
    const result = compileScript(new SourceFile("script", toByteString(row.program)), options, machine);
    if (result.kind !== "compiled") continue;
    const text = saveProgram(result);
    assert.ok(isSavedProgram(text));
    const restored = restoreProgram(text, machine.registry);
    assert.ok(typeof restored !== "string", row.id);
    assert.equal(saveProgram(restored), text, row.id);
    count += 1;
  }
  assert.ok(count > 300, `only ${count} programs compiled`);
});

test("a program is refused where the machine differs, with what differs", () => {
  const { facts } = compiled("tracepoint:sched:sched_switch { @[args.prev_comm, curtask.pid] = count(); }");
  assert.deepEqual(unmetFacts(facts, machine.target), []);
  const other = {
    ...machine.target,
    possibleCpus: machine.target.possibleCpus + 1,
    has: () => false,
    tracepoints: { list: () => [], format: () => undefined },
    kernelTypes: undefined,
  };
  const problems = unmetFacts(facts, other).join("\n");
  assert.match(problems, /it is for \d+ possible CPUs, this machine has \d+/);
  assert.match(problems, /it needs the kernel feature signed_division/);
  assert.match(problems, /this kernel has no tracepoint sched:sched_switch/);
  assert.match(problems, /this kernel has no struct task_struct/);
});

test("damaged files are refused", () => {
  const text = saveProgram(compiled("begin { exit(); }"));
  assert.equal(typeof restoreProgram(text.slice(0, -20), machine.registry), "string");
  assert.equal(typeof restoreProgram(text.replace(/"probes"/, '"proves"'), machine.registry), "string");
});

test("an emitted program runs without its script", () => {
  const folder = mkdtempSync(join(tmpdir(), "bpftrace-emit-"));
  try {
    const command = resolve("dist/bpftrace.js");
    const run = (...words: string[]) => spawnSync(process.execPath, [command, ...words], { encoding: "latin1" });
    const script = join(folder, "script.bt");
    const file = join(folder, "program");
    writeFileSync(script, 'struct s { int a; };\nBEGIN { @m["k"] = hist(5); printf("%s %d\\n", "x", sizeof(struct s)); print((1, comm)); exit(7); }\n');
    const emitted = run("--emit", file, script);
    assert.equal(emitted.status, 0, emitted.stderr);
    assert.equal(emitted.stdout, "");
    const [saved, direct] = [run(file), run(script)];
    assert.equal(saved.status, 7, saved.stderr);
    assert.equal(saved.stdout, direct.stdout);
    assert.match(saved.stdout, /^x 4\n\(1, /);
    const refused = run(file, "parameter");
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /parameters were fixed/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
