// What becomes of reads of kernel memory, by what the kernel allows.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseModule } from "../parse.ts";
import { printModule } from "../print.ts";
import { verifyModule } from "../verify.ts";
import { expandReads, type ReadPlan } from "./expand-reads.ts";
import { optimise } from "./index.ts";

const head = 'function "f"(v0: ctx)\n';
const none: ReadPlan = { typed: false, cast: "none", run: 64 };
const typed: ReadPlan = { ...none, typed: true };
const structs: ReadPlan = { ...none, cast: "struct" };
const bytes: ReadPlan = { ...none, cast: "bytes" };

/** The operations that are left, optimised: names without values. */
function expanded(plan: ReadPlan, body: string): string[] {
  const module = parseModule(head + body);
  verifyModule(module);
  expandReads(module, plan);
  verifyModule(module);
  optimise(module, () => verifyModule(module));
  const lines = printModule(module).split("\n");
  return lines.flatMap((line) => /(?:= |^ {2})((?:load|call|call-kfunc|store|jump|branch|and) .*)$/.exec(line)?.[1]?.replace(/v\d+/g, "v") ?? []);
}

const chain =
  "b0:\n  v1 = load 8 v0 + 8 to @10\n  v2 = read 8 v1 + 40 of @10 to @11\n  v3 = read 4 v2 + 16 of @11\n  v4 = const 0\n  branch eq v3, v4, b1, b1\nb1:\n  return v4\n";

describe("a chain of members", () => {
  it("is followed by loads where the verifier knows the pointer", () => {
    assert.deepEqual(expanded(typed, chain.replace("branch eq v3, v4, b1, b1\nb1:\n  return v4", "return v3")), [
      "load 8 v + 8 to @10",
      "load 8 v + 40",
      "load 4 v + 16",
    ]);
  });

  const used = chain.replace("branch eq v3, v4, b1, b1\nb1:\n  return v4", "return v3");

  it("needs one cast of its first pointer", () => {
    for (const plan of [structs, bytes]) {
      assert.deepEqual(expanded(plan, used), ["load 8 v + 8 to @10", 'call-kfunc "bpf_rdonly_cast"(v, v)', "load 8 v + 40", "load 4 v + 16"]);
    }
  });

  it("is read step by step on other kernels", () => {
    const calls = expanded(none, used).filter((line) => line.startsWith("call"));
    assert.deepEqual(calls, ["call probe_read_kernel#113(v, v, v)", "call probe_read_kernel#113(v, v, v)"]);
  });
});

describe("what the verifier does not let programs load", () => {
  const body = "b0:\n  v1 = load 8 v0 + 8 to @10\n  v2 = read 8 v1 + 40\n  return v2\n";

  it("is loaded as bytes", () => {
    assert.deepEqual(expanded(bytes, body), ["load 8 v + 8 to @10", 'call-kfunc "bpf_rdonly_cast"(v, v)', "load 8 v + 40"]);
  });

  it("is read by probe_read where there are only structs", () => {
    for (const plan of [typed, structs]) assert.ok(expanded(plan, body).includes("call probe_read_kernel#113(v, v, v)"));
  });
});

describe("a pointer of another type", () => {
  const body = "b0:\n  v1 = load 8 v0 + 8 to @10\n  v2 = read 8 v1 + 40 of @12\n  return v2\n";

  it("is cast, or read by probe_read", () => {
    assert.ok(expanded(structs, body).includes('call-kfunc "bpf_rdonly_cast"(v, v)'));
    assert.ok(expanded(typed, body).includes("call probe_read_kernel#113(v, v, v)"));
  });

  it("needs no cast when it was cast to that type before", () => {
    const twice = body.replace("return v2", "v3 = read 4 v1 + 8 of @12\n  v4 = add v2, v3\n  return v4");
    assert.equal(expanded(structs, twice).filter((line) => line.includes("rdonly")).length, 1);
  });
});

describe("pointers that something is computed from", () => {
  const masked = "b0:\n  v1 = load 8 v0 + 8 to @10\n  v2 = read 8 v1 + 40 of @10 to @11\n  v3 = const 255\n  v4 = and v2, v3\n  return v4\n";

  it("are loaded as bytes or read by probe_read, so that they are numbers", () => {
    assert.deepEqual(expanded(bytes, masked), ["load 8 v + 8 to @10", 'call-kfunc "bpf_rdonly_cast"(v, v)', "load 8 v + 40", "and v, v"]);
    for (const plan of [typed, structs]) assert.ok(expanded(plan, masked).includes("call probe_read_kernel#113(v, v, v)"));
  });

  it("are made numbers when the context has them", () => {
    const body = "b0:\n  v1 = load 8 v0 + 8 to @10\n  v3 = const 255\n  v4 = and v1, v3\n  return v4\n";
    for (const plan of [none, typed, structs, bytes]) {
      assert.deepEqual(expanded(plan, body), [
        "load 8 v + 8 to @10",
        "store 8 v + 0, v",
        "call probe_read_kernel#113(v, v, v)",
        "load 8 v + 0",
        "and v, v",
      ]);
    }
  });

  it("may be compared, stored whole and moved by a constant", () => {
    const body =
      'slot s0 8 align 8\nb0:\n  v1 = load 8 v0 + 8 to @10\n  v2 = const 16\n  v3 = add v1, v2\n  v4: stack = slot-address s0\n  store 8 v4 + 0, v3\n  v5: memory = map-value "m" + 0\n  store 8 v5 + 0, v1\n  branch eq v1, v2, b1, b2\nb1:\n  return v2\nb2:\n  v6 = const 0\n  return v6\n';
    for (const plan of [none, typed]) assert.ok(!expanded(plan, body).some((line) => line.includes("probe_read")));
  });
});

it("a variable that has one of several pointers is no pointer to the verifier", () => {
  const body =
    "b0:\n  v1 = load 8 v0 + 8 to @10\n  v2 = load 8 v0 + 16 to @10\n  v3 = const 0\n  branch eq v1, v3, b1(v1), b1(v2)\nb1(v4: int):\n  v5 = read 4 v4 + 8 of @10\n  return v5\n";
  assert.ok(expanded(typed, body).includes("call probe_read_kernel#113(v, v, v)"));
  assert.ok(expanded(structs, body).includes('call-kfunc "bpf_rdonly_cast"(v, v)'));
});

it("helpers may give pointers of a known type", () => {
  const body = "b0:\n  v1 = call get_current_task_btf#158() to @10\n  v2 = read 4 v1 + 8 of @10\n  return v2\n";
  assert.deepEqual(expanded(typed, body), ["call get_current_task_btf#158() to @10", "load 4 v + 8"]);
});

describe("runs of fields", () => {
  const fields = (offsets: readonly (readonly [number, number])[]) =>
    `b0:\n  v1 = load 8 v0 + 8\n${offsets.map(([offset, size], i) => `  v${i + 2} = read ${size} v1 + ${offset}\n`).join("")}${offsets
      .map((_, i) => `  v${i + 102} = xor v${i === 0 ? 1 : i + 101}, v${i + 2}\n`)
      .join("")}  return v${offsets.length + 101}\n`;
  const calls = (plan: ReadPlan, offsets: readonly (readonly [number, number])[]) =>
    expanded(plan, fields(offsets)).filter((line) => line.startsWith("call")).length;

  it("are read by one call", () => {
    assert.equal(calls(none, [[16, 4], [24, 8], [8, 4], [16, 4]]), 1);
    assert.deepEqual(expanded(none, fields([[20, 4], [24, 8]])), ["load 8 v + 8", "call probe_read_kernel#113(v, v, v)", "load 4 v + 4", "load 8 v + 8"]);
  });

  it("are not longer than allowed", () => {
    assert.equal(calls(none, [[0, 8], [56, 8]]), 1);
    assert.equal(calls(none, [[0, 8], [64, 8]]), 2);
    assert.equal(calls({ ...none, run: 8 }, [[0, 8], [8, 8]]), 2);
    assert.equal(calls({ ...none, run: 8 }, [[0, 4], [4, 4]]), 1);
  });

  it("have no fields at odd places", () => {
    assert.equal(calls(none, [[0, 8], [9, 4]]), 2);
    assert.equal(calls(none, [[-8, 8], [0, 8]]), 2);
  });
});

it("a read that nobody needs disappears", () => {
  const body = "b0:\n  v1 = load 8 v0 + 8\n  v2 = read 8 v1 + 40 of @10\n  return v1\n";
  for (const plan of [none, typed, structs, bytes]) assert.deepEqual(expanded(plan, body), ["load 8 v + 8"]);
});
