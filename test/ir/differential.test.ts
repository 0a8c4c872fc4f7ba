// Random programs must mean the same to the IR interpreter, to the bytecode interpreter, and to the kernel.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import type { BackendTarget, BytecodeProgram } from "../../src/backend/bytecode.ts";
import { StackLimitError } from "../../src/backend/bytecode.ts";
import { compileModule } from "../../src/backend/compile-module.ts";
import type { IrModule } from "../../src/ir/model.ts";
import { printModule } from "../../src/ir/print.ts";
import { optimise } from "../../src/ir/passes/index.ts";
import { verifyModule } from "../../src/ir/verify.ts";
import { parseModule } from "../../src/ir/parse.ts";
import { KernelRunner, runIr, runProgram } from "./execute.ts";
import { argumentCount, randomModule } from "./random-module.ts";

const runs = Number(process.env.IR_RUNS ?? 150);
const argument = fc.oneof(fc.bigInt({ min: 0n, max: 20n }), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }));
const argumentLists = fc.array(fc.array(argument, { minLength: argumentCount, maxLength: argumentCount }), {
  minLength: 3,
  maxLength: 3,
});
const decisions = fc.array(fc.nat(0xffff), { minLength: 20, maxLength: 250, size: "max" });
const targets = [
  { signedDivision: true, signedMoves: true, longJumps: true },
  { signedDivision: false, signedMoves: false, longJumps: false },
];

/** Undefined when the program needs more stack than there is. */
function compiled(module: IrModule, target: BackendTarget): BytecodeProgram | undefined {
  try {
    return compileModule(module, target);
  } catch (error) {
    if (error instanceof StackLimitError) return undefined;
    throw error;
  }
}

describe("random programs", () => {
  const kernel = new KernelRunner();
  after(() => kernel.close());

  for (const variables of [6, 24]) {
    it(`compiled as they are, compute what the IR says, with ${variables} variables`, () => {
      const property = fc.property(decisions, argumentLists, (numbers, lists) => {
        const module = randomModule(numbers, { variables });
        verifyModule(module);
        const expected = lists.map((args) => runIr(module, args));
        for (const target of targets) {
          const program = compiled(module, target);
          if (program === undefined) continue;
          assert.deepEqual(
            lists.map((args) => runProgram(program, args)),
            expected,
          );
          assert.deepEqual(kernel.run(program, lists), expected);
        }
      });
      fc.assert(property, { numRuns: runs, includeErrorInReport: true });
    });
  }

  for (const variables of [6, 24]) {
    it(`keep their meaning through every pass, with ${variables} variables`, () => {
      const property = fc.property(decisions, argumentLists, (numbers, lists) => {
        const module = randomModule(numbers, { variables });
        const expected = lists.map((args) => runIr(module, args));
        optimise(module, (pass) => {
          verifyModule(module);
          assert.deepEqual(
            lists.map((args) => runIr(module, args)),
            expected,
            pass,
          );
        });
        for (const target of targets) {
          const program = compiled(module, target);
          if (program === undefined) continue;
          assert.deepEqual(
            lists.map((args) => runProgram(program, args)),
            expected,
          );
          assert.deepEqual(kernel.run(program, lists), expected);
        }
      });
      fc.assert(property, { numRuns: runs, includeErrorInReport: true });
    });
  }

  it("print as text that parses back to the same", () => {
    const property = fc.property(decisions, (numbers) => {
      const text = printModule(randomModule(numbers, { variables: 6 }));
      const module = parseModule(text);
      verifyModule(module);
      assert.equal(printModule(module), text);
    });
    fc.assert(property, { numRuns: runs, includeErrorInReport: true });
  });
});
