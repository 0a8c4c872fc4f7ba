// The formatter on random scripts with comments between their tokens: same tree, no comment lost or moved past another, stable.

import { test } from "node:test";
import fc from "fast-check";
import { checkPromises } from "./promises.ts";
import { randomScript } from "./random-script.ts";

const runs = Number(process.env.FORMAT_RUNS ?? 600);

test("formatting keeps the tree and the comments of random scripts, and is stable", () => {
  const decisions = fc.array(fc.nat(0xffff), { minLength: 10, maxLength: 400, size: "max" });
  fc.assert(
    fc.property(decisions, (numbers) => checkPromises(randomScript(numbers))),
    { numRuns: runs, includeErrorInReport: true },
  );
});
