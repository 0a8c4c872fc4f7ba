// Rows of tables on other kernels than the running one: each kernel boots once in a virtual machine and runs all of its rows.

import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { after, describe, type TestContext, test } from "node:test";
import { buildFixtures } from "../conformance/fixtures.ts";
import { describeRow } from "../conformance/table.ts";
import { bootGuest, buildGuestRunner, type Guest, reasonAgainstGuests } from "./boot-guest.ts";
import { featuresKey, guestKernels, leftBehindKey, rowsFor } from "./rows.ts";

const kernels = process.env["VM_KERNELS"]?.split(",") ?? guestKernels;
const only = process.env["VM_ROWS"]?.split(",");
const guestsAtATime = Math.max(1, Number(process.env["VM_GUESTS"] ?? availableParallelism()));

const plans = kernels.map((kernel) => ({ kernel, rows: rowsFor(kernel, only) }));
const fixtures = buildFixtures(new Set(plans.flatMap(({ rows }) => rows.flatMap(({ row }) => row.fixtures))));
after(() => fixtures.remove());

const withoutGuests = reasonAgainstGuests();

/** Boots the guests, so many at a time: each waits for the one that many places before it. */
function bootGuests(): ReadonlyMap<string, Promise<Guest>> {
  const runner = buildGuestRunner();
  const command = [process.execPath, runner.path, fixtures.path, ...(only ?? [])];
  const booted = new Map<string, Promise<Guest>>();
  for (const [i, { kernel }] of plans.entries()) {
    const before = [...booted.values()][i - guestsAtATime];
    const free = before === undefined ? Promise.resolve() : before.then(({ ended }) => ended);
    booted.set(kernel, free.then(() => bootGuest(kernel, command)));
  }
  after(async () => {
    for (const guest of booted.values()) (await guest).stop();
    runner.remove();
  });
  return booted;
}

const guests = withoutGuests === undefined ? bootGuests() : undefined;

async function checkResult(context: TestContext, kernel: string, key: string): Promise<void> {
  const guest = await guests?.get(kernel);
  assert.ok(guest !== undefined);
  const result = await guest.result(key);
  if (result.kind === "unavailable") context.skip(result.reason);
  else assert.equal(result.problem, undefined);
}

for (const { kernel, rows } of plans) {
  describe(`Linux ${kernel}`, () => {
    test(`${kernel} has the features of its release`, withoutGuests === undefined ? {} : { skip: withoutGuests }, (context: TestContext) =>
      checkResult(context, kernel, featuresKey));
    for (const { key, row, mode } of rows) {
      const missing = row.fixtures.map((name) => fixtures.problem(name)).find((problem) => problem !== undefined);
      const skip = withoutGuests ?? missing;
      test(`${kernel} ${mode} ${describeRow(row)}`, skip === undefined ? {} : { skip }, async (context: TestContext) => {
        await checkResult(context, kernel, key);
      });
    }
    test(`${kernel} nothing is left behind`, withoutGuests === undefined ? {} : { skip: withoutGuests }, async (context: TestContext) => {
      const result = await (await guests?.get(kernel))?.result(leftBehindKey);
      if (result?.kind === "unavailable") context.skip(result.reason);
      else assert.deepEqual(result, { kind: "ran", problem: undefined });
    });
  });
}
