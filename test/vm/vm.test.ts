// Rows of tables on other kernels than the running one: each kernel boots once in a virtual machine and runs all of its rows.

import assert from "node:assert/strict";
import { after, describe, type TestContext, test } from "node:test";
import { buildFixtures } from "../conformance/fixtures.ts";
import { describeRow } from "../conformance/table.ts";
import { bootGuest, type Guest, reasonAgainstGuests } from "./boot-guest.ts";
import { rowsFor } from "./rows.ts";

const allKernels = ["6.1", "6.12"];
const kernels = process.env["VM_KERNELS"]?.split(",") ?? allKernels;
const only = process.env["VM_ROWS"]?.split(",");

const plans = kernels.map((kernel) => ({ kernel, rows: rowsFor(kernel, only) }));
const fixtures = buildFixtures(new Set(plans.flatMap(({ rows }) => rows.flatMap(({ row }) => row.fixtures))));
after(() => fixtures.remove());

const withoutGuests = reasonAgainstGuests();

for (const { kernel, rows } of plans) {
  describe(`Linux ${kernel}`, () => {
    // Booted by the first row that asks, when the kernels before it have run.
    const state: { guest: Guest | undefined } = { guest: undefined };
    for (const { key, row } of rows) {
      const missing = row.fixtures.map((name) => fixtures.problem(name)).find((problem) => problem !== undefined);
      const skip = withoutGuests ?? missing;
      test(`${kernel} ${describeRow(row)}`, skip === undefined ? {} : { skip }, async (context: TestContext) => {
        state.guest ??= bootGuest(kernel, fixtures.path, only ?? []);
        const result = await state.guest.result(key);
        if (result.kind === "unavailable") context.skip(result.reason);
        else assert.equal(result.problem, undefined);
      });
    }
    after(() => state.guest?.end());
  });
}
