// What the IR's parser and verifier refuse.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InternalError } from "../base/invariant.ts";
import { IrSyntaxError, parseModule } from "./parse.ts";
import { printModule } from "./print.ts";
import { verifyModule } from "./verify.ts";

const complete = `function "main"(v0: ctx)
slot s0 16 align 8
b0:
  v1 = load 8 v0 + 16
  v2: stack = slot-address s0
  store 4 v2 + 4, v1
  v3: map = map "@x \\"quoted\\""
  v4: memory-or-null = call map_lookup_elem#1(v3, v2)
  v5 = const -1
  v6 = link-constant "cpid"
  v7 = extend s16 v6
  v8 = byte-swap 32 v7
  v9 = clamp v8, 63
  v10: memory = map-value "data" + 8
  atomic-add 8 v10 + 0, v9
  v11: function = function "callback"
  v12 = call-kfunc "bpf_task_from_pid"(v1)
  v13 = compare slt v1, v5
  v14: memory = sub v10, v9
  v15 = load 1 v14 - 3
  v17 = call-function "sum"(v5, v15)
  branch eq v13, v5, b1(v15), b2
b1(v16: int):
  jump b1(v16)
b2:
  return v7

function "callback"(v0: memory, v1: memory, v2: int)
b0:
  return v2

function "sum"(v0: int, v1: int)
b0:
  v2 = add v0, v1
  return v2
`;

describe("IR text", () => {
  it("is read and printed without a change", () => {
    const module = parseModule(complete);
    verifyModule(module);
    assert.equal(printModule(module), complete);
  });

  const malformed = [
    ["an unknown operation", 'function "f"(v0: ctx)\nb0:\n  v1 = frobnicate v0\n  return v1'],
    ["a value without definition", 'function "f"(v0: ctx)\nb0:\n  return v7'],
    ["a value defined twice", 'function "f"(v0: ctx)\nb0:\n  v1 = const 1\n  v1 = const 2\n  return v1'],
    ["an instruction after the end of its block", 'function "f"(v0: ctx)\nb0:\n  return v0\n  v1 = const 1'],
    ["a slot that does not exist", 'function "f"(v0: ctx)\nb0:\n  v1: stack = slot-address s3\n  return v0'],
    ["an instruction outside of a function", "  v1 = const 1"],
    ["more on a line than belongs there", 'function "f"(v0: ctx)\nb0:\n  v1 = const 1 2\n  return v1'],
  ] as const;
  for (const [what, text] of malformed) {
    it(`is refused with ${what}`, () => {
      assert.throws(() => parseModule(text), IrSyntaxError);
    });
  }
});

describe("the verifier", () => {
  const broken = [
    ["a use that its definition does not dominate", "b0:\n  branch eq v0, v0, b1, b2\nb1:\n  v1 = const 1\n  jump b2\nb2:\n  return v1"],
    ["a use before the definition in a block", "b0:\n  v2 = add v1, v1\n  v1 = const 1\n  return v2"],
    ["too few block arguments", "b0:\n  jump b1\nb1(v1: int):\n  return v1"],
    ["a block argument of another type", "b0:\n  jump b1(v0)\nb1(v1: int):\n  return v1"],
    ["a block without terminator", "b0:\n  jump b1\nb1:\n  v1 = const 1"],
    ["parameters of the entry block", "b0(v1: int):\n  return v1"],
    ["a jump to the entry block", "b0:\n  jump b0"],
    ["a number as an address", "b0:\n  v1 = const 1\n  v2 = load 8 v1 + 0\n  return v2"],
    ["a product of pointers", "b0:\n  v1: memory = map-value \"m\" + 0\n  v2: memory = mul v1, v1\n  return v2"],
    ["a call of an unknown function", 'b0:\n  v1 = call-function "g"(v0)\n  return v1'],
    ["a call with too few arguments", 'b0:\n  v1 = call-function "f"()\n  return v1'],
    ["the address of an unknown function", "b0:\n  v1: function = function \"g\"\n  return v0"],
  ] as const;
  for (const [what, body] of broken) {
    it(`refuses ${what}`, () => {
      const module = parseModule(`function "f"(v0: ctx)\n${body}\n`);
      assert.throws(() => verifyModule(module), InternalError);
    });
  }

  it("takes the constant 0 as a null pointer among block arguments", () => {
    const text = 'function "f"(v0: ctx)\nb0:\n  v1 = const 0\n  jump b1(v1)\nb1(v2: memory-or-null):\n  return v1\n';
    verifyModule(parseModule(text));
  });
});
