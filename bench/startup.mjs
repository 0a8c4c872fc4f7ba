// How long the shortest program takes, and how much memory.
import { inTurn, run } from "./command.mjs";
import { figure, mebibytes, milliseconds, ratio } from "./table.mjs";

const program = "BEGIN { exit(); }";
const waiting = "tracepoint:sched:sched_process_exit { @[comm] = count(); } interval:ms:300 { exit(); }";

export async function startup({ ours, peer, rounds }) {
  const head = ["Start and end", "node -e 0", "ours", "peer", "ours / peer"];
  const times = await measure(program, { ours, peer, rounds, watch: false });
  const peaks = await measure(program, { ours, peer, rounds: Math.min(rounds, 7), watch: true });
  const traced = await measure(waiting, { ours, peer, rounds: Math.min(rounds, 7), watch: true });
  const row = (title, results, pick, show) => [
    title,
    ...results.map((list) => figure(list, pick, show)),
    ratio(results[1], results[2], pick),
  ];
  const rows = [
    row(`\`${program}\`, wall time`, times, ({ wall }) => wall, milliseconds),
    row("the same, processor time", times, ({ cpu }) => cpu, milliseconds),
    row("the same, peak memory", peaks, ({ peak }) => peak, mebibytes),
    row("counting by comm for 300 ms, peak memory", traced, ({ peak }) => peak, mebibytes),
  ];
  return { head, rows };
}

async function measure(text, { ours, peer, rounds, watch }) {
  const node = () => run([process.execPath, "-e", "0"], { watch });
  const of = (tracer) => () => run([...tracer.words, "-e", text], { environment: tracer.environment, watch });
  const results = await inTurn([node, of(ours), ...(peer === undefined ? [] : [of(peer)])], rounds);
  return peer === undefined ? [...results, []] : results;
}
