// How long attaching to many places takes, and letting them go.
import { spawnSync } from "node:child_process";
import { inTurn, run } from "./command.mjs";
import { figure, milliseconds, ratio } from "./table.mjs";

/** Names of tracepoints that both tracers know. */
function tracepoints(tracer, pattern, count) {
  const { stdout } = spawnSync(tracer.words[0], [...tracer.words.slice(1), "-l", pattern], { encoding: "utf8" });
  return stdout.split("\n").filter((name) => name.startsWith("tracepoint:")).slice(0, count);
}

export async function attach({ ours, peer, rounds }) {
  const head = ["Start, attach, 10 ms, detach, end", "ours", "peer", "ours / peer"];
  const sets = [
    { title: "1 tracepoint", points: tracepoints(ours, "tracepoint:sched:sched_switch", 1) },
    { title: "50 tracepoints of system calls", points: tracepoints(ours, "tracepoint:syscalls:sys_enter_*", 50) },
    { title: "50 other tracepoints", points: tracepoints(ours, "tracepoint:*:*", 2000).filter((name) => !/syscalls|:(bpf|xdp|rcu|preemptirq|lock)/.test(name)).slice(0, 50) },
  ];
  const rows = [];
  for (const { title, points } of sets) {
    const text = `${points.join(",\n")} { @ = count(); } interval:ms:10 { exit(); }`;
    const of = (tracer) => () => run([...tracer.words, "-e", text], { environment: tracer.environment });
    const [mine, theirs = []] = await inTurn([of(ours), ...(peer === undefined ? [] : [of(peer)])], Math.min(rounds, 5));
    const wall = (result) => result.wall;
    rows.push([title, figure(mine, wall, milliseconds), figure(theirs, wall, milliseconds), ratio(mine, theirs, wall)]);
  }
  return { head, rows };
}
