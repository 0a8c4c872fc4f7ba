// A short fuzz run of every stage. FUZZ_SEED repeats one, FUZZ_COUNT makes it longer; scripts/fuzz.mjs runs for hours.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Campaign, describeFailure, runCampaign } from "./campaign.ts";
import type { Stage } from "./stages.ts";

const first = Number(process.env["FUZZ_SEED"] ?? Math.floor(Date.now() / 1000));
const counts: Readonly<Record<Exclude<Stage, "load">, number>> = { parse: 1500, c: 1000, compile: 600 };

for (const stage of ["parse", "c", "compile"] as const) {
  test(`${stage}: mutated texts give diagnostics and nothing else (seed ${first})`, () => {
    const campaign: Campaign = {
      first,
      count: Number(process.env["FUZZ_COUNT"] ?? counts[stage]),
      stages: [stage],
      // Generous: only an endless loop counts here, other work on the machine does not.
      limits: { hang: 60_000, slow: 20_000 },
      progress: () => true,
    };
    const failures = runCampaign(campaign);
    assert.equal(failures.map(describeFailure).join("\n"), "");
  });
}
