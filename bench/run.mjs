// Compares this tracer with a bpftrace that is installed, in one run: `npm run bench -- [--rounds N] [--only SECTION] [--peer PATH]`.
// Sections: startup, scripts, events, reads, attach (of some kinds only: --kind tracepoint --kind uprobe). Needs root. Commands run in turn; medians are shown; ratios below 1 mean that ours is faster.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, release, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { attach } from "./attach.mjs";
import { events } from "./events.mjs";
import { scripts } from "./scripts.mjs";
import { startup } from "./startup.mjs";
import { reads } from "./reads.mjs";
import { renderTable } from "./table.mjs";
import { findPeer, ours } from "./tracers.mjs";

const sections = { startup, scripts, events, reads, attach };

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "11" }, only: { type: "string", multiple: true }, kind: { type: "string", multiple: true }, peer: { type: "string" } },
});

function problem() {
  if (process.getuid?.() !== 0) return "tracing needs root";
  if (!existsSync(ours.words[1])) return "build the project first: npm run build";
  const unknown = (values.only ?? []).find((name) => !(name in sections));
  return unknown === undefined ? undefined : `no section ${unknown}: there are ${Object.keys(sections).join(", ")}`;
}

async function main() {
  const peer = findPeer(values.peer);
  const machine = `Node ${process.version}, Linux ${release()}, ${availableParallelism()} processors`;
  process.stdout.write(`${machine}; peer: ${peer?.name ?? "none installed, so its columns are empty"}\n`);
  const folder = mkdtempSync(join(tmpdir(), "bpftrace-bench-"));
  try {
    for (const [name, section] of Object.entries(sections)) {
      if (values.only !== undefined && !values.only.includes(name)) continue;
      const { head, rows } = await section({ ours, peer, rounds: Number(values.rounds), folder, only: values.kind });
      process.stdout.write(`\n${renderTable(head, rows)}\n`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const obstacle = problem();
if (obstacle === undefined) await main();
else {
  process.stderr.write(`bench: ${obstacle}\n`);
  process.exitCode = 1;
}
