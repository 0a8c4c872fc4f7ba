// How long attaching takes, and letting go, for 1, 50 and 340 probes of each kind that this machine has.
//
// The traced command is released when everything is attached: it writes down the time, which divides the run in two. Both halves have
// a tracer's start and end in them, as the rows without probes show.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inTurn, run } from "./command.mjs";
import { buildMany } from "./fixture.mjs";
import { figure, milliseconds, ratio } from "./table.mjs";

const counts = [1, 50, 340];
const manyUprobes = 1000;

/** Names of a listing of ours; busy ones and those that trace the tracing are left out. */
function listed(tracer, pattern, unwanted) {
  const { stdout } = spawnSync(tracer.words[0], [...tracer.words.slice(1), "-l", pattern], { encoding: "utf8", maxBuffer: 1 << 26 });
  return stdout.split("\n").filter((name) => name !== "" && !unwanted.test(name));
}

const numbered = (count, name) => Array.from({ length: count }, (_, i) => name(i));

/** Kinds of probes with the attach points of each: at least 340 of them, where the machine has so many. */
function kinds(ours, folder) {
  const busy = /:(bpf|xdp|rcu|preemptirq|lock|irq|irq_vectors|timer|hrtimer|kmem|sched|syscalls|raw_syscalls|page_ref|pagemap|tlb|nmi|msr)[:_]|lock|_page|mm_|kfree|kmalloc|irq|timer|sys_/;
  const program = buildMany(folder, manyUprobes);
  const most = Math.max(...counts);
  const all = [
    ["tracepoint", listed(ours, "tracepoint:*:*", busy)],
    ["tracepoint, of system calls", listed(ours, "tracepoint:syscalls:sys_enter_*", /^$/)],
    ["rawtracepoint", listed(ours, "rawtracepoint:*", busy).map((name) => name.replace(":vmlinux:", ":"))],
    ["software", numbered(most, (i) => `software:page-faults:${1_000_000 + i}`)],
    ["profile", numbered(most, (i) => `profile:s:${100 + i}`)],
    ["interval", numbered(most, (i) => `interval:s:${100 + i}`)],
    ["kprobe", existsSync("/sys/bus/event_source/devices/kprobe") ? listed(ours, "kprobe:ext4_*", busy).concat(listed(ours, "kprobe:nfs*", busy), listed(ours, "kprobe:acpi_*", busy), listed(ours, "kprobe:tty_*", busy)) : []],
    ["fentry", existsSync("/sys/bus/event_source/devices/kprobe") ? listed(ours, "fentry:vmlinux:acpi_*", busy).concat(listed(ours, "fentry:vmlinux:tty_*", busy), listed(ours, "fentry:vmlinux:tcp_*", busy)) : []],
  ];
  if (program === undefined) return all;
  return [
    ...all,
    ["uprobe", numbered(manyUprobes, (i) => `uprobe:${program}:f${i}`)],
    ["uretprobe", numbered(most, (i) => `uretprobe:${program}:f${i}`)],
    ["usdt", numbered(most, (i) => `usdt:${program}:bench:p${i}`)],
  ];
}

/** Old releases know fentry by another name. */
const oldName = (name) => name.replace(/^fentry:vmlinux:/, "kfunc:");

export async function attach({ ours, peer, rounds, folder, only }) {
  const head = ["Probes", "", "attached: ours", "peer", "ours / peer", "gone: ours", "peer", "ours / peer"];
  const stamp = join(folder, "stamp");
  const clock = join(folder, "clock.sh");
  writeFileSync(clock, `date +%s%N > ${stamp}\n`);
  const take = async (tracer, points) => {
    const text = points.length === 0 ? "END { }" : `${points.join(",\n")} { @ = count(); }`;
    const script = join(folder, "attach.bt");
    writeFileSync(script, text);
    const before = Date.now() / 1000;
    const environment = { ...tracer.environment, BPFTRACE_MAX_PROBES: "2000", BPFTRACE_MAX_BPF_PROGS: "2000" };
    const result = await run([...tracer.words, script, "-c", `/bin/sh ${clock}`], { environment, timeout: 300 });
    const attached = result.status === 0 ? Number(readFileSync(stamp, "latin1")) / 1e9 - before : 0;
    return { ...result, attached, gone: result.wall - attached };
  };
  const rows = [];
  const add = async (title, points, runs) => {
    const commands = [() => take(ours, points), ...(peer === undefined ? [] : [() => take(peer, points.map(oldName))])];
    const [mine, theirs = []] = await inTurn(commands, runs, { warm: runs > 1 });
    const columns = [({ attached }) => attached, ({ gone }) => gone];
    const cells = columns.flatMap((pick) => [figure(mine, pick, milliseconds), figure(theirs, pick, milliseconds), ratio(mine, theirs, pick)]);
    rows.push([title, points.length, ...cells]);
  };
  await add("none", [], Math.min(rounds, 5));
  for (const [title, points] of kinds(ours, folder)) {
    if (only !== undefined && !only.includes(title)) continue;
    const sizes = counts.filter((count) => count <= points.length);
    const larger = title === "uprobe" ? [points.length] : [];
    // What takes half a minute is run once.
    for (const size of [...sizes, ...larger]) await add(title, points.slice(0, size), size > 50 ? 1 : Math.min(rounds, 3));
  }
  return { head, rows };
}
