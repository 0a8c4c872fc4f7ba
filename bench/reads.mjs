// What reads of kernel memory cost: members of kernel structs read in a loop inside one program, as loads and as calls of probe_read.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inTurn, run } from "./command.mjs";
import { figure, median, ratio } from "./table.mjs";

const bodies = [
  {
    title: "5 members of one struct",
    reads: "$t = curtask; @ = (uint64)$t->pid + (uint64)$t->tgid + $t->flags + (uint64)$t->prio + (uint64)$t->static_prio;",
  },
  { title: "a chain of 5 pointers", reads: "@ = (uint64)curtask->real_parent->group_leader->signal->pids[1]->count.refs.counter;" },
  {
    title: "a member of each of 5 structs",
    reads:
      "$t = curtask; @ = (uint64)$t->pid + (uint64)$t->mm->map_count + (uint64)$t->signal->nr_threads + (uint64)$t->cred->uid.val + (uint64)$t->real_parent->tgid;",
  },
];

/** Prints the shortest time of several loops, in nanoseconds for a thousand rounds: what else runs on the machine makes others longer. */
function program(body) {
  const loop = `for ($i : 0..4000) { ${body} }`;
  return `begin { $least = (uint64)1000000000; for ($r : 0..30) { $start = nsecs; ${loop} $took = nsecs - $start; if ($took < $least) { $least = $took; } } print($least / 4); clear(@); exit(); }`;
}

const off = ["--no-feature", "rdonly_cast,typed_pointers"];
const show = (value) => `${value.toFixed(1)} ns`;

export async function reads({ ours, rounds, folder }) {
  const output = join(folder, "output");
  const of = (body, ...options) => async () => {
    const result = await run([...ours.words, ...options, "-e", program(body)], { environment: ours.environment, output });
    return result.status === 0 ? { ...result, perRound: Number(readFileSync(output, "latin1").trim()) / 1000 } : result;
  };
  const [empty] = await inTurn([of("@ = (uint64)$i;")], rounds);
  const base = median(empty.map(({ perRound }) => perRound));
  const cost = ({ perRound }) => perRound - base;
  const rows = [];
  for (const { title, reads: body } of bodies) {
    const [loads, calls] = await inTurn([of(body), of(body, ...off)], rounds);
    rows.push([title, figure(loads, cost, show), figure(calls, cost, show), ratio(loads, calls, cost)]);
  }
  return { head: ["Reads of kernel memory", "as loads", "by probe_read", "loads / probe_read"], rows };
}
