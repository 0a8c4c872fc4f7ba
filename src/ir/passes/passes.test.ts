// What each pass makes of small functions.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseModule } from "../parse.ts";
import { printModule } from "../print.ts";
import { verifyModule } from "../verify.ts";
import { optimise, passes } from "./index.ts";
import { simplifyControlFlow } from "./simplify-control-flow.ts";

const head = 'function "f"(v0: ctx)\n';

interface Case {
  readonly pass: string;
  readonly what: string;
  readonly slots?: string;
  readonly before: string;
  readonly after: string;
}

const cases: readonly Case[] = [
  {
    pass: "simplify-control-flow",
    what: "makes a branch on a comparison's result a branch on the comparison",
    before:
      "b0:\n  v1 = load 8 v0 + 0\n  v2 = compare ult v1, v1\n  v3 = const 0\n  branch eq v2, v3, b1, b2\nb1:\n  return v1\nb2:\n  return v3\n",
    after:
      "b0:\n  v1 = load 8 v0 + 0\n  v2 = compare ult v1, v1\n  v3 = const 0\n  branch uge v1, v1, b1, b2\nb1:\n  return v1\nb2:\n  return v3\n",
  },
  {
    pass: "simplify-control-flow",
    what: "decides constant branches, merges the rest and drops what is unreachable",
    before: "b0:\n  v1 = const 3\n  branch ult v1, v1, b1, b2(v1)\nb1:\n  return v1\nb2(v2: int):\n  jump b3\nb3:\n  return v2\n",
    after: "b0:\n  v1 = const 3\n  return v1\n",
  },
  {
    pass: "simplify-control-flow",
    what: "leaves an empty endless loop alone",
    before: "b0:\n  jump b1\nb1:\n  jump b1\n",
    after: "b0:\n  jump b1\nb1:\n  jump b1\n",
  },
  {
    pass: "copy-propagation",
    what: "drops a parameter that only ever gets one value or itself",
    before:
      "b0:\n  v1 = load 8 v0 + 0\n  jump b1(v1)\nb1(v2: int):\n  branch eq v2, v1, b1(v2), b2\nb2:\n  return v2\n",
    after: "b0:\n  v1 = load 8 v0 + 0\n  jump b1\nb1:\n  branch eq v1, v1, b1, b2\nb2:\n  return v1\n",
  },
  {
    pass: "copy-propagation",
    what: "does not take a null constant for a pointer",
    before: "b0:\n  v1 = const 0\n  jump b1(v1)\nb1(v2: memory-or-null):\n  branch eq v2, v1, b1(v2), b2\nb2:\n  return v1\n",
    after: "b0:\n  v1 = const 0\n  jump b1(v1)\nb1(v2: memory-or-null):\n  branch eq v2, v1, b1(v2), b2\nb2:\n  return v1\n",
  },
  {
    pass: "constant-propagation",
    what: "sees that a loop never changes a variable",
    before:
      "b0:\n  v1 = const 4\n  v2 = load 8 v0 + 0\n  jump b1(v1)\nb1(v3: int):\n  v4 = sub v3, v3\n  v5 = add v4, v1\n  branch eq v2, v1, b1(v5), b2\nb2:\n  return v3\n",
    after:
      "b0:\n  v1 = const 4\n  v2 = load 8 v0 + 0\n  jump b1\nb1:\n  v3 = const 4\n  v4 = const 0\n  v5 = const 4\n  branch eq v2, v1, b1, b2\nb2:\n  return v3\n",
  },
  {
    pass: "simplify-arithmetic",
    what: "stores a narrow value without extending it first",
    slots: "slot s0 16 align 8\n",
    before:
      "b0:\n  v1 = load 8 v0 + 0\n  v2 = extend s32 v1\n  v3: stack = slot-address s0\n  store 4 v3 + 0, v2\n  store 2 v3 + 4, v2\n  store 8 v3 + 8, v2\n  v4 = load 8 v3 + 0\n  return v4\n",
    after:
      "b0:\n  v1 = load 8 v0 + 0\n  v2 = extend s32 v1\n  v3: stack = slot-address s0\n  store 4 v3 + 0, v1\n  store 2 v3 + 4, v1\n  store 8 v3 + 8, v2\n  v4 = load 8 v3 + 0\n  return v4\n",
  },
  {
    pass: "simplify-arithmetic",
    what: "replaces powers of two, sums of constants and needless masks",
    before:
      "b0:\n  v1 = load 4 v0 + 0\n  v2 = const 8\n  v3 = mul v1, v2\n  v4 = udiv v1, v2\n  v5 = umod v1, v2\n  v6 = sdiv v1, v2\n  v7 = add v1, v2\n  v8 = add v7, v2\n  v9 = extend u32 v1\n  v10 = call f#5(v3, v4, v5, v6, v8)\n  v11 = call f#5(v9)\n  return v1\n",
    after:
      "b0:\n  v1 = load 4 v0 + 0\n  v2 = const 8\n  v12 = const 3\n  v3 = shl v1, v12\n  v13 = const 3\n  v4 = lshr v1, v13\n  v14 = const 7\n  v5 = and v1, v14\n  v15 = const 3\n  v6 = lshr v1, v15\n  v7 = add v1, v2\n  v16 = const 16\n  v8 = add v1, v16\n  v10 = call ktime_get_ns#5(v3, v4, v5, v6, v8)\n  v11 = call ktime_get_ns#5(v1)\n  return v1\n",
  },
  {
    pass: "simplify-arithmetic",
    what: "keeps a clamp unless the verifier knows the range",
    before:
      "b0:\n  v1 = load 8 v0 + 0\n  v2 = load 1 v0 + 8\n  v3 = clamp v1, 255\n  v4 = clamp v2, 255\n  v5 = clamp v3, 300\n  v6 = call f#5(v3, v4, v5)\n  return v6\n",
    after:
      "b0:\n  v1 = load 8 v0 + 0\n  v2 = load 1 v0 + 8\n  v3 = clamp v1, 255\n  v6 = call ktime_get_ns#5(v3, v2, v3)\n  return v6\n",
  },
  {
    pass: "common-subexpressions",
    what: "merges pure operations and pure calls below a dominating one, not across branches",
    before:
      "b0:\n  v1 = call f#14()\n  v2 = load 8 v0 + 0\n  branch eq v1, v2, b1, b2\nb1:\n  v3 = call f#14()\n  v4 = add v3, v2\n  return v4\nb2:\n  v5 = add v2, v1\n  v6 = call f#5()\n  v7 = call f#5()\n  v8 = add v6, v7\n  return v5\n",
    after:
      "b0:\n  v1 = call get_current_pid_tgid#14()\n  v2 = load 8 v0 + 0\n  branch eq v1, v2, b1, b2\nb1:\n  v4 = add v1, v2\n  return v4\nb2:\n  v5 = add v2, v1\n  v6 = call ktime_get_ns#5()\n  v7 = call ktime_get_ns#5()\n  v8 = add v6, v7\n  return v5\n",
  },
  {
    pass: "forward-memory",
    what: "forwards stores to loads, clearing upper bits of narrow ones",
    slots: "slot s0 16 align 8\n",
    before:
      "b0:\n  v1 = load 8 v0 + 0\n  v2: stack = slot-address s0\n  store 8 v2 + 0, v1\n  store 2 v2 + 8, v1\n  v3 = load 8 v2 + 0\n  v4 = load 2 v2 + 8\n  v5 = add v3, v4\n  return v5\n",
    after:
      "b0:\n  v1 = load 8 v0 + 0\n  v2: stack = slot-address s0\n  store 8 v2 + 0, v1\n  store 2 v2 + 8, v1\n  v4 = extend u16 v1\n  v5 = add v1, v4\n  return v5\n",
  },
  {
    pass: "forward-memory",
    what: "forgets what a call may have written and what may be the same memory",
    slots: "slot s0 8 align 8\n",
    before:
      'b0:\n  v1 = load 8 v0 + 0\n  v2: stack = slot-address s0\n  v3: memory = map-value "m" + 0\n  store 8 v2 + 0, v1\n  store 8 v3 + 0, v1\n  v4 = const 8\n  v5 = call f#113(v2, v4, v1)\n  v6 = load 8 v2 + 0\n  v7 = load 8 v3 + 0\n  v8: memory = map-value "n" + 0\n  store 8 v8 + 0, v6\n  v9 = load 8 v3 + 0\n  v10 = call f#5(v6, v7, v9)\n  return v10\n',
    after:
      'b0:\n  v1 = load 8 v0 + 0\n  v2: stack = slot-address s0\n  v3: memory = map-value "m" + 0\n  store 8 v2 + 0, v1\n  store 8 v3 + 0, v1\n  v4 = const 8\n  v5 = call probe_read_kernel#113(v2, v4, v1)\n  v6 = load 8 v2 + 0\n  v7 = load 8 v3 + 0\n  v8: memory = map-value "n" + 0\n  store 8 v8 + 0, v6\n  v9 = load 8 v3 + 0\n  v10 = call ktime_get_ns#5(v6, v7, v9)\n  return v10\n',
  },
  {
    pass: "forward-memory",
    what: "drops a store to a slot that is overwritten before anyone reads it",
    slots: "slot s0 8 align 8\n",
    before:
      "b0:\n  v1 = load 8 v0 + 0\n  v2: stack = slot-address s0\n  store 4 v2 + 0, v1\n  store 8 v2 + 0, v1\n  v3: map = map \"m\"\n  v4 = call f#3(v3, v2)\n  store 8 v2 + 0, v4\n  v5 = call f#3(v3, v2)\n  return v5\n",
    after:
      "b0:\n  v1 = load 8 v0 + 0\n  v2: stack = slot-address s0\n  store 8 v2 + 0, v1\n  v3: map = map \"m\"\n  v4 = call map_delete_elem#3(v3, v2)\n  store 8 v2 + 0, v4\n  v5 = call map_delete_elem#3(v3, v2)\n  return v5\n",
  },
  {
    pass: "dead-code",
    what: "removes unused pure calls, loop variables and stores to slots that nobody reads, keeps other calls",
    slots: "slot s0 8 align 8\n",
    before:
      "b0:\n  v1 = call f#14()\n  v2: stack = slot-address s0\n  v3 = const 1\n  store 8 v2 + 0, v3\n  v4 = call f#5()\n  jump b1(v3)\nb1(v5: int):\n  v6 = add v5, v3\n  branch eq v4, v3, b1(v6), b2\nb2:\n  return v3\n",
    after: "b0:\n  v3 = const 1\n  v4 = call ktime_get_ns#5()\n  jump b1\nb1:\n  branch eq v4, v3, b1, b2\nb2:\n  return v3\n",
  },
];

describe("passes", () => {
  for (const { pass: name, what, slots = "", before, after } of cases) {
    it(`${name}: ${what}`, () => {
      const pass = passes.find((known) => known.name === name);
      assert.ok(pass !== undefined);
      const module = parseModule(head + slots + before);
      verifyModule(module);
      for (const fn of module.functions) pass.run(fn);
      verifyModule(module);
      assert.equal(printModule(module), head + slots + after);
    });
  }

  it("together find nothing more to do the second time", () => {
    for (const { slots = "", before } of cases) {
      const module = parseModule(head + slots + before);
      optimise(module);
      const once = printModule(module);
      optimise(module);
      assert.equal(printModule(module).replace(/v\d+/g, "v"), once.replace(/v\d+/g, "v"));
    }
  });

  it("report each step", () => {
    const steps: string[] = [];
    optimise(parseModule(`${head}b0:\n  v1 = const 1\n  return v1\n`), (pass) => steps.push(pass));
    assert.equal(steps[0], "simplify-control-flow");
    assert.ok(steps.includes("dead-code"));
  });

  it("merge a chain of many blocks without recursion", () => {
    const blocks = Array.from({ length: 20_000 }, (_, index) => `b${index}:\n  jump b${index + 1}\n`).join("");
    const module = parseModule(`${head}${blocks}b20000:\n  v1 = const 1\n  return v1\n`);
    for (const fn of module.functions) simplifyControlFlow(fn);
    assert.equal(printModule(module), `${head}b0:\n  v1 = const 1\n  return v1\n`);
  });
});
