// A long fuzz run: COUNT inputs for each stage from a seed on, everything found at the end.

import { type Campaign, describeFailure, runCampaign } from "./campaign.ts";

const [count = "10000", seed = String(Math.floor(Date.now() / 1000)), stage = "all"] = process.argv.slice(2);
// Loading needs root, so it has to be asked for.
const chosen = (["parse", "c", "compile", "load"] as const).filter((name) => stage === name || (stage === "all" && name !== "load"));
const started = Date.now();
const campaign: Campaign = {
  first: Number(seed),
  count: Number(count),
  stages: chosen,
  limits: { hang: 10_000, slow: stage === "load" ? 10_000 : 1000 },
  progress: (done) => {
    if (done % 5000 === 0) process.stderr.write(`${done} of ${count} from seed ${seed}, ${Math.round((Date.now() - started) / 1000)} s\n`);
    return true;
  },
};
const failures = runCampaign(campaign);
for (const failure of failures) process.stdout.write(describeFailure(failure));
process.stdout.write(`${failures.length} different failures in ${count} inputs of ${chosen.join(", ")} from seed ${seed}\n`);
process.exitCode = failures.length > 0 ? 1 : 0;
