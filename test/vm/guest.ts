// Inside a guest: runs its rows one after the other and prints a line of JSON for each.
// Arguments: the folder of the fixtures, then ids of rows (without any: all).

import { release } from "node:os";
import { performance } from "node:perf_hooks";
import { checkRow } from "../conformance/runner.ts";
import { rowsFor } from "./rows.ts";

const [folder, ...ids] = process.argv.slice(2);

for (const { key, row } of rowsFor(release(), ids.length === 0 ? undefined : ids)) {
  const start = performance.now();
  const problem = await checkRow(row, folder);
  const seconds = (performance.now() - start) / 1000;
  process.stdout.write(`${JSON.stringify({ key, problem, seconds })}\n`);
}
