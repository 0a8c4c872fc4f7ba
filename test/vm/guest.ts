// Inside a guest: runs or loads its rows one after the other and prints a line of JSON for each, and one for what they left behind.
// Arguments: the folder of the fixtures, then ids of rows (without any: all).

import { release } from "node:os";
import { performance } from "node:perf_hooks";
import { thisMachine } from "../../src/library/compile.ts";
import { checkRow } from "../conformance/runner.ts";
import { leftBehind, unheldObjects } from "../support/left-behind.ts";
import { missingFeatures } from "../support/missing-features.ts";
import { loadRow } from "./load-rows.ts";
import { featuresKey, leftBehindKey, rowsFor } from "./rows.ts";

const [folder, ...ids] = process.argv.slice(2);
const machine = thisMachine([]);
const before = unheldObjects();

const missing = missingFeatures();
process.stdout.write(`${JSON.stringify({ key: featuresKey, problem: missing.length === 0 ? undefined : missing.join("\n"), seconds: 0 })}\n`);

for (const { key, row, mode } of rowsFor(release(), ids.length === 0 ? undefined : ids)) {
  const start = performance.now();
  const problem = mode === "run" ? await checkRow(row, folder) : loadRow(row, machine);
  const seconds = (performance.now() - start) / 1000;
  process.stdout.write(`${JSON.stringify({ key, problem, seconds })}\n`);
}

const left = await leftBehind(before, 60_000);
const problem = left.length === 0 ? undefined : `left behind: ${left.join(", ")}`;
process.stdout.write(`${JSON.stringify({ key: leftBehindKey, problem, seconds: 0 })}\n`);
