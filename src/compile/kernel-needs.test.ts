// Scripts on kernels that lack something: what can't be done is said where it is needed.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compile, describeDiagnostic } from "../../test/support/compile.ts";
import { fakeTarget } from "../../test/support/fake-target.ts";
import { kernelFeatures } from "../kernel/features.ts";
import type { Target } from "../define/target.ts";

/** A machine with a kernel of a release as it was published. */
function machineOf(major: number, minor: number): Target {
  const release = { major, minor, patch: 0 };
  return { ...fakeTarget(), release, has: kernelFeatures(release, new Set(), () => false) };
}

function problems(text: string, target: Target): readonly string[] {
  const result = compile(text, { target });
  return result.diagnostics.flatMap(describeDiagnostic);
}

describe("kernels that are too old", () => {
  for (const [major, minor] of [[4, 19], [5, 4], [5, 7]] as const) {
    test(`Linux ${major}.${minor}`, () => {
      const expected = `- E Linux ${major}.${minor} is too old: bpftrace needs Linux 5.8 or later, for the BPF ring buffer`;
      assert.deepEqual(problems("kprobe:vfs_read { print(1); }", machineOf(major, minor)), [expected]);
    });
  }
});

describe("kernels that are just new enough", () => {
  const rows: readonly (readonly [string, readonly [number, number], readonly string[]])[] = [
    ["kprobe:vfs_read { print(1); @ = count(); }", [5, 8], []],
    ["tracepoint:sched:sched_switch { @[comm] = count(); }", [5, 8], []],
    ["begin { }", [5, 8], ["1:1-6 E begin probes need Linux 5.10, which can run programs on demand", "  hint: without such probes the script may work"]],
    ["begin { for ($i : 0..3) { @ = $i; } }", [5, 10], []],
    ["begin { $x = -7; print($x / 2); }", [5, 10], []],
    ["kprobe:vfs_* { print(func); }", [5, 10], []],
    ["begin { @[1] = 1; for ($kv : @) { } }", [5, 10], [
      "1:19-36 E This needs the helper bpf_for_each_map_elem (loops over maps), which this kernel does not have",
      "  hint: Linux 5.13 has it",
    ]],
    ["begin { @[1] = 1; for ($kv : @) { } }", [5, 13], []],
    ["kretprobe:vfs_read { print(func); }", [5, 14], [
      "1:28-32 E This needs the helper bpf_get_func_ip (func), which this kernel does not have",
      "  hint: Linux 5.15 has it",
    ]],
    ["kretprobe:vfs_read { print(func); }", [5, 15], []],
  ];
  for (const [text, [major, minor], expected] of rows) {
    test(`Linux ${major}.${minor}: ${text}`, () => assert.deepEqual(problems(text, machineOf(major, minor)), expected));
  }
});
